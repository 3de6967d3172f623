"""The service: completions in batches, each batch read, decided and written in one unit."""

from collections.abc import Iterable, Sequence
from itertools import islice

from attrs import frozen

from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.checks import nfc
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.earning import Earning, Reasons, rejected
from certcore.domain.explaining import why_no_award
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.domain.policy import NO_FACTS, Facts
from certcore.domain.reasons import Reason, undecidable
from certcore.domain.transitions import Context
from certcore.errors import InvalidInput, NotFound, Retired
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.completing.judging import Judge
from certcore.services.completing.known import Entry, counted_items
from certcore.services.completing.looking_back import by_learner
from certcore.services.completing.request import Completed, CompletionOutcome, CompletionReport
from certcore.services.completing.settling import Settling
from certcore.services.defining import find_certification
from certcore.services.known_facts import LearnerFacts
from certcore.services.progress import progress_of
from certcore.services.units import in_unit


@frozen
class Completing:
    """Takes completions and gives what they earn."""

    _ports: Ports

    def record(self, completed: Iterable[Completed], *, actor: Actor, notify: bool = True) -> CompletionReport:
        """Record what was completed, and award or renew what follows from it (R-21, R-23, R-27, R-52).

        Taken in the order given, `Settings.batch` in each transaction; what came of each is reported. The same ones
        again change nothing, so a call that ended with an error is simply repeated. Learners are told of what they get
        unless ``notify`` is False, but not of what is over already. Raises `NotFound` when the actor may complete for
        nobody, and `NotAllowedHere` for credits where the platform does not use them.
        """
        scope = demand(self._ports, actor, Act.COMPLETE, "completions", "list")
        outcomes: list[CompletionOutcome] = []
        remaining = iter(completed)
        while batch := list(islice(remaining, self._ports.settings.batch)):
            outcomes += self._batch(batch, scope, actor, notify=notify)
        return CompletionReport.of(outcomes)

    def retroactive(
        self, certification: str | int, *, actor: Actor, award: bool = False, notify: bool = True
    ) -> CompletionReport:
        """Who would hold the certification if all that was completed before it was assigned had counted (R-21).

        Looks at the completions that the catalog knows and at those reported to certcore, of active learners without a
        live award; what is issued by hand only counts too, what was done by a revocation does not. With ``award`` they
        get it, else nothing is written. The report has only what gives an award. Raises `NotFound` and `Retired`.
        """
        scope = demand(self._ports, actor, Act.COMPLETE, "certification", str(certification))
        with self._ports.storage.reading() as tx:
            found = find_certification(tx, certification)
            linked = tx.certifications.assigned_to([found.id]).get(found.id, ())
        if found.retired:
            raise Retired(found.label)
        outcomes: list[CompletionOutcome] = []
        items = [each.item for each in linked]
        for part in by_learner(self._ports, items, self._ports.settings.batch):
            entries = self._looked_back(part, scope)
            if award:
                outcomes += self._award_back(found, entries, actor, notify=notify)
            else:
                outcomes += self._would_award(found, entries)
        return CompletionReport.of(outcomes)

    def why_not(
        self, certification: str | int, username: str, *, actor: Actor, facts: Facts = NO_FACTS
    ) -> Sequence[Reason]:
        """Every reason why somebody has no award of the certification (R-21); that they have one, where they do.

        ``facts`` are what the policy may ask besides. Raises `NotFound`.
        """
        scope = demand(self._ports, actor, Act.VIEW, "learner", username)
        wanted = nfc(username.strip())
        learner = self._ports.directory.match([wanted]).get(wanted)
        if learner is None or not scope.covers(learner.id):
            raise NotFound("learner", username)
        with self._ports.storage.reading() as tx:
            return self._why_not(tx, find_certification(tx, certification), learner, facts)

    def _why_not(self, tx: Transaction, certification: Certification, learner: Person, facts: Facts) -> Reasons:
        holding = (certification.id, learner.id)
        live = tx.awards.live([certification.id], [learner.id]).get(holding)
        if live is not None:
            return (Reason("award_held", {"number": live.number}),)
        linked = {
            each.item: each for each in tx.certifications.assigned_to([certification.id]).get(certification.id, ())
        }
        counted = counted_items(certification, [certification.policy], linked)
        found = tx.completions.of([learner.id], counted.union(linked))
        progress = progress_of(self._ports, tx, [learner.id], linked)
        return why_no_award(
            learner,
            certification,
            linked,
            [completion for each in found.values() for completion in each],
            {item: progress[learner.id, item] for item in linked},
            self._ports.now(),
            revoked_at=tx.awards.latest_revocations([certification.id], [learner.id]).get(holding),
            facts=LearnerFacts.of(self._ports, tx, [certification.policy], [learner.id]).of_learner(learner.id, facts),
        )

    def _batch(
        self, batch: Sequence[Completed], scope: Scope, actor: Actor, *, notify: bool
    ) -> Iterable[CompletionOutcome]:
        for amount in {each.credits for each in batch}:
            self._ports.settings.check_credits(amount)
        entries, refused = self._entries(batch, scope)
        settled = in_unit(self._ports.storage, lambda tx: self._settle(tx, entries, actor, notify=notify))
        return [settled.get(place) or refused[place] for place in range(len(batch))]

    def _entries(self, batch: Sequence[Completed], scope: Scope) -> tuple[list[Entry], dict[int, CompletionOutcome]]:
        """What can be judged; and what is refused, since nobody is meant by it or its day never was."""
        directory, zone = self._ports.directory, self._ports.settings.zone
        by_name = directory.match({each.username for each in batch if each.username is not None})
        by_id = directory.people({each.learner_id for each in batch if each.learner_id is not None})
        entries: list[Entry] = []
        refused: dict[int, CompletionOutcome] = {}
        for place, each in enumerate(batch):
            person = by_id.get(each.learner_id or "") if each.username is None else by_name.get(each.username)
            if person is None or not scope.covers(person.id):
                refused[place] = CompletionOutcome.of(each.learner, each.item, rejected("unknown_user"))
                continue
            try:
                completion = each.by(person, zone)
            except InvalidInput as error:
                refusal = Earning(Outcome.REJECTED, (undecidable(error),))
                refused[place] = CompletionOutcome.of(each.learner, each.item, refusal)
            else:
                entries.append(Entry(place, each.learner, person, completion, each.facts))
        return entries, refused

    def _settle(
        self, tx: Transaction, entries: Sequence[Entry], actor: Actor, *, notify: bool, retroactive: bool = False
    ) -> dict[int, CompletionOutcome]:
        context = Context(actor, self._ports.now())
        judge = Judge(self._ports, context.now, retroactive)
        return Settling(judge, context, self._ports.random_bytes, notify).settle(tx, entries)

    def _looked_back(self, completions: Sequence[Completion], scope: Scope) -> list[Entry]:
        people = self._ports.directory.people({each.learner_id for each in completions})
        return [
            Entry(place, people[each.learner_id].username, people[each.learner_id], each)
            for place, each in enumerate(completions)
            if each.learner_id in people and people[each.learner_id].active and scope.covers(each.learner_id)
        ]

    def _would_award(self, certification: Certification, entries: Sequence[Entry]) -> Iterable[CompletionOutcome]:
        with self._ports.storage.reading() as tx:
            judged, _ = Judge(self._ports, self._ports.now(), True).judge(tx, _without(tx, certification, entries))
        return [
            CompletionOutcome.of(each.entry.name, each.entry.completion.item, each.earning)
            for each in judged
            if each.earning.outcome is Outcome.NEW
        ]

    def _award_back(
        self, certification: Certification, entries: Sequence[Entry], actor: Actor, *, notify: bool
    ) -> Iterable[CompletionOutcome]:
        def work(tx: Transaction) -> dict[int, CompletionOutcome]:
            meant = _without(tx, certification, entries)
            return self._settle(tx, meant, actor, notify=notify, retroactive=True)

        settled = in_unit(self._ports.storage, work)
        return [each for each in settled.values() if each.outcome in (Outcome.NEW, Outcome.RENEWED)]


def _without(tx: Transaction, certification: Certification, entries: Sequence[Entry]) -> list[Entry]:
    """Those of learners who hold no live award, through items that still carry the certification."""
    carried = tx.certifications.carried_by({each.completion.item for each in entries})
    live = tx.awards.live([certification.id], {each.learner.id for each in entries})

    def is_meant(item: ItemRef, learner_id: str) -> bool:
        assignment = carried.get(item)
        return (
            assignment is not None
            and assignment.certification_id == certification.id
            and (certification.id, learner_id) not in live
        )

    return [each for each in entries if is_meant(each.completion.item, each.learner.id)]
