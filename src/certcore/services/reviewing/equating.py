"""The award that an accepted external certificate gives for its equivalence, decided and written (R-74)."""

from attrs import frozen

from certcore.domain.awards import Award, EndReason, is_over
from certcore.domain.certifications import Certification
from certcore.domain.decisions import NEW, RENEWED, UPDATED, Decision, Outcome
from certcore.domain.earning import Earning
from certcore.domain.equating import Equation, equated
from certcore.domain.external import Claim, Equated
from certcore.domain.numbers import id_text, new_salts
from certcore.domain.renewals import RenewalState
from certcore.domain.transitions import Context, restore, stood_for, unassign
from certcore.errors import NotEquated
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.known_facts import LearnerFacts
from certcore.services.removing import pages
from certcore.services.units import Candidate, carry_out, check_not_revoked_since, file_away, live_again

_WRITTEN = {Outcome.NEW: NEW, Outcome.RENEWED: RENEWED, Outcome.UPDATED: UPDATED}


@frozen
class Accepted:
    """What is accepted: the certificate's id and claim, its learner, and the series it is a new version in, if any."""

    id: int
    learner_id: str
    claim: Claim
    series: int | None = None


def equate(ports: Ports, tx: Transaction, accepted: Accepted, context: Context) -> Equated | None:
    """Write the award of the claim's equivalence, and say what became of it; None where there is no equivalence.

    Called in the transaction that accepts the certificate. The award of an earlier version is corrected, or taken back
    where this version stands for something else (R-73). Raises `NotEquated` where no award may follow.
    """
    earlier = _earlier(tx, accepted)
    found = None
    if accepted.claim.equivalence is not None:
        found = _Equating(ports, tx, accepted, context).equate(accepted.claim.equivalence, earlier)
    if earlier is not None and (found is None or found.award_id != earlier.id):
        _take_back(ports, tx, earlier, context)
    return found


def _earlier(tx: Transaction, accepted: Accepted) -> Award | None:
    """The award that the version in force until now gave, wherever it is now."""
    if accepted.series is None:
        return None
    versions = tx.externals.versions([accepted.series])[accepted.series]
    given = [each.equated.award_id for each in versions if each.counts and each.equated and each.equated.award_id]
    return tx.awards.by_id(given[-1:]).get(given[-1]) if given else None


def _take_back(ports: Ports, tx: Transaction, award: Award, context: Context) -> None:
    """As given by mistake (R-33), live or in history; what it renewed is live again.

    One that was renewed, revoked or taken back meanwhile stays so.
    """
    if not award.live and not (award.ending is not None and award.ending.reason is EndReason.PAST):
        return
    salts = new_salts(2, ports.random_bytes)
    taken = unassign(award, None, salts[0], context)
    tx.change([taken])
    before = None if award.renews is None else tx.awards.by_id([award.renews]).get(award.renews)
    if award.live and before is not None and before.renewed_by == award.id:
        live_again(tx, [restore(before, taken.after, None, salts[1], context)])


@frozen
class _Equating:
    ports: Ports
    tx: Transaction
    accepted: Accepted
    context: Context

    def equate(self, certification_id: int, earlier: Award | None) -> Equated:
        certification = self.tx.certifications.by_id([certification_id]).get(certification_id)
        if certification is None:
            raise NotEquated(id_text(certification_id), "certification_deleted", "The certification was deleted.")
        self.tx.completions.lock([self.accepted.learner_id])  # past awards decide as well, and so they do there (f17)
        same = earlier if earlier is not None and earlier.certification_id == certification_id else None
        case = self._case(certification, same)
        earning = equated(case)
        if earning.outcome is Outcome.REJECTED:
            raise NotEquated(certification.label, earning.reasons[0].code, earning.reasons[0].text)
        number = self._write(case, earning)
        rests = earning.offer is not None or earning.outcome is Outcome.UNCHANGED
        award = self.tx.awards.by_number([number]).get(number) if rests and number else None
        return Equated(earning.outcome, number, None if award is None else award.id, earning.reasons)

    def _case(self, certification: Certification, earlier: Award | None) -> Equation:
        tx, accepted = self.tx, self.accepted
        holding = (certification.id, accepted.learner_id)
        live = tx.awards.live([certification.id], [accepted.learner_id]).get(holding)
        renewal = None if live is None else tx.renewals.of([live.id]).get(live.id)
        before = None if earlier is None or earlier.renews is None else earlier.renews
        policies = [certification.policy, *([] if renewal is None else [renewal.policy])]
        query = AwardQuery(self.context.now, frozenset([accepted.learner_id]), {certification.id})
        return Equation(
            accepted.id,
            accepted.claim,
            certification,
            self.ports.directory.people([accepted.learner_id]).get(accepted.learner_id),
            self.context.now,
            live,
            renewal,
            [each for page in pages(self.ports, tx, query) for each in page if not each.live and each != earlier],
            earlier,
            None if before is None else tx.awards.by_id([before]).get(before),
            tx.awards.latest_revocations([certification.id], [accepted.learner_id]).get(holding),
            LearnerFacts.of(self.ports, tx, policies, [accepted.learner_id]).of_learner(accepted.learner_id),
        )

    def _write(self, case: Equation, earning: Earning) -> str | None:
        """Store what was decided; the number of the award that the learner has for it."""
        offer, outcome = earning.offer, earning.outcome
        if offer is None or case.learner is None:
            held = case.earlier if outcome is Outcome.UNCHANGED else case.live
            if held is not None and held.live:
                (salt,) = new_salts(1, self.ports.random_bytes)
                self.tx.change([stood_for(held, id_text(case.external_id), salt, self.context)])
            return None if held is None else held.number
        candidate = Candidate(case.certification, case.learner, offer, case.live, case.revoked_at)
        if outcome is Outcome.HISTORY and earning.ends_at is not None:
            (filed,) = file_away(self.tx, [candidate], [earning.ends_at], self.context, self.ports.random_bytes)
            return filed
        decision: Decision = _WRITTEN[outcome]
        told = not is_over(offer.period, self.context.now)
        (number,) = carry_out(self.tx, [candidate], [decision], self.context, self.ports.random_bytes, notify=told)
        check_not_revoked_since(self.tx, [candidate], [decision])
        if earning.fulfils and case.renewal is not None:
            self.tx.renewals.close([case.renewal], RenewalState.FULFILLED)
        return number
