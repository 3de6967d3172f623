"""The award that an accepted external certificate gives for its equivalence (R-74)."""

from certcore.domain.awards import Basis, BasisKind, Details, Period, computed_period, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Held, Offer, Outcome
from certcore.domain.external import Claim, Equated, Submission
from certcore.domain.numbers import id_text
from certcore.domain.transitions import Context
from certcore.errors import NotEquated
from certcore.ports import Ports, Transaction
from certcore.services.units import Candidate, carry_out, decisions_for


def equate(ports: Ports, tx: Transaction, submission: Submission, external_id: int, context: Context) -> Equated | None:
    """Write the award of the claim's equivalence, and say what became of it; None where there is no equivalence.

    Called in the transaction that accepts the certificate. Raises `NotEquated` where no award may follow.
    """
    claim = submission.claim
    if claim.equivalence is None:
        return None
    certification = tx.certifications.by_id([claim.equivalence]).get(claim.equivalence)
    if certification is None:
        raise NotEquated(id_text(claim.equivalence), "certification_deleted")
    if certification.retired:
        raise NotEquated(certification.label, "certification_retired")
    person = ports.directory.people([submission.learner_id]).get(submission.learner_id)
    if person is None or not person.active:
        raise NotEquated(certification.label, "unknown_user" if person is None else "deactivated_user")
    offer = Offer(_period(claim, certification), _basis(external_id), Details(None, claim.delivered_on, claim.credits))
    live = tx.awards.live([certification.id], [person.id]).get((certification.id, person.id))
    candidate = Candidate(certification, person, offer, live)
    (decision,) = decisions_for([candidate], Held.KEEP)
    (number,) = carry_out(tx, [candidate], [decision], context, ports.random_bytes)
    issued = decision.outcome is Outcome.NEW and number is not None
    award_id = tx.awards.by_number([number])[number].id if issued and number else None
    return Equated(decision.outcome, number, award_id)


def _basis(external_id: int) -> Basis:
    return Basis(BasisKind.EXTERNAL_CERTIFICATION, id_text(external_id))


def _period(claim: Claim, certification: Certification) -> Period:
    if claim.expires_on is None:
        return computed_period(certification.policy, claim.delivered_on, claim.zone)
    return typed_period(certification.policy, claim.delivered_on, claim.zone, claim.expires_on)
