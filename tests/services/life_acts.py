"""Acts on awards in whatever order, each by the registrar and by the naive model, which have to answer alike."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from certcore.domain.awards import Award
from certcore.domain.certifications import ItemRef
from certcore.domain.people import Person
from certcore.domain.policy import RenewalPolicy
from certcore.errors import CertcoreError
from certcore.ports import Storage
from certcore.services.awarding import AwardRequest
from certcore.services.completing import Completed
from certcore.services.importing import Duplicates, ImportRequest
from tests.services.host import C1, C2, C3, Host, host_over
from tests.services.life_model import Model, Refusal
from tests.services.life_values import Held, Import, Programme
from tests.services.platform import ADMIN
from tests.services.test_invariants import dump

BEGINS: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODES: Final = ("SAFE-1", "SAFE-2")
ITEMS: Final = {C1: "SAFE-1", C2: "SAFE-1", C3: "SAFE-2"}
LEARNERS: Final = ("ana", "bo")
EXPLAINED: Final = ("already_held", "recorded", "rejected")
HOUR: Final = timedelta(hours=1)

everybody = st.sampled_from(["ana", "ana", "ana", "ana", "ana", "ana", "bo", "bo", "gone", "nobody"])
codes = st.sampled_from(["SAFE-1", "SAFE-1", "SAFE-1", "SAFE-2"])
items = st.sampled_from(sorted(map(str, ITEMS)))
shifts = st.sampled_from([0, 0, 1, -1, -2, 30, -30, -365, -366, 60]) | st.integers(-500, 60)
lengths = st.none() | st.sampled_from([-1, 1, 30, 400, 900])
which = st.tuples(st.sampled_from(["ana", "ana", "ana", "bo"]), codes, st.sampled_from([0, 0, 0, 1, 2]))
"""Somebody's latest award of a certification, or one before."""
moments = st.tuples(st.just(0) | shifts, st.sampled_from([None, -1, 0, 0, 1]))
"""Days from today, and hours from now or the day alone."""


class Acts(RuleBasedStateMachine):
    """Every act goes to the registrar and to the model, and both answer alike."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.host: Host = host_over(storage, batch=2)
        self.model = Model(
            BEGINS,
            {code: Programme(retake=code == "SAFE-1") for code in CODES},
            {str(item): code for item, code in ITEMS.items()},
            {str(item): BEGINS - 300 * 24 * HOUR for item in ITEMS},
        )
        self.host.now = BEGINS - 300 * 24 * HOUR
        for code in CODES:
            self.host.certification(
                code, [str(item) for item, carried in ITEMS.items() if carried == code], allow_retake=code == "SAFE-1"
            )
        self.host.now = BEGINS
        self.imports: list[tuple[str, Import]] = []
        self.known: dict[str, tuple[Any, list[bytes]]] = {}
        self.numbers: set[str] = set()

    # Both at once

    @property
    def registrar(self) -> Any:
        return self.host.registrar

    def both(self, real: Callable[[], object], naive: Callable[[], object]) -> None:
        """Do it here and there; a refusal is the same one, and leaves everything as it was (I12)."""
        before = self.everything()
        try:
            wanted = naive()
        except Refusal as refusal:
            wanted = refusal.args[0]
        try:
            answer = real()
        except CertcoreError as error:
            answer = error.code
            assert self.everything() == before, "I12: an error leaves the store as it was"
        assert answer == wanted, f"the registrar says {answer}, the model {wanted}"

    def chosen(self, which: tuple[str, str, int]) -> Held | None:
        learner, code, back = which
        found = self.model.of(learner, code)
        return found[-1 - back] if back < len(found) else None

    def everything(self) -> object:
        """All that is stored, in an order."""
        with self.host.storage.reading() as tx:
            ids = [award.id for award in self.awards()]
            learners = [f"id-{name}" for name in LEARNERS]
            return (
                dump(self.host),
                tx.certifications.overviews(),
                tx.renewals.of(ids),
                sorted(map(repr, tx.deliveries.of(ids).items())),
                tx.completions.of(learners, list(ITEMS)),
                sorted(tx.tombstones.of(sorted(self.numbers))),
            )

    def awards(self) -> list[Award]:
        records = self.registrar.reporting.search(actor=ADMIN, limit=1_000).records
        return [record.award for record in records]

    # Acts

    @initialize(earned=st.booleans(), days=st.sampled_from([3, 40, 200]), retake=st.booleans())
    def somebody_holds_one(self, earned: bool, days: int, retake: bool) -> None:
        """Ana's, by an item or by hand."""
        self.edit_certification("SAFE-1", 12, retake, False, False)
        if earned:
            self.complete([("ana", str(C1), (-days, 0))])
        else:
            self.award(["ana"], "SAFE-1", -days, None, "keep")

    @rule(hours=st.sampled_from([-1, 0, 1, 24, 24 * 40, 24 * 200]))
    def time_passes(self, hours: int) -> None:
        """A clock may step back or stand still, too (f31)."""
        self.host.now += hours * HOUR
        self.model.now = self.host.now

    @rule(
        names=st.lists(everybody, min_size=1, max_size=3),
        code=codes,
        shift=shifts,
        length=lengths,
        held=st.sampled_from(["keep", "renew", "renew", "refuse"]),
    )
    def award(self, names: list[str], code: str, shift: int, length: int | None, held: str) -> None:
        issued = self.day(shift)
        expires = None if length is None else issued + length * 24 * HOUR

        def real() -> object:
            request = AwardRequest(certification=code, issued_on=issued, expires_on=expires, usernames=names, held=held)
            report = self.registrar.awarding.award(request, actor=ADMIN)
            return [(each.outcome, each.reason) for each in report.outcomes]

        self.both(real, lambda: self.model.award(names, code, issued, expires, held))

    @rule(given=st.lists(st.tuples(everybody, items, moments), min_size=1, max_size=3))
    def complete(self, given: list[tuple[str, str, tuple[int, int | None]]]) -> None:
        """Several in one call, each as if it came alone (R-23)."""
        done = [(name, item, self.moment(*moment)) for name, item, moment in given]

        def real() -> object:
            report = self.host.record(
                *(Completed(username=name, item=item, at=at, zone="UTC") for name, item, at in done)
            )
            return [(each.outcome, each.reason if each.outcome in EXPLAINED else None) for each in report.outcomes]

        self.both(real, lambda: [self.model.complete(*each) for each in done])

    @rule(code=codes)
    def look_back(self, code: str) -> None:
        """R-21: the dry run names who then gets one."""
        completing = self.registrar.completing

        def real() -> object:
            would = {each.learner for each in completing.retroactive(code, actor=ADMIN).outcomes}
            report = completing.retroactive(code, actor=ADMIN, award=True)
            assert would == {each.learner for each in report.outcomes}
            return sorted((each.outcome, each.learner) for each in report.outcomes)

        self.both(real, lambda: self.model.look_back(code))

    @rule(name=st.sampled_from(LEARNERS), active=st.sampled_from([True, True, False]))
    def come_or_go(self, name: str, active: bool) -> None:
        """R-24."""
        self.host.directory.put(Person(f"id-{name}", name, name.title(), "Rossi", active=active))
        self.model.refused.pop(name, None)
        if not active:
            self.model.refused[name] = "deactivated_user"

    @rule(which=which, never_expiring=st.booleans())
    def start(self, which: tuple[str, str, int], never_expiring: bool) -> None:
        self.to(
            which,
            lambda number: self.registrar.renewing.start(number, actor=ADMIN, never_expiring=never_expiring) and None,
            lambda award: self.model.start(award, never_expiring=never_expiring),
        )

    @rule(which=which)
    def cancel(self, which: tuple[str, str, int]) -> None:
        self.to(which, lambda number: self.registrar.renewing.cancel(number, actor=ADMIN) and None, self.model.cancel)

    @rule(fails=st.booleans())
    def deliver(self, fails: bool) -> None:
        self.host.catalog.failure = OSError("away") if fails else None

        def real() -> object:
            report = self.registrar.renewing.deliver()
            return report.delivered, report.failed, report.dropped

        self.both(real, lambda: self.model.deliver(fails=fails))

    @rule(which=which, restore=st.booleans())
    def revoke(self, which: tuple[str, str, int], restore: bool) -> None:
        self.to(
            which,
            lambda number: (
                self.registrar.archiving.revoke(number, reason="Fraud", restore=restore, actor=ADMIN).outcome
            ),
            lambda award: self.model.revoke(award, restore=restore),
        )

    @rule(which=which)
    def restore(self, which: tuple[str, str, int]) -> None:
        self.to(
            which, lambda number: self.registrar.archiving.restore(number, actor=ADMIN) and None, self.model.restore
        )

    @rule(which=which)
    def unassign(self, which: tuple[str, str, int]) -> None:
        self.to(
            which, lambda number: self.registrar.correcting.unassign(number, actor=ADMIN) and None, self.model.unassign
        )

    @rule(which=which)
    def purge(self, which: tuple[str, str, int]) -> None:
        self.to(
            which,
            lambda number: self.registrar.archiving.purge(number, reason="Over", actor=ADMIN) and None,
            self.model.purge,
        )

    @rule(which=which, issued=st.none() | shifts, length=lengths, always=st.booleans())
    def edit(self, which: tuple[str, str, int], issued: int | None, length: int | None, always: bool) -> None:
        starts = None if issued is None else self.day(issued)
        expires = None if length is None or always else self.day((issued or 0) + length)
        self.to(
            which,
            lambda number: (
                self.registrar.correcting.edit(
                    number, actor=ADMIN, issued_on=starts, expires_on=expires, always_valid=always or None
                )
                and None
            ),
            lambda award: self.model.edit(award, starts, expires, always=always),
        )

    @rule(
        rows=st.lists(
            st.tuples(everybody, codes, shifts, lengths), min_size=1, max_size=3, unique_by=lambda row: row[:2]
        ),
        duplicates=st.sampled_from(Duplicates),
    )
    def import_file(self, rows: list[tuple[str, str, int, int | None]], duplicates: Duplicates) -> None:
        """I10: what the report counts is what happened."""
        given = [
            (name, code, self.day(shift), None if length is None else self.day(shift + length))
            for name, code, shift, length in rows
        ]

        def real() -> object:
            report = self.registrar.importing.run(
                io.BytesIO(written(given)), ImportRequest(zone="UTC", duplicates=duplicates), actor=ADMIN
            )
            assert report.rows == len(given)
            self.imports.append((str(report.import_id), self.model.imports[-1]))
            counts = {name: getattr(report, name) for name in ("new", "renewed", "updated", "unchanged", "rejected")}
            return Counter({name: count for name, count in counts.items() if count})

        held = "renew" if duplicates is Duplicates.RENEW else "update"
        self.both(real, lambda: self.model.import_file(given, held))

    @precondition(lambda self: self.imports)
    @rule(back=st.sampled_from([0, 0, 1]))
    def undo(self, back: int) -> None:
        import_id, job = self.imports[-1 - min(back, len(self.imports) - 1)]
        self.both(lambda: self.registrar.importing.undo(import_id, actor=ADMIN) and None, lambda: self.model.undo(job))

    @rule(
        code=codes,
        months=st.sampled_from([None, 1, 12, 24]),
        retake=st.booleans(),
        at_once=st.booleans(),
        retired=st.sampled_from([False, False, False, False, False, True]),
    )
    def edit_certification(self, code: str, months: int | None, retake: bool, at_once: bool, retired: bool) -> None:
        """R-3: nothing that was issued changes."""
        policy = RenewalPolicy.from_data({} if months is None else {"validity": {"months": months}})
        defining = self.registrar.defining
        defining.edit(code, actor=ADMIN, policy=policy, allow_retake=retake, auto_renew=at_once)
        (defining.retire if retired else defining.reinstate)(code, actor=ADMIN)
        self.model.programmes[code] = Programme(months, retake, at_once, retired)

    @rule(item=items, act=st.sampled_from(["give", "give", "keep", "remove"]))
    def move_item(self, item: str, act: str) -> None:
        """R-5, R-7: back to its certification, or away from it with or without what was earned through it."""
        code, ref = ITEMS[ItemRef.parse(item)], ItemRef.parse(item)
        defining = self.registrar.defining
        if act == "give":
            self.both(lambda: defining.assign(code, [ref], actor=ADMIN), lambda: self.model.give_item(item, code))
        else:
            self.both(
                lambda: defining.unassign_items([ref], awards=act, actor=ADMIN).removed,
                lambda: self.model.take_item_away(item, remove=act == "remove"),
            )

    # Helpers of the acts

    def day(self, shift: int) -> date:
        return self.host.now.date() + shift * 24 * HOUR

    def moment(self, shift: int, hours: int | None) -> datetime | date:
        return self.day(shift) if hours is None else self.host.now + (24 * shift + hours) * HOUR

    def to(self, which: tuple[str, str, int], real: Callable[[str], object], naive: Callable[[Held], object]) -> None:
        award = self.chosen(which)
        if award is not None:
            number = str(award.number)
            self.both(lambda: real(number), lambda: naive(award))


def written(rows: list[tuple[str, str, date, date | None]]) -> bytes:
    """The rows as a file; no expiry is always valid."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            "username",
            "certification_code",
            "certification_issue_date",
            "always_valid",
            "certification_expire_date",
            "type",
        ]
    )
    for name, code, issued, expires in rows:
        writer.writerow([name, code, issued, "false" if expires else "true", expires or "", "manual"])
    return text.getvalue().encode()
