"""Whether a value came back as it went in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs


def assert_same(stored: object, given: object) -> None:
    """Equal, and of the same kinds all through; instants come back in UTC."""
    assert stored == given
    _assert_same_kinds(stored, given, type(given).__name__)


def _assert_same_kinds(stored: object, given: object, path: str) -> None:
    if isinstance(given, Mapping):
        assert isinstance(stored, Mapping), f"{path} came back as {type(stored).__name__}"
        return
    assert isinstance(stored, type(given)), f"{path} came back as {type(stored).__name__}"
    if isinstance(stored, datetime):
        assert stored.utcoffset() == timedelta(0), f"{path} came back outside UTC"
    kind: Any = type(given)
    if attrs.has(kind):
        for each in attrs.fields(kind):
            _assert_same_kinds(getattr(stored, each.name), getattr(given, each.name), f"{path}.{each.name}")
    elif isinstance(given, tuple):
        assert isinstance(stored, tuple)
        for position, (one, other) in enumerate(zip(stored, given, strict=True)):
            _assert_same_kinds(one, other, f"{path}[{position}]")
