"""Acts on one learner's award, by name: what each is told, and all that is stored of the learner afterwards."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from attrs import asdict

from certcore import Completed
from certcore.adapters.sql import PersonRecord, SqlCatalog
from certcore.domain.awards import Award
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.policy import RenewalPolicy
from certcore.errors import CertcoreError
from certcore.ports import AwardQuery, Transaction
from certcore.registrar import Registrar
from certcore.services.importing import ImportRequest
from tests.faults.world import ACTOR, IN_PLACE, NOW, RENEW, Site, csv_of, user

CODE: Final = "DUTY-1"
ITEM: Final = ItemRef.parse("course:D-1")
AT_WORK: Final = datetime(2025, 1, 5, 9, tzinfo=UTC)
OF_CHANCE: Final = frozenset({"id", "number", "token", "award_id", "renews", "renewed_by", "head", "job_id"}) | {
    "salt",
    "digest",
    "hash",
}

Told = list[Any]
"""What an act is told, as JSON has it: its name, the number of an award that it tells of, and the rest."""


def furnish_duty(site: Site, learners: int) -> None:
    """So many learners who hold an award of a certification; its course is complete, and renews when taken again."""
    site.directory.save_people([PersonRecord(username=user(n), first_name="Ana", id=_id(n)) for n in range(learners)])
    catalog = SqlCatalog(site.storage)
    catalog.save_items([Item(ITEM)])
    catalog.complete([Completion.of(_id(n), ITEM, AT_WORK, "UTC") for n in range(learners)])
    earlier = Registrar(storage=site.storage, directory=site.directory, catalog=catalog, clock=lambda: AT_WORK)
    policy = RenewalPolicy.from_data({"validity": {"years": 1}})
    earlier.defining.add("Duty", code=CODE, policy=policy, allow_retake=True, actor=ACTOR)
    earlier.defining.assign(CODE, [ITEM], actor=ACTOR)
    report = site.run(csv_of([_row(n, "2025-03-01", "2026-03-10") for n in range(learners)]))
    assert report.new == learners


def live_number(site: Site, learner: int) -> str:
    """The number of the learner's live award."""
    with site.storage.reading() as tx:
        (number,) = [award.number for award in _awards(tx, learner) if award.live]
    return number


def perform(site: Site, act: str, learner: int, number: str) -> Told:
    """Act on a learner whose award had this number; what came of it, or the typed error that refused it."""
    try:
        return [act, *_ACTS[act](site.registrar, learner, number)]
    except CertcoreError as error:
        return [act, None, "refused", error.code]


def told_and_stored(site: Site, learner: int, told: Sequence[Told]) -> tuple[str, ...]:
    """What the acts were told, and all that is stored of the learner; awards are named by their dates."""
    with site.storage.reading() as tx:
        awards = _awards(tx, learner)
        stored = sorted(_lines(tx, learner, awards))
    names = {award.number: _name(award) for award in awards} | {_id(learner): "learner"}
    assert len(set(names.values())) == len(names), "two awards with one name"
    return tuple(_named(line, names) for line in (*map(json.dumps, told), *stored))


def _lines(tx: Transaction, learner: int, awards: Sequence[Award]) -> Iterator[str]:
    ids = [award.id for award in awards]
    names = {award.id: _name(award) for award in awards}
    for award in awards:
        neighbours = [award.renews and names[award.renews], award.renewed_by and names[award.renewed_by]]
        yield f"{_name(award)} between {neighbours}: {_shown(award)}"
    parts: Sequence[Mapping[int, Sequence[Any]]] = (
        tx.history.of(ids),
        tx.outbox.of(ids),
        {award_id: [renewal] for award_id, renewal in tx.renewals.of(ids).items()},
        tx.deliveries.of(ids),
        {0: [each for of in tx.completions.of([_id(learner)], [ITEM]).values() for each in of]},
    )
    for part in parts:
        for award_id, kept in part.items():
            for each in kept:
                yield f"{names.get(award_id)}: {type(each).__name__} {_shown(each)}"


def _awards(tx: Transaction, learner: int) -> Sequence[Award]:
    return tx.awards.search(AwardQuery(NOW, frozenset({_id(learner)})))


def _shown(value: Any) -> str:
    if isinstance(value, Completion):
        return str(value)
    return str(asdict(value, filter=lambda attribute, _value: attribute.name not in OF_CHANCE))


def _name(award: Award) -> str:
    return f"{award.period.issued_on} to {award.period.expires_on} by {award.basis.kind}"


def _named(line: str, names: Mapping[str, str]) -> str:
    for found, name in names.items():
        line = line.replace(found, name)
    return line


def _id(learner: int) -> str:
    return f"learner-{learner:06}"


def _row(learner: int, issued: str, expires: str) -> tuple[str, ...]:
    return user(learner), CODE, issued, "false", expires, "manual", ""


def _start(registrar: Registrar, _learner: int, number: str) -> Told:
    return [None, registrar.renewing.start(number, actor=ACTOR).state]


def _cancel(registrar: Registrar, _learner: int, number: str) -> Told:
    return [None, registrar.renewing.cancel(number, actor=ACTOR).state]


def _complete(after: timedelta, registrar: Registrar, learner: int, _number: str) -> Told:
    done = Completed(username=user(learner), item=ITEM, at=NOW + after)
    (outcome,) = registrar.completing.record([done], actor=ACTOR).outcomes
    return [outcome.number, outcome.outcome, *(reason.code for reason in outcome.reasons)]


def _revoke(restore: bool, registrar: Registrar, _learner: int, number: str) -> Told:
    revocation = registrar.archiving.revoke(number, reason="by mistake", restore=restore, actor=ACTOR)
    return [revocation.restored, revocation.outcome]


def _import(request: ImportRequest, dates: tuple[str, str], registrar: Registrar, learner: int, _number: str) -> Told:
    file = io.BytesIO(csv_of([_row(learner, *dates)]))
    report = registrar.importing.run(file, request, actor=ACTOR)
    counts = {name: getattr(report, name) for name in ("new", "renewed", "updated", "unchanged", "rejected")}
    return [None, *(name for name, count in counts.items() if count), *(error.code for error in report.errors)]


_LATER: Final = ("2026-02-01", "2027-02-01")
_ACTS: Final[Mapping[str, Callable[[Registrar, int, str], Told]]] = MappingProxyType(
    {
        "start": _start,
        "cancel": _cancel,
        "complete": partial(_complete, timedelta(0)),
        "complete after": partial(_complete, timedelta(days=1)),
        "revoke": partial(_revoke, False),
        "revoke and restore": partial(_revoke, True),
        "import": partial(_import, RENEW, _LATER),
        "import another": partial(_import, RENEW, ("2026-02-03", "2028-02-03")),
        "import after": partial(_import, RENEW, ("2026-03-02", "2027-03-02")),
        "update": partial(_import, IN_PLACE, ("2025-03-01", "2026-06-01")),
    }
)
