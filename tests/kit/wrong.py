"""Adapters that each break one promise: the kit must notice."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import evolve

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import Branch, MemoryDirectory, MemoryDocuments, MemoryStorage
from certcore.adapters.memory.awards import MemoryAwards
from certcore.adapters.memory.externals import MemoryExternals, MemorySettings
from certcore.adapters.memory.journal import Journal
from certcore.adapters.memory.repositories import MemoryCertifications, MemoryHistory, MemoryJobs, MemoryOutbox
from certcore.domain.awards import Award
from certcore.domain.external import ExternalCertificate
from certcore.domain.files import DocumentRef, digest_of
from certcore.domain.history import HistoryEntry
from certcore.domain.issuing import Issued
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.people import NO_OVERSEERS, Overseers, Person
from certcore.domain.stored_settings import Setting
from certcore.domain.succession import Archived
from certcore.domain.transitions import Change
from certcore.errors import Conflict, CorruptDocument, NotFound
from certcore.ports import AwardQuery, ExternalQuery, Transaction
from certcore.testing.directory import WORLD


def storage_with(awards: Callable[[Journal], MemoryAwards]) -> MemoryStorage:
    """A memory storage with another repository of awards."""
    storage = MemoryStorage()
    repositories = storage._repositories
    repositories.awards = awards(storage._journal)
    repositories.certifications = MemoryCertifications(storage._journal, repositories.awards)
    repositories.join()
    return storage


def directory_with(directory: type[MemoryDirectory]) -> MemoryDirectory:
    """A directory that holds the kit's world."""
    branches = {code: Branch(parent, WORLD.branch_members.get(code, ())) for code, parent in WORLD.branches.items()}
    return directory(
        WORLD.people,
        groups=WORLD.groups,
        branches=branches,
        managers=WORLD.managers,
        coaches=WORLD.coaches,
        admins=WORLD.admins,
    )


class SecondHoldings(MemoryAwards):
    """No uniqueness of live holdings."""

    def _hold(self, award: Award) -> None:
        if award.live:
            self._journal.put(self._live, (award.certification_id, award.learner_id), award.id)


class LastWriterWins(MemoryAwards):
    """No compare-and-set."""

    def update(self, awards: Sequence[Award]) -> None:
        stored = self.by_id([award.id for award in awards])
        super().update([evolve(each, version=stored[each.id].version + 1) for each in awards if each.id in stored])


class HalfBatches(MemoryAwards):
    """What came before the conflict stays."""

    def add(self, awards: Sequence[Award]) -> None:
        for award in awards:
            super().add([award])


class FoldedLearners(MemoryAwards):
    """Ids that differ in case only are one, as under a careless collation."""

    def add(self, awards: Sequence[Award]) -> None:
        held = {(certification_id, learner_id.casefold()) for certification_id, learner_id in self._live}
        for award in awards:
            if award.live and (award.certification_id, award.learner_id.casefold()) in held:
                raise Conflict(f"award {award.number}")
        super().add(awards)


class HalfTokens(MemoryAwards):
    """A token that begins like an award's is taken for it."""

    def by_token(self, token: bytes) -> Award | None:
        found = [award_id for known, award_id in self._by_token.items() if known.startswith(token)]
        return self._rows[found[0]] if found else None


class WholeSeconds(MemoryAwards):
    """Fractions of a second are lost."""

    def add(self, awards: Sequence[Award]) -> None:
        super().add(
            [
                evolve(award, period=evolve(award.period, issued_at=award.period.issued_at.replace(microsecond=0)))
                for award in awards
            ]
        )


class SkippedTies(MemoryAwards):
    """Pages go on after the last page's start date, not its last award."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        found = super().search(evolve(query, after=None, limit=len(self._rows)))
        if query.after is not None:
            last = self._rows[query.after].period.issued_at
            found = [award for award in found if award.period.issued_at > last]
        return found[: query.limit]


class CountedPages(MemoryAwards):
    """Pages go on after as many awards as were seen, whatever came in between."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._seen: dict[int | None, int] = {None: 0}

    def search(self, query: AwardQuery) -> Sequence[Award]:
        seen = self._seen[query.after]
        page = super().search(evolve(query, after=None, limit=len(self._rows)))[seen : seen + query.limit]
        if page:
            self._seen[page[-1].id] = seen + len(page)
        return page


class LateStatuses(MemoryAwards):
    """A moment has passed only after its instant, not at it."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        return super().search(evolve(query, now=query.now - timedelta(microseconds=1)))


class NobodyIsEverybody(MemoryAwards):
    """An empty set of learners does not filter."""

    def search(self, query: AwardQuery) -> Sequence[Award]:
        return super().search(evolve(query, learner_ids=query.learner_ids or None))


class KeptInnerWrites(MemoryStorage):
    """An inner transaction that fails undoes nothing."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.in_transaction:
            yield self._repositories
        else:
            with super().transaction() as tx:
                yield tx


class CommitsWhenStopped(MemoryStorage):
    """Only an `Exception` rolls back."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        stopped: BaseException | None = None
        with super().transaction() as tx:
            try:
                yield tx
            except Exception:
                raise
            except BaseException as error:
                stopped = error
        if stopped is not None:
            raise stopped


class DirtyReads(MemoryStorage):
    """Readers see what is not committed."""

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        yield self._repositories


class FoldedUsernames(MemoryDirectory):
    """Usernames that differ in case only are one."""

    def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
        folded = {person.username.casefold(): person for person in self._people.values()}
        return {name: folded[name.casefold()] for name in usernames if name.casefold() in folded}


class SilentDirectory(MemoryDirectory):
    """Unknown groups are empty."""

    def members(self, groups: Collection[str], branches: Collection[str]) -> Iterator[Person]:
        try:
            return super().members(groups, branches)
        except NotFound:
            return iter(())


class FormerManagers(MemoryDirectory):
    """Managers are remembered apart, and forgotten there."""

    def overseers(self, learner_ids: Collection[str]) -> Mapping[str, Overseers]:
        return {each: evolve(found, managers=()) for each, found in super().overseers(learner_ids).items()}


class EmptyOverseers(MemoryDirectory):
    """Everybody asked for is answered."""

    def overseers(self, learner_ids: Collection[str]) -> Mapping[str, Overseers]:
        return {**dict.fromkeys(learner_ids, NO_OVERSEERS), **super().overseers(learner_ids)}


class LateVerdicts(MemoryExternals):
    """The last verdict counts."""

    def update(self, certificates: Sequence[ExternalCertificate]) -> None:
        stored = self.by_id([each.id for each in certificates])
        super().update([evolve(each, version=stored[each.id].version + 1) for each in certificates])


class ForkedSeries(MemoryExternals):
    """A version may be replaced twice."""

    def add(self, certificates: Sequence[ExternalCertificate]) -> None:
        super().add(
            [evolve(each, revision=each.revision + len(self._series.get(each.series, ()))) for each in certificates]
        )


class PendingCounts(MemoryExternals):
    """What waits counts already."""

    def accepted(self, learner_ids: Collection[str]) -> dict[str, list[ExternalCertificate]]:
        found = {each: list(self.search(ExternalQuery(frozenset([each]), limit=1_000))) for each in learner_ids}
        return {each: certificates for each, certificates in found.items() if certificates}


class TiedSubmissions(MemoryExternals):
    """Pages go on after the last instant of submission, not the last certificate."""

    def search(self, query: ExternalQuery) -> Sequence[ExternalCertificate]:
        return super().search(query if query.after is None else evolve(query, after=(query.after[0], 2**63)))


class AnybodysTasks(MemoryExternals):
    """An empty set of learners does not filter."""

    def search(self, query: ExternalQuery) -> Sequence[ExternalCertificate]:
        return super().search(evolve(query, learner_ids=query.learner_ids or None))


class OverwrittenSettings(MemorySettings):
    """No compare-and-set."""

    def put(self, setting: Setting) -> None:
        before = self.get(setting.name)
        super().put(evolve(setting, version=1 if before is None else before.version + 1))


class RepeatingJobs(InProcessJobs):
    """What was enqueued once runs with every commit."""

    def committed(self, run: Callable[[int], object]) -> None:
        for job_id in self._waiting():
            run(job_id)


class ForgetfulJobs(InProcessJobs):
    """Only the last job of a transaction runs."""

    def enqueue(self, job: Job, tx: Transaction) -> None:
        self._waiting().clear()
        super().enqueue(job, tx)


class FussyJobs(InProcessJobs):
    """A job cannot be handed over twice."""

    def enqueue(self, job: Job, tx: Transaction) -> None:
        if job.id in self._waiting():
            raise LookupError(job.id)
        super().enqueue(job, tx)


class LostEvents(MemoryStorage):
    """New awards come without their events."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield _Issuing(tx)


class _Issuing(Transaction):
    def __init__(self, tx: Transaction) -> None:
        for name in Transaction.__annotations__:
            setattr(self, name, getattr(tx, name))

    def issue(self, parts: Iterable[Issued]) -> None:
        for issued in parts:
            self.awards.add(list(issued.awards()))
            self.history.append(list(issued.history))


class HalfChanges(MemoryStorage):
    """What comes before a conflict stays, and is committed by who goes on."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield _RowsOnly(tx)


class _RowsOnly(_Issuing):
    def issue(self, parts: Iterable[Issued]) -> None:
        Transaction.issue(self, parts)


class StaleTerms(MemoryStorage):
    """Of a change only the ending is stored."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield _Ending(tx)


class _Ending(_RowsOnly):
    def change(self, changes: Sequence[Change]) -> None:
        ended = ("ending", "renewed_by", "version", "head")
        super().change(
            [
                evolve(each, after=evolve(each.before, **{name: getattr(each.after, name) for name in ended}))
                for each in changes
            ]
        )


class LostSuccessors(MemoryStorage):
    """Awards are archived, and nobody knows what renewed them."""

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield _Archiving(tx)


class _Archiving(_RowsOnly):
    def archive(self, archived: Archived) -> None:
        changes = archived.changes()
        self.change([evolve(each, after=evolve(each.after, renewed_by=None)) for each in changes])


class EveryAct(MemoryHistory):
    """Which kind of act is wanted does not matter."""

    def by_job(
        self,
        job_id: int,
        after: tuple[int, int] | None,
        limit: int,
        *,
        act: str | None = None,  # noqa: ARG002
    ) -> Sequence[HistoryEntry]:
        return super().by_job(job_id, after, limit)


class LoudEvents(MemoryOutbox):
    """Silence changes nothing."""

    def silence(self, keys: Sequence[tuple[int, int]]) -> None:
        """Forget to."""


class OldestJobs(MemoryJobs):
    """The newest are not asked for."""

    def in_state(self, state: JobState, limit: int, *, newest: bool = False) -> Sequence[Job]:  # noqa: ARG002
        return super().in_state(state, limit)


class UnfinishedJobs(MemoryJobs):
    """Who begins a job does not take it away from those that wait."""

    def in_state(self, state: JobState, limit: int, *, newest: bool = False) -> Sequence[Job]:
        found = super().in_state(state, limit, newest=newest)
        if state is JobState.QUEUED:
            found = [*found, *super().in_state(JobState.RUNNING, limit, newest=newest)]
        return found[:limit]


class ShuffledRejects(MemoryJobs):
    """Rejected rows in the order in which they came."""

    def rejects(self, job_id: int, after_line: int, limit: int) -> Sequence[Reject]:
        return [row for (job, line), row in self._rejects.items() if job == job_id and line > after_line][:limit]


def storage_with_ledgers(**repositories: Callable[[Journal], object]) -> MemoryStorage:
    """A memory storage with other repositories, by their names in a transaction."""
    storage = MemoryStorage()
    for name, repository in repositories.items():
        setattr(storage._repositories, name, repository(storage._journal))
    storage._repositories.join()
    return storage


class TextModeDocuments(MemoryDocuments):
    """Line ends are changed on the way in, and forgiven on the way out."""

    def put(self, content: bytes, holder: int) -> DocumentRef:
        return super().put(content.replace(b"\r\n", b"\n"), holder)


class SharedDocuments(MemoryDocuments):
    """One copy for all holders, so that one deletes it for the others."""

    def put(self, content: bytes, holder: int) -> DocumentRef:
        super().put(content, 0)
        return DocumentRef(digest_of(content), holder)

    def get(self, ref: DocumentRef) -> bytes:
        return super().get(DocumentRef(ref.digest, 0))

    def exists(self, refs: Collection[DocumentRef]) -> frozenset[DocumentRef]:
        return frozenset(ref for ref in refs if super(SharedDocuments, self).exists([DocumentRef(ref.digest, 0)]))

    def delete(self, refs: Collection[DocumentRef]) -> None:
        super().delete([DocumentRef(ref.digest, 0) for ref in refs])


class TrustingDocuments(MemoryDocuments):
    """What is stored is served, whatever it is."""

    def get(self, ref: DocumentRef) -> bytes:
        try:
            return self._kept[ref][1]
        except KeyError:
            raise CorruptDocument(ref.digest, "it is not there") from None


class FirstPutWins(MemoryDocuments):
    """What seems to be there already is not written again."""

    def put(self, content: bytes, holder: int) -> DocumentRef:
        ref = DocumentRef(digest_of(content), holder)
        return ref if ref in self._kept else super().put(content, holder)


class AgelessDocuments(MemoryDocuments):
    """Lists what was stored a moment ago."""

    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        return super().put_before(instant + timedelta(days=99), after, limit)


class DigestPages(MemoryDocuments):
    """A page goes on after the digest, not after the holder."""

    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        last = None if after is None else DocumentRef(after.digest, 2**63 - 1)
        return super().put_before(instant, last, limit)


class FussyDocuments(MemoryDocuments):
    """Deletes only what is there."""

    def delete(self, refs: Collection[DocumentRef]) -> None:
        for ref in refs:
            if ref not in self._kept:
                raise CorruptDocument(ref.digest, "it is not there")
        super().delete(refs)
