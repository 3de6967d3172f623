"""Notices on their way: what is told to one person, its id, whether it is still wanted, and the finished message."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from certcore.domain.awards import Award, EndReason
from certcore.domain.checks import short_text
from certcore.domain.deliveries import delivery_id
from certcore.domain.external import ExternalCertificate, ExternalState
from certcore.domain.history import canonical
from certcore.domain.notices.book import NoticeBook
from certcore.domain.notices.triggers import Trigger, When, first_invalid_day_of
from certcore.domain.people import Person
from certcore.domain.time import as_instant, format_instant, parse_instant
from certcore.errors import DateOutOfRange, InvalidValue

NOTICE: Final = "notice"
"""What the kinds of deliveries that carry notices begin with: `notice.` and the notifier's name."""

_VERSION: Final = 1


def notice_id(tenant: str, rule: str, subject: str, recipient_id: str, moment: str) -> str:
    """The id of a notice, a function of what R-82 names: 32 hexadecimal digits.

    ``subject`` is what it tells of: an award's number, an external certificate's or an import's id. ``moment`` is
    `Moment.key` for an expiry, and for what happened the number of the event among those of its award.
    """
    return delivery_id(NOTICE, tenant, rule, subject, recipient_id, moment)


@frozen
class Notice:
    """What a rule tells one person; its words are made when it is sent.

    ``subject`` is the number of the award, or the id of the external certificate or import, as people see it.
    ``learner_id`` is whom it is about. ``at`` is the instant of the moment whose key is ``moment``. ``item`` is what is
    to be taken again, for that trigger.
    """

    rule: str
    when: When
    subject: str
    recipient_id: str
    learner_id: str
    moment: str
    at: datetime = field(converter=as_instant)
    item: str | None = None

    def id(self, tenant: str) -> str:
        """`notice_id` of this notice."""
        return notice_id(tenant, self.rule, self.subject, self.recipient_id, self.moment)

    def payload(self) -> str:
        """The notice as a delivery carries it: canonical JSON, versioned."""
        told: dict[str, object] = {
            "v": _VERSION,
            "rule": self.rule,
            "when": str(self.when),
            "subject": self.subject,
            "recipient": self.recipient_id,
            "moment": self.moment,
            "at": format_instant(self.at),
        }
        return canonical(told if self.item is None else {**told, "item": self.item})

    @classmethod
    def from_payload(cls, payload: str, learner_id: str) -> "Notice":
        """Read what `payload` wrote; raises `InvalidValue` for one that this release does not know (f29)."""
        try:
            told = json.loads(payload)
            if told["v"] != _VERSION:
                raise InvalidValue("payload", told["v"], f"version {_VERSION}")
            return cls(
                told["rule"],
                When.parse(told["when"]),
                told["subject"],
                told["recipient"],
                learner_id,
                told["moment"],
                parse_instant(told["at"]),
                told.get("item"),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue("payload", payload, f"a notice of version {_VERSION}") from error


def is_told_to(person_id: str, payload: str) -> bool:
    """Whether the payload of a delivery is that of a notice to this person, of any release (R-62)."""
    try:
        told = json.loads(payload)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("recipient") == person_id


def unwanted(notice: Notice, book: NoticeBook, now: datetime, about: Award | ExternalCertificate | None) -> str | None:
    """Why nobody wants a notice any more, judged when it is sent; None while it is wanted (R-82).

    ``about`` is what it tells of, None where that is gone (for an import: always). `rule_off`: the rule is gone, or was
    switched on after the moment. `not_there`: award or certificate are gone. `over`: the award was renewed, archived or
    revoked meanwhile, or restored where the revocation was to be told. `moved`: the expiry is another one now.
    `expired`: a reminder before an expiry that has come. `decided`: nothing is left to review.
    """
    rule = book.rules.get(notice.rule)
    if rule is None or rule.trigger is not notice.when.trigger or not rule.looks_at(notice.at):
        return "rule_off"
    if notice.when.trigger is Trigger.IMPORT_FINISHED:
        return None
    if about is None:
        return "not_there"
    if isinstance(about, ExternalCertificate):
        pending = about.state is ExternalState.PENDING
        return "decided" if notice.when.trigger is Trigger.EXTERNAL_SUBMITTED and not pending else None
    return _unwanted_of_award(notice, now, about)


def _unwanted_of_award(notice: Notice, now: datetime, award: Award) -> str | None:
    if notice.when.trigger is Trigger.REVOKED:
        revoked = award.ending is not None and award.ending.reason is EndReason.REVOKED
        return None if revoked else "over"
    if not award.live:
        return "over"
    offset, period = notice.when.offset, award.period
    if offset is None:
        return None
    if period.expires_at is None or period.expires_on is None:
        return "moved"
    try:
        moment = offset.key(first_invalid_day_of(period.expires_at, period.expires_on, period.zone))
    except DateOutOfRange:
        return "moved"
    if moment != notice.moment:
        return "moved"
    return "expired" if offset.before and now >= period.expires_at else None


@frozen
class Attachment:
    """A file that goes with a message."""

    name: str = field(validator=short_text(255))
    media_type: str = field(validator=short_text(255))
    content: bytes = field(repr=False)


def _attachments(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(attachments)


def _links(links: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(links))


@frozen
class Message:
    """A notice in the reader's words, as a notifier sends it.

    ``id`` is the same over every attempt and every notifier, so that a repeat can be dropped (R-82). ``language`` is
    that of the words. ``subject`` has one line, ``body`` is plain text with line feeds. ``number``, ``certification``
    and ``last_valid_day`` are those of the award, None where it tells of none or it never expires. ``links`` are by
    short code. ``at`` is the moment that it tells of, ``learner_id`` whom it is about.
    """

    id: str
    recipient: Person
    learner_id: str
    language: str
    subject: str
    body: str
    rule: str
    when: When
    at: datetime
    number: str | None = None
    certification: str | None = None
    last_valid_day: date | None = None
    links: Mapping[str, str] = field(factory=dict, converter=_links, hash=False)
    attachments: tuple[Attachment, ...] = field(default=(), converter=_attachments)
