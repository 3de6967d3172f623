"""The book of rules and templates: read, and changed with a history of who did (R-64, R-80)."""

from collections.abc import Callable
from typing import Final

from certcore.domain.notices import NOTICES_SETTING, NoticeBook
from certcore.domain.numbers import new_ids, new_salts
from certcore.domain.people import Act, Actor
from certcore.domain.stored_settings import change_setting
from certcore.domain.transitions import Context
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.units import in_unit

KIND: Final = "rules and templates of"


def notice_book(tx: Transaction) -> NoticeBook:
    """The platform's rules and templates as they stand; raises `CorruptRecord`."""
    setting = tx.settings.get(NOTICES_SETTING)
    return NoticeBook.from_data(None if setting is None else setting.data)


def may_set(ports: Ports, actor: Actor) -> None:
    """Raise `NotFound` unless the actor may see and set rules and templates (R-114)."""
    demand(ports, actor, Act.SET_NOTICES, KIND, "notices")


def change_book(ports: Ports, actor: Actor, change: Callable[[Transaction, NoticeBook], NoticeBook]) -> NoticeBook:
    """The book after ``change``, stored with who changed what; one that changes nothing writes nothing."""
    may_set(ports, actor)

    def work(tx: Transaction) -> NoticeBook:
        stored = tx.settings.get(NOTICES_SETTING)
        before = NoticeBook.from_data(None if stored is None else stored.data)
        after = change(tx, before)
        if after == before:
            return before
        (new_id,), (salt,) = new_ids(1, ports.random_bytes), new_salts(1, ports.random_bytes)
        context = Context(actor, ports.now())
        changed = change_setting(stored, NOTICES_SETTING, after.to_data(), new_id, salt, context)
        tx.settings.put(changed.after)
        tx.history.append([changed.entry])
        tx.outbox.append([changed.event])
        return after

    return in_unit(ports.storage, work)
