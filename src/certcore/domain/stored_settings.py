"""Settings that a platform's admins change while it runs; each has a history as an award has one (R-64, R-70)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from certcore.domain.checks import short_text
from certcore.domain.history import EVENT_VERSION, Event, HistoryEntry, canonical, chained
from certcore.domain.transitions import Context

ACT: Final = "changed"


@frozen
class Setting:
    """What is decided under a ``name``; ``value`` is a JSON object. ``version`` and ``head`` are as for an award."""

    id: int
    name: str = field(validator=short_text(64))
    value: str
    version: int = 1
    head: bytes = b""

    @property
    def data(self) -> dict[str, Any]:
        """The value, read."""
        data: dict[str, Any] = json.loads(self.value)
        return data


@frozen
class SettingChange:
    """A setting after a change, with what is written beside it."""

    after: Setting
    entry: HistoryEntry
    event: Event


def change_setting(
    before: Setting | None, name: str, data: Mapping[str, object], new_id: int, salt: bytes, context: Context
) -> SettingChange:
    """The setting with another value; ``new_id`` is for one that was never changed."""
    seq = 1 if before is None else before.version + 1
    setting_id = new_id if before is None else before.id
    facts = canonical({"name": name, "after": data, **({} if before is None else {"before": before.data})})
    entry = chained(
        b"" if before is None else before.head,
        award_id=setting_id,
        seq=seq,
        at=context.now,
        act=ACT,
        facts=facts,
        personal=canonical({"actor": context.actor.id}),
        salt=salt,
        job_id=context.job_id,
    )
    return SettingChange(
        Setting(setting_id, name, canonical(data), seq, entry.hash),
        entry,
        Event(setting_id, seq, f"setting.{ACT}", EVENT_VERSION, facts, context.now, notify=False),
    )
