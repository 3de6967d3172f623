"""Conditions on a learner, a result or a day: when a variant holds, or an item is asked for besides."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from attrs import frozen

from certcore.domain.policy.shapes import Data, Day, Text, Whole, decimal, dotted, shown
from certcore.errors import InvalidPolicy

Scalar = str | bool | Decimal
Test = Literal["equals", "lt", "ge", "age_lt", "age_ge", "result", "from", "until"]

_FIXED: Final[dict[str, tuple[Test, str]]] = {
    "age_at_completion_lt": ("age_lt", "birth_date"),
    "age_at_completion_ge": ("age_ge", "birth_date"),
    "completed_from": ("from", ""),
    "completed_until": ("until", ""),
    "result": ("result", ""),
}


@frozen
class Condition:
    """One condition: ``test`` of the learner's ``attribute`` (or of the day, or the result) against ``value``."""

    key: str
    test: Test
    attribute: str
    value: Scalar | int | date


@frozen
class When:
    """Conditions that must all hold."""

    conditions: tuple[Condition, ...]


def scalar(data: Data) -> Scalar | None:
    """A learner's attribute as it is compared: text, a boolean or an exact number; None for anything else."""
    if isinstance(data, date):
        return data.isoformat()
    return data if isinstance(data, str | bool) else decimal(data)


@frozen
class _When:
    """The shape of a `When`."""

    def read(self, data: Data, path: str) -> When:
        if not isinstance(data, Mapping) or not data:
            raise InvalidPolicy(path, f"expected a table of conditions; got {shown(data)}")
        return When(tuple(_condition(name, value, dotted(path, name)) for name, value in data.items()))

    def write(self, value: When) -> Data:
        return {each.key: _written(each.value) for each in value.conditions}

    def schema(self) -> dict[str, Any]:
        whole, day = Whole(0).schema(), Day().schema()
        known = {"age_at_completion_lt": whole, "age_at_completion_ge": whole}
        known |= {"completed_from": day, "completed_until": day}
        numbers = {"_(lt|ge)$": {"type": "number"}}
        other = {"type": ["string", "number", "boolean"]}
        return {"type": "object", "minProperties": 1, "properties": known, "patternProperties": numbers} | {
            "additionalProperties": other
        }


def _written(value: Scalar | int | date) -> Data:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _condition(name: Data, data: Data, path: str) -> Condition:
    attribute = Text().read(name, path)
    test, subject = _FIXED.get(attribute, (None, ""))
    if test in {"age_lt", "age_ge"}:
        return Condition(attribute, test, subject, Whole(0).read(data, path))
    if test in {"from", "until"}:
        return Condition(attribute, test, subject, Day().read(data, path))
    if attribute.endswith(("_lt", "_ge")):
        number = decimal(data)
        if number is None:
            raise InvalidPolicy(path, f"expected a number to compare with; got {shown(data)}")
        return Condition(attribute, "lt" if attribute.endswith("_lt") else "ge", attribute[:-3], number)
    value = scalar(data)
    if value is None:
        raise InvalidPolicy(path, f"expected a text, a number, true or false; got {shown(data)}")
    return Condition(attribute, test or "equals", attribute, value)


WHEN: Final = _When()
