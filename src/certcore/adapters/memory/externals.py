"""External certificates and settings in memory."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from heapq import nsmallest

from certcore.adapters.memory.journal import Journal
from certcore.domain.external import ExternalCertificate
from certcore.domain.stored_settings import Setting
from certcore.errors import Conflict
from certcore.ports import ExternalQuery, ExternalRepository, SettingRepository


class MemoryExternals(ExternalRepository):
    """External certificates by id, series and learner."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[int, ExternalCertificate] = {}
        self._series: dict[int, dict[int, int]] = {}
        self._of_learner: dict[str, dict[int, None]] = {}

    def add(self, certificates: Sequence[ExternalCertificate]) -> None:
        journal = self._journal
        with journal.all_or_nothing():
            for each in certificates:
                journal.claim(self._rows, each.id, each, f"external certificate {each.ref}")
                what = f"version {each.revision} of external certificate {each.series:016x}"
                journal.claim(self._series.setdefault(each.series, {}), each.revision, each.id, what)
                journal.put(self._of_learner.setdefault(each.learner_id, {}), each.id, None)

    def update(self, certificates: Sequence[ExternalCertificate]) -> None:
        with self._journal.all_or_nothing():
            for each in certificates:
                before = self._rows.get(each.id)
                if before is None or each.version != before.version + 1:
                    raise Conflict(f"external certificate {each.ref}")
                self._journal.put(self._rows, each.id, each)

    def by_id(self, ids: Collection[int]) -> dict[int, ExternalCertificate]:
        return {each: self._rows[each] for each in ids if each in self._rows}

    def versions(self, series: Collection[int]) -> dict[int, list[ExternalCertificate]]:
        found = {each: self._series.get(each, {}) for each in series}
        return {each: [self._rows[ids[revision]] for revision in sorted(ids)] for each, ids in found.items() if ids}

    def accepted(self, learner_ids: Collection[str]) -> dict[str, list[ExternalCertificate]]:
        found = {each: [one for one in self._of([each]) if one.counts] for each in learner_ids}
        return {learner_id: sorted(rows, key=_place) for learner_id, rows in found.items() if rows}

    def search(self, query: ExternalQuery) -> Sequence[ExternalCertificate]:
        rows = self._rows.values() if query.learner_ids is None else self._of(query.learner_ids)
        return nsmallest(query.limit, (each for each in rows if _fits(each, query)), key=_place)

    def _of(self, learner_ids: Iterable[str]) -> Iterable[ExternalCertificate]:
        return (self._rows[each] for learner_id in learner_ids for each in self._of_learner.get(learner_id, ()))


def _place(certificate: ExternalCertificate) -> tuple[datetime, int]:
    return certificate.submitted_at, certificate.id


def _fits(certificate: ExternalCertificate, query: ExternalQuery) -> bool:
    return (query.after is None or _place(certificate) > query.after) and (
        not query.states or certificate.state in query.states
    )


class MemorySettings(SettingRepository):
    """Settings by name."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[str, Setting] = {}

    def get(self, name: str) -> Setting | None:
        return self._rows.get(name)

    def put(self, setting: Setting) -> None:
        before = self._rows.get(setting.name)
        if setting.version != (1 if before is None else before.version + 1):
            raise Conflict(f"setting {setting.name}")
        self._journal.put(self._rows, setting.name, setting)
