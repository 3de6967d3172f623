"""Correcting awards: editing their dates and basis, unassigning what was given by mistake, following a policy (R-3)."""

from collections.abc import Sequence
from datetime import date

from attrs import evolve, frozen

from certcore.domain.awards import Award, Basis, Details, Period, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.differences import Difference, differs
from certcore.domain.numbers import new_salts
from certcore.domain.people import Act, Actor
from certcore.domain.policy import NO_FACTS, RenewalPolicy
from certcore.domain.transitions import Change, Context, edit, unassign
from certcore.errors import InvalidValue
from certcore.ports import Ports, Transaction
from certcore.services.access import demand, find_award
from certcore.services.defining import check_carries, find_certification
from certcore.services.previewing import FactsOf, differences, live_of
from certcore.services.removing import pages
from certcore.services.units import in_unit


@frozen
class Applied:
    """How many live ``awards`` were judged by a policy, and how many were ``changed``.

    ``kept`` would have ended earlier and stay as they are; ``undecided`` cannot be judged.
    """

    awards: int = 0
    changed: int = 0
    kept: int = 0
    undecided: int = 0

    def plus(self, page: Sequence[Difference], changed: int, *, may_shorten: bool) -> "Applied":
        """With a page of which so many were changed."""
        return Applied(
            self.awards + len(page),
            self.changed + changed,
            self.kept + sum(each.sooner for each in page if not may_shorten),
            self.undecided + sum(each.after is None for each in page),
        )


@frozen
class Correcting:
    """Edits and unassigns awards, keeping who, when, before and after (R-32, R-33)."""

    _ports: Ports

    def edit(
        self,
        number: str,
        *,
        actor: Actor,
        issued_on: date | None = None,
        expires_on: date | None = None,
        always_valid: bool | None = None,
        basis: Basis | None = None,
        details: Details | None = None,
        reprint: bool = False,
    ) -> Award:
        """The award with other dates (in its own zone), basis or details; what is None stays as it is (R-32).

        ``reprint`` takes over the learner's name and the certification's title as they are now (R-28). Raises
        `NotFound`, `NotLive`, `InvalidValue` and the dates' errors.
        """
        if basis is not None:
            self._ports.settings.check_basis(basis)
        if details is not None:
            self._ports.settings.check_credits(details.credits)

        def work(tx: Transaction) -> Award:
            award = self._find(tx, number, actor, Act.EDIT)
            certification = find_certification(tx, award.certification_id)
            check_carries(tx, certification, None if basis is None else basis.item)
            edited = evolve(
                award,
                period=_edited(certification, award.period, issued_on, expires_on, always_valid),
                basis=basis or award.basis,
                details=details or award.details,
            )
            if reprint:
                edited = evolve(edited, learner_name=self._name(award), edition=certification.edition)
            return (
                award if edited == award else self._written(tx, edit(award, edited, self._salt(), self._context(actor)))
            )

        return in_unit(self._ports.storage, work)

    def unassign(self, number: str, *, actor: Actor, reason: str | None = None) -> Award:
        """The award taken from the learner's view and history as given by mistake; its number is kept (R-33).

        Raises `NotFound` and `NotLive`.
        """

        def work(tx: Transaction) -> Award:
            award = self._find(tx, number, actor, Act.UNASSIGN)
            return self._written(tx, unassign(award, reason, self._salt(), self._context(actor)))

        return in_unit(self._ports.storage, work)

    def apply_policy(
        self,
        certification: str | int,
        policy: RenewalPolicy,
        *,
        actor: Actor,
        typed: bool = False,
        may_shorten: bool = False,
        facts: FactsOf = lambda _: NO_FACTS,
    ) -> Applied:
        """Put a policy in force and let the live awards follow it: what `Previewing.policy_change` shows (R-3, R-55).

        Editing the certification alone changes none. Each award that differs is edited, on record and without a notice
        (R-32, R-44), all in one transaction; only those whose learners the actor may edit. What would end earlier stays
        unless ``may_shorten`` (R-53); ``typed`` and ``facts`` are as for the preview. Again, it changes nothing. Raises
        `NotFound`.
        """
        ref = str(certification)
        demand(self._ports, actor, Act.DEFINE, "certification", ref)
        scope = demand(self._ports, actor, Act.EDIT, "certification", ref)

        def work(tx: Transaction) -> Applied:
            before = find_certification(tx, certification)
            if before.policy != policy:
                tx.certifications.update(before.edited(policy=policy))
            context = self._context(actor)
            applied = Applied()
            for page in pages(self._ports, tx, live_of(before, scope, context.now, self._ports.settings.batch)):
                found = differences(self._ports, tx, page, before, policy=policy, facts=facts, typed=typed)
                follow = [
                    (each.award, each.after)
                    for each in found
                    if each.after and differs(each.before, each.after) and (may_shorten or not each.sooner)
                ]
                salts = new_salts(len(follow), self._ports.random_bytes)
                changes = [
                    edit(award, evolve(award, period=period), salt, context)
                    for (award, period), salt in zip(follow, salts, strict=True)
                ]
                tx.change(changes)
                applied = applied.plus(found, len(changes), may_shorten=may_shorten)
            return applied

        return in_unit(self._ports.storage, work)

    def _find(self, tx: Transaction, number: str, actor: Actor, act: Act) -> Award:
        return find_award(tx, number, demand(self._ports, actor, act, "award", number))

    def _name(self, award: Award) -> str:
        person = self._ports.directory.people([award.learner_id]).get(award.learner_id)
        return person.full_name if person else award.learner_name

    def _written(self, tx: Transaction, change: Change) -> Award:
        tx.change([change])
        return change.after

    def _salt(self) -> bytes:
        (salt,) = new_salts(1, self._ports.random_bytes)
        return salt

    def _context(self, actor: Actor) -> Context:
        return Context(actor, self._ports.now())


def _edited(
    certification: Certification,
    period: Period,
    issued_on: date | None,
    expires_on: date | None,
    always_valid: bool | None,
) -> Period:
    if always_valid and expires_on is not None:
        raise InvalidValue("expires_on", expires_on.isoformat(), "no expiry date for an award always valid")
    if always_valid is False and expires_on is None and period.expires_on is None:
        raise InvalidValue("always_valid", False, "an expiry date beside it: the award has none yet")
    if issued_on is None and expires_on is None and always_valid is None:
        return period
    expiry = None if always_valid else expires_on or period.expires_on
    edited = typed_period(certification.policy, issued_on or period.issued_on, period.zone, expiry)
    return edited if expiry != period.expires_on else evolve(edited, anchor_on=period.anchor_on)
