"""Reminders in columns are those that notices give one by one."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.deliveries import Delivery
from certcore.domain.notices import Expiry, Notice, NoticeRule, Timetable, When
from certcore.domain.notices.columns import reminders
from certcore.domain.notices.messages import NOTICE

EXPIRES_AT = datetime(2027, 3, 1, tzinfo=UTC)
texts = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@given(texts, st.lists(st.tuples(texts, texts), min_size=1, max_size=4), st.sampled_from(["expired", "2 days before"]))
def test_columns_are_what_notices_would_be(tenant: str, people: list[tuple[str, str]], when: str) -> None:
    """R-82: the same ids and payloads, byte for byte, whatever a tenant or a person is called."""
    rule = NoticeRule(code="rule", when=When.parse(when), on_since=datetime(2020, 1, 1, tzinfo=UTC))
    table = Timetable.of([rule], 1)
    expiry = Expiry(EXPIRES_AT, date(2027, 3, 1), "UTC", datetime(2020, 1, 1, tzinfo=UTC))
    (moment,) = table.due_moments(expiry, datetime(2021, 1, 1, tzinfo=UTC), EXPIRES_AT)
    told = [(place, f"N-{place}", learner, reader) for place, (learner, reader) in enumerate(people)]
    columns = list(reminders(tenant, [(moment, told)]).deliveries())
    notices = [
        (award_id, Notice("rule", rule.when, number, reader, learner, moment.key, moment.at))
        for award_id, number, learner, reader in told
    ]
    assert columns == [
        Delivery(notice.id(tenant), NOTICE, award_id, notice.learner_id, notice.payload(), moment.at)
        for award_id, notice in notices
    ]
