"""How awards stand at an instant, in SQL: `STATUS_CONDITIONS` as expressions, for each award and counted (R-14)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal_column, or_, select, text

from certcore.adapters.sql import tables
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.domain.awards import NEVER_HELD, STATUS_CONDITIONS, EndReason, Status
from certcore.domain.time import to_micros

_award = tables.award.c
_ended_by_revoking: Final = _award.end_reason == EndReason.REVOKED.value
_MOMENTS: Final[dict[str, ColumnElement[int | None]]] = {
    "issued_at": _award.issued_at,
    "expiring_at": _award.expiring_at,
    "expires_at": _award.expires_at,
    "grace_ends_at": _award.grace_ends_at,
    "archived_at": case((~_ended_by_revoking, _award.ended_at)),
    "revoked_at": case((_ended_by_revoking, _award.ended_at)),
}


def in_status(status: Status) -> ColumnElement[bool]:
    """Whether an award has that status at ``now``."""
    return and_(*(_passed(_MOMENTS[name], wanted) for name, wanted in STATUS_CONDITIONS[status].items()))


def _passed(moment: ColumnElement[int | None], wanted: bool) -> ColumnElement[bool]:
    now: ColumnElement[int] = bindparam("now")
    return moment <= now if wanted else or_(moment.is_(None), moment > now)


def _decisive() -> Iterator[ColumnElement[bool]]:
    """For each status but the last what is left to ask once those before it are out."""
    known: dict[str, bool] = {}
    for conditions in list(STATUS_CONDITIONS.values())[:-1]:
        open_ones = {name: wanted for name, wanted in conditions.items() if known.get(name) is not wanted}
        yield and_(*(_passed(_MOMENTS[name], wanted) for name, wanted in open_ones.items()))
        if len(open_ones) == 1:
            ((name, wanted),) = open_ones.items()
            known[name] = not wanted


_NOT_AS_WRITTEN: Final = or_(
    _award.expires_on.is_(None) != _award.expires_at.is_(None),
    _award.expiring_on.is_(None) != _award.expiring_at.is_(None),
    _award.end_reason.is_(None) != _award.ended_at.is_(None),
    _award.live.is_(None) == _award.ended_at.is_(None),
    _award.expires_at <= _award.issued_at,
    _award.expires_at > to_micros(datetime.max.replace(tzinfo=UTC)),
    _award.end_reason.not_in([each.value for each in EndReason]),
    _award.live != 1,
)
"""What `award_from` would refuse of the columns that decide on a status."""
CORRUPT: Final = -1
STATUSES: Final = tuple(STATUS_CONDITIONS)
PLACE: Final = case(
    (_NOT_AS_WRITTEN, literal_column(str(CORRUPT))),
    *((condition, literal_column(str(place))) for place, condition in enumerate(_decisive())),
    else_=literal_column(str(len(STATUSES) - 1)),
)
"""The place in `STATUSES` of an award's status at ``now``; `CORRUPT` where that would be a guess (f39)."""
_STATUS_COLUMNS: Final = (_award.number, _award.learner_id, _award.certification_id, PLACE, _award.expires_at)
_TALLY_COLUMNS: Final = (_award.certification_id, PLACE, func.count())
_END: Final = func.coalesce(_award.grace_ends_at, _award.expires_at)
_LAPSE_COLUMNS: Final = (_award.certification_id, _END, _award.zone, func.count())
_HELD: Final = or_(_award.end_reason.is_(None), _award.end_reason.not_in([each.value for each in NEVER_HELD]))


def statuses_of(asked: Mapping[str, Collection[object] | None]) -> tuple[Select[Any], dict[str, object]]:
    """How each award of these certifications and learners stands, by id; None does not filter."""
    statement, values = _of(asked, _STATUS_COLUMNS)
    return statement.order_by(_award.id), values


def tallies_of(asked: Mapping[str, Collection[object] | None]) -> tuple[Select[Any], dict[str, object]]:
    """How many awards have each status at ``now``, without what was never held; None does not filter."""
    statement, values = _of(asked, _TALLY_COLUMNS)
    return statement.where(_HELD).group_by(text("1, 2")), values  # a repeated parameter makes another expression


def lapses_of(asked: Mapping[str, Collection[object] | None]) -> tuple[Select[Any], dict[str, object]]:
    """How many live awards that are not over at ``now`` end alike; None does not filter."""
    statement, values = _of(asked, _LAPSE_COLUMNS)
    going_on = or_(_award.expires_at.is_(None), bindparam("now") < _END)
    return statement.where(_award.live == 1, going_on).group_by(*_LAPSE_COLUMNS[:-1]), values


def _of(
    asked: Mapping[str, Collection[object] | None], columns: tuple[ColumnElement[Any], ...]
) -> tuple[Select[Any], dict[str, object]]:
    """The statement for these certifications and learners, and its parameters."""
    values: dict[str, object] = {name: wanted for name, wanted in asked.items() if wanted is not None}
    statement = select(*columns).where(_award.tenant == TENANT)
    if "learner_ids" in values:
        statement = among(_award.learner_id, "learner_ids", *columns)
    elif "certification_ids" in values:
        statement = among(_award.certification_id, "certification_ids", *columns)
    if len(values) == len(asked):
        statement = statement.where(within(_award.certification_id, "certification_ids"))
    return statement, values
