"""Whatever is uploaded, reviewed and switched, by whomever and in whatever order: the invariants hold everywhere."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.adapters.memory import MemoryStorage
from certcore.domain.external import ExternalCertificate, ExternalState, in_force
from certcore.domain.history import verifies
from certcore.domain.policy import RenewalPolicy
from certcore.errors import CertcoreError
from certcore.ports import ExternalQuery, Storage
from certcore.services.completing import Completed
from tests.services.reviewing.office import FLAGGED, PDF, REFUSED, Office, office_over, who
from tests.services.test_invariants import check_invariants
from tests.services.test_invariants import dump as awards_of

HANDS = st.sampled_from(
    [("ana", "ana"), ("ana", "mia"), ("bo", "bo"), ("bo", "admin"), ("cy", "gus"), ("mia", "mia"), ("cy", "max")]
)
REVIEWERS = st.sampled_from(["admin", "admin", "admin", "mia", "mia", "max", "gus", "ana"])
FIRST = (("ana", date(2026, 1, 1)), ("ana", date(2025, 6, 1)), ("bo", date(2025, 3, 1)), ("ana", date(2024, 1, 1)))
"""Certificates that wait when the play begins."""
CODES = st.sampled_from([None, "SAFE-1", "SAFE-1", "AID-1", "OLD-1"])
DAYS = st.dates(date(2025, 1, 1), date(2026, 3, 2))


@frozen
class Upload:
    hands: tuple[str, str]
    content: bytes
    delivered_on: date
    valid: int | None
    equivalence: str | None
    replaces: int | None


@frozen
class Verdict:
    which: int
    by: str
    act: str
    equivalence: str | None


@frozen
class Meanwhile:
    """What happens to the live award that somebody has: it is revoked, unassigned, edited, or its renewal started."""

    learner: str
    code: str
    act: str


@frozen
class Switch:
    by: str
    changes: dict[str, Any]


uploads = st.builds(
    Upload,
    HANDS,
    st.sampled_from([PDF, PDF, PDF, FLAGGED, REFUSED]),
    DAYS,
    st.none() | st.integers(0, 900),
    CODES,
    st.none() | st.integers(0, 5),
)
verdicts = st.builds(
    Verdict,
    st.integers(0, 5),
    REVIEWERS,
    st.sampled_from(["validate", "validate", "reject", "correct", "withdraw"]),
    CODES,
)
switches = st.builds(
    Switch,
    st.sampled_from(["admin", "mia"]),
    st.fixed_dictionaries(
        {},
        optional={
            "self_import": st.booleans(),
            "validation": st.booleans(),
            "own_review": st.booleans(),
            "reviewers": st.lists(st.sampled_from(["managers", "coaches", "group_admins"]), max_size=3),
        },
    ),
)
meanwhile = st.builds(
    Meanwhile,
    st.sampled_from(["ana", "ana", "bo"]),
    st.sampled_from(["SAFE-1", "AID-1"]),
    st.sampled_from(["revoke", "unassign", "renew", "complete", "complete"]),
)
steps = st.lists(st.one_of(uploads, uploads, verdicts, verdicts, verdicts, switches, meanwhile), max_size=14)
Step = Upload | Verdict | Switch | Meanwhile


class Player:
    """Plays steps in an office; certificates are called by the order in which they came."""

    def __init__(self, storage: Storage) -> None:
        self.office = office_over(storage)
        credits = RenewalPolicy.from_data({"validity": {"years": 1}, "credits": {"total": 2}})
        self.office.certification("SAFE-1", items=["course:C-1"], policy=credits)
        self.office.certification("AID-1", items=["course:C-2"], auto_renew=True)
        self.office.certification("OLD-1")
        self.office.registrar.defining.retire("OLD-1", actor=who("admin"))
        self.office.award("bo", issued_on=date(2025, 6, 1))
        self.refs = [self.office.pending(name, delivered_on=day) for name, day in FIRST]

    def take(self, step: Step) -> object:
        """What the step answers, without what chance gives; or the code of its refusal."""
        self.office.now += timedelta(minutes=1)
        try:
            match step:
                case Upload():
                    return self.upload(step)
                case Verdict():
                    return self.decide(step)
                case Meanwhile():
                    return self.meanwhile(step)
                case Switch():
                    self.office.reviewing.change_settings(actor=who(step.by), **step.changes)
                    return "changed"
        except CertcoreError as refusal:
            return f"refused: {refusal.code}"

    def upload(self, step: Upload) -> object:
        expires_on = None if step.valid is None else step.delivered_on + timedelta(step.valid)
        replaces = None if step.replaces is None else self.ref(step.replaces)
        record = self.office.submit(
            step.hands[0],
            by=step.hands[1],
            content=step.content,
            delivered_on=step.delivered_on,
            expires_on=expires_on,
            equivalence=step.equivalence,
            replaces=replaces,
            credits=Decimal(1),
        )
        self.refs.append(record.certificate.ref)
        return told(record.certificate)

    def decide(self, step: Verdict) -> object:
        reviewing, ref, actor = self.office.reviewing, self.ref(step.which), who(step.by)
        if step.act == "validate":
            return told(reviewing.validate(ref, actor=actor, equivalence=step.equivalence).certificate)
        if step.act == "correct":
            return told(reviewing.correct(ref, actor=actor, title="Other", equivalence=step.equivalence).certificate)
        if step.act == "reject":
            return told(reviewing.reject(ref, actor=actor, comment="no").certificate)
        return told(reviewing.withdraw(ref, actor=actor).certificate)

    def meanwhile(self, step: Meanwhile) -> object:
        registrar, admin = self.office.registrar, who("admin")
        if step.act == "complete":
            item = {"SAFE-1": "course:C-1", "AID-1": "course:C-2"}[step.code]
            done = Completed(username=step.learner, item=item, at=self.office.now, credits=Decimal(1))
            (outcome,) = registrar.completing.record([done], actor=admin).outcomes
            return outcome.outcome, [reason.code for reason in outcome.reasons]
        found = registrar.reporting.search(actor=admin, username=step.learner, certifications=step.code).records
        for number in [record.award.number for record in found if record.award.live]:
            if step.act == "revoke":
                return registrar.archiving.revoke(number, reason="fraud", actor=admin).outcome
            if step.act == "unassign":
                return registrar.correcting.unassign(number, actor=admin).ending
            return registrar.renewing.start(number, actor=who(step.learner)).state
        return "none held"

    def ref(self, which: int) -> str:
        return self.refs[which] if which < len(self.refs) else "0" * 16

    def all(self) -> list[ExternalCertificate]:
        with self.office.storage.reading() as tx:
            return list(tx.externals.search(ExternalQuery(limit=1_000)))

    def check(self) -> None:
        """I1 to I5 of awards; chains, series and documents of certificates; one award for each (R-74, I8, I9)."""
        check_invariants(self.office)
        everything = self.all()
        with self.office.storage.reading() as tx:
            history = tx.history.of([each.id for each in everything])
            events = tx.outbox.of([each.id for each in everything])
        for each in everything:
            assert len(history[each.id]) == len(events[each.id]) == each.version
            previous = b""
            for entry in history[each.id]:
                assert verifies(previous, entry)
                previous = entry.hash
            assert previous == each.head
            assert self.office.documents is not None
            assert self.office.documents.exists([each.document_ref])
        counting = in_force(everything)
        resting = [each.equated.award_id for each in counting if each.equated and each.equated.award_id]
        assert len(set(resting)) == len(resting)
        waiting = [each.series for each in everything if each.state is ExternalState.PENDING]
        assert len(set(waiting)) == len(waiting)

    def stored(self) -> object:
        """All that is stored, in an order and without what chance gave."""
        awards = re.sub("[0-9a-f]{16}", "an id", repr(awards_of(self.office)))
        return sorted(repr(told(each)) for each in self.all()), awards


def told(certificate: ExternalCertificate) -> object:
    equated = certificate.equated
    return (
        certificate.learner_id,
        certificate.uploaded_by,
        evolve(certificate.claim, equivalence=None),
        certificate.claim.equivalence is None,
        certificate.state,
        certificate.revision,
        certificate.version,
        certificate.review,
        None if equated is None else (equated.outcome, [reason.code for reason in equated.reasons]),
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(taken=steps)
def test_any_acts_in_any_order_keep_the_invariants_and_every_storage_answers_alike(
    new_storage: Callable[[], Storage], taken: list[Step]
) -> None:
    """After every step, and what ended stays as it was (I8); a refusal leaves the store as it was (I12, R-113)."""
    mine, model = Player(new_storage()), Player(MemoryStorage())
    ended: dict[int, ExternalCertificate] = {}
    for step in taken:
        before = mine.stored()
        answer = mine.take(step)
        assert answer == model.take(step)
        mine.check()
        if str(answer).startswith("refused"):
            assert mine.stored() == before
        for each in mine.all():
            if each.state is not ExternalState.PENDING:
                assert ended.setdefault(each.id, each) == each
    assert mine.stored() == model.stored()


def test_a_flagged_file_is_not_taken_where_nobody_validates() -> None:
    """R-73: the steps above meet every answer that there is."""
    player = Player(MemoryStorage())
    taken: list[Step] = [
        Upload(("ana", "ana"), PDF, date(2026, 1, 1), None, None, None),
        Verdict(4, "mia", "validate", "SAFE-1"),
        Verdict(4, "mia", "reject", None),
        Switch("admin", {"validation": False}),
        Upload(("ana", "ana"), FLAGGED, date(2026, 1, 1), None, None, None),
        Upload(("ana", "ana"), PDF, date(2026, 1, 1), 400, "AID-1", 4),
        Switch("mia", {"validation": True}),
    ]
    answers = [player.take(step) for step in taken]
    assert [answer for answer in answers if str(answer).startswith("refused")] == [
        "refused: not_pending",
        "refused: file_refused",
        "refused: not_found",
    ]
    assert isinstance(player.office, Office)
