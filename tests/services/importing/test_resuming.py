"""An import that is killed, doubled or overtaken ends as one that was left in peace."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from certcore.domain.jobs import JobState
from certcore.ports import Storage, Transaction
from certcore.registrar import Registrar
from certcore.services.importing import Duplicates, ImportReport, ImportRequest
from tests.services.importing.test_importing import ana, csv_of
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.test_invariants import check_invariants, dump

NAMES = [f"user{n:02}" for n in range(9)]
FILE = csv_of(
    *(ana(username=name) for name in NAMES), ana(username="nobody"), ana(username="user03"), ana(username="gone")
)


STEPS_BEFORE_THE_JOB = 3


class Killed(BaseException):
    """The process ends here."""


class Dying(Storage):
    """A storage whose process is killed when it begins or has committed its n-th transaction."""

    def __init__(self, storage: Storage, dies_at: int) -> None:
        self._storage = storage
        self._steps_left = dies_at

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self._step()
        with self._storage.transaction() as tx:
            yield tx
            self._step()
        self._step()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._storage.reading() as tx:
            yield tx

    @property
    def in_transaction(self) -> bool:
        return self._storage.in_transaction

    def _step(self) -> None:
        self._steps_left -= 1
        if self._steps_left == 0:
            raise Killed


def host(storage: Storage) -> Platform:
    platform = platform_over(storage, NAMES, batch=3)
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.award("user05", issued_on=date(2025, 6, 1))
    return platform


def run(platform: Platform, storage: Storage | None = None, rejects: io.StringIO | None = None) -> ImportReport:
    registrar = Registrar(
        storage=storage or platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        settings=platform.settings,
        clock=lambda: platform.now,
    )
    request = ImportRequest(zone="Europe/Rome", duplicates=Duplicates.RENEW)
    return registrar.importing.run(io.BytesIO(FILE), request, actor=ADMIN, rejects=rejects)


def told(report: ImportReport) -> tuple[object, ...]:
    return (report.rows, report.new, report.renewed, report.superseded, report.rejected, report.errors)


def test_f01_killed_at_any_step_and_run_again_ends_as_without_the_kill(new_storage: Callable[[], Storage]) -> None:
    """R-41, R-43: same state, same totals, same rejects, under the same import id; for every step of the import."""
    calm = host(new_storage())
    calm_rejects = io.StringIO()
    calm_report = run(calm, rejects=calm_rejects)
    fingerprint = calm.registrar.running.get(calm_report.import_id or "").fingerprint
    dies_at = 0
    while True:
        dies_at += 1
        platform = host(new_storage())
        try:
            run(platform, Dying(platform.storage, dies_at))
        except Killed:
            with platform.storage.reading() as tx:
                unfinished = tx.jobs.unfinished(fingerprint)
            rejects = io.StringIO()
            report = run(platform, rejects=rejects)
            if unfinished is not None or dies_at < STEPS_BEFORE_THE_JOB:
                assert told(report) == told(calm_report)
            assert unfinished is None or report.import_id == unfinished.public_id
            assert rejects.getvalue() == calm_rejects.getvalue()
            assert dump(platform) == dump(calm)
            check_invariants(platform)
        else:
            break
    assert dies_at > 12


def test_a_finished_import_is_not_taken_up_again(new_storage: Callable[[], Storage]) -> None:
    """R-45: the same file again is a new import that changes nothing."""
    platform = host(new_storage())
    first, second = run(platform), run(platform)
    assert first.import_id != second.import_id
    assert (second.new, second.renewed, second.unchanged) == (0, 0, 9)


def test_f02_an_import_overtaken_by_another_process_joins_it(new_storage: Callable[[], Storage]) -> None:
    """R-41: two runs of one import share its work and its report; nothing twice."""
    platform = host(new_storage())
    reports = []

    class Overtaken(Dying):
        """Lets another run of the same import finish between two transactions of this one."""

        def _step(self) -> None:
            if not self.in_transaction:
                self._steps_left -= 1
                if self._steps_left == 0:
                    reports.append(run(platform))

    reports.append(run(platform, Overtaken(platform.storage, 4)))
    assert reports[0] == reports[1]
    assert platform.registrar.running.get(reports[0].import_id or "").state is JobState.DONE
    check_invariants(platform)
