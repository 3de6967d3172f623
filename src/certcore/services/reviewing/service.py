"""The service of external certificates: settings, uploads, tasks, verdicts, lists, documents (R-70 to R-76)."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import BinaryIO, Final

from attrs import evolve, field, frozen

from certcore.domain.checks import nfc
from certcore.domain.external import ExternalCertificate, ExternalState
from certcore.domain.external_transitions import withdraw
from certcore.domain.filenames import content_disposition
from certcore.domain.history import HistoryEntry
from certcore.domain.numbers import new_ids, new_salts
from certcore.domain.people import Act, Actor
from certcore.domain.reviewers import ExternalSettings
from certcore.domain.stored_settings import change_setting
from certcore.domain.transitions import Context
from certcore.domain.views import Viewer
from certcore.errors import InvalidValue, NotAllowedHere, NotFound
from certcore.ports import ExternalQuery, Ports, Transaction
from certcore.services.access import demand
from certcore.services.examining import Examiner
from certcore.services.importing.keeping import held
from certcore.services.reviewing.deciding import Deciding
from certcore.services.reviewing.keys import Keyed
from certcore.services.reviewing.records import (
    KIND,
    SETTING,
    ExternalPage,
    ExternalRecord,
    cursor_of,
    external_settings,
    find_external,
    place_of,
    records_of,
    write_externals,
)
from certcore.services.reviewing.rights import Right
from certcore.services.reviewing.uploading import ExternalUpload, upload_external
from certcore.services.units import in_unit

_LARGEST_PAGE: Final = 1_000
ACCEPTING: Final = ("accepted", "validated")
"""The acts whose entries name the award of the equivalence."""
REVIEW_KIND: Final = "external_review"
_COLLECTED_AT_ONCE: Final = 500


@frozen
class ExternalDocument:
    """The bytes as they were uploaded, what the file was called, and the header that makes a browser save them."""

    content: bytes
    name: str
    content_disposition: str


@frozen
class Reviewing:
    """External certificates, from upload to verdict."""

    _ports: Ports
    _examiner: Examiner | None = field(init=False, repr=False)

    @_examiner.default
    def _judge_and_scanner(self) -> Examiner | None:
        judge = self._ports.file_judge
        return None if judge is None else Examiner(judge, self._ports.file_scanner, self._ports.settings.scan_seconds)

    def settings(self, *, actor: Actor) -> ExternalSettings:
        """What the platform's admins have decided (R-70)."""
        demand(self._ports, actor, Act.VIEW_EXTERNAL, "settings of", KIND)
        with self._ports.storage.reading() as tx:
            return external_settings(tx)

    def change_settings(self, *, actor: Actor, **changes: object) -> ExternalSettings:
        """The settings with ``changes``, which are fields of `ExternalSettings`; who changed what is kept (R-70).

        What is pending stays so, whatever is switched (R-76). Raises `InvalidValue`.
        """
        demand(self._ports, actor, Act.SET_EXTERNAL, "settings of", KIND)

        def work(tx: Transaction) -> ExternalSettings:
            before = external_settings(tx)
            after = before.changed(changes)
            if after != before:
                (new_id,) = new_ids(1, self._ports.random_bytes)
                change = change_setting(
                    tx.settings.get(SETTING), SETTING, after.to_data(), new_id, self._salt(), self._context(actor)
                )
                tx.settings.put(change.after)
                tx.history.append([change.entry])
                tx.outbox.append([change.event])
            return after

        return in_unit(self._ports.storage, work)

    def settings_history(self, *, actor: Actor) -> Sequence[HistoryEntry]:
        """Who changed the settings when, oldest first, with the values before and after."""
        demand(self._ports, actor, Act.SET_EXTERNAL, "settings of", KIND)
        with self._ports.storage.reading() as tx:
            setting = tx.settings.get(SETTING)
            return [] if setting is None else tx.history.of([setting.id])[setting.id]

    def submit(
        self, upload: ExternalUpload, content: bytes | BinaryIO, *, actor: Actor, key: str | None = None
    ) -> ExternalRecord:
        """Submit a certificate for oneself or for somebody one may submit for, deactivated people too (R-71, R-72).

        It waits for a reviewer, or counts at once where the settings ask for no validation (R-73). ``content`` is
        judged by its bytes, of which no more are read than may be. With an idempotency ``key`` the same upload is done
        once (R-34). Raises `NotFound`, `NotAllowedHere`, `FileRefused`, `NoReviewer`, `NotReplaceable`, `NotEquated`,
        `Retired`, `InvalidValue`, the dates' errors, and `StorageError`; then nothing is stored but bytes that
        `collect_orphans` removes.
        """
        return self._record(upload_external(self._ports, self._examiner, upload, content, actor, key), actor)

    def withdraw(self, ref: str, *, actor: Actor) -> ExternalRecord:
        """Take a pending certificate back: the learner's, or one the actor uploaded (R-73).

        Raises `NotFound` and `NotPending`.
        """

        def work(tx: Transaction) -> ExternalCertificate:
            scope = demand(self._ports, actor, Act.SUBMIT_EXTERNAL, KIND, ref)
            certificate = find_external(tx, ref)
            theirs = scope.everyone or actor.id in (certificate.learner_id, certificate.uploaded_by)
            if not (scope.covers(certificate.learner_id) and theirs):
                raise NotFound(KIND, ref)
            change = withdraw(certificate, self._salt(), self._context(actor))
            write_externals(tx, [change])
            return change.after

        return self._record(in_unit(self._ports.storage, work), actor)

    def correct(self, ref: str, *, actor: Actor, seen: int | None = None, **changes: object) -> ExternalRecord:
        """Correct what a pending certificate is said to say, as its reviewer; the original stays on record (R-73).

        ``changes`` are title, delivered_on, expires_on, credits and equivalence (code or id; None for none). ``seen``
        is as for `validate`. Raises `NotFound`, `ReviewRefused`, `NotPending`, `InvalidValue` and the dates' errors.
        """

        def work(tx: Transaction) -> ExternalCertificate:
            deciding = Deciding(self._ports, tx, actor)
            return deciding.corrected(deciding.found(ref, seen), changes)

        return self._record(in_unit(self._ports.storage, work), actor)

    def validate(
        self,
        ref: str,
        *,
        actor: Actor,
        comment: str | None = None,
        seen: int | None = None,
        key: str | None = None,
        **changes: object,
    ) -> ExternalRecord:
        """Validate a pending certificate, with ``changes`` as for `correct`; its equivalence is awarded (R-73, R-74).

        ``seen`` is the version that the reviewer has looked at: when somebody has corrected it since, they look again.
        Of two reviewers who act together one decides, and the other is told by `NotPending`. ``key`` is as for
        `submit`. Raises as `correct`, and `NotEquated`.
        """
        asked = {"validate": ref, "comment": comment, "seen": seen, "changes": sorted(changes.items())}

        def work(tx: Transaction, job_id: int | None) -> ExternalCertificate:
            deciding = Deciding(self._ports, tx, actor, job_id)
            return deciding.validated(deciding.corrected(deciding.found(ref, seen), changes), comment)

        return self._record(Keyed.of(self._ports, REVIEW_KIND, asked, actor, key).once(work), actor)

    def reject(
        self, ref: str, *, actor: Actor, comment: str, seen: int | None = None, key: str | None = None
    ) -> ExternalRecord:
        """Reject a pending certificate and say why (R-73); raises as `validate`, `InvalidValue` without a comment."""
        asked = {"reject": ref, "comment": comment, "seen": seen}

        def work(tx: Transaction, job_id: int | None) -> ExternalCertificate:
            deciding = Deciding(self._ports, tx, actor, job_id)
            return deciding.rejected(deciding.found(ref, seen), comment)

        return self._record(Keyed.of(self._ports, REVIEW_KIND, asked, actor, key).once(work), actor)

    def tasks(self, *, actor: Actor, after: str | None = None, limit: int = 50) -> ExternalPage:
        """A page of what waits for this reviewer now, by the relations of this moment (R-75, R-76)."""
        with self._ports.storage.reading() as tx:
            right = Right.of(self._ports, external_settings(tx), actor)
            query = _query(
                after, limit, {ExternalState.PENDING}, None if right.scope.everyone else right.scope.learners
            )
            found: list[ExternalCertificate] = []
            while len(found) <= limit:
                page = tx.externals.search(query)
                refusals = right.refusals(page)
                found += [each for each, refusal in zip(page, refusals, strict=True) if refusal is None]
                if len(page) < query.limit:
                    break
                query = evolve(query, after=(page[-1].submitted_at, page[-1].id))
            return self._page(tx, found, limit, Viewer(actor, right.scope))

    def search(
        self,
        *,
        actor: Actor,
        username: str | None = None,
        states: Collection[ExternalState] = (),
        after: str | None = None,
        limit: int = 50,
    ) -> ExternalPage:
        """A page of the certificates that fit and that the actor may see: of one learner, or of all (R-72, R-75)."""
        scope = self._ports.access.scope(actor, Act.VIEW_EXTERNAL)
        learners = None if scope.everyone else scope.learners
        if username is not None:
            wanted = nfc(username.strip())
            person = self._ports.directory.match([wanted]).get(wanted)
            learners = frozenset([person.id] if person and scope.covers(person.id) else [])
        with self._ports.storage.reading() as tx:
            found = tx.externals.search(_query(after, limit, states, learners))
            return self._page(tx, found, limit, Viewer(actor, scope))

    def show(self, ref: str, *, actor: Actor) -> tuple[ExternalRecord, Sequence[HistoryEntry]]:
        """One certificate with its history, oldest entry first; raises `NotFound`.

        Its learner is not told the number of an award that was taken from them (R-33, R-61).
        """
        with self._ports.storage.reading() as tx:
            certificate = self._visible(tx, ref, actor)
            (record,) = records_of(self._ports, tx, [certificate], self._viewer(actor))
            history = tx.history.of([certificate.id])[certificate.id]
        if record.certificate != certificate:
            history = [evolve(each, facts="{}") if each.act in ACCEPTING else each for each in history]
        return record, history

    def document(self, ref: str, *, actor: Actor) -> ExternalDocument:
        """The uploaded file; raises `NotFound`, and `CorruptDocument` where its bytes are not what they were (f40)."""
        if self._ports.documents is None:
            raise NotAllowedHere("downloading, which needs a document store,")
        with self._ports.storage.reading() as tx:
            certificate = self._visible(tx, ref, actor)
        content = self._ports.documents.get(certificate.document_ref)
        name = certificate.document.name
        return ExternalDocument(content, name, content_disposition(name))

    def collect_orphans(self, *, actor: Actor, older_than: timedelta = timedelta(days=1)) -> int:
        """Remove bytes that no certificate and no job needs, stored longer ago than ``older_than``; how many (I9, f38).

        Give more time than an upload's transaction can take, or one under way would lose its file.
        """
        demand(self._ports, actor, Act.SET_EXTERNAL, "settings of", KIND)
        documents = self._ports.documents
        if documents is None:
            return 0
        before, after, removed = self._ports.now() - older_than, None, 0
        while page := documents.put_before(before, after, _COLLECTED_AT_ONCE):
            with self._ports.storage.reading() as tx:
                rows = tx.externals.by_id({ref.holder for ref in page})
                referenced = {row.document_ref for row in rows.values()}
                referenced |= held(tx, [ref for ref in page if ref not in referenced])
            orphans = [ref for ref in page if ref not in referenced]
            documents.delete(orphans)
            removed += len(orphans)
            after = page[-1]
        return removed

    def _visible(self, tx: Transaction, ref: str, actor: Actor) -> ExternalCertificate:
        scope = demand(self._ports, actor, Act.VIEW_EXTERNAL, KIND, ref)
        certificate = find_external(tx, ref)
        if not scope.covers(certificate.learner_id):
            raise NotFound(KIND, ref)
        return certificate

    def _viewer(self, actor: Actor) -> Viewer:
        return Viewer(actor, self._ports.access.scope(actor, Act.VIEW_EXTERNAL))

    def _record(self, certificate: ExternalCertificate, actor: Actor) -> ExternalRecord:
        with self._ports.storage.reading() as tx:
            (record,) = records_of(self._ports, tx, [certificate], self._viewer(actor))
            return record

    def _page(self, tx: Transaction, found: Sequence[ExternalCertificate], limit: int, viewer: Viewer) -> ExternalPage:
        shown = found[:limit]
        return ExternalPage(
            list(records_of(self._ports, tx, shown, viewer)), cursor_of(shown[-1]) if len(found) > limit else None
        )

    def _salt(self) -> bytes:
        (salt,) = new_salts(1, self._ports.random_bytes)
        return salt

    def _context(self, actor: Actor) -> Context:
        return Context(actor, self._ports.now())


def _query(
    after: str | None, limit: int, states: Collection[ExternalState], learners: frozenset[str] | None
) -> ExternalQuery:
    if not 1 <= limit <= _LARGEST_PAGE:
        raise InvalidValue("limit", limit, f"1 to {_LARGEST_PAGE}")
    return ExternalQuery(learners, frozenset(states), place_of(after), limit + 1)
