"""The policy itself: frozen, and read from and written to data without loss."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from attrs import frozen

from certcore.domain.time import Length
from certcore.errors import InvalidPolicy, InvalidValue


class Boundary(StrEnum):
    """Whether the printed expiry date is still valid."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


@frozen(cache_hash=True)
class RenewalPolicy:
    """How long an award lasts: ``validity`` None never expires (R-2), ``warning`` is how long before the end it shows.

    ``boundary`` says whether the printed date is the first invalid day or the last valid one (R-16).
    """

    validity: Length | None = None
    boundary: Boundary = Boundary.EXCLUSIVE
    warning: Length | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Read a policy as POLICY.md writes it; keys left out take their defaults.

        Raises `InvalidPolicy` naming the key and the remedy.
        """
        if not isinstance(data, Mapping):
            raise InvalidPolicy("", "a policy is a table of keys, such as validity")
        known = {"validity", "boundary", "warning"}
        for key in data:
            if key not in known:
                raise InvalidPolicy(
                    str(key), f"not understood by this release; remove it (understood: {_named(known)})"
                )
        validity = _length(data, "validity", none=True)
        warning = _length(data, "warning")
        if warning is not None and validity is None:
            raise InvalidPolicy("warning", "nothing to warn of without an expiry; give a validity, or remove it")
        return cls(validity, _boundary(data.get("boundary", Boundary.EXCLUSIVE)), warning)

    def to_data(self) -> dict[str, object]:
        """Write the policy as `from_data` reads it; defaults are left out."""
        data: dict[str, object] = {}
        if self.validity is not None:
            data["validity"] = self.validity.to_data()
        if self.boundary is not Boundary.EXCLUSIVE:
            data["boundary"] = self.boundary.value
        if self.warning is not None:
            data["warning"] = self.warning.to_data()
        return data


def _length(data: Mapping[str, object], key: str, *, none: bool = False) -> Length | None:
    value = data.get(key)
    if value is None or (none and value == "none"):
        return None
    try:
        length = Length.from_data(value)  # type: ignore[arg-type]
    except InvalidValue as error:
        raise InvalidPolicy(key, f"expected {error.expected}") from None
    if length.count < 0:
        raise InvalidPolicy(key, f"a length is not negative; write {-length.count} {length.unit}")
    return length if length.count or not none else None


def _boundary(value: object) -> Boundary:
    if value not in set(Boundary):
        raise InvalidPolicy("boundary", f"expected {_named(set(Boundary))}")
    return Boundary(value)  # type: ignore[arg-type]


def _named(names: set[str] | set[Boundary]) -> str:
    return ", ".join(sorted(names))
