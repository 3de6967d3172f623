"""External certificates as a pure machine: what leads where, what stays on record, what nobody can do."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from certcore.domain import external
from certcore.domain.decisions import Outcome
from certcore.domain.external import (
    ACCEPTED_STATES,
    TRANSITIONS,
    Claim,
    Document,
    Equated,
    ExternalCertificate,
    ExternalState,
    Submission,
    Told,
    in_force,
)
from certcore.domain.external_transitions import (
    ExternalChange,
    accept,
    correct,
    reject,
    submit,
    validate,
    withdraw,
)
from certcore.domain.files import Finding, digest_of
from certcore.domain.history import HistoryEntry, verifies
from certcore.domain.people import Actor
from certcore.domain.reasons import Reason
from certcore.domain.transitions import Context
from certcore.errors import CertcoreError, DateOutOfRange, InvalidValue, NotPending, NotReplaceable, SkippedDay

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA, BOSS = Actor("ana"), Actor("boss")
SALT = b"0123456789abcdef"
CLAIM = Claim("First aid", date(2026, 1, 31), "Europe/Rome", date(2028, 1, 31), Decimal("6.5"), 77)
NEW = Equated(Outcome.NEW, "N-1", 9)
HELD = Equated(Outcome.ALREADY_HELD, "N-1", reasons=[Reason("certification_retired")])
DOCUMENT = Document(digest_of(b"%PDF"), 4, "../../aid.pdf", (Finding("script"),))


def context(actor: Actor = ANA, now: datetime = NOW) -> Context:
    return Context(actor, now)


def pending(**changes: Any) -> ExternalCertificate:
    return evolve(submit(Submission("ana", CLAIM, DOCUMENT), 5, SALT, context()).after, **changes)


ACTS = {
    "corrected": lambda each: correct(each, evolve(CLAIM, title="Other"), SALT, context(BOSS)),
    "validated": lambda each: validate(each, None, SALT, context(BOSS)),
    "rejected": lambda each: reject(each, "why", SALT, context(BOSS)),
    "withdrawn": lambda each: withdraw(each, SALT, context()),
}


@pytest.mark.parametrize(("act", "state"), list(product(ACTS, ExternalState)))
def test_an_act_leads_where_the_table_says_and_nowhere_else(act: str, state: ExternalState) -> None:
    """R-73, I8, f43: only what is pending changes; a verdict is given once."""
    before = pending(state=state)
    if state is TRANSITIONS[act].before:
        change = ACTS[act](before)
        assert (change.before, change.after.state) == (before, TRANSITIONS[act].after)
        assert (change.entry.act, change.event.kind) == (act, f"external.{act}")
        assert change.event.notify is (TRANSITIONS[act].tells is not None)
        assert (change.entry.seq, change.event.seq, change.after.version) == (2, 2, 2)
    else:
        with pytest.raises(NotPending) as caught:
            ACTS[act](before)
        assert (caught.value.ref, caught.value.state) == (before.ref, state.value)


def test_the_table_knows_every_act_and_who_hears_of_it() -> None:
    """R-75: reviewers of what is pending, learners of the verdict; nobody else of anything."""
    assert TRANSITIONS.keys() == ACTS.keys() | {"submitted", "accepted"}
    assert {act: each.tells for act, each in TRANSITIONS.items() if each.tells} == {
        "submitted": Told.REVIEWERS,
        "validated": Told.LEARNER,
        "rejected": Told.LEARNER,
    }
    assert {each.after for each in TRANSITIONS.values()} == set(ExternalState)


def test_the_page_of_the_machine_lists_every_transition() -> None:
    """R-73: the module's docstring is what `TRANSITIONS` says, and names who is told."""
    rows = [line.split() for line in (external.__doc__ or "").splitlines()]
    assert [row[:4] for row in rows if row and row[0] in TRANSITIONS] == [
        [act, each.before or "new", each.after, each.tells or "nobody"] for act, each in TRANSITIONS.items()
    ]


def test_a_submitted_certificate_keeps_who_what_and_when() -> None:
    """R-71: and warnings of its file; it waits."""
    change = submit(Submission("cy", CLAIM, DOCUMENT), 5, SALT, context(BOSS))
    made = change.after
    assert (made.learner_id, made.uploaded_by, made.submitted_at) == ("cy", "boss", NOW)
    assert (made.state, made.claim, made.document, made.submitted) == (ExternalState.PENDING, CLAIM, DOCUMENT, None)
    assert (made.series, made.revision, made.previous, made.equated) == (5, 1, None, None)
    assert (made.ref, made.document_ref.digest, made.document_ref.holder) == ("0000000000000005", DOCUMENT.digest, 5)
    assert not made.counts
    assert change.before is None


def test_an_accepted_one_counts_at_once() -> None:
    """R-73, R-74: and says what became of its equivalence."""
    change = accept(Submission("ana", CLAIM, DOCUMENT), 5, SALT, context(), equated=NEW)
    assert (change.after.state, change.after.counts, change.after.equated) == (ExternalState.ACCEPTED, True, NEW)
    assert '"award":"N-1"' in change.entry.facts
    assert '"outcome":"new"' in change.entry.facts


def test_a_verdict_keeps_who_gave_it_and_why() -> None:
    """R-73: reviewer, instant, comment, and the award that follows."""
    later = NOW + timedelta(hours=1)
    yes = validate(pending(), "well done", SALT, context(BOSS, later), equated=HELD).after
    assert yes.review is not None
    assert (yes.review.reviewer_id, yes.review.at, yes.review.comment) == ("boss", later, "well done")
    assert (yes.equated, yes.counts) == (HELD, True)
    no = reject(pending(), "blurred", SALT, context(BOSS, later)).after
    assert no.review is not None
    assert (no.review.comment, no.counts) == ("blurred", False)


@pytest.mark.parametrize("comment", [None, "", " \n"])
def test_a_rejection_says_why(comment: str | None) -> None:
    """R-73."""
    with pytest.raises(InvalidValue) as caught:
        reject(pending(), comment, SALT, context(BOSS))
    assert caught.value.field == "comment"


def test_the_original_of_what_is_corrected_stays_on_record() -> None:
    """R-73: also after a second correction; every step is in the history."""
    first = evolve(CLAIM, title="First Aid I", expires_on=None)
    second = evolve(first, delivered_on=date(2026, 1, 30))
    once = correct(pending(), first, SALT, context(BOSS))
    twice = correct(once.after, second, SALT, context(BOSS))
    assert (once.after.claim, once.after.submitted) == (first, CLAIM)
    assert (twice.after.claim, twice.after.submitted) == (second, CLAIM)
    assert twice.after.uploaded_by == "ana"
    assert '"before":{"credits":"6.5","delivered_on":"2026-01-31"' in twice.entry.facts


def test_personal_words_are_only_where_an_erasure_reaches() -> None:
    """R-62, R-64: title, file name, hash and comment enter the chain as a digest; facts and events have none."""
    changes = [submit(Submission("ana", CLAIM, DOCUMENT), 5, SALT, context())]
    changes.append(correct(changes[-1].after, evolve(CLAIM, title="Secret title"), SALT, context(BOSS)))
    changes.append(reject(changes[-1].after, "secret comment", SALT, context(BOSS)))
    for change in changes:
        for word in ("First aid", "Secret title", "secret comment", "aid.pdf", DOCUMENT.digest, "boss", "ana"):
            assert word not in change.entry.facts
            assert word not in change.event.payload
    told = "".join(change.entry.personal or "" for change in changes)
    assert all(word in told for word in ("First aid", "Secret title", "secret comment", "aid.pdf", "boss"))


def test_another_version_takes_the_place_of_one_that_ended() -> None:
    """R-73: the same series, the next revision; never while the one before waits."""
    ended = reject(pending(), "why", SALT, context(BOSS)).after
    after = submit(Submission("ana", CLAIM, DOCUMENT, ended), 6, SALT, context()).after
    assert (after.series, after.revision, after.previous) == (5, 2, 5)
    with pytest.raises(NotReplaceable) as caught:
        accept(Submission("ana", CLAIM, DOCUMENT, after), 7, SALT, context())
    assert (caught.value.ref, caught.value.reason) == (after.ref, "pending")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": " "}, InvalidValue),
        ({"title": "x" * 256}, InvalidValue),
        ({"title": "a\r\nSet-Cookie: b"}, InvalidValue),
        ({"title": None}, InvalidValue),
        ({"delivered_on": NOW}, InvalidValue),
        ({"expires_on": date(2026, 1, 30)}, InvalidValue),
        ({"expires_on": "2028-01-31"}, InvalidValue),
        ({"credits": Decimal(-1)}, InvalidValue),
        ({"credits": Decimal("NaN")}, InvalidValue),
        ({"credits": Decimal("Infinity")}, InvalidValue),
        ({"credits": Decimal("1e9")}, InvalidValue),
        ({"credits": 6.5}, InvalidValue),
        ({"credits": Decimal("0." + "1" * 200)}, InvalidValue),
        ({"equivalence": "SAFE-1"}, InvalidValue),
        ({"equivalence": 2**63}, InvalidValue),
        ({"delivered_on": date(2011, 12, 30), "zone": "Pacific/Apia"}, SkippedDay),
        ({"delivered_on": date(1, 1, 1), "expires_on": None, "zone": "+10:00"}, DateOutOfRange),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(changes: dict[str, Any], error: type[CertcoreError]) -> None:
    """R-10, R-11, R-71: with a typed error at the door."""
    with pytest.raises(error):
        evolve(CLAIM, **changes)


def test_a_title_has_one_spelling() -> None:
    """f42: NFC."""
    assert evolve(CLAIM, title="Zoe\u0308").title == "Zoë"


def test_of_a_series_the_latest_accepted_version_counts() -> None:
    """R-73: a rejected or waiting correction takes nothing away, an accepted one takes its place; in any order."""
    first = pending(id=1, series=1, state=ExternalState.VALIDATED)
    rejected = pending(id=2, series=1, revision=2, state=ExternalState.REJECTED)
    waiting = pending(id=3, series=1, revision=3)
    other = pending(id=9, series=9, state=ExternalState.ACCEPTED)
    third = evolve(waiting, state=ExternalState.VALIDATED)
    assert {each.id for each in in_force([rejected, waiting, other, first])} == {1, 9}
    assert {each.id for each in in_force([third, rejected, other, first])} == {3, 9}
    assert in_force([rejected, waiting]) == []


TITLES = st.sampled_from(["First aid", "Fire", "Zoë"])
COMMENTS = st.sampled_from([None, " ", "why"])
CLAIMS = st.builds(
    Claim,
    TITLES,
    st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    st.sampled_from(["UTC", "America/Havana"]),
    st.none() | st.dates(date(2026, 1, 2), date(2030, 1, 1)),
    st.none() | st.decimals(0, 100, places=1),
    st.none() | st.integers(1, 3),
)


class ExternalMachine(RuleBasedStateMachine):
    """Acts in any order on any number of certificates, beside a record of all they ever were."""

    versions: Bundle[int] = Bundle("versions")

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.certificates: dict[int, ExternalCertificate] = {}
        self.entries: dict[int, list[HistoryEntry]] = {}
        self.first_claims: dict[int, Claim] = {}
        self.ended: dict[int, ExternalCertificate] = {}

    def keep(self, change: ExternalChange) -> int:
        after = change.after
        assert change.before == self.certificates.get(after.id)
        self.certificates[after.id] = after
        self.entries.setdefault(after.id, []).append(change.entry)
        self.first_claims.setdefault(after.id, after.claim)
        if after.state is not ExternalState.PENDING:
            self.ended.setdefault(after.id, after)
        self.now += timedelta(seconds=1)
        return after.id

    def context(self, actor: Actor) -> Context:
        return Context(actor, self.now)

    @rule(target=versions, claim=CLAIMS, at_once=st.booleans())
    def submitted(self, claim: Claim, at_once: bool) -> int:
        act = accept if at_once else submit
        return self.keep(act(Submission("ana", claim, DOCUMENT), len(self.certificates), SALT, self.context(ANA)))

    @rule(target=versions, replaced=consumes(versions), claim=CLAIMS, at_once=st.booleans())
    def submitted_again(self, replaced: int, claim: Claim, at_once: bool) -> int:
        before = self.certificates[replaced]
        submission = Submission("ana", claim, DOCUMENT, before)
        act = accept if at_once else submit
        if before.state is ExternalState.PENDING:
            with pytest.raises(NotReplaceable):
                act(submission, len(self.certificates), SALT, self.context(ANA))
            return replaced
        return self.keep(act(submission, len(self.certificates), SALT, self.context(ANA)))

    @rule(version=versions, claim=CLAIMS)
    def corrected(self, version: int, claim: Claim) -> None:
        self.attempt(version, lambda before: correct(before, claim, SALT, self.context(BOSS)))

    @rule(version=versions, comment=COMMENTS)
    def validated(self, version: int, comment: str | None) -> None:
        self.attempt(version, lambda before: validate(before, comment, SALT, self.context(BOSS)))

    @rule(version=versions, comment=COMMENTS)
    def rejected(self, version: int, comment: str | None) -> None:
        if comment == "why":
            self.attempt(version, lambda before: reject(before, comment, SALT, self.context(BOSS)))
        else:
            with pytest.raises(InvalidValue):
                reject(self.certificates[version], comment, SALT, self.context(BOSS))

    @rule(version=versions)
    def withdrawn(self, version: int) -> None:
        self.attempt(version, lambda before: withdraw(before, SALT, self.context(ANA)))

    def attempt(self, version: int, act: Any) -> None:
        before = self.certificates[version]
        if before.state is ExternalState.PENDING:
            self.keep(act(before))
        else:
            with pytest.raises(NotPending):
                act(before)

    @invariant()
    def what_ended_stays(self) -> None:
        """I8."""
        assert {each: self.certificates[each] for each in self.ended} == self.ended

    @invariant()
    def the_first_claim_is_never_lost(self) -> None:
        """R-73."""
        for each, certificate in self.certificates.items():
            assert (certificate.submitted or certificate.claim) == self.first_claims[each]

    @invariant()
    def every_change_is_in_an_unbroken_chain(self) -> None:
        """I5, R-64: as many entries as versions, each after the one before, the last hash kept."""
        for each, certificate in self.certificates.items():
            previous = b""
            for seq, entry in enumerate(self.entries[each], start=1):
                assert (entry.award_id, entry.seq) == (each, seq)
                assert verifies(previous, entry)
                previous = entry.hash
            assert (certificate.version, certificate.head) == (len(self.entries[each]), previous)

    @invariant()
    def at_most_one_version_of_a_series_waits_or_counts(self) -> None:
        """R-73, R-74."""
        everything = list(self.certificates.values())
        counting = in_force(everything)
        assert len({each.series for each in counting}) == len(counting)
        assert all(each.state in ACCEPTED_STATES for each in counting)
        waiting = [each.series for each in everything if each.state is ExternalState.PENDING]
        assert len(set(waiting)) == len(waiting)


TestExternalMachine = ExternalMachine.TestCase
