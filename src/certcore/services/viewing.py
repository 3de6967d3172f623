"""Viewing: what a learner sees of their own certifications (R-96)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from attrs import frozen

from certcore.domain.awards import Award, Status, first_day_in, last_day_in
from certcore.domain.checks import nfc
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.domain.renewability import Renewability
from certcore.domain.time import as_instant, zone_rules
from certcore.domain.views import Viewer
from certcore.errors import NotFound
from certcore.ports import AwardQuery, ExternalQuery, Ports, Transaction
from certcore.services.access import demand
from certcore.services.progress import renewabilities
from certcore.services.records import AwardRecord, every, records_of
from certcore.services.reviewing import ExternalRecord
from certcore.services.reviewing.records import records_of as external_records_of

_AWARDS_READ = 1_000
_EXTERNALS_READ = 1_000


@frozen
class LearnerAward:
    """One award as its learner sees it, with civil days in the view's zone (R-10, R-16).

    ``title`` and ``description`` are those that its document prints (R-28). ``renewability`` says whether it can be
    renewed, and why or why not (R-50); ``renew_link`` is there where it can, if the host has such a page.
    """

    record: AwardRecord
    title: str
    description: str
    issued_on: date
    last_valid_day: date | None
    renewability: Renewability
    renew_link: str | None

    @property
    def award(self) -> Award:
        """The award, without what is internal."""
        return self.record.award

    @property
    def status(self) -> Status:
        """Its status at the instant of the view."""
        return self.record.status

    @property
    def days_left(self) -> int | None:
        """Civil days in the view's zone to the last valid day (R-15)."""
        return self.record.days_left


@frozen
class LearnerView:
    """A learner's certifications ``at`` an instant, by title: those of now, and the ``history`` of archived ones.

    ``externals`` are the external certificates of today with their states, in the order of submission (R-75), where
    the reader may see them. All days are those of ``zone``. ``person`` is None when the directory knows the learner no
    more.
    """

    learner_id: str
    person: Person | None
    at: datetime
    zone: str
    awards: Sequence[LearnerAward]
    history: Sequence[LearnerAward]
    externals: Sequence[ExternalRecord] = ()


@frozen
class Viewing:
    """Shows learners what they hold; never changes anything (I11)."""

    _ports: Ports

    def learner(
        self, username: str | None = None, *, actor: Actor, at: datetime | None = None, zone: str | None = None
    ) -> LearnerView:
        """What a learner sees, by default the actor: nothing internal, and nothing taken back (R-26, R-33, R-61).

        ``zone`` is the reader's, by default the learner's, or else the platform's. Statuses and days left are those at
        ``at``, by default now, and so is whether an award can be renewed, by the progress of today. Raises `NotFound`
        for somebody who is not there or whom the actor may not see, `NaiveDatetime` and `UnknownZone`.
        """
        now = self._ports.now() if at is None else as_instant(at)
        if zone is not None:
            zone_rules(zone)
        scope = demand(self._ports, actor, Act.VIEW, "learner", actor.id if username is None else username)
        learner_id, person = self._found(username, actor, scope)
        zone = zone or (person.zone if person else None) or self._ports.settings.zone
        with self._ports.storage.reading() as tx:
            seen = sorted(self._seen(tx, learner_id, now, zone), key=_order)
            externals = self._externals(tx, learner_id, actor)
        return LearnerView(
            learner_id,
            person,
            now,
            zone,
            [each for each in seen if each.status is not Status.ARCHIVED],
            [each for each in seen if each.status is Status.ARCHIVED],
            externals,
        )

    def _found(self, username: str | None, actor: Actor, scope: Scope) -> tuple[str, Person | None]:
        if username is None:
            if not scope.covers(actor.id):
                raise NotFound("learner", actor.id)
            return actor.id, self._ports.directory.people([actor.id]).get(actor.id)
        wanted = nfc(username.strip())
        person = self._ports.directory.match([wanted]).get(wanted)
        if person is None or not scope.covers(person.id):
            raise NotFound("learner", username)
        return person.id, person

    def _externals(self, tx: Transaction, learner_id: str, actor: Actor) -> Sequence[ExternalRecord]:
        if not self._ports.access.scope(actor, Act.VIEW_EXTERNAL).covers(learner_id):
            return ()
        found = tx.externals.search(ExternalQuery(frozenset({learner_id}), limit=_EXTERNALS_READ))
        learner = Viewer(Actor(learner_id), Scope(learners=frozenset({learner_id})))
        return list(external_records_of(self._ports, tx, found, learner))

    def _seen(self, tx: Transaction, learner_id: str, now: datetime, zone: str) -> Iterator[LearnerAward]:
        learners = frozenset({learner_id})
        viewer = Viewer(Actor(learner_id), Scope(learners=learners))
        awards = list(every(tx, AwardQuery(now, learners, limit=_AWARDS_READ)))
        records = list(records_of(self._ports, tx, awards, viewer, now, zone=zone))
        prints = tx.certifications.prints({(each.award.certification_id, each.award.edition) for each in records})
        renewable = renewabilities(self._ports, tx, [each.award for each in records], now)
        for record in records:
            award = record.award
            printed = prints[award.certification_id, award.edition]
            answer = renewable[award.id]
            yield LearnerAward(
                record,
                printed.name,
                printed.description,
                first_day_in(zone, award),
                last_day_in(zone, award),
                answer,
                self._ports.settings.link_to_renew(award.number) if answer.renewable else None,
            )


def _order(each: LearnerAward) -> tuple[str, int, datetime, int]:
    award = each.award
    return each.title, award.certification_id, award.period.issued_at, award.id
