"""Dispatching: events that are pending, and causes that are due, become messages and what subscribers consume (R-83).

Nothing here leaves the storage, so each batch is one unit, done once however often it is tried.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from certcore.domain.awards import Award
from certcore.domain.deliveries import Delivery, NewDeliveries, acknowledged, delivery_id, parked
from certcore.domain.external import ExternalCertificate
from certcore.domain.history import Event, canonical
from certcore.domain.notices import Audience, Notice, NoticeRule, Trigger, triggers_of
from certcore.domain.notices.causes import CAUSES, STARTED, to_be_started, told_by
from certcore.domain.notices.messages import NOTICE
from certcore.errors import CorruptRecord
from certcore.ports import Ports, Transaction
from certcore.services.notifying.book import notice_book
from certcore.services.notifying.recipients import recipients_of
from certcore.services.records import readable
from certcore.services.reviewing.records import external_settings
from certcore.services.reviewing.rights import reviewers_for
from certcore.services.units import in_unit

EVENT: Final = "event."
"""What the kinds of deliveries that subscribers consume begin with, followed by the subscriber's name."""

_BATCH: Final = 1_000
_TICK: Final = timedelta(microseconds=1)
_NOBODY: Final = "-"


def dispatch(ports: Ports, limit: int) -> int:
    """Dispatch up to ``limit`` events and causes; how many there were."""
    done = 0
    for work in (_dispatch_events, _dispatch_causes):
        while done < limit:
            size = min(_BATCH, limit - done)
            found = in_unit(ports.storage, partial(work, ports, size))
            done += found
            if found < size:
                break
    return done


@frozen
class _Happened:
    """Something that rules may tell of: about whom or what, when, and how the moment is called in an id."""

    trigger: Trigger
    about: int
    subject: str
    learner_id: str
    certification: int | None
    moment: str
    at: datetime
    item: str | None = None
    uploader_id: str | None = None


def _dispatch_events(ports: Ports, limit: int, tx: Transaction) -> int:
    events = tx.outbox.pending(limit)
    if events:
        now = ports.now()
        told = [event for event in events if event.notify and triggers_of(event.kind)]
        awards = readable(tx.awards.by_id, {event.award_id for event in told})
        known = [(event, awards[event.award_id]) for event in told if event.award_id in awards]
        _tell(ports, tx, [each for event, award in known if event.due_at <= now for each in _of_event(event, award)])
        tx.deliveries.add([to_be_started(event, award.learner_id) for event, award in known if event.due_at > now])
        for name in ports.subscribers:
            tx.tell(_for_subscriber(f"{EVENT}{name}", events, now))
        tx.outbox.dispatched([(event.award_id, event.seq) for event in events])
    return len(events)


def _for_subscriber(kind: str, events: Sequence[Event], now: datetime) -> NewDeliveries:
    """The events, due one after the other: so are those of each award in their order."""
    return NewDeliveries(
        kind,
        [delivery_id(kind, event.award_id, event.seq) for event in events],
        [event.award_id for event in events],
        [_NOBODY] * len(events),
        [canonical({"seq": event.seq}) for event in events],
        [now - place * _TICK for place in range(len(events), 0, -1)],
    )


def _dispatch_causes(ports: Ports, limit: int, tx: Transaction) -> int:
    now = ports.now()
    causes = tx.deliveries.due(now, limit, list(CAUSES))
    happened: list[_Happened] = []
    after = []
    for cause in causes:
        try:
            happened += _of_cause(tx, cause)
        except (ValueError, KeyError, TypeError, CorruptRecord) as error:  # of another release: parked, not lost (f29)
            after.append(parked(cause, f"{type(error).__name__}: {error}", now))
        else:
            after.append(acknowledged(cause))
    _tell(ports, tx, happened)
    tx.deliveries.update(after)
    return len(causes)


def _of_event(event: Event, award: Award) -> Iterator[_Happened]:
    for trigger in triggers_of(event.kind, renews=award.renews is not None):
        certification, moment = award.certification_id, str(event.seq)
        yield _Happened(trigger, award.id, award.number, award.learner_id, certification, moment, event.due_at)


def _of_started(tx: Transaction, cause: Delivery, told: Mapping[str, Any]) -> Iterable[_Happened]:
    award = tx.awards.by_id([cause.award_id]).get(cause.award_id)
    events = tx.outbox.of([cause.award_id]).get(cause.award_id, ())
    wanted = [event for event in events if event.seq == told["seq"] and event.notify]
    return [each for event in wanted for each in _of_event(event, award)] if award else ()


def _of_enrolment(tx: Transaction, cause: Delivery, told: Mapping[str, Any]) -> Iterable[_Happened]:
    award = tx.awards.by_id([cause.award_id]).get(cause.award_id)
    if award is not None:
        yield _Happened(
            Trigger.ENROLLED_AGAIN,
            award.id,
            award.number,
            award.learner_id,
            award.certification_id,
            told["order"],
            cause.due_at,
            item=told["item"],
        )


def _of_import(_tx: Transaction, cause: Delivery, told: Mapping[str, Any]) -> Iterable[_Happened]:
    subject, actor_id = told["import"], cause.learner_id
    yield _Happened(Trigger.IMPORT_FINISHED, cause.award_id, subject, actor_id, None, "finished", cause.due_at)


def _of_external(tx: Transaction, cause: Delivery, told: Mapping[str, Any]) -> Iterable[_Happened]:
    certificate: ExternalCertificate | None = tx.externals.by_id([cause.award_id]).get(cause.award_id)
    if certificate is not None:
        yield _Happened(
            CAUSES[cause.kind],
            certificate.id,
            certificate.ref,
            certificate.learner_id,
            certificate.claim.equivalence,
            str(told["seq"]),
            cause.due_at,
            uploader_id=certificate.uploaded_by,
        )


_READ: Final[Mapping[str, Callable[[Transaction, Delivery, Mapping[str, Any]], Iterable[_Happened]]]] = (
    MappingProxyType({STARTED: _of_started, "enrolled_again": _of_enrolment, "import_finished": _of_import})
)
"""How causes are read; all others are of external certificates."""


def _of_cause(tx: Transaction, cause: Delivery) -> list[_Happened]:
    return list(_READ.get(cause.kind, _of_external)(tx, cause, told_by(cause)))


def _tell(ports: Ports, tx: Transaction, happened: Sequence[_Happened]) -> None:
    """Write the messages that rules want about what happened."""
    if not happened:
        return
    book = notice_book(tx)
    wanted = [
        (rule, each)
        for each in happened
        for rule in book.looking_at(each.trigger, each.certification)
        if rule.looks_at(each.at)
    ]
    told = {}
    for (rule, each), recipients in zip(wanted, _recipients(ports, tx, wanted), strict=True):
        for recipient_id in recipients:
            notice = Notice(
                rule.code, rule.when, each.subject, recipient_id, each.learner_id, each.moment, each.at, each.item
            )
            told[notice.id(ports.storage.tenant)] = each, notice
    tx.tell(
        NewDeliveries(
            NOTICE,
            list(told),
            [each.about for each, _ in told.values()],
            [each.learner_id for each, _ in told.values()],
            [notice.payload() for _, notice in told.values()],
            [each.at for each, _ in told.values()],
        )
    )


def _recipients(
    ports: Ports, tx: Transaction, wanted: Sequence[tuple[NoticeRule, _Happened]]
) -> Iterator[Iterable[str]]:
    """Whom each of the rules tells; the directory is asked once for each audience."""
    learners: dict[Audience, set[str]] = {}
    for rule, each in wanted:
        learners.setdefault(rule.audience, set()).add(each.learner_id)
    pairs = [(each.learner_id, each.uploader_id) for rule, each in wanted if rule.audience is Audience.REVIEWERS]
    asked = [(learner_id, uploader_id) for learner_id, uploader_id in pairs if uploader_id is not None]
    reviewers = reviewers_for(ports, external_settings(tx), asked) if asked else {}
    simple = {
        audience: recipients_of(ports, audience, found)
        for audience, found in learners.items()
        if audience not in (Audience.REVIEWERS, Audience.ACTOR)
    }
    for rule, each in wanted:
        if rule.audience is Audience.ACTOR:
            yield (each.learner_id,)
        elif rule.audience is Audience.REVIEWERS:
            yield sorted(reviewers.get((each.learner_id, each.uploader_id or ""), ()))
        else:
            yield simple[rule.audience].get(each.learner_id, ())
