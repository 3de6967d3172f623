"""What must never reach the store: it could not be read back."""

from datetime import UTC, date, datetime

import pytest

from certcore.domain.awards import BasisKind, Details
from certcore.domain.cells import CellOptions
from certcore.errors import InvalidValue
from certcore.services.awarding import AwardRequest
from tests.faults.conftest import Copies
from tests.faults.world import ACTOR, Site, awards_of, dump, site_at, user

MOMENT = datetime(2026, 2, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "parts",
    [
        {"issued_on": MOMENT},
        {"issued_on": MOMENT, "expires_on": date(2027, 1, 1)},
        {"issued_on": MOMENT, "always_valid": True},
        {"issued_on": date(2026, 2, 2), "expires_on": MOMENT.replace(year=2027)},
        {"issued_on": date(2026, 2, 2), "expires_on": datetime(2027, 1, 1)},  # noqa: DTZ001 - a naive one
    ],
    ids=["issue", "issue beside an expiry", "issue of an always valid one", "expiry", "naive expiry"],
)
def test_a_moment_is_no_civil_date(sqlite_copies: Copies, parts: dict[str, object]) -> None:
    """R-10: a datetime is a `date` to Python, and would be stored as a day that nobody can read."""
    with sqlite_copies(60) as url, site_at(url) as site:
        before = dump(site.storage)
        changes = {name: value for name, value in parts.items() if isinstance(value, datetime) or value is True}
        with pytest.raises(InvalidValue):
            award(site, **parts)
        number = next(awards_of(site.storage)).number
        with pytest.raises(InvalidValue):
            site.registrar.correcting.edit(number, actor=ACTOR, **changes)  # type: ignore[arg-type]
        assert dump(site.storage) == before


def test_a_moment_is_no_day_of_completion() -> None:
    """R-26, R-10."""
    with pytest.raises(InvalidValue):
        Details(completed_on=MOMENT)


def test_a_file_cannot_name_an_external_certification() -> None:
    """R-20: there is no column for its links, so no spelling of ``type`` may mean it."""
    with pytest.raises(InvalidValue):
        CellOptions(kinds={"external": BasisKind.EXTERNAL_CERTIFICATION})


def award(site: Site, **parts: object) -> None:
    request = AwardRequest(certification="SAFE-1", usernames=[user(1)], **parts)  # type: ignore[arg-type]
    site.registrar.awarding.award(request, actor=ACTOR)
