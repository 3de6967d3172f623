"""The log, the inbox in memory, the calendar and Jinja2."""

import logging
from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from certcore.adapters.ics import ExpiryCalendar
from certcore.adapters.jinja import FILTERS, JinjaEngine
from certcore.adapters.logging_notifier import LoggingNotifier
from certcore.adapters.memory import MemoryInbox
from certcore.domain.notices import Message, Trigger, When
from certcore.domain.time import from_micros
from certcore.errors import InvalidTemplate
from certcore.ports import Notifier
from certcore.testing import InboxContract
from certcore.testing.builders import NOW, make_message, make_person
from certcore.testing.notifiers import Received


class TestMemoryInbox(InboxContract):
    @pytest.fixture
    def notifier(self) -> MemoryInbox:
        return MemoryInbox()

    def received(self, notifier: Notifier) -> Sequence[Received]:
        assert isinstance(notifier, MemoryInbox)
        return [Received.of(each) for each in notifier._kept.values()]

    def test_f31_a_clock_that_stands_still_loses_no_page(self) -> None:
        """Ties are in the order of their ids."""
        inbox, reader = MemoryInbox(lambda: NOW), make_person()
        for _ in range(5):
            inbox.send(make_message(reader))
        first = inbox.of(reader.id, None, 2)
        rest = inbox.of(reader.id, (first[-1].received_at, first[-1].id), 9)
        assert len({each.id for each in [*first, *rest]}) == 5

    def test_pages_hold_while_the_clock_runs(self) -> None:
        """Newest first."""
        ticks = count()
        inbox, reader = MemoryInbox(lambda: from_micros(next(ticks))), make_person()
        sent = [make_message(reader) for _ in range(3)]
        for message in sent:
            inbox.send(message)
        assert [each.id for each in inbox.of(reader.id, None, 9)] == [message.id for message in sent[::-1]]


def test_the_log_names_no_words_unless_asked(caplog: pytest.LogCaptureFixture) -> None:
    """R-62: logs keep what is written to them."""
    message = make_message(make_person("ada"))
    with caplog.at_level(logging.INFO):
        LoggingNotifier().send(message)
        LoggingNotifier(logging.getLogger("mine"), logging.WARNING, words=True).send(message)
    first, second = caplog.records
    told = f"notice {message.id} of rule reminder (30 days before) to 'id-ada' about {message.number}"
    assert (first.name, first.levelno, first.getMessage()) == ("certcore.notices", logging.INFO, told)
    assert second.getMessage() == f"{told}: {message.subject!r} {message.body!r}"
    assert message.recipient.email not in caplog.text


def test_nothing_in_a_message_begins_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A name cannot look like somebody else's entry."""
    with caplog.at_level(logging.INFO):
        LoggingNotifier(words=True).send(make_message(subject="x\nERROR:root:you lost", body="a\nb\u2028c"))
    assert len(caplog.records[0].getMessage().splitlines()) == 1


# The calendar


def event_of(message: Message, **parts: Any) -> Any:
    attachment = ExpiryCalendar("lms.example", **parts)(message)
    assert attachment is not None
    assert attachment.name == f"{message.number}.ics"
    assert attachment.media_type.startswith("text/calendar")
    calendar = Calendar.from_ical(attachment.content)
    (event,) = calendar.walk("VEVENT")
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    return event


def test_the_last_valid_day_is_an_event_of_that_whole_day() -> None:
    """R-16: a civil date, the same in every zone; the UID is the award's."""
    message = make_message(links={"renew_link": "https://lms.example/renew/1"})
    event = event_of(message)
    assert event.decoded("dtstart") == date(2027, 6, 14)
    assert event.decoded("dtend") == date(2027, 6, 15)
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert event["uid"] == f"{message.number}@lms.example"
    assert (event["summary"], event["description"]) == ("First aid", message.subject)
    assert event["url"] == "https://lms.example/renew/1"
    assert event_of(make_message(number=message.number, when=When(Trigger.ISSUED)))["uid"] == event["uid"]


@pytest.mark.parametrize("text", ["a;b,c\\d:e", "Line\none", "字" * 300, "END:VEVENT\r\nBEGIN:VALARM", "שלום"])
def test_titles_are_text_whatever_they_hold(text: str) -> None:
    """Nothing in a name begins another property; lines are folded by octets."""
    message = make_message(certification=text, subject=text.splitlines()[0])
    event = event_of(message)
    assert event["summary"] == text.replace("\r\n", "\n")
    attachment = ExpiryCalendar("lms.example")(message)
    assert attachment is not None
    assert max(map(len, attachment.content.split(b"\r\n"))) <= 75
    assert event_of(message, title=lambda message: f"To renew: {message.number}")["summary"].startswith("To renew")


def test_the_last_day_of_the_calendar_has_no_day_after_it() -> None:
    """R-13: the event has no end, which is a day."""
    event = event_of(make_message(last_valid_day=date.max))
    assert event.decoded("dtstart") == date.max
    assert "dtend" not in event


@pytest.mark.parametrize(
    "message",
    [
        make_message(last_valid_day=None),
        make_message(number=None),
        *(make_message(when=When.parse(when)) for when in ("expired", "1 day after", "revoked", "import_finished")),
    ],
    ids=range(6),
)
def test_messages_of_anything_else_have_no_calendar(message: Message) -> None:
    """What never ends, or has ended, is no date to keep."""
    assert ExpiryCalendar("lms.example")(message) is None


# Jinja2


ENGINE = JinjaEngine()


def test_bodies_have_values_conditions_and_filters() -> None:
    """R-81: every code that the engine says it asks for is asked for, and no other."""
    body = "Hello {{ first_name|upper }}\n{% if score %}\nScore: {{ score }}\n{% endif %}\n{{ number or 'none' }}\n"
    assert set(ENGINE.codes(body)) == {"first_name", "score", "number"}
    values = {"first_name": "Ana", "score": "", "number": "N-1"}
    assert ENGINE.render(body, values) == "Hello ANA\nN-1"
    assert ENGINE.render(body, {**values, "score": "7"}) == "Hello ANA\nScore: 7\nN-1"


def test_values_are_never_read_as_a_template() -> None:
    """Nothing that a person is called runs."""
    hostile = "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}[first_name]"
    assert ENGINE.render("{{ full_name }}", {"full_name": hostile}) == hostile


@pytest.mark.parametrize(
    "body",
    [
        "{{ first_name",
        "{% if score %}",
        "{% for x in full_name %}{{ x }}{% endfor %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% set x = 1 %}",
        "{{ full_name.__class__ }}",
        "{{ full_name['__class__'] }}",
        "{{ full_name.upper() }}",
        "{{ range(10) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 99999999 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x'|center(1000000000) }}",
        "{{ full_name|attr('__class__') }}",
        "{{ full_name|replace('a', 'b') }}",
        "{{ cycler }}{{ lipsum() }}",
        "{{ [1, 2] }}",
        "{{ self }}",
        "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
        "{{ not " * 2_000,
    ],
    ids=range(23),
)
def test_what_could_run_long_or_reach_out_is_refused_when_it_is_saved(body: str) -> None:
    """R-81: with a sentence that says where."""
    with pytest.raises(InvalidTemplate, match=r"template 'body': .+\."):
        ENGINE.codes(body)


@pytest.mark.parametrize("name", FILTERS)
def test_the_filters_that_there_are_work(name: str) -> None:
    """Each with a value that is there and one that is not."""
    body = f"{{{{ score|{name} }}}}"
    assert set(ENGINE.codes(body)) == {"score"}
    for value in ("x", ""):
        assert isinstance(ENGINE.render(body, {"score": value}), str)


@given(st.text(st.sampled_from("{}%#-[]() abc|'\"._=\n1*"), max_size=60))
def test_any_text_is_a_body_or_a_typed_error(body: str) -> None:
    """And what is a body renders, with any values."""
    try:
        found = ENGINE.codes(body)
    except InvalidTemplate:
        return
    assert isinstance(ENGINE.render(body, dict.fromkeys(found, "{{ x }}")), str)


def test_what_is_no_short_code_is_named() -> None:
    """What Jinja2 brings along elsewhere is a code like any other here, and found to be none when it is saved."""
    assert set(ENGINE.codes("{{ request }} {{ joiner }}")) == {"request", "joiner"}


def test_messages_are_values() -> None:
    """Equal when their parts are; links and files are frozen."""
    message = make_message()
    assert evolve(message, links={"renew_link": "x"}) != message
    with pytest.raises(TypeError):
        message.links["renew_link"] = "x"  # type: ignore[index]
