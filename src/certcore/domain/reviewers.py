"""Who reviews external certificates, and what a platform's admins decide about them (R-70, R-72, R-76)."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, Self

from attrs import evolve, field, frozen

from certcore.domain.people import Overseers
from certcore.errors import InvalidValue


class Reviewers(StrEnum):
    """Who may be asked to review."""

    MANAGERS = "managers"
    COACHES = "coaches"
    GROUP_ADMINS = "group_admins"


def _reviewers(named: Iterable[str]) -> frozenset[Reviewers]:
    try:
        return frozenset(map(Reviewers, [named] if isinstance(named, str) else named))
    except (ValueError, TypeError):
        raise InvalidValue("reviewers", named, f"some of {', '.join(Reviewers)}") from None


def _flag(_instance: object, attribute: Any, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidValue(attribute.name, value, "true or false")


@frozen(kw_only=True)
class ExternalSettings:
    """What platform admins decide once for all external certificates (R-70).

    ``self_import`` lets people submit their own; ``validation`` asks a reviewer before one counts. ``reviewers`` says
    who that is. ``own_review`` lets reviewers decide on their own and on what they uploaded. ``credits`` lets a
    certificate carry credits.
    """

    self_import: bool = field(default=False, validator=_flag)
    validation: bool = field(default=True, validator=_flag)
    reviewers: frozenset[Reviewers] = field(default=frozenset({Reviewers.MANAGERS}), converter=_reviewers)
    own_review: bool = field(default=False, validator=_flag)
    credits: bool = field(default=True, validator=_flag)

    @reviewers.validator
    def _somebody(self, _attribute: object, reviewers: frozenset[Reviewers]) -> None:
        if not reviewers:
            raise InvalidValue("reviewers", [], f"at least one of {', '.join(Reviewers)}")

    def changed(self, changes: Mapping[str, object]) -> Self:
        """These settings with ``changes``; raises `InvalidValue` for one that is none."""
        for name in changes:
            if name not in SETTINGS:
                raise InvalidValue("external settings", name, f"one of {', '.join(SETTINGS)}")
        return evolve(self, **changes)  # type: ignore[arg-type]

    def to_data(self) -> dict[str, object]:
        """The settings as JSON has them; `changed` reads them back."""
        data = {name: getattr(self, name) for name in SETTINGS}
        return {**data, "reviewers": sorted(self.reviewers)}


SETTINGS: Final = tuple(each.name for each in ExternalSettings.__attrs_attrs__)
"""The names of the settings."""


def reviewers_of(
    settings: ExternalSettings, overseers: Overseers, barred: Collection[str], active: Collection[str]
) -> frozenset[str]:
    """Who may review a learner's certificate, by the relations and settings of this moment (R-70, R-76).

    ``barred`` are the learner and who uploaded it, who may not unless ``own_review`` says so (R-72); only people among
    ``active`` are asked. Where managers review, the admins of the learner's groups stand in for a manager who is
    missing or may not.
    """

    def able(people: frozenset[str]) -> frozenset[str]:
        return frozenset(each for each in people if each in active and (settings.own_review or each not in barred))

    able_managers, able_admins = able(overseers.managers), able(overseers.group_admins)
    found = {
        Reviewers.MANAGERS: able_managers or able_admins,
        Reviewers.COACHES: able(overseers.coaches),
        Reviewers.GROUP_ADMINS: able_admins,
    }
    return frozenset().union(*(found[each] for each in settings.reviewers))
