"""External certificates: what somebody earned elsewhere and uploads, and what becomes of it (R-70 to R-76).

==========  =========  =========  =========  =====================================================
act         from       to         tells
==========  =========  =========  =========  =====================================================
submitted   new        pending    reviewers  somebody uploads it, and it waits for a reviewer
accepted    new        accepted   nobody     somebody uploads it, and nobody has to validate it
corrected   pending    pending    nobody     a reviewer says what it really says
validated   pending    validated  learner    a reviewer says yes
rejected    pending    rejected   learner    a reviewer says no, and why
withdrawn   pending    withdrawn  nobody     the learner, or who uploaded it, takes it back
==========  =========  =========  =========  =====================================================

All states but pending are terminal (I8). What ended so is not changed any more: another version of it is submitted,
which goes the same way (R-73). Versions form a series without branches, of which the latest accepted or validated one
counts (`in_force`). `TRANSITIONS` has the acts as data; the functions are in `certcore.domain.external_transitions`,
what follows for the award of an equivalence is in `certcore.domain.equating`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from attrs import field, frozen
from attrs.converters import optional

from certcore.domain.checks import nfc, prose, short_text
from certcore.domain.decisions import Outcome
from certcore.domain.files import DocumentRef, Finding
from certcore.domain.numbers import id_text
from certcore.domain.reasons import Reason
from certcore.domain.time import civil, start_of_day
from certcore.errors import InvalidValue

_LONGEST_AMOUNT: Final = 100


class ExternalState(StrEnum):
    """Where an external certificate stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    VALIDATED = "validated"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


ACCEPTED_STATES: Final = frozenset({ExternalState.ACCEPTED, ExternalState.VALIDATED})
"""The states in which a certificate counts."""


class Told(StrEnum):
    """Who is to hear of a transition (R-75)."""

    REVIEWERS = "reviewers"
    LEARNER = "learner"


@frozen
class Transition:
    """One act of the machine; ``before`` is None for what is new. Its event is ``external.`` and the act."""

    act: str
    before: ExternalState | None
    after: ExternalState
    tells: Told | None


TRANSITIONS: Final[Mapping[str, Transition]] = {
    each.act: each
    for each in (
        Transition("submitted", None, ExternalState.PENDING, Told.REVIEWERS),
        Transition("accepted", None, ExternalState.ACCEPTED, None),
        Transition("corrected", ExternalState.PENDING, ExternalState.PENDING, None),
        Transition("validated", ExternalState.PENDING, ExternalState.VALIDATED, Told.LEARNER),
        Transition("rejected", ExternalState.PENDING, ExternalState.REJECTED, Told.LEARNER),
        Transition("withdrawn", ExternalState.PENDING, ExternalState.WITHDRAWN, None),
    )
}
"""Every act on an external certificate, by name."""


def _title(title: str) -> str:
    return nfc(title.strip()) if isinstance(title, str) else title


def _findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(findings)


def _reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(Reason(each.code, {name: _shown(value) for name, value in each.params.items()}) for each in reasons)


def _shown(value: object) -> object:
    """A parameter as it is kept: an amount is text."""
    return str(value) if isinstance(value, Decimal) else value


def _amount(_instance: object, attribute: Any, amount: Decimal | None) -> None:
    if amount is not None and not (isinstance(amount, Decimal) and amount.is_finite() and 0 <= amount < 10**9):
        raise InvalidValue(attribute.name, amount, "a decimal number from 0 up, below 1,000,000,000")
    if amount is not None and len(str(amount)) > _LONGEST_AMOUNT:
        raise InvalidValue(attribute.name, str(amount), f"a decimal number of at most {_LONGEST_AMOUNT} digits")


@frozen
class Claim:
    """What a certificate is said to say: its title, its civil dates in ``zone``, and what it is worth (R-71).

    ``equivalence`` is the id of the certification that it stands for, if any. ``expires_on`` is read as that
    certification reads a typed expiry (R-16).
    """

    title: str = field(converter=_title, validator=short_text(255))
    delivered_on: date = field(converter=civil)
    zone: str = field()
    expires_on: date | None = field(default=None, converter=optional(civil))
    credits: Decimal | None = field(default=None, validator=_amount)
    equivalence: int | None = field(default=None)

    @equivalence.validator
    def _an_id(self, _attribute: object, equivalence: int | None) -> None:
        if equivalence is not None and not (type(equivalence) is int and 0 <= equivalence < 2**63):
            raise InvalidValue("equivalence", equivalence, "the code or id of a certification")

    @zone.validator
    def _a_day_that_was(self, _attribute: object, zone: str) -> None:
        start_of_day(self.delivered_on, zone)

    @expires_on.validator
    def _in_order(self, _attribute: object, expires_on: date | None) -> None:
        if expires_on is not None and expires_on < self.delivered_on:
            raise InvalidValue("expires_on", expires_on.isoformat(), f"a date not before {self.delivered_on}")


@frozen
class Document:
    """The file: the SHA-256 and size of its bytes, the name it came under, and what was found in it.

    ``name`` is data: it is shown, and never a path (f53). ``findings`` are warnings, for which a reviewer looks at it.
    """

    digest: str
    size: int
    name: str = field(validator=short_text(255))
    findings: tuple[Finding, ...] = field(default=(), converter=_findings)


@frozen
class Review:
    """Who decided, when, and what they said (R-73)."""

    reviewer_id: str
    at: datetime
    comment: str | None = field(default=None, validator=prose())


@frozen
class Equated:
    """What became of the equivalence (R-74).

    ``number`` is that of the award which the learner has for it now, ``award_id`` is that award where it rests on this
    certificate. ``reasons`` say why there is no new one.
    """

    outcome: Outcome
    number: str | None = None
    award_id: int | None = None
    reasons: tuple[Reason, ...] = field(default=(), converter=_reasons)


@frozen
class ExternalCertificate:
    """One version of an external certificate.

    ``claim`` is what counts, ``submitted`` what was uploaded where a reviewer has corrected it since (R-73). ``series``
    is the id of its first version, ``revision`` counts them from 1, ``previous`` is the id of the one before it.
    ``equated`` is what became of its equivalence when it was accepted. ``version`` and ``head`` are as for an award.
    """

    id: int
    learner_id: str
    uploaded_by: str
    claim: Claim
    document: Document
    state: ExternalState
    submitted_at: datetime
    series: int
    revision: int = 1
    previous: int | None = None
    submitted: Claim | None = None
    review: Review | None = None
    equated: Equated | None = None
    version: int = 1
    head: bytes = b""

    @property
    def ref(self) -> str:
        """The id as people see it."""
        return id_text(self.id)

    @property
    def document_ref(self) -> DocumentRef:
        """What its bytes are stored under."""
        return DocumentRef(self.document.digest, self.id)

    @property
    def counts(self) -> bool:
        """Whether it was accepted; see `in_force` for whether a later version counts in its place."""
        return self.state in ACCEPTED_STATES


@frozen
class Submission:
    """What is submitted for a learner; ``replaces`` is the version that it takes the place of (R-73)."""

    learner_id: str
    claim: Claim
    document: Document
    replaces: ExternalCertificate | None = None


def in_force(certificates: Iterable[ExternalCertificate]) -> list[ExternalCertificate]:
    """Those that count: of each series the latest version that was accepted (R-73)."""
    latest: dict[int, ExternalCertificate] = {}
    for each in sorted(certificates, key=lambda each: each.revision):
        if each.counts:
            latest[each.series] = each
    return list(latest.values())
