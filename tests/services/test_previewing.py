"""What another policy would change, on every storage, without writing (R-3, R-55)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve

from certcore.domain.awards import Award, Details
from certcore.domain.decisions import Held
from certcore.domain.differences import Difference
from certcore.domain.people import Act, Actor, Role, Scope
from certcore.domain.policy import NO_FACTS, Facts, RenewalPolicy
from certcore.errors import CodeTaken, InvalidValue, NotFound
from certcore.ports import AccessPolicy
from certcore.registrar import Registrar
from certcore.services import previewing
from certcore.services.correcting import Applied
from tests.services.platform import ADMIN, Platform


def years(count: int, **more: Any) -> RenewalPolicy:
    """A policy with this validity."""
    return RenewalPolicy.from_data({"validity": {"years": count}, **more})


def ends(differences: Iterator[Difference]) -> dict[str, tuple[date | None, date | None]]:
    """By username: the printed expiry before and after."""
    return {
        each.username: (each.before.expires_on, each.after.expires_on if each.after else None) for each in differences
    }


def changed(platform: Platform, policy: RenewalPolicy, actor: Actor = ADMIN, **more: Any) -> Any:
    """What would differ for SAFE-1, by username."""
    return ends(platform.registrar.previewing.policy_change("SAFE-1", policy, actor=actor, **more))


@pytest.fixture
def some(platform: Platform) -> Platform:
    """Ana holds SAFE-1 of one year from 29 February, Bo from 1 March, and Cy to a typed date."""
    platform.certification("SAFE-1")
    platform.award("ana", issued_on=date(2024, 2, 29))
    platform.award("bo")
    platform.award("cy", expires_on=date(2026, 12, 24))
    return platform


def test_who_would_expire_when_before_and_after(some: Platform) -> None:
    """R-55, R-13: counted anew from the issue date, so that 29 February keeps its day."""
    assert changed(some, years(4)) == {
        "ana": (date(2025, 2, 28), date(2028, 2, 29)),
        "bo": (date(2027, 3, 1), date(2030, 3, 1)),
    }


def test_r26_a_learner_previews_without_the_internal_note(some: Platform) -> None:
    """R-26: what would become of one's own award shows no more of it than any other view."""
    (record,) = some.registrar.reporting.search(actor=ADMIN, username="ana").records
    some.registrar.correcting.edit(record.award.number, actor=ADMIN, details=Details(note="On probation"))
    for actor, shown in ((Actor("id-ana"), False), (Actor("id-boss", frozenset({Role.MANAGER})), True), (ADMIN, True)):
        found = list(some.registrar.previewing.policy_change("SAFE-1", years(4), actor=actor))
        assert ("probation" in str(found)) is shown


def test_the_policy_in_force_changes_nothing(some: Platform) -> None:
    """R-3: what was issued under it is what it gives."""
    assert changed(some, years(1)) == {}


def test_a_typed_expiry_stays_unless_it_is_asked_for(some: Platform) -> None:
    """R-13: a typed date is an anchor of its own; its window and grace follow the policy all the same."""
    assert "cy" not in changed(some, years(2))
    assert changed(some, years(2), typed=True)["cy"] == (date(2026, 12, 24), date(2028, 3, 1))
    day = date(2026, 12, 24)
    assert changed(some, years(1, warning={"days": 30}))["cy"] == (day, day)


def test_an_always_valid_award_stays_so(platform: Platform) -> None:
    """R-32: that was typed too; where the certification itself never expires, the policy decides."""
    platform.certification("SAFE-1")
    platform.award("ana", always_valid=True)
    assert changed(platform, years(2)) == {}
    assert changed(platform, years(2), typed=True) == {"ana": (None, date(2028, 3, 1))}
    platform.certification("EVER-1", policy=RenewalPolicy())
    platform.award("bo", code="EVER-1")
    difference = next(platform.registrar.previewing.policy_change("EVER-1", years(2), actor=ADMIN))
    assert (difference.before.expires_on, difference.sooner, difference.later) == (None, True, False)


def test_nothing_is_written(some: Platform) -> None:
    """R-3: neither the awards nor the certification change, and nobody is told."""
    before = [(each.award, each.status) for each in some.registrar.reporting.search(actor=ADMIN).records]
    some.registrar.previewing.summary("SAFE-1", years(9), actor=ADMIN, typed=True, first=9)
    assert [(each.award, each.status) for each in some.registrar.reporting.search(actor=ADMIN).records] == before
    assert some.registrar.defining.get("SAFE-1", actor=ADMIN).certification.policy == years(1)
    with some.storage.reading() as tx:
        assert all(len(each) == 1 for each in tx.outbox.of([award.id for award, _ in before]).values())


def test_a_summary_counts_all_and_keeps_the_first(some: Platform) -> None:
    """R-55: sooner and later, what would be over by now, and only another window."""
    some.now = datetime(2026, 6, 1, tzinfo=UTC)
    later = some.registrar.previewing.summary("SAFE-1", years(4), actor=ADMIN, first=1)
    assert (later.awards, later.differ, later.sooner, later.later, later.expired) == (3, 2, 0, 2, 0)
    assert len(later.first) == 1
    months = RenewalPolicy.from_data({"validity": {"months": 1}})
    sooner = some.registrar.previewing.summary("SAFE-1", months, actor=ADMIN)
    assert (sooner.differ, sooner.sooner, sooner.expired, sooner.first) == (2, 2, 1, [])
    warned = some.registrar.previewing.summary("SAFE-1", years(1, warning={"days": 30}), actor=ADMIN)
    assert (warned.differ, warned.sooner, warned.later) == (3, 0, 0)


def test_it_streams_page_by_page_while_awards_are_added(some: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-55: no page is held, so the caller may write meanwhile, and nobody comes twice."""
    monkeypatch.setattr(previewing, "_PAGE", 1)
    stream = some.registrar.previewing.policy_change("SAFE-1", years(2), actor=ADMIN)
    first = next(stream).username
    some.award(first, issued_on=date(2026, 2, 1), held=Held.KEEP)
    some.certification("SAFE-2")
    assert sorted([first, *ends(stream)]) == ["ana", "bo"]


def test_only_live_awards_count(some: Platform) -> None:
    """R-3: what was renewed or taken back is history, also while it is still valid."""
    some.award("bo", issued_on=date(2027, 1, 1), held=Held.RENEW)
    assert changed(some, years(2))["bo"] == (date(2028, 1, 1), date(2029, 1, 1))
    assert some.registrar.previewing.summary("SAFE-1", years(2), actor=ADMIN).awards == 3
    number = next(
        each.award.number for each in some.registrar.reporting.awarded("SAFE-1", actor=ADMIN) if each.username == "ana"
    )
    some.registrar.correcting.unassign(number, actor=ADMIN)
    assert "ana" not in changed(some, years(2))


def test_everybody_sees_those_whom_they_may_see(some: Platform) -> None:
    """R-114: learners their own award, managers those they manage; not there looks like not allowed."""
    assert list(changed(some, years(2), Actor("id-bo"))) == ["bo"]
    assert list(changed(some, years(2), Actor("id-boss", frozenset({Role.MANAGER})))) == ["ana"]
    with pytest.raises(NotFound):
        some.registrar.previewing.policy_change("NONE", years(2), actor=ADMIN)


def test_what_cannot_be_judged_is_named_and_holds_nothing_up(some: Platform) -> None:
    """R-54: a missing attribute is an answer about one award, not the end of the preview."""
    policy = years(2, variants=[{"when": {"ward": "ICU"}, "set": {"validity": {"years": 3}}}])
    found = list(some.registrar.previewing.policy_change("SAFE-1", policy, actor=ADMIN))
    assert [(each.after, each.problem and each.problem.code) for each in found] == [(None, "invalid_value")] * 2
    summary = some.registrar.previewing.summary("SAFE-1", policy, actor=ADMIN)
    assert (summary.awards, summary.differ, summary.undecided) == (3, 0, 2)

    def facts(award: Award) -> Facts:
        return Facts(learner={"ward": "ICU" if award.learner_id == "id-ana" else "ER"})

    assert {name: after for name, (_, after) in changed(some, policy, facts=facts).items()} == {
        "ana": date(2027, 2, 28),
        "bo": date(2028, 3, 1),
    }


def shown(platform: Platform) -> dict[str, date | None]:
    """The printed expiry of every live award, by username."""
    found = platform.registrar.reporting.awarded("SAFE-1", actor=ADMIN)
    return {each.username: each.award.period.expires_on for each in found}


def test_a_policy_can_be_put_in_force_with_the_live_awards_following(some: Platform) -> None:
    """R-3: on request, just what the preview shows, as recorded edits that tell nobody."""
    wanted = {name: after for name, (_, after) in changed(some, years(4)).items()}
    applied = some.registrar.correcting.apply_policy("SAFE-1", years(4), actor=ADMIN)
    assert applied == Applied(awards=3, changed=2)
    assert shown(some) == {**wanted, "cy": date(2026, 12, 24)}
    assert some.registrar.defining.get("SAFE-1", actor=ADMIN).certification.policy == years(4)
    assert changed(some, years(4)) == {}
    number = next(
        each.award.number for each in some.registrar.reporting.awarded("SAFE-1", actor=ADMIN) if each.username == "ana"
    )
    record, history = some.registrar.reporting.show(number, actor=ADMIN)
    assert [entry.act for entry in history] == ["issued", "edited"]
    with some.storage.reading() as tx:
        assert not tx.outbox.of([record.award.id])[record.award.id][-1].notify
    assert some.registrar.correcting.apply_policy("SAFE-1", years(4), actor=ADMIN) == Applied(awards=3)
    assert len(some.registrar.reporting.show(number, actor=ADMIN)[1]) == 2


def test_what_would_end_earlier_follows_only_where_that_is_asked(some: Platform) -> None:
    """R-53: never shortened by the way; the definition changes all the same."""
    before = shown(some)
    half = RenewalPolicy.from_data({"validity": {"months": 6}})
    assert some.registrar.correcting.apply_policy("SAFE-1", half, actor=ADMIN) == Applied(awards=3, kept=2)
    assert shown(some) == before
    told = some.registrar.correcting.apply_policy("SAFE-1", half, actor=ADMIN, may_shorten=True, typed=True)
    assert (told.changed, told.kept) == (3, 0)
    assert shown(some) == {"ana": date(2024, 8, 29), "bo": date(2026, 9, 1), "cy": date(2026, 9, 1)}


def test_following_goes_batch_by_batch_and_leaves_others_alone(some: Platform) -> None:
    """R-3: as one act; what cannot be judged stays and is counted, and other certifications stay as they are."""
    some.certification("SAFE-2")
    some.award("ana", code="SAFE-2")
    some.settings = evolve(some.settings, batch=1)
    some.__attrs_post_init__()
    policy = years(2, variants=[{"when": {"ward": "ICU"}, "set": {"validity": {"years": 3}}}])

    def facts(award: Award) -> Facts:
        return NO_FACTS if award.learner_id == "id-bo" else Facts(learner={"ward": "ICU"})

    told = some.registrar.correcting.apply_policy("SAFE-1", policy, actor=ADMIN, facts=facts)
    assert told == Applied(awards=3, changed=1, undecided=1)
    assert shown(some)["ana"] == date(2027, 2, 28)
    (other,) = some.registrar.reporting.awarded("SAFE-2", actor=ADMIN)
    assert other.award.version == 1


def test_whoever_may_edit_some_awards_lets_those_follow(some: Platform) -> None:
    """R-114: and those who may not define change nothing."""

    class OnlyBo(AccessPolicy):
        def scope(self, actor: Actor, act: Act) -> Scope:  # noqa: ARG002
            return Scope(learners=frozenset({"id-bo"}))

    limited = Registrar(storage=some.storage, directory=some.directory, catalog=some.catalog, access=OnlyBo())
    assert limited.correcting.apply_policy("SAFE-1", years(4), actor=Actor("id-boss")) == Applied(awards=1, changed=1)
    with pytest.raises(NotFound):
        some.registrar.correcting.apply_policy("SAFE-1", years(5), actor=Actor("id-boss"))
    assert shown(some)["ana"] == date(2025, 2, 28)


def test_an_edit_can_be_looked_at_before(some: Platform) -> None:
    """R-3, R-28: what changes in the definition, and what would if the live awards followed; nothing is written."""
    before = some.registrar.defining.get("SAFE-1", actor=ADMIN)
    preview = some.registrar.previewing.edit(
        "SAFE-1", {"policy": years(4), "auto_renew": True, "code": "SAFE-1", "name": "New name"}, actor=ADMIN, first=1
    )
    assert [(each.name, each.before, each.after) for each in preview.changes] == [
        ("auto_renew", False, True),
        ("name", "Name of SAFE-1", "New name"),
        ("policy", years(1), years(4)),
    ]
    assert preview.reprint
    assert preview.awards is not None
    assert (preview.awards.awards, preview.awards.later, len(preview.awards.first)) == (3, 2, 1)
    assert some.registrar.defining.get("SAFE-1", actor=ADMIN) == before
    quiet = some.registrar.previewing.edit("SAFE-1", {"items_needed": None}, actor=ADMIN)
    assert (len(quiet.changes), quiet.reprint, quiet.awards) == (1, False, None)
    assert some.registrar.previewing.edit("SAFE-1", {}, actor=ADMIN).changes == ()


def test_an_edit_that_would_be_refused_is_so_in_the_preview(some: Platform) -> None:
    """R-1, f48: by the same rules."""
    some.certification("SAFE-2")
    with pytest.raises(CodeTaken):
        some.registrar.previewing.edit("SAFE-1", {"code": "SAFE-2"}, actor=ADMIN)
    for changes in ({"retired": True}, {"version": 7}, {"items_needed": 0}):
        with pytest.raises(InvalidValue):
            some.registrar.previewing.edit("SAFE-1", changes, actor=ADMIN)
