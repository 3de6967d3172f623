"""How external certificates and settings become rows, in the order of `tables`, and are read back."""

import json
from decimal import Decimal
from typing import Any

from certcore.adapters.sql.values import (
    Row,
    amount_text,
    as_bytes,
    as_text,
    as_whole,
    day_text,
    micros,
    or_none,
)
from certcore.domain.decisions import Outcome
from certcore.domain.external import Claim, Document, Equated, ExternalCertificate, ExternalState, Review
from certcore.domain.files import DocumentRef, Finding
from certcore.domain.reasons import Reason
from certcore.domain.stored_settings import Setting
from certcore.domain.time import from_micros, parse_date, to_micros


def external_row(tenant: str, certificate: ExternalCertificate) -> Row:
    """The row of `tables.external_certificate`."""
    document, review, equated = certificate.document, certificate.review, certificate.equated
    findings = [[finding.code, dict(finding.params)] for finding in document.findings]
    return (
        tenant,
        certificate.id,
        certificate.learner_id,
        certificate.uploaded_by,
        *_claim_columns(certificate.claim),
        document.digest,
        document.size,
        document.name,
        json.dumps(findings),
        certificate.state.value,
        to_micros(certificate.submitted_at),
        certificate.series,
        certificate.revision,
        certificate.previous,
        None if certificate.submitted is None else json.dumps(_claim_columns(certificate.submitted)),
        None if review is None else review.reviewer_id,
        None if review is None else micros(review.at),
        None if review is None else review.comment,
        *_equated_columns(equated),
        certificate.version,
        certificate.head,
    )


def _claim_columns(claim: Claim) -> Row:
    return (
        claim.title,
        claim.delivered_on.isoformat(),
        claim.zone,
        day_text(claim.expires_on),
        amount_text(claim.credits),
        claim.equivalence,
    )


def _equated_columns(equated: Equated | None) -> Row:
    if equated is None:
        return None, None, None, None
    reasons = [[each.code, dict(each.params)] for each in equated.reasons]
    return equated.outcome.value, equated.number, equated.award_id, json.dumps(reasons, default=str)


def external_from(*row: Any) -> ExternalCertificate:
    """The certificate of a row of `tables.external_certificate` without its tenant."""
    external_id, learner_id, uploaded_by = row[:3]
    digest, size, name, findings, state, submitted_at, series, revision, previous, submitted = row[9:19]
    reviewer_id, reviewed_at, comment, outcome, number, award_id, reasons, version, head = row[19:]
    if (reviewer_id is None) != (reviewed_at is None) or (reviewer_id is None and comment is not None):
        raise ValueError("its reviewer and the instant of the review contradict each other")
    return ExternalCertificate(
        as_whole(external_id),
        as_text(learner_id),
        as_text(uploaded_by),
        _claim(*row[3:9]),
        _document(digest, size, name, findings),
        ExternalState(state),
        from_micros(submitted_at),
        as_whole(series),
        as_whole(revision),
        or_none(as_whole, previous),
        None if submitted is None else _claim(*json.loads(submitted)),
        None if reviewer_id is None else Review(as_text(reviewer_id), from_micros(reviewed_at), comment),
        None if outcome is None else _equated(outcome, number, award_id, reasons),
        as_whole(version),
        as_bytes(head),
    )


def _claim(title: Any, delivered_on: Any, zone: Any, expires_on: Any, credits_: Any, equivalence: Any) -> Claim:
    return Claim(
        title, parse_date(delivered_on), zone, or_none(parse_date, expires_on), or_none(Decimal, credits_), equivalence
    )


def _document(digest: Any, size: Any, name: Any, findings: Any) -> Document:
    found = [Finding(code, params) for code, params in json.loads(findings)]
    return Document(DocumentRef(digest, 0).digest, as_whole(size), as_text(name), found)


def _equated(outcome: Any, number: Any, award_id: Any, reasons: Any) -> Equated:
    return Equated(
        Outcome(outcome),
        or_none(as_text, number),
        or_none(as_whole, award_id),
        [Reason(code, params) for code, params in json.loads(reasons)],
    )


def setting_row(tenant: str, setting: Setting) -> Row:
    """The row of `tables.setting`."""
    return tenant, setting.name, setting.id, setting.value, setting.version, setting.head


def setting_from(name: Any, setting_id: Any, value: Any, version: Any, head: Any) -> Setting:
    """The setting of a row of `tables.setting` without its tenant."""
    setting = Setting(as_whole(setting_id), name, as_text(value), as_whole(version), as_bytes(head))
    if not isinstance(setting.data, dict):
        raise ValueError("JSON of another shape than an object")
    return setting
