"""Attachments for calendars: the last valid day of an award as an event (iCalendar, RFC 5545)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from certcore.domain.notices import Attachment, Message, Trigger
from certcore.domain.time import next_day
from certcore.errors import DateOutOfRange, NotInstalled

try:
    from icalendar import Calendar, Event
except ImportError as error:  # pragma: no cover
    raise NotInstalled("icalendar", "ics") from error

_MEDIA_TYPE: Final = 'text/calendar; charset="utf-8"; method="PUBLISH"'


class ExpiryCalendar:
    """Makes the attachment of messages that tell of an award which is going to end: one event on its last valid day.

    The event lasts that whole civil day, whatever the reader's zone, and its UID is the award's number at ``domain``: a
    calendar that gets it again moves it. ``title`` words it; by default it is the certification's name.
    """

    def __init__(self, domain: str, title: Callable[[Message], str] | None = None) -> None:
        self._domain = domain
        self._title = title or _certification

    def __call__(self, message: Message) -> Attachment | None:
        """The attachment; None for messages of anything else, and of awards that never expire or have expired."""
        if message.number is None or message.last_valid_day is None or not _ahead(message):
            return None
        return Attachment(f"{message.number}.ics", _MEDIA_TYPE, self._calendar(message))

    def _calendar(self, message: Message) -> bytes:
        event = Event()
        event.add("uid", f"{message.number}@{self._domain}")
        event.add("dtstamp", message.at)
        event.add("dtstart", message.last_valid_day)
        if message.last_valid_day is not None:
            with suppress(DateOutOfRange):  # behind the calendar's last day: an event without an end lasts its day
                event.add("dtend", next_day(message.last_valid_day))
        event.add("summary", self._title(message))
        event.add("description", message.subject)
        event.add("transp", "TRANSPARENT")
        if "renew_link" in message.links:
            event.add("url", message.links["renew_link"])
        calendar = Calendar()
        calendar.add("prodid", "-//certcore//notices//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add_component(event)
        return bytes(calendar.to_ical())


def _certification(message: Message) -> str:
    return message.certification or message.subject


def _ahead(message: Message) -> bool:
    offset = message.when.offset
    return message.when.trigger in (Trigger.ISSUED, Trigger.RENEWED) or (offset is not None and offset.before)
