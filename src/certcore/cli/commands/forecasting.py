"""``certcore report compliance`` and ``certcore forecast``: who complies, and who will not if nobody renews."""

from collections.abc import Iterator

from certcore.adapters.charts import lapses_chart
from certcore.cli import forecast_tables
from certcore.cli.arguments import Instant, certification_ref
from certcore.cli.files import LateFile
from certcore.cli.listing import CsvFile
from certcore.cli.session import ACTOR, Here
from certcore.codec import Document
from certcore.domain.forecasts import Compliance, Forecast
from certcore.domain.time import format_instant


def compliance(
    *,
    at: Instant | None = None,
    certification: str | None = None,
    group: tuple[str, ...] = (),
    csv: CsvFile = None,
    session: Here,
) -> None:
    """Count how the awards of each certification stand.

    Parameters
    ----------
    at
        As of which instant, past or future, such as 2026-01-31T00:00:00Z; by default now.
    certification
        Only that one: its code, or id: and its id.
    group
        Only members of this group, with how many have none that is valid; may be given several times.
    csv
        Write the report to this file.
    """
    ref = None if certification is None else certification_ref(certification)
    found = session.registrar.forecasting.compliance(actor=ACTOR, at=at, certification=ref, groups=group)
    head = {"at": format_instant(at or session.clock())}
    forecast_tables.COMPLIANCE.give(session.screen, head, map(_standing, found), csv)


def forecast(
    *,
    months: int = 12,
    certification: str | None = None,
    group: tuple[str, ...] = (),
    zone: str | None = None,
    csv: CsvFile = None,
    svg: str | None = None,
    session: Here,
) -> None:
    """Count how many awards lapse in each month if nobody renews.

    Parameters
    ----------
    months
        How many months ahead, this one included: 1 to 120.
    certification
        Only that one: its code, or id: and its id.
    group
        Only members of this group; may be given several times.
    zone
        Where it is said which month it is; by default UTC.
    csv
        Write the forecast to this file.
    svg
        Draw the forecast to this file, as a picture for a browser.
    """
    ref = None if certification is None else certification_ref(certification)
    found = session.registrar.forecasting.forecast(
        actor=ACTOR, months=months, certification=ref, groups=group, zone=zone
    )
    if svg is not None:
        with LateFile.writable(svg, "svg") as file:
            file.write(lapses_chart(found))
    head = {"at": format_instant(session.clock()), "svg": svg}
    forecast_tables.FORECAST.give(session.screen, head, _months(found), csv)


def _standing(each: Compliance) -> Document:
    return {
        "certification": each.certification.label,
        "group": each.group,
        **{status.value: count for status, count in each.counts.items()},
        "valid": each.valid,
        "members": each.members,
        "missing": each.missing,
    }


def _months(found: list[Forecast]) -> Iterator[Document]:
    for each in found:
        for month in each.months:
            yield {
                "certification": each.certification.label,
                "group": each.group,
                "month": f"{month.first:%Y-%m}",
                "lapses": month.lapses,
                "left": month.left,
                "always": each.always,
            }
