"""How external certificates change: each transition gives the certificate after it, its history entry and its event.

History and outbox are those of awards (I5): a certificate has an id of the same kind, and ``award_id`` in an entry or
event is that id. What is personal enters the chain as a salted digest (R-64).
"""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from certcore.domain.external import (
    TRANSITIONS,
    Claim,
    Equated,
    ExternalCertificate,
    ExternalState,
    Review,
    Submission,
)
from certcore.domain.history import EVENT_VERSION, Event, HistoryEntry, canonical, chained
from certcore.domain.numbers import id_text
from certcore.domain.time import civil_date
from certcore.domain.transitions import Context
from certcore.errors import InvalidValue, NotPending, NotReplaceable


@frozen
class ExternalChange:
    """A certificate after a transition, with what is written beside it; ``before`` is None for a new one."""

    before: ExternalCertificate | None
    after: ExternalCertificate
    entry: HistoryEntry
    event: Event


def submit(submission: Submission, new_id: int, salt: bytes, context: Context) -> ExternalChange:
    """A certificate that waits for a reviewer.

    Raises `NotReplaceable` while the one that it would replace waits itself, and `InvalidValue` for a delivery that is
    still to come.
    """
    return _new("submitted", submission, new_id, salt, context)


def accept(
    submission: Submission, new_id: int, salt: bytes, context: Context, *, equated: Equated | None = None
) -> ExternalChange:
    """A certificate that counts at once, since nobody has to validate it (R-73); raises as `submit`."""
    return _new("accepted", submission, new_id, salt, context, equated=equated)


def correct(certificate: ExternalCertificate, claim: Claim, salt: bytes, context: Context) -> ExternalChange:
    """What a reviewer found it to say; what was submitted stays on record (R-73).

    Raises `NotPending`, and `InvalidValue` as `submit`.
    """
    check_delivered(claim, context.now)
    after = evolve(certificate, claim=claim, submitted=certificate.submitted or certificate.claim)
    facts = {"before": claim_facts(certificate.claim), "after": claim_facts(claim)}
    return _changed("corrected", certificate, after, facts, salt, context, title=claim.title)


def validate(
    certificate: ExternalCertificate,
    comment: str | None,
    salt: bytes,
    context: Context,
    *,
    equated: Equated | None = None,
) -> ExternalChange:
    """A reviewer's yes, with what became of the equivalence (R-73, R-74). Raises `NotPending`."""
    after = evolve(certificate, review=Review(context.actor.id, context.now, comment), equated=equated)
    facts = {"after": claim_facts(certificate.claim), **_equated_facts(equated)}
    return _changed("validated", certificate, after, facts, salt, context, note=comment)


def reject(certificate: ExternalCertificate, comment: str | None, salt: bytes, context: Context) -> ExternalChange:
    """A reviewer's no, which says why (R-73). Raises `NotPending`, and `InvalidValue` without a comment."""
    if comment is None or not comment.strip():
        raise InvalidValue("comment", comment, "why it is rejected, for the learner to read")
    after = evolve(certificate, review=Review(context.actor.id, context.now, comment))
    return _changed("rejected", certificate, after, {}, salt, context, note=comment)


def withdraw(certificate: ExternalCertificate, salt: bytes, context: Context) -> ExternalChange:
    """The certificate taken back before anybody decided (R-73). Raises `NotPending`."""
    return _changed("withdrawn", certificate, certificate, {}, salt, context)


def check_delivered(claim: Claim, now: datetime) -> None:
    """Raise `InvalidValue` for a delivery that is still to come at ``now``, by the day in the claim's zone."""
    if claim.delivered_on > civil_date(now, claim.zone):
        raise InvalidValue("delivered_on", claim.delivered_on.isoformat(), "a day that is not in the future")


def claim_facts(claim: Claim) -> dict[str, object]:
    """What a history entry says of a claim: nothing that is personal, so not the title."""
    shown = {
        "zone": claim.zone,
        "delivered_on": claim.delivered_on.isoformat(),
        "expires_on": None if claim.expires_on is None else claim.expires_on.isoformat(),
        "credits": None if claim.credits is None else str(claim.credits),
        "equivalence": None if claim.equivalence is None else id_text(claim.equivalence),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _new(
    act: str, submission: Submission, new_id: int, salt: bytes, context: Context, *, equated: Equated | None = None
) -> ExternalChange:
    claim, document, replaced = submission.claim, submission.document, submission.replaces
    if replaced is not None and replaced.state is ExternalState.PENDING:
        raise NotReplaceable(replaced.ref, "pending")
    check_delivered(claim, context.now)
    certificate = ExternalCertificate(
        id=new_id,
        learner_id=submission.learner_id,
        uploaded_by=context.actor.id,
        claim=claim,
        document=document,
        state=TRANSITIONS[act].after,
        submitted_at=context.now,
        series=new_id if replaced is None else replaced.series,
        revision=1 if replaced is None else replaced.revision + 1,
        previous=None if replaced is None else replaced.id,
        equated=equated,
        version=0,
    )
    facts = {
        "after": claim_facts(claim),
        "size": document.size,
        "warnings": [finding.code for finding in document.findings],
        "revision": certificate.revision,
        **({} if replaced is None else {"previous": replaced.ref}),
        **_equated_facts(equated),
    }
    named = {"title": claim.title, "file": document.name, "sha256": document.digest}
    return _written(act, None, certificate, facts, salt, context, **named)


def _equated_facts(equated: Equated | None) -> dict[str, object]:
    if equated is None:
        return {}
    award = {} if equated.number is None else {"award": equated.number}
    return {"outcome": equated.outcome.value, "reasons": [each.code for each in equated.reasons], **award}


def _changed(
    act: str,
    before: ExternalCertificate,
    after: ExternalCertificate,
    facts: Mapping[str, object],
    salt: bytes,
    context: Context,
    **named: str | None,
) -> ExternalChange:
    transition = TRANSITIONS[act]
    if before.state is not transition.before:
        raise NotPending(before.ref, before.state.value)
    return _written(act, before, evolve(after, state=transition.after), facts, salt, context, **named)


def _written(
    act: str,
    before: ExternalCertificate | None,
    after: ExternalCertificate,
    facts: Mapping[str, object],
    salt: bytes,
    context: Context,
    **named: str | None,
) -> ExternalChange:
    """The change with its entry and event; what is ``named`` is personal and enters the chain as a digest (R-64)."""
    seq, text = after.version + 1, canonical(facts)
    who = {"actor": context.actor.id, "learner": after.learner_id, **named}
    entry = chained(
        after.head,
        award_id=after.id,
        seq=seq,
        at=context.now,
        act=act,
        facts=text,
        personal=canonical({key: value for key, value in who.items() if value is not None}),
        salt=salt,
        job_id=context.job_id,
    )
    notify = TRANSITIONS[act].tells is not None
    return ExternalChange(
        before,
        evolve(after, version=seq, head=entry.hash),
        entry,
        Event(after.id, seq, f"external.{act}", EVENT_VERSION, text, context.now, notify=notify),
    )
