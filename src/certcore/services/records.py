"""Award records: awards with what a reader needs beside them, looked up for many at once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from attrs import frozen

from certcore.domain.awards import Award, Status, days_left, status
from certcore.domain.certifications import Certification
from certcore.domain.people import Person
from certcore.domain.views import Renewed, Viewer, completed_on, renewed
from certcore.ports import Ports, Transaction

_OVER = (Status.ARCHIVED, Status.REVOKED)


@frozen
class AwardRecord:
    """An award as its reader sees it at an instant, with its neighbours in the chain (R-60).

    ``days_left`` is None once the award is archived or revoked; ``person`` when the directory knows the learner no
    more; ``predecessor`` and ``successor`` where there is none that the reader may see.
    """

    award: Award
    status: Status
    days_left: int | None
    certification: Certification
    person: Person | None
    predecessor: Award | None = None
    successor: Award | None = None

    @property
    def username(self) -> str:
        """The learner's username, or their id when the directory knows them no more."""
        return self.person.username if self.person else self.award.learner_id

    @property
    def renews(self) -> str | None:
        """The number of the award that this one renewed."""
        return self.predecessor.number if self.predecessor else None

    @property
    def renewed_by(self) -> str | None:
        """The number of the award that renewed this one."""
        return self.successor.number if self.successor else None

    @property
    def completed_on(self) -> date:
        """The completion date behind it, by default its issue date (R-22)."""
        return completed_on(self.award)

    @property
    def earlier_completed_on(self) -> date | None:
        """The completion date behind the award that this one renewed (R-60)."""
        return completed_on(self.predecessor) if self.predecessor else None

    @property
    def renewed(self) -> Renewed | None:
        """Whether it was renewed before or after its expiry; None while it is not renewed (R-60)."""
        return renewed(self.award, self.successor) if self.successor else None


def records_of(
    ports: Ports,
    tx: Transaction,
    awards: Sequence[Award],
    viewer: Viewer,
    now: datetime,
    *,
    zone: str | None = None,
    certifications: Mapping[int, Certification] | None = None,
) -> Iterator[AwardRecord]:
    """A record for each award that ``viewer`` may see, in the order given; statuses are those at ``now``.

    ``zone`` is where days left are counted, by default each award's own (R-15). ``certifications`` are those known
    already, by id; an award whose certification cannot be read is left out then.
    """
    shown = [each for each in map(viewer.shown, awards) if each is not None]
    people = ports.directory.people({award.learner_id for award in shown})
    neighbours = tx.awards.by_id({each for award in shown for each in (award.renews, award.renewed_by) if each})
    if certifications is None:
        certifications = tx.certifications.by_id({award.certification_id for award in shown})
    for award in shown:
        if award.certification_id in certifications:
            stands = status(award, now)
            yield AwardRecord(
                award,
                stands,
                None if stands in _OVER else days_left(award, now, zone),
                certifications[award.certification_id],
                people.get(award.learner_id),
                viewer.shown(neighbours.get(award.renews or _NO_ID)),
                viewer.shown(neighbours.get(award.renewed_by or _NO_ID)),
            )


_NO_ID = -1
