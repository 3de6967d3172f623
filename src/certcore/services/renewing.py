"""Renewing: whether an award can be renewed, starting and cancelling, and orders to the catalog (R-50 to R-52).

What fulfils a renewal is a completion: see `completing`.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import ItemRef, sorted_items
from certcore.domain.deliveries import Delivery, DeliveryState, dropped
from certcore.domain.jobs import JobState
from certcore.domain.notices.causes import enrolled_again
from certcore.domain.numbers import new_salts, normal_number
from certcore.domain.people import Act, Actor
from certcore.domain.policy import NO_FACTS, Facts
from certcore.domain.renewability import Renewability
from certcore.domain.renewals import RETAKE, Renewal, cancel, retake, start, still_wanted, taken_again
from certcore.domain.time import civil_date
from certcore.domain.transitions import Context
from certcore.errors import InTransaction, InvalidValue, NotFound, NotRenewable
from certcore.ports import Ports, Transaction
from certcore.services.access import demand, find_award
from certcore.services.defining import find_certification
from certcore.services.handing_over import Receiver, Step, hand_over
from certcore.services.jobs import new_job, once_under
from certcore.services.known_facts import LearnerFacts
from certcore.services.progress import renewabilities
from certcore.services.units import in_unit

JOB_KIND: Final = "start_renewal"


@frozen
class DeliveryReport:
    """How many orders the catalog took, how many failed and wait for another attempt, how many were dropped."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0


@frozen
class Renewing:
    """Says whether awards can be renewed, and starts and cancels renewals."""

    _ports: Ports

    def check(
        self, number: str, *, actor: Actor, facts: Facts = NO_FACTS, never_expiring: bool = False
    ) -> Renewability:
        """Whether the award can be renewed now, with every reason: what a "Renew now" button asks (R-50, R-51).

        ``facts`` are what the policy may ask besides the directory's attributes; what it asks and nobody says is among
        the reasons. ``never_expiring`` asks for the renewal of an award that never expires (R-52). Raises `NotFound`.
        """
        scope = demand(self._ports, actor, Act.VIEW, "award", number)
        with self._ports.storage.reading() as tx:
            return self._judged(tx, find_award(tx, number, scope), facts, never_expiring=never_expiring)

    def start(
        self,
        number: str,
        *,
        actor: Actor,
        again: Collection[ItemRef] | None = None,
        facts: Facts = NO_FACTS,
        never_expiring: bool = False,
        key: str | None = None,
    ) -> Renewal:
        """Start to renew the award, on the terms in force now; a renewal that is open is given back (R-3, R-52).

        ``again`` names the items to be taken again, among those that are complete. By default it is the one that earned
        the award and those that the policy asks for, or else all of them. The orders to the catalog wait for `deliver`.
        With an idempotency ``key`` the same act gives the same answer, another one `IdempotencyConflict` (R-34). Raises
        `NotFound`, `NotRenewable` with every reason, and `InvalidValue` for an item that cannot be taken again.
        """
        scope = demand(self._ports, actor, Act.RENEW, "award", number)

        def work(tx: Transaction, job_id: int | None) -> Renewal:
            award = find_award(tx, number, scope)
            before = tx.renewals.of([award.id]).get(award.id)
            if before is not None and before.open and award.live:
                return before
            found = self._judged(tx, award, facts, never_expiring=never_expiring)
            if not found.renewable:
                raise NotRenewable(award.number, found.reasons)
            context = Context(actor, self._ports.now(), job_id)
            certification = find_certification(tx, award.certification_id)
            if again is None:
                today = civil_date(context.now, award.period.zone)
                known = LearnerFacts.of(self._ports, tx, [certification.policy], [award.learner_id])
                chosen = taken_again(
                    award, certification.policy, found, today, known.in_question(award.learner_id, facts)
                )
            else:
                chosen = _chosen(again, found)
            began = start(award, certification, self._salt(), context, ways=found.ways, again=chosen, before=before)
            tx.change([began.change])
            (tx.renewals.add if before is None else tx.renewals.update)([began.renewal])
            tx.deliveries.add(began.orders)
            return began.renewal

        payload = {
            "number": normal_number(number) or number,
            "again": None if again is None else [str(item) for item in sorted_items(again)],
            "never_expiring": never_expiring,
        }
        job = new_job(self._ports, JOB_KIND, payload, actor, key=key, state=JobState.DONE)
        return once_under(self._ports, job, Renewal, work)

    def cancel(self, number: str, *, actor: Actor, reason: str | None = None) -> Renewal:
        """The award's renewal no longer open; one that was fulfilled or cancelled stays as it is (R-52).

        Orders that the catalog has not got yet are dropped. Raises `NotFound` also when none was ever started.
        """
        scope = demand(self._ports, actor, Act.RENEW, "award", number)

        def work(tx: Transaction) -> Renewal:
            award = find_award(tx, number, scope)
            renewal = tx.renewals.of([award.id]).get(award.id)
            if renewal is None:
                raise NotFound("renewal", number)
            if not renewal.open or not award.live:
                return renewal
            after, change = cancel(award, renewal, reason, self._salt(), Context(actor, self._ports.now()))
            tx.change([change])
            tx.renewals.update([after])
            orders = tx.deliveries.of([award.id]).get(award.id, ())
            waiting = [each for each in orders if each.kind == RETAKE and each.state is DeliveryState.WAITING]
            tx.deliveries.update([dropped(each) for each in waiting])
            return after

        return in_unit(self._ports.storage, work)

    def deliver(self, limit: int = 100) -> DeliveryReport:
        """Hand up to ``limit`` orders that are due to the catalog, which lets learners take items again (R-51, R-52).

        Call it again and again, from any number of workers: an order is repeated, later each time, until the catalog
        takes it without raising; the order of a worker that died is taken up by another one after `LEASE`. For the
        host's own code: no actor's rights are asked. Raises `InTransaction` inside a transaction.
        """
        if self._ports.storage.in_transaction:
            raise InTransaction("handing orders to the catalog")
        told = hand_over(self._ports, Receiver(kinds=[RETAKE], steps=self._orders), limit)
        return DeliveryReport(told[DeliveryState.DONE], told[DeliveryState.WAITING], told[DeliveryState.DROPPED])

    def _orders(self, batch: Sequence[Delivery]) -> Sequence[Step]:
        """What to do with orders: those whose renewal is over are dropped."""
        ids = {each.award_id for each in batch}
        with self._ports.storage.reading() as tx:
            awards, renewals = tx.awards.by_id(ids), tx.renewals.of(ids)
        now = self._ports.now()
        return [
            Step(each, partial(self._ports.catalog.retake, retake(each)), follow=[enrolled_again(each, now)])
            if still_wanted(each, awards.get(each.award_id), renewals.get(each.award_id))
            else Step(each, settled=dropped(each))
            for each in batch
        ]

    def _judged(self, tx: Transaction, award: Award, facts: Facts, *, never_expiring: bool) -> Renewability:
        now = self._ports.now()
        return renewabilities(self._ports, tx, [award], now, facts=facts, never_expiring=never_expiring)[award.id]

    def _salt(self) -> bytes:
        (salt,) = new_salts(1, self._ports.random_bytes)
        return salt


def _chosen(again: Collection[ItemRef], found: Renewability) -> tuple[ItemRef, ...]:
    for item in again:
        if item not in found.retakes:
            known = ", ".join(map(str, found.retakes)) or "none, since no linked item is complete"
            raise InvalidValue("again", str(item), f"items that renew the award when taken again: {known}")
    return sorted_items(again)
