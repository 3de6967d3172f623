"""Correcting awards: editing their dates and basis, and unassigning what was given by mistake (R-32, R-33)."""

from datetime import date

from attrs import evolve, frozen

from certcore.domain.awards import Award, Basis, Details, Period, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.numbers import new_salts, normal_number
from certcore.domain.people import Act, Actor
from certcore.domain.transitions import Change, Context, edit, unassign
from certcore.errors import InvalidValue, NotFound
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.defining import check_carries, find_certification
from certcore.services.units import in_unit, write


@frozen
class Correcting:
    """Edits and unassigns awards, keeping who, when, before and after."""

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

    def _find(self, tx: Transaction, number: str, actor: Actor, act: Act) -> Award:
        scope = demand(self._ports, actor, act, "award", number)
        normal = normal_number(number)
        award = tx.awards.by_number([normal]).get(normal) if normal else None
        if award is None or not scope.covers(award.learner_id):
            raise NotFound("award", number)
        return award

    def _name(self, award: Award) -> str:
        person = self._ports.directory.people([award.learner_id]).get(award.learner_id)
        return person.full_name if person else award.learner_name

    def _written(self, tx: Transaction, change: Change) -> Award:
        write(tx, [change])
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
