"""Whatever befalls awards, in whatever order: they are as a naive model says, with the invariants after every step."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from certcore.domain.awards import Status
from certcore.ports import Storage
from tests.services.life_acts import CODES, LEARNERS, Acts
from tests.services.life_values import Held
from tests.services.platform import ADMIN
from tests.services.test_invariants import check_invariants


class Life(Acts):
    """The acts, and what has to be so after each."""

    @invariant()
    def is_right(self) -> None:
        """I1 to I8 and I11; I10 and I12 are looked at with each act, and there are no files (I9)."""
        self.it_is_as_the_model_says()
        check_invariants(self.host)
        self.history_only_grows()
        self.nothing_is_told_without_a_cause()
        self.reads_agree_and_change_nothing()

    def it_is_as_the_model_says(self) -> None:
        """I3, I4: what is new has a new number; every status is a function of the award and the instant."""
        records = self.registrar.reporting.search(actor=ADMIN, limit=1_000).records
        with self.host.storage.reading() as tx:
            history = tx.history.of([record.award.id for record in records])
        acts = {record.award.number: [entry.act for entry in history[record.award.id]] for record in records}
        news = [record for record in records if record.award.number not in self.numbers]
        unnamed = [held for held in self.model.kept() if held.number is None]
        assert len(news) == len(unnamed)
        pairs = zip(
            sorted(news, key=lambda record: (seen(record), acts[record.award.number])),
            sorted(unnamed, key=lambda held: (modelled(held, self.model.now), held.acts)),
            strict=True,
        )
        for record, held in pairs:
            held.number = record.award.number
            self.numbers.add(held.number)
        by_number = {str(held.number): held for held in self.model.kept()}
        assert {record.award.number for record in records} == by_number.keys()
        for record in records:
            held = by_number[record.award.number]
            assert seen(record) == modelled(held, self.model.now)
            assert acts[record.award.number] == held.acts
            assert (record.renews, record.renewed_by) == (numbered(held.renews), numbered(held.by))

    def history_only_grows(self) -> None:
        """I2, I8: dates change by an edit on record; what was revoked stays so; numbers of the gone stay taken."""
        awards = self.awards()
        with self.host.storage.reading() as tx:
            history = tx.history.of([award.id for award in awards])
            assert set(tx.tombstones.of(sorted(self.numbers))) == self.numbers - {award.number for award in awards}
        known = {}
        for award in awards:
            entries = history[award.id]
            before, hashes = self.known.get(award.number, (award, []))
            known[award.number] = award, [entry.hash for entry in entries]
            assert known[award.number][1][: len(hashes)] == hashes
            since = [entry.act for entry in entries[len(hashes) :]]
            assert award.period == before.period or "edited" in since
            assert (award.id, award.token, award.learner_id) == (before.id, before.token, before.learner_id)
            if before.ending is not None and before.ending.reason == "revoked":
                assert award.ending == before.ending
        self.known = known

    def nothing_is_told_without_a_cause(self) -> None:
        """I6, I7: the catalog has each order once, and only for a renewal that was started."""
        orders = self.host.catalog.orders
        assert len({order.id for order in orders}) == len(orders)
        told = [(order.learner_id.removeprefix("id-"), str(order.item), order.at) for order in orders]
        assert Counter(told) == Counter(self.model.handed)

    def reads_agree_and_change_nothing(self) -> None:
        """I4, I11: lists, filters, streams and views say the same of every award."""
        before = self.everything()
        reporting, now = self.registrar.reporting, self.host.now
        by_filter = {
            record.award.number: status
            for status in Status
            for record in reporting.search(actor=ADMIN, statuses=[status], limit=1_000).records
        }
        with reporting.statuses(now, actor=ADMIN) as rows:
            streamed = {row[0]: row[3] for row in rows}
        reports = [
            list(report(actor=ADMIN)) for report in (reporting.users_certifications, reporting.certifications_users)
        ]
        held = {str(each.number): each.status(now) for each in self.model.kept()}
        assert by_filter == streamed == held
        assert all({record.award.number: record.status for record in report} == held for report in reports)
        for code in CODES:
            assert all(record.award.number in held for record in reporting.awarded(code, actor=ADMIN))
        for name in LEARNERS:
            view = self.registrar.viewing.learner(name, actor=ADMIN)
            assert {each.award.number for each in (*view.awards, *view.history)} == {
                each.number for each in self.model.kept() if each.learner == name and shown(each)
            }
        assert self.everything() == before


def shown(held: Held) -> bool:
    """R-33, R-45, R-61: whether its learner sees it."""
    return held.ending is None or held.ending[0] in ("renewed", "past")


def numbered(held: Held | None) -> str | None:
    return None if held is None or held.purged else held.number


def seen(record: Any) -> tuple[str, ...]:
    award = record.award
    ending = award.ending and (award.ending.reason.value, award.ending.at)
    return tuple(
        map(
            str,
            (
                award.learner_id,
                record.certification.code,
                award.period.issued_on,
                award.period.expires_on,
                award.basis.item,
                award.details.completed_on,
                ending,
                record.status.value,
            ),
        )
    )


def modelled(held: Held, now: datetime) -> tuple[str, ...]:
    return tuple(
        map(
            str,
            (
                f"id-{held.learner}",
                held.code,
                held.issued,
                held.expires,
                held.item,
                held.completed,
                held.ending,
                held.status(now),
            ),
        )
    )


def test_a_life_is_as_the_naive_model_says(request: pytest.FixtureRequest, new_storage: Callable[[], Storage]) -> None:
    """I1 to I12 after every step, on every storage (R-113)."""
    examples, steps = (40, 30) if "memory" in request.node.name else (6, 20)

    class Here(Life):
        def __init__(self) -> None:
            super().__init__(new_storage())

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )
