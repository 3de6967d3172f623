"""Who would be told what in the days to come: as it comes true, and nothing written (R-80)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from certcore.domain.history import canonical
from certcore.domain.notices import NOTICES_SETTING, NoticeBook, Template, Text
from certcore.domain.time import format_instant
from certcore.errors import InvalidValue, NotFound
from certcore.ports import Storage
from certcore.services.notifying import Planned
from certcore.testing.builders import make_person
from tests.services.platform import ADMIN, Platform, platform_over

RENEW = "https://lms.example/renew/{number}"


@pytest.fixture
def platform(new_storage: Callable[[], Storage]) -> Platform:
    """Ana's SAFE-1 ends on 2026-04-10 in Rome, Bo's FIRE-1 on 2026-04-20, Cy's never does."""
    platform = platform_over(new_storage(), renew_link=RENEW)
    for code in ("SAFE-1", "FIRE-1"):
        platform.certification(code)
    platform.award("ana", zone="Europe/Rome", expires_on=date(2026, 4, 10))
    platform.award("bo", zone="Europe/Rome", expires_on=date(2026, 4, 20), code="FIRE-1")
    platform.award("cy", always_valid=True)
    return platform


def planned(platform: Platform, days: int = 30, rule: str | None = None) -> list[Planned]:
    return list(platform.registrar.notifying.preview(days, actor=ADMIN, rule=rule))


def told(platform: Platform, days: int = 30, rule: str | None = None) -> list[tuple[str, str, str]]:
    return [(each.rule, each.recipient_id, format_instant(each.at)) for each in planned(platform, days, rule)]


def test_each_rule_says_whom_it_would_tell_and_when(platform: Platform) -> None:
    """By rule and expiry, within the days asked for."""
    notifying = platform.registrar.notifying
    notifying.set_rule("soon", "7 days before", actor=ADMIN)
    notifying.set_rule("expired", "expired", actor=ADMIN)
    notifying.set_rule("issue", "issued", actor=ADMIN)
    assert told(platform, 60) == [
        ("expired", "id-ana", "2026-04-09T22:00:00Z"),
        ("expired", "id-bo", "2026-04-19T22:00:00Z"),
        ("soon", "id-ana", "2026-04-02T22:00:00Z"),
        ("soon", "id-bo", "2026-04-12T22:00:00Z"),
    ]
    assert told(platform, 33) == [("soon", "id-ana", "2026-04-02T22:00:00Z")]
    assert told(platform, 60, "soon") == told(platform, 60)[2:]
    assert told(platform, 1) == []


def test_the_words_are_those_of_the_day(platform: Platform) -> None:
    """R-81: with the days that are left then."""
    platform.registrar.notifying.set_rule("soon", "7 days before", actor=ADMIN)
    first = planned(platform, 60)[0].message
    assert first is not None
    assert "Days left: 6" in first.body
    assert f"/renew/{platform.number_of('ana')}" in first.body


def test_rules_of_a_certification_outrank_those_for_all(platform: Platform) -> None:
    """R-80: as they will."""
    notifying = platform.registrar.notifying
    notifying.set_rule("all", "7 days before", actor=ADMIN)
    notifying.set_rule("safe", "3 days before", actor=ADMIN, certification="SAFE-1")
    assert [(rule, who) for rule, who, _ in told(platform, 60)] == [("all", "id-bo"), ("safe", "id-ana")]
    notifying.switch_rule("safe", active=False, actor=ADMIN)
    assert [(rule, who) for rule, who, _ in told(platform, 60)] == [("all", "id-ana"), ("all", "id-bo")]


def test_everybody_of_an_audience_is_shown(platform: Platform) -> None:
    """Who would be told nothing, with the reason; who has nobody to look after them, not at all (f18)."""
    platform.registrar.notifying.set_rule("boss", "7 days before", audience="managers", actor=ADMIN)
    assert [each.recipient_id for each in planned(platform, 60)] == ["id-boss"]
    platform.directory.put(make_person("boss", active=False))
    (one,) = planned(platform, 60)
    assert (one.message, one.problem) == (None, "deactivated_user")


def test_words_that_cannot_be_made_are_a_problem_of_theirs_alone(platform: Platform) -> None:
    """R-83: an engine that is gone is named, and the list goes on."""
    notifying = platform.registrar.notifying
    notifying.set_rule("soon", "7 days before", actor=ADMIN)
    words = Template("expiring", {"en": Text("Hello", "{{ number }}")}, engine="jinja")
    with platform.storage.transaction() as tx:
        stored = tx.settings.get(NOTICES_SETTING)
        assert stored is not None
        book = NoticeBook.from_data(stored.data).with_template(words, {"expiring": ("number",)})
        tx.settings.put(evolve(stored, value=canonical(book.to_data()), version=stored.version + 1))
    found = planned(platform, 60)
    assert [each.message for each in found] == [None, None]
    assert all("'jinja' is not one of this platform's" in str(each.problem) for each in found)


def test_what_is_over_already_is_not_shown(platform: Platform) -> None:
    """R-82: nobody is told of it any more."""
    platform.registrar.notifying.set_rule("soon", "7 days before", actor=ADMIN)
    platform.registrar.archiving.revoke(platform.number_of("ana"), reason="Fraud", actor=ADMIN)
    assert [who for _, who, _ in told(platform, 60)] == ["id-bo"]
    platform.now = datetime(2026, 4, 13, tzinfo=UTC)
    assert told(platform, 60) == []


def test_i11_nothing_is_written(platform: Platform) -> None:
    """A preview is a reading; asking twice gives the same."""
    platform.registrar.notifying.set_rule("soon", "7 days before", actor=ADMIN)
    assert told(platform, 60) == told(platform, 60) != []
    with platform.storage.reading() as tx:
        assert tx.deliveries.due(platform.now + timedelta(days=400), 10, ["notice", "notice.default"]) == []


def test_many_at_one_instant_come_in_pages(platform: Platform) -> None:
    """Ties of local midnights: each once."""
    names = [f"p{at:04}" for at in range(1_001)]
    for name in names:
        platform.directory.put(make_person(name))
    platform.award(*names, zone="Europe/Rome", expires_on=date(2026, 4, 10))
    platform.registrar.running.run_queued()
    platform.registrar.notifying.set_rule("soon", "7 days before", actor=ADMIN)
    found = planned(platform, 60)
    assert sorted(each.recipient_id for each in found) == sorted([*(f"id-{name}" for name in names), "id-ana", "id-bo"])


@pytest.mark.parametrize("days", [0, -1, 3_661, 2.5, True, None])
def test_days_are_a_number_of_days(platform: Platform, days: int) -> None:
    """Ten years at most; a rule that is not there is not found, both before anything is read."""
    with pytest.raises(InvalidValue):
        platform.registrar.notifying.preview(days, actor=ADMIN)
    with pytest.raises(NotFound):
        platform.registrar.notifying.preview(actor=ADMIN, rule="none")
