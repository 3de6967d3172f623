"""Renewals of awards."""

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

from certcore.adapters.sql import tables
from certcore.adapters.sql.definition_rows import policy_from, policy_text
from certcore.adapters.sql.querying import among
from certcore.adapters.sql.units import Unit
from certcore.adapters.sql.values import Row, all_exact, as_flag, as_text, as_whole
from certcore.domain.certifications import ItemRef
from certcore.domain.issuing import each_once
from certcore.domain.renewals import Renewal, RenewalState
from certcore.domain.time import from_micros, to_micros
from certcore.ports import RenewalRepository

_OF: Final = among(tables.renewal.c.award_id, "award_ids", *tables.renewal.c[1:])

_SHARED: Final = 1_024


class SqlRenewals(RenewalRepository):
    """Renewals in `tables.renewal`."""

    def __init__(self, unit: Unit, tenant: str) -> None:
        self._unit = unit
        self._tenant = tenant

    def add(self, renewals: Sequence[Renewal]) -> None:
        self._unit.insert(tables.renewal, self._rows(renewals), _named(renewals))

    def update(self, renewals: Sequence[Renewal]) -> None:
        self._unit.replace(tables.renewal, self._rows(renewals), _named(renewals))

    def close(self, renewals: Sequence[Renewal], state: RenewalState) -> None:
        rows = [(state.value, each.version + 1, self._tenant, each.award_id, each.version) for each in renewals]
        self._unit.advance(tables.renewal, ("state", "version"), rows, _named(renewals))

    def of(self, award_ids: Collection[int]) -> dict[int, Renewal]:
        rows = self._unit.rows(_OF, tenant=self._tenant, award_ids=award_ids) if award_ids else ()
        found = all_exact("renewal", lambda row: f"of award {row[0]}", _renewal_from, rows)
        return {each.award_id: each for each in found}

    def _rows(self, renewals: Sequence[Renewal]) -> list[Row]:
        policies = each_once(policy_text, [each.policy for each in renewals])
        return [
            (
                self._tenant,
                each.award_id,
                each.learner_id,
                each.certification_id,
                to_micros(each.started_at),
                policy,
                int(each.allow_retake),
                _items_text(each.items),
                each.state.value,
                each.version,
            )
            for each, policy in zip(renewals, policies, strict=True)
        ]


def _named(renewals: Sequence[Renewal]) -> str:
    return f"the renewal of award {renewals[0].award_id}" if len(renewals) == 1 else f"one of {len(renewals)} renewals"


@lru_cache(maxsize=_SHARED)
def _items_text(items: tuple[ItemRef, ...]) -> str:
    return json.dumps(list(map(str, items)), ensure_ascii=False)


@lru_cache(maxsize=_SHARED)
def _items_from(text: str) -> tuple[ItemRef, ...]:
    return tuple(map(ItemRef.parse, json.loads(text)))


_STATES: Final = {each.value: each for each in RenewalState}


def _renewal_from(*row: Any) -> Renewal:
    award_id, learner_id, certification_id, started_at, policy, allow_retake, items, state, version = row
    return Renewal(
        as_whole(award_id),
        as_text(learner_id),
        as_whole(certification_id),
        from_micros(started_at),
        policy_from(policy),
        as_flag(allow_retake),
        _items_from(items),
        _STATES[state],
        as_whole(version),
    )
