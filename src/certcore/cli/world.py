"""World files: people, branches, items and certifications as data, checked key by key.

The keys are those of `PersonRecord`, `BranchRecord`, `Item` and `Certification`; every one but a username or a code may
be left out. An unknown key, a value of the wrong kind or an entry that comes twice is an `InvalidDefinition` that names
the place: ``people.ana.zone``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from attrs import field, frozen

from certcore.adapters.sql import BranchRecord, PersonRecord
from certcore.domain.cells import username_key
from certcore.domain.certifications import Certification, Item, ItemKind, ItemRef
from certcore.domain.checks import nfc
from certcore.domain.people import Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import parse_date
from certcore.errors import InvalidDefinition, InvalidInput, InvalidPolicy, InvalidValue

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_UNTRIED_ID: Final = 1


@frozen
class Definition:
    """A certification as a world file has it: the parts `Defining` takes, and the items that carry it."""

    code: str
    parts: Mapping[str, Any]
    items: Sequence[ItemRef] = ()


@frozen
class World:
    """All that a file names."""

    people: Sequence[PersonRecord] = ()
    branches: Sequence[BranchRecord] = ()
    items: Sequence[Item] = ()
    certifications: Sequence[Definition] = ()

    def counts(self) -> dict[str, int]:
        """How many of each there are."""
        return {
            "people": len(self.people),
            "branches": len(self.branches),
            "items": len(self.items),
            "certifications": len(self.certifications),
        }


def read_world(data: Mapping[str, Any]) -> World:
    """The world that ``data`` describes; raises `InvalidDefinition`."""
    top = _Entry(data, "")
    world = World(
        top.entries("people", "username", _person),
        top.entries("branches", "code", _branch),
        top.entries("items", "code", _item),
        top.entries("certifications", "code", _definition),
    )
    top.refuse_others()
    _each_once("people", [each.username_key for each in world.people])
    _each_once("branches", [each.code for each in world.branches])
    _each_once("items", [str(each.ref) for each in world.items])
    _each_once("certifications", [each.code for each in world.certifications])
    return world


def _person(entry: "_Entry") -> PersonRecord:
    return PersonRecord(
        username=username_key(entry.text("username")),
        first_name=entry.text("first_name", ""),
        last_name=entry.text("last_name", ""),
        email=entry.text("email", ""),
        zone=entry.text("zone", None),
        language=entry.text("language", None),
        active=entry.flag("active", default=True),
        roles=frozenset(_member(Role, text) for text in entry.texts("roles")),
        groups=entry.texts("groups"),
        branches=entry.texts("branches"),
        manager=username_key(entry.text("manager", "")) or None,
        coach_of=tuple(map(username_key, entry.texts("coach_of"))),
        admin_of=entry.texts("admin_of"),
    )


def _branch(entry: "_Entry") -> BranchRecord:
    return BranchRecord(entry.text("code"), entry.text("parent", None))


def _item(entry: "_Entry") -> Item:
    return Item(
        ItemRef(_member(ItemKind, entry.text("kind", "course")), entry.text("code")),
        entry.text("title", ""),
        entry.texts("courses"),
        entry.day("valid_until"),
        entry.flag("usable", default=True),
        entry.texts("materials"),
    )


def _definition(entry: "_Entry") -> Definition:
    code = nfc(entry.text("code"))
    parts = {
        "name": entry.text("name", code),
        "description": entry.text("description", ""),
        "policy": RenewalPolicy.from_data(entry.table("policy")),
        "allow_retake": entry.flag("allow_retake", default=False),
        "template": entry.text("template", "classic"),
        "credits": entry.amount("credits"),
        "automatic": entry.flag("automatic", default=True),
        "items_needed": entry.count("items_needed", {"any": 1, "all": None}, default="any"),
        "auto_renew": entry.flag("auto_renew", default=False),
    }
    Certification(_UNTRIED_ID, code=code, **parts)  # so that a mistake is told with its place
    return Definition(code, parts, tuple(map(ItemRef.parse, entry.texts("items"))))


def _member(kind: type[E], text: str) -> E:
    try:
        return kind(text)
    except ValueError:
        raise InvalidValue("", text, f"one of {', '.join(kind)}") from None


def _each_once(path: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidDefinition(f"{path}.{name}", "this comes twice; keep one of the two.")
        seen.add(name)


_NOTHING: Final[Any] = object()


@frozen
class _Entry:
    """A table of the file. What is asked for is a key that it may have; what is left then is unknown."""

    _data: Mapping[str, Any]
    _path: str
    _asked: dict[str, None] = field(factory=dict, init=False)

    def entries(self, key: str, name: str, read: Callable[["_Entry"], T]) -> Sequence[T]:
        """What ``read`` makes of each table in a list; errors say the table's ``name`` or else its place."""
        listed = self._get(key, list, "a list of tables", [])
        made = []
        for place, data in enumerate(listed, start=1):
            path = f"{self._at(key)}.{place}"
            if not isinstance(data, Mapping):
                raise InvalidDefinition(path, "expected a table of keys and values.")
            if isinstance(data.get(name), str) and data[name].strip():
                path = f"{self._at(key)}.{data[name]}"
            entry = _Entry(data, path)
            with entry.located():
                made.append(read(entry))
            entry.refuse_others()
        return made

    def text(self, key: str, default: Any = _NOTHING) -> Any:
        return self._get(key, str, "text", default)

    def texts(self, key: str) -> tuple[str, ...]:
        listed = self._get(key, list, "a list of texts", [])
        if not all(isinstance(text, str) for text in listed):
            raise InvalidDefinition(self._at(key), "expected a list of texts.")
        return tuple(listed)

    def flag(self, key: str, *, default: bool) -> bool:
        return bool(self._get(key, bool, "true or false", default))

    def table(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._get(key, dict, "a table of keys and values", {})
        return found

    def day(self, key: str) -> date | None:
        found = self._get(key, (str, date), "a date written YYYY-MM-DD", None)
        if isinstance(found, datetime):
            raise InvalidDefinition(self._at(key), "expected a date without a time of day.")
        return parse_date(found) if isinstance(found, str) else found

    def amount(self, key: str) -> Decimal | None:
        found = self._get(key, (int, float), "a number", None)
        if isinstance(found, bool):
            raise InvalidDefinition(self._at(key), "expected a number.")
        return None if found is None else Decimal(str(found))

    def count(self, key: str, words: Mapping[str, int | None], *, default: str) -> int | None:
        """A whole number, or what one of the ``words`` stands for."""
        expected = f"a whole number, or one of {', '.join(words)}"
        found = self._get(key, (str, int), expected, default)
        if isinstance(found, bool) or (isinstance(found, str) and found not in words):
            raise InvalidDefinition(self._at(key), f"{found!r:.80} is not possible; expected {expected}.")
        return words[found] if isinstance(found, str) else int(found)

    def refuse_others(self) -> None:
        """Raise `InvalidDefinition` for a key that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                raise InvalidDefinition(self._at(key), f"unknown key; write one of {', '.join(self._asked)}.")

    @contextmanager
    def located(self) -> Iterator[None]:
        """Tell the domain's own refusals with their place in the file."""
        try:
            yield
        except InvalidDefinition:
            raise
        except InvalidPolicy as error:
            raise InvalidDefinition(f"{self._at('policy')}.{error.path}".rstrip("."), error.problem) from None
        except InvalidValue as error:
            key = error.field if error.field in self._asked else next(reversed(self._asked))
            problem = f"{error.value!r:.80} is not possible; expected {error.expected}."
            raise InvalidDefinition(self._at(key), problem) from None
        except InvalidInput as error:
            raise InvalidDefinition(self._at("zone"), error.message) from None

    def _get(self, key: str, kind: type | tuple[type, ...], expected: str, default: Any) -> Any:
        self._asked[key] = None
        if key not in self._data:
            if default is _NOTHING:
                raise InvalidDefinition(self._at(key), f"missing; give {expected}.")
            return default
        value = self._data[key]
        if value is None and default is not _NOTHING:  # null, as JSON writes what is not there
            return default
        if not isinstance(value, kind):
            raise InvalidDefinition(self._at(key), f"{value!r:.80} is not possible; expected {expected}.")
        return value

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key
