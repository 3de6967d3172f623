"""The public check of an award by its token: what it answers, and nothing that the document does not show (R-101)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from attrs import frozen

from certcore.domain.awards import Award, EndReason
from certcore.domain.certifications import Print
from certcore.domain.time import as_instant

_TOKEN: Final = re.compile("[A-Za-z0-9_-]{22,43}")
"""16 to 32 bytes as URL-safe base64: a storage keeps no longer ones."""


class VerificationState(StrEnum):
    """What a check by token says at an instant."""

    VALID = "valid"
    UPCOMING = "upcoming"
    EXPIRED = "expired"
    RENEWED = "renewed"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@frozen
class Verification:
    """The answer to a check.

    What it names is what the document names: number, learner, title, and the civil dates of the award's zone.
    ``renewed_by`` is the number of the award that renewed it. Of one that was given by mistake only the state is
    told, and so of a token that nobody has.
    """

    state: VerificationState
    number: str | None = None
    learner_name: str | None = None
    title: str | None = None
    issued_on: date | None = None
    last_valid_day: date | None = None
    renewed_by: str | None = None


UNKNOWN: Final = Verification(VerificationState.UNKNOWN)


def token_text(token: bytes) -> str:
    """A verification token as links carry it: URL-safe base64, 28 characters for those drawn today."""
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def token_from(text: str) -> bytes | None:
    """The token that `token_text` wrote; None for any other text, such as a certificate's number."""
    if not isinstance(text, str) or _TOKEN.fullmatch(text) is None or len(text) % 4 == 1:
        return None
    token = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return token if token_text(token) == text else None


def verification_state(award: Award, now: datetime) -> VerificationState:
    """What to say of ``award`` at ``now`` (R-14, R-101).

    A renewed one is valid until its successor starts; a grace that counts as valid does so here.
    """
    now, ending, period = as_instant(now), award.ending, award.period
    if ending is not None and ending.reason is EndReason.REVOKED:
        return VerificationState.REVOKED
    if award.never_held:
        return VerificationState.WITHDRAWN
    if ending is not None and ending.at <= now:
        return VerificationState.RENEWED if ending.reason is EndReason.RENEWED else VerificationState.EXPIRED
    if now < period.issued_at:
        return VerificationState.UPCOMING
    ends_at = period.grace_ends_at or period.expires_at
    return VerificationState.EXPIRED if ends_at is not None and ends_at <= now else VerificationState.VALID


def verification(award: Award, print_: Print, successor: Award | None, now: datetime) -> Verification:
    """The answer for ``award``, issued with the words of ``print_``; ``successor`` is what renewed it."""
    found = verification_state(award, now)
    if found is VerificationState.WITHDRAWN:
        return Verification(found)
    return Verification(
        found,
        award.number,
        award.learner_name,
        print_.name,
        award.period.issued_on,
        award.period.last_valid_day,
        successor.number
        if found is VerificationState.RENEWED and successor is not None and not successor.withdrawn
        else None,
    )
