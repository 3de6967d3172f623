"""The life cycle as docs/reference/life-cycle.md shows it, held against the code (I2, R-52)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from certcore.adapters.memory import MemoryStorage
from certcore.domain.awards import EndReason, Status, status
from certcore.domain.renewals import STEPS, RenewalState
from certcore.domain.transitions import TRANSITIONS
from certcore.errors import NotFound
from certcore.testing.builders import NOW, ended, make_award
from tests.services.host import C1, Host, host_over
from tests.services.platform import ADMIN

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "life-cycle.md"
DAY: Final = timedelta(days=1)
COLUMNS: Final = ["act", "award before", "award after", "renewal before", "renewal after", "event", "learner told"]


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table as Markdown has it."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows))


def named(*states: EndReason | RenewalState | None, none: str) -> str:
    """States as the page names them."""
    return ", ".join(none if state is None else f"`{state}`" for state in states)


def row(act: str) -> list[str]:
    """The line of one act."""
    award, step = TRANSITIONS[act], STEPS.get(act)
    return [
        f"`{act}`",
        named(*award.before, none="live") or "none",
        named(award.after, none="live"),
        named(*step.before, none="none") if step else "",
        named(step.after, none="none") if step else "",
        f"`{award.event}`",
        "yes" if award.told else "no",
    ]


def end(reason: EndReason) -> list[str]:
    """The line of one end."""
    award = ended(make_award(), reason)
    return [
        f"`{reason}`",
        f"`{status(award, NOW + DAY)}`",
        "no" if award.never_held else "yes",
        "no" if award.withdrawn else "yes",
    ]


def test_the_page_shows_the_tables() -> None:
    """R-115: docs/reference/life-cycle.md says what the code does; on a difference, copy what is wanted into it."""
    page = PAGE.read_text(encoding="utf-8")
    ends = table(["award", "status from then on", "was held", "its learner sees it"], [end(each) for each in EndReason])
    for wanted in (table(COLUMNS, [row(act) for act in TRANSITIONS]), ends):
        assert wanted in page, f"the page wants this:\n{wanted}"


def test_every_step_of_a_renewal_is_an_act_of_its_award() -> None:
    """R-52: so that history tells all of it."""
    assert set(STEPS) <= set(TRANSITIONS)


def test_an_end_is_seen_from_its_instant_on() -> None:
    """R-14: an award in each state has the status that the page gives it, not a microsecond sooner."""
    for reason in EndReason:
        award = ended(make_award(), reason, NOW + DAY)
        over = Status.REVOKED if reason is EndReason.REVOKED else Status.ARCHIVED
        assert status(award, NOW + DAY) is over
        assert status(award, NOW + DAY - timedelta(microseconds=1)) not in (Status.ARCHIVED, Status.REVOKED)


def start(host: Host, number: str) -> None:
    host.registrar.renewing.start(number, actor=ADMIN)


def complete(host: Host, number: str) -> None:  # noqa: ARG001 - one shape for all acts
    host.completes("ana", C1)


def cancel(host: Host, number: str) -> None:
    with suppress(NotFound):
        host.registrar.renewing.cancel(number, actor=ADMIN)


def start_and_fulfil(host: Host, number: str) -> None:
    """The renewal fulfilled, and its award live again since what renewed it was revoked."""
    start(host, number)
    complete(host, number)
    host.registrar.archiving.revoke(host.live("ana").number, reason="Fraud", restore=True, actor=ADMIN)


def start_and_cancel(host: Host, number: str) -> None:
    start(host, number)
    cancel(host, number)


Doing = Callable[[Host, str], None]
REACHED: Final[dict[RenewalState | None, Doing]] = {
    None: lambda *_: None,
    RenewalState.OPEN: start,
    RenewalState.FULFILLED: start_and_fulfil,
    RenewalState.CANCELLED: start_and_cancel,
}
DONE: Final[dict[str, Doing]] = {"renewal_started": start, "renewed": complete, "renewal_cancelled": cancel}


@pytest.mark.parametrize("act", STEPS)
@pytest.mark.parametrize("state", REACHED)
def test_a_renewal_goes_where_the_table_says_and_nowhere_else(state: RenewalState | None, act: str) -> None:
    """R-52: what is not a step leaves it as it is, and the award live."""
    host = host_over(MemoryStorage())
    host.certification(items=[str(C1)], allow_retake=True)
    host.completes("ana", C1, datetime(2026, 3, 2, 12, tzinfo=UTC))
    award = host.live("ana")
    host.now += 30 * DAY
    REACHED[state](host, award.number)
    host.now += 30 * DAY
    DONE[act](host, award.number)
    with host.storage.reading() as tx:
        renewal = tx.renewals.of([award.id]).get(award.id)
        after = tx.awards.by_id([award.id])[award.id]
    step = STEPS[act]
    is_step = state in step.before
    assert (renewal and renewal.state) == (step.after if is_step else state)
    assert after.live is not (is_step and act == "renewed")
    assert after.period.issued_on == date(2026, 3, 2)
