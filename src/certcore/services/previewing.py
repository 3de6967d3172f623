"""Previewing: who would expire when under another policy, read page by page and nothing written (R-3, R-55)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from certcore.domain.awards import Award, Period
from certcore.domain.certifications import Certification
from certcore.domain.differences import Difference, differs, period_under
from certcore.domain.people import Act, Actor, Scope
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy
from certcore.domain.views import Viewer
from certcore.errors import CertcoreError, StorageError
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.access import demand
from certcore.services.defining import check_code_free, check_parts, find_certification

FactsOf = Callable[[Award], Facts]
_PAGE: Final = 1_000


@frozen
class Summary:
    """How many live awards there are, and how many would differ: end ``sooner`` or ``later``, or have another window.

    ``expired`` would be over by now and are not; ``undecided`` cannot be judged. ``first`` are the first that differ.
    """

    awards: int
    differ: int
    sooner: int
    later: int
    expired: int
    undecided: int
    first: Sequence[Difference]


@frozen
class Changed:
    """One part of a definition that would change."""

    name: str
    before: object
    after: object


@frozen
class EditPreview:
    """What an edit of a certification would change: the definition, and nothing that was issued (R-3).

    ``reprint`` says whether the documents of new awards would print other words (R-28). ``awards`` is what would differ
    if the live awards followed the new policy, which they do only on request; None where the policy stays.
    """

    changes: tuple[Changed, ...]
    reprint: bool
    awards: Summary | None


@frozen
class Previewing:
    """Asks what a change would do; never changes anything."""

    _ports: Ports

    def policy_change(
        self,
        certification: str | int,
        policy: RenewalPolicy,
        *,
        actor: Actor,
        typed: bool = False,
        facts: FactsOf = lambda _: NO_FACTS,
    ) -> Iterator[Difference]:
        """The live awards that would differ under ``policy``, of the learners whom the actor may see (R-3, R-55).

        They come as they are read, in the order of their ids. ``typed`` counts those anew whose expiry was typed;
        ``facts`` gives what the policy asks for about an award. Raises `NotFound`.
        """
        changes = self._changes(certification, policy, actor, typed, facts)
        return (each for each in changes if each.problem or (each.after and differs(each.before, each.after)))

    def summary(
        self,
        certification: str | int,
        policy: RenewalPolicy,
        *,
        actor: Actor,
        typed: bool = False,
        facts: FactsOf = lambda _: NO_FACTS,
        first: int = 0,
    ) -> Summary:
        """How many live awards would differ under ``policy``, and the ``first`` of them; else as `policy_change`."""
        now = self._ports.now()
        counts = dict.fromkeys(("awards", "differ", "sooner", "later", "expired", "undecided"), 0)
        kept: list[Difference] = []
        for each in self._changes(certification, policy, actor, typed, facts):
            counts["awards"] += 1
            if each.after is not None and not differs(each.before, each.after):
                continue
            found = {"differ": each.after is not None, "undecided": each.after is None, "sooner": each.sooner}
            found |= {"later": each.later, "expired": each.expired_by(now)}
            for name, is_so in found.items():
                counts[name] += is_so
            if len(kept) < first:
                kept.append(each)
        return Summary(**counts, first=kept)

    def edit(
        self,
        certification: str | int,
        changes: Mapping[str, object],
        *,
        actor: Actor,
        typed: bool = False,
        facts: FactsOf = lambda _: NO_FACTS,
        first: int = 0,
    ) -> EditPreview:
        """What `Defining.edit` would change, and what would differ if live awards followed (R-3); else as `summary`.

        Raises `NotFound`, `CodeTaken` and `InvalidValue` as the edit would.
        """
        demand(self._ports, actor, Act.VIEW, "certification", str(certification))
        check_parts(self._ports, changes)
        with self._ports.storage.reading() as tx:
            before = find_certification(tx, certification)
            after = before.edited(**changes)
            check_code_free(tx, after)
        changed = tuple(
            Changed(name, getattr(before, name), getattr(after, name))
            for name in sorted(changes)
            if getattr(before, name) != getattr(after, name)
        )
        awards = None
        if before.policy != after.policy:
            awards = self.summary(before.id, after.policy, actor=actor, typed=typed, facts=facts, first=first)
        return EditPreview(changed, reprint=after.edition != before.edition, awards=awards)

    def _changes(
        self, ref: str | int, policy: RenewalPolicy, actor: Actor, typed: bool, facts: FactsOf
    ) -> Iterator[Difference]:
        scope = demand(self._ports, actor, Act.VIEW, "certification", str(ref))
        with self._ports.storage.reading() as tx:
            certification = find_certification(tx, ref)
        return self._judged(certification, policy, Viewer(actor, scope), typed, facts)

    def _judged(
        self, certification: Certification, policy: RenewalPolicy, viewer: Viewer, typed: bool, facts: FactsOf
    ) -> Iterator[Difference]:
        """Every live award with its period under the policy, each page read in a transaction of its own."""
        query = live_of(certification, viewer.scope, self._ports.now(), _PAGE)
        while True:
            with self._ports.storage.reading() as tx:
                page = tx.awards.search(query)
                shown = [each for each in map(viewer.shown, page) if each is not None]
                found = differences(self._ports, tx, shown, certification, policy=policy, facts=facts, typed=typed)
            yield from found
            if len(page) < _PAGE:
                return
            query = query.behind(page[-1])


def live_of(certification: Certification, scope: Scope, now: datetime, limit: int) -> AwardQuery:
    """The first page of the live awards of the certification that ``scope`` covers."""
    learners = None if scope.everyone else scope.learners
    return AwardQuery(now, learners, {certification.id}, live=True, limit=limit)


def differences(
    ports: Ports,
    tx: Transaction,
    page: Sequence[Award],
    certification: Certification,
    *,
    policy: RenewalPolicy,
    facts: FactsOf,
    typed: bool,
) -> Sequence[Difference]:
    """What each award of the page would be under the policy, whether it differs or not (R-3, R-55)."""
    before = _predecessors(tx, page)
    people = ports.directory.people({each.learner_id for each in page})
    found = []
    for award in page:
        person = people.get(award.learner_id)
        under = _under(policy, award, certification, before, facts(award), typed)
        period, problem = (under, None) if isinstance(under, Period) else (None, under)
        found.append(Difference(award, period, person.username if person else award.learner_id, problem))
    return found


def _predecessors(tx: Transaction, awards: Sequence[Award]) -> dict[int, Award]:
    """The awards that those renew which count from another day than their own."""
    wanted = {each.renews for each in awards if each.period.anchor_on != each.period.issued_on}
    return tx.awards.by_id({each for each in wanted if each is not None})


def _under(
    policy: RenewalPolicy,
    award: Award,
    certification: Certification,
    before: dict[int, Award],
    facts: Facts,
    typed: bool,
) -> Period | CertcoreError:
    previous = None if award.renews is None else before.get(award.renews)
    try:
        return period_under(policy, award, in_force=certification.policy, previous=previous, facts=facts, typed=typed)
    except StorageError:
        raise
    except CertcoreError as error:
        return error
