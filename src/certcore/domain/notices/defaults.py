"""The templates that certcore brings along, in English, so that a rule needs none of its own (R-81)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from certcore.domain.notices.templates import ENGLISH, Template, Text

_LINKS: Final = """

Your certificate: [document_link]
Anybody can check it here: [verify_link]"""

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "issued": (
        "[certification]: certificate [number]",
        """Hello [full_name],

[learner] now holds the certification [certification].

Certificate number: [number]
Valid from: [issued_on]
Last valid day: [last_valid_day]
Time zone of these days: [zone]
Score: [score]"""
        + _LINKS,
    ),
    "expiring": (
        "[certification] of [learner]: last valid day [last_valid_day]",
        """Hello [full_name],

the certification [certification] of [learner] is valid until [last_valid_day] ([zone]).

Certificate number: [number]
Days left: [days_left]
Renew it here: [renew_link]"""
        + _LINKS,
    ),
    "expired": (
        "[certification] of [learner] has expired",
        """Hello [full_name],

the certification [certification] of [learner] has expired. Its last valid day was [last_valid_day] ([zone]).

Certificate number: [number]
Renew it here: [renew_link]""",
    ),
    "renewed": (
        "[certification] of [learner] is renewed: certificate [number]",
        """Hello [full_name],

the certification [certification] of [learner] is renewed.

New certificate number: [number]
Valid from: [issued_on]
Last valid day: [last_valid_day]
Time zone of these days: [zone]"""
        + _LINKS,
    ),
    "revoked": (
        "[certification] of [learner] was revoked",
        """Hello [full_name],

the certification [certification] of [learner], certificate [number], was revoked and is no longer valid.""",
    ),
    "enrolled_again": (
        "[item]: enrolled again to renew [certification]",
        """Hello [full_name],

[learner] is enrolled again in [item]. Completing it renews the certification [certification].

Present certificate: [number]
Its last valid day: [last_valid_day]""",
    ),
    "external_submitted": (
        "To review: [title] of [learner]",
        """Hello [full_name],

[learner] has an external certificate that waits for your review.

Title: [title]
Delivered on: [delivered_on]
Stands for: [certification]""",
    ),
    "external_validated": (
        "Validated: [title] of [learner]",
        """Hello [full_name],

the external certificate [title] of [learner], delivered on [delivered_on], was validated.

Stands for: [certification]
Comment: [comment]""",
    ),
    "external_rejected": (
        "Rejected: [title] of [learner]",
        """Hello [full_name],

the external certificate [title] of [learner], delivered on [delivered_on], was rejected.

Comment: [comment]""",
    ),
    "import_finished": (
        "Import [import_id] has finished: [rows] rows, [rejected] rejected",
        """Hello [full_name],

the import [import_id] has finished.

Rows: [rows]
New: [new]
Renewed: [renewed]
Updated: [updated]
Unchanged: [unchanged]
Superseded: [superseded]
Rejected: [rejected]""",
    ),
}

DEFAULT_TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType(
    {code: Template(code, {ENGLISH: Text(subject, body)}) for code, (subject, body) in _WORDS.items()}
)
"""By code; one that a platform sets under the same code takes the place of certcore's."""
