"""The options by which several commands find awards."""

from typing import Annotated, Final

from attrs import frozen
from cyclopts import Parameter

from certcore.cli.arguments import Choice, Day, Items, Several, certification_ref
from certcore.domain.awards import Status
from certcore.domain.searching import Days
from certcore.services.finding import Filters


@Parameter(name="*")
@frozen(kw_only=True)
class FilterOptions:
    """Which awards; what is given must all fit.

    Parameters
    ----------
    learner
        A username, the whole of it.
    name
        The beginnings of words of a learner's name, in any case and without accents.
    group
        A group that the learner is in; may be given several times.
    branch
        A branch that the learner is in, or in one below it; may be given several times.
    title
        The beginnings of words of the title of the course, plan or activity behind it.
    item
        The course, plan or activity behind it, such as course:C-1; may be given several times.
    certification
        Its code, or id: and its id; may be given several times.
    number
        A certificate's number; may be given several times.
    status
        A status; may be given several times.
    issued_from
        Issued on this day or later.
    issued_to
        Issued on this day or earlier.
    expires_from
        Expires on this day or later.
    expires_to
        Expires on this day or earlier.
    """

    learner: str | None = None
    name: str | None = None
    group: Several = ()
    branch: Several = ()
    title: str | None = None
    item: Items = ()
    certification: Several = ()
    number: Several = ()
    status: Annotated[tuple[Status, ...], Choice] = ()
    issued_from: Day | None = None
    issued_to: Day | None = None
    expires_from: Day | None = None
    expires_to: Day | None = None

    def read(self) -> Filters:
        """What was given, as the services take it; raises `InvalidValue` for days in the wrong order."""
        return {
            "username": self.learner,
            "name": self.name,
            "groups": self.group or None,
            "branches": self.branch or None,
            "title": self.title,
            "items": self.item or None,
            "certifications": tuple(map(certification_ref, self.certification)) or None,
            "numbers": self.number or None,
            "statuses": self.status or None,
            "issued": _days(self.issued_from, self.issued_to),
            "expires": _days(self.expires_from, self.expires_to),
        }


def _days(first: Day | None, last: Day | None) -> Days | None:
    return None if first is None and last is None else Days(first, last)


FILTERS: Final = FilterOptions()
