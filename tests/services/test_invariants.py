"""Whatever is awarded, imported, edited and unassigned, in whatever order: the invariants hold on every storage."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.adapters.memory import MemoryStorage
from certcore.domain.awards import Award
from certcore.domain.decisions import Held
from certcore.domain.history import verifies
from certcore.domain.numbers import normal_number
from certcore.errors import CertcoreError, InvalidValue
from certcore.ports import AwardQuery, Storage
from certcore.services.importing import Duplicates, ImportRequest, Mode
from tests.services.platform import ADMIN, Platform, platform_over

USERS = ("ana", "bo", "cy", "gone", "nobody")
CODES = ("SAFE-1", "SAFE-2")
DAYS = st.dates(date(2025, 10, 20), date(2026, 4, 30))
Row = tuple[str, str, date, date | None]

rows = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from(CODES), DAYS, st.none() | DAYS), min_size=1, max_size=6
)


@frozen
class AwardStep:
    users: list[str]
    code: str
    day: date
    held: Held


@frozen
class ImportStep:
    rows: list[Row]
    duplicates: Duplicates
    mode: Mode
    shorten: bool


@frozen
class CorrectStep:
    user: str
    day: date | None


steps = st.lists(
    st.one_of(
        st.builds(
            AwardStep,
            st.lists(st.sampled_from(USERS), min_size=1, max_size=4),
            st.sampled_from(CODES),
            DAYS,
            st.sampled_from([Held.KEEP, Held.RENEW, Held.REFUSE]),
        ),
        st.builds(ImportStep, rows, st.sampled_from(Duplicates), st.sampled_from(Mode), st.booleans()),
        st.builds(CorrectStep, st.sampled_from(USERS), st.none() | DAYS),
    ),
    max_size=6,
)


def take(platform: Platform, step: AwardStep | ImportStep | CorrectStep) -> object:
    """Do a step; what it answers, apart from ids and numbers, or the code of its refusal."""
    try:
        match step:
            case AwardStep():
                report = platform.award(*step.users, code=step.code, issued_on=step.day, held=step.held)
                return [(each.username, each.outcome, each.reason) for each in report.outcomes]
            case ImportStep():
                return imported(platform, step.rows, step.duplicates, step.mode, shorten=step.shorten)
            case CorrectStep():
                return corrected(platform, step)
    except CertcoreError as refusal:
        return refusal.code


def imported(platform: Platform, data: list[Row], duplicates: Duplicates, mode: Mode, *, shorten: bool) -> object:
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
    for user, code, issued, expires in data:
        writer.writerow([user, code, issued, "0" if expires else "1", expires or "", "manual"])
    request = ImportRequest(zone="America/Havana", duplicates=duplicates, mode=mode, allow_shorten=shorten)
    report = platform.registrar.importing.run(io.BytesIO(text.getvalue().encode()), request, actor=ADMIN)
    counts = (report.new, report.renewed, report.updated, report.unchanged, report.superseded, report.rejected)
    assert sum(counts) == report.rows == len(data)
    return counts, [(error.line, error.code) for error in report.errors]


def corrected(platform: Platform, step: CorrectStep) -> object:
    records = platform.registrar.reporting.search(actor=ADMIN, username=step.user).records
    live = sorted((each.award for each in records if each.award.live), key=lambda award: award.period.issued_on)
    for award in live[:1]:
        if step.day is None:
            platform.registrar.correcting.unassign(award.number, actor=ADMIN)
        else:
            platform.registrar.correcting.edit(award.number, actor=ADMIN, issued_on=step.day)
    return len(live)


def awards_of(platform: Platform) -> list[Award]:
    with platform.storage.reading() as tx:
        return list(tx.awards.search(AwardQuery(platform.now, limit=10_000)))


def dump(platform: Platform) -> object:
    """All that is stored, in an order and without what chance gave."""
    awards = awards_of(platform)
    names = {award.id: (award.learner_id, award.period.issued_on, award.period.expires_on) for award in awards}
    with platform.storage.reading() as tx:
        history = tx.history.of([award.id for award in awards])
        events = tx.outbox.of([award.id for award in awards])
    return sorted(
        repr(
            (
                award.learner_id,
                award.learner_name,
                award.period,
                award.basis,
                award.ending,
                names.get(award.renews or -1),
                names.get(award.renewed_by or -1),
                [(entry.seq, entry.act) for entry in history[award.id]],
                [(event.seq, event.kind, event.notify, event.due_at) for event in events[award.id]],
            )
        )
        for award in awards
    )


def check_invariants(platform: Platform) -> None:
    """I1, I3, I5 and the chain that I2 rests on."""
    awards = awards_of(platform)
    live = Counter((award.certification_id, award.learner_id) for award in awards if award.live)
    assert max(live.values(), default=0) <= 1
    assert len({award.number for award in awards}) == len({award.token for award in awards}) == len(awards)
    assert all(normal_number(award.number) == award.number for award in awards)
    with platform.storage.reading() as tx:
        history = tx.history.of([award.id for award in awards])
        events = tx.outbox.of([award.id for award in awards])
    by_id = {award.id: award for award in awards}
    for award in awards:
        seqs = list(range(1, award.version + 1))
        assert [entry.seq for entry in history[award.id]] == [event.seq for event in events[award.id]] == seqs
        previous = b""
        for entry in history[award.id]:
            assert verifies(previous, entry)
            previous = entry.hash
        assert previous == award.head
        if award.renewed_by in by_id:  # it may have been purged
            assert by_id[award.renewed_by].renews == award.id


def two_certifications(platform: Platform) -> Platform:
    for code in CODES:
        platform.certification(code)
    return platform


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=steps)
def test_any_acts_in_any_order_keep_the_invariants_and_every_storage_answers_alike(
    new_storage: Callable[[], Storage], taken: list[AwardStep | ImportStep | CorrectStep]
) -> None:
    """I1 to I6 after every step, and the answers and the state are those of the storage in memory (R-113)."""
    mine = two_certifications(platform_over(new_storage(), batch=2))
    model = two_certifications(platform_over(MemoryStorage()))
    for step in taken:
        before = dump(mine)
        answer = take(mine, step)
        assert answer == take(model, step)
        check_invariants(mine)
        if isinstance(answer, str):
            assert dump(mine) == before, "I12: an error leaves the store as it was"
    assert dump(mine) == dump(model)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=rows.filter(lambda data: len({row[:2] for row in data}) == len(data)), duplicates=st.sampled_from(Duplicates)
)
def test_one_file_and_a_file_for_each_row_end_alike(
    new_storage: Callable[[], Storage], data: list[Row], duplicates: Duplicates
) -> None:
    """The bulk path and the single path decide through the same function."""
    together = two_certifications(platform_over(new_storage()))
    apart = two_certifications(platform_over(new_storage()))
    take(together, ImportStep(data, duplicates, Mode.SKIP_BAD_ROWS, shorten=False))
    for row in data:
        take(apart, ImportStep([row], duplicates, Mode.SKIP_BAD_ROWS, shorten=False))
    assert dump(together) == dump(apart)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=rows, duplicates=st.sampled_from(Duplicates), day=DAYS)
def test_good_rows_end_alike_beside_a_bad_one(
    new_storage: Callable[[], Storage], data: list[Row], duplicates: Duplicates, day: date
) -> None:
    """A batch of good rows for people without an award is judged at once, any other row by row: to the same end."""
    alone = two_certifications(platform_over(new_storage()))
    beside = two_certifications(platform_over(new_storage()))
    take(alone, ImportStep(data, duplicates, Mode.SKIP_BAD_ROWS, shorten=False))
    bad = ("nobody", "SAFE-1", day, None)
    take(beside, ImportStep([*data, bad], duplicates, Mode.SKIP_BAD_ROWS, shorten=False))
    assert dump(alone) == dump(beside)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=rows.filter(lambda data: len({row[:2] for row in data}) == len(data)))
def test_a_file_and_awards_by_hand_end_alike(new_storage: Callable[[], Storage], data: list[Row]) -> None:
    """What a row says and what a hand does are one decision."""
    by_file = two_certifications(platform_over(new_storage()))
    by_hand = two_certifications(platform_over(new_storage()))
    take(by_file, ImportStep(data, Duplicates.RENEW, Mode.SKIP_BAD_ROWS, shorten=False))
    for user, code, issued, expires in data:
        try:
            by_hand.award(
                user,
                code=code,
                issued_on=issued,
                expires_on=expires,
                always_valid=expires is None,
                zone="America/Havana",
                held=Held.RENEW,
            )
        except InvalidValue:
            assert expires is not None
            assert expires <= issued
    assert dump(by_file) == dump(by_hand)


def test_reports_of_the_same_acts_are_the_same_on_every_storage(new_storage: Callable[[], Storage]) -> None:
    """R-113: a fixed story, told alike."""
    platform = two_certifications(platform_over(new_storage()))
    story: list[AwardStep | ImportStep | CorrectStep] = [
        AwardStep(["ana", "nobody", "gone"], "SAFE-1", date(2026, 1, 31), Held.KEEP),
        ImportStep([("ana", "SAFE-1", date(2026, 2, 1), None)], Duplicates.RENEW, Mode.SKIP_BAD_ROWS, shorten=False),
        CorrectStep("ana", None),
    ]
    assert [take(platform, step) for step in story] == [
        [("ana", "new", None), ("nobody", "rejected", "unknown_user"), ("gone", "rejected", "deactivated_user")],
        ((0, 1, 0, 0, 0, 0), []),
        1,
    ]


@pytest.mark.parametrize("mode", list(Mode))
def test_an_unreadable_file_leaves_the_store_as_it_was(new_storage: Callable[[], Storage], mode: Mode) -> None:
    """I12: whatever the mode."""
    platform = two_certifications(platform_over(new_storage()))
    before = dump(platform)
    with pytest.raises(CertcoreError):
        platform.registrar.importing.run(io.BytesIO(b"\x1f\x8b\x00"), ImportRequest(zone="UTC", mode=mode), actor=ADMIN)
    assert dump(platform) == before
