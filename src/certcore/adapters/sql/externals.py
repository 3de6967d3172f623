"""The repositories of external certificates and of settings that admins change."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from certcore.adapters.sql import tables
from certcore.adapters.sql.external_rows import external_from, external_row, setting_from, setting_row
from certcore.adapters.sql.querying import TENANT, among, within
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Report, exact, readable
from certcore.domain.external import ACCEPTED_STATES, ExternalCertificate
from certcore.domain.stored_settings import Setting
from certcore.domain.time import to_micros
from certcore.ports import ExternalQuery, ExternalRepository, SettingRepository

_external = tables.external_certificate.c
_setting = tables.setting.c

_COLUMNS: Final = tables.external_certificate.c[1:]
_ALL: Final = select(*_COLUMNS).where(_external.tenant == TENANT)
_BY_ID: Final = among(_external.id, "ids", *_COLUMNS)
_BY_SERIES: Final = among(_external.series, "series", *_COLUMNS).order_by(_external.series, _external.revision)
_BY_LEARNER: Final = among(_external.learner_id, "learner_ids", *_COLUMNS)
_ACCEPTED: Final = _BY_LEARNER.where(_external.state.in_([each.value for each in sorted(ACCEPTED_STATES)])).order_by(
    _external.submitted_at, _external.id
)
_SETTING: Final = among(_setting.name, "names", *tables.setting.c[1:])


class SqlExternals(ExternalRepository):
    """Certificates in `tables.external_certificate`; `search` and `accepted` report corrupt rows and go on."""

    def __init__(self, unit: Unit, tenant: str, report: Report) -> None:
        self._unit = unit
        self._tenant = tenant
        self._report = report

    def add(self, certificates: Sequence[ExternalCertificate]) -> None:
        rows = [external_row(self._tenant, each) for each in certificates]
        self._unit.insert(tables.external_certificate, rows, _named(certificates))

    def update(self, certificates: Sequence[ExternalCertificate]) -> None:
        rows = [external_row(self._tenant, each) for each in certificates]
        self._unit.replace(tables.external_certificate, rows, _named(certificates))

    def by_id(self, ids: Collection[int]) -> dict[int, ExternalCertificate]:
        return {each.id: each for each in self._found(_BY_ID, ids, ids=ids)}

    def versions(self, series: Collection[int]) -> dict[int, list[ExternalCertificate]]:
        found: dict[int, list[ExternalCertificate]] = {}
        for each in self._found(_BY_SERIES, series, series=series):
            found.setdefault(each.series, []).append(each)
        return found

    def accepted(self, learner_ids: Collection[str]) -> dict[str, list[ExternalCertificate]]:
        rows = self._unit.rows(_ACCEPTED, tenant=self._tenant, learner_ids=learner_ids) if learner_ids else ()
        found: dict[str, list[ExternalCertificate]] = {}
        for each in self._readable(rows):
            found.setdefault(each.learner_id, []).append(each)
        return found

    def search(self, query: ExternalQuery) -> Sequence[ExternalCertificate]:
        if query.learner_ids is not None and not query.learner_ids:
            return []
        statement, values = _filtered(query)
        found: list[ExternalCertificate] = []
        after = None if query.after is None else (to_micros(query.after[0]), query.after[1])
        while (wanted := query.limit - len(found)) > 0:  # more than once only to make up for corrupt rows
            page = statement if after is None else statement.where(_behind(*after))
            rows = self._unit.rows(page, tenant=self._tenant, limit=wanted, **values)
            found += self._readable(rows)
            if len(rows) < wanted:
                break
            after = rows[-1].submitted_at, rows[-1].id
        return found

    def _found(
        self, statement: Select[Any], wanted: Collection[object], /, **values: object
    ) -> Iterable[ExternalCertificate]:
        rows = self._unit.rows(statement, tenant=self._tenant, **values) if wanted else ()
        return [exact("external certificate", f"{row[0]:016x}", external_from, row) for row in rows]

    def _readable(self, rows: Iterable[Sequence[Any]]) -> Iterable[ExternalCertificate]:
        keyed = ((f"{row[0]:016x}", row) for row in rows)
        return readable("external certificate", external_from, keyed, self._report)


def _named(certificates: Sequence[ExternalCertificate]) -> str:
    return f"external certificate {certificates[0].ref}" if certificates else "no external certificate"


def _filtered(query: ExternalQuery) -> tuple[Select[Any], dict[str, object]]:
    statement, values = _ALL, dict[str, object]()
    if query.learner_ids is not None:
        statement, values["learner_ids"] = _BY_LEARNER, query.learner_ids
    if query.states:
        statement = statement.where(within(_external.state, "states"))
        values["states"] = [each.value for each in sorted(query.states)]
    return statement.order_by(_external.submitted_at, _external.id).limit(bindparam("limit")), values


def _behind(submitted_at: int, external_id: int) -> ColumnElement[bool]:
    # Not a comparison of pairs: SQLite goes quadratic there. The first condition is what the index seeks by.
    later = or_(_external.submitted_at > submitted_at, _external.id > external_id)
    return and_(_external.submitted_at >= submitted_at, later)


class SqlSettings(SettingRepository):
    """Settings in `tables.setting`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def get(self, name: str) -> Setting | None:
        rows = self._unit.rows(_SETTING, tenant=self._tenant, names=[name])
        return exact("setting", name, setting_from, rows[0]) if rows else None

    def put(self, setting: Setting) -> None:
        write = self._unit.insert if setting.version == 1 else self._unit.replace
        write(tables.setting, [setting_row(self._tenant, setting)], f"setting {setting.name}")
