"""The help page on certifications and retraining, played from its first line to its last (SEED 4).

Each step shows one fact of it, by the rule that carries the fact; where the rule decides otherwise than the page, the
step says so. Of its notices (R-80) only what is written to be told is played, and badges on social media not at all.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Final

from certcore.domain.awards import Status
from certcore.domain.certifications import Item
from certcore.domain.policy import RenewalPolicy
from certcore.domain.renewability import ItemStatus
from certcore.errors import InvalidValue, ItemTaken, LiveAwards, NotFound, NotRenewable, NotTypedBack, Retired
from certcore.ports import Storage
from tests.scenarios.by_hand import BY_HAND, external_certifications_with_links
from tests.scenarios.facts import Fact, play
from tests.scenarios.from_file import FROM_A_FILE
from tests.scenarios.port import (
    CRANE,
    DAY,
    DECK,
    FIRE,
    HOIST,
    KNOTS,
    RED_CROSS,
    SIGNALS,
    SUPER,
    TALK,
    Port,
    learner,
    port_over,
)

SIX_MONTHS: Final = RenewalPolicy.from_data({"validity": {"months": 6}})


def only_the_superadmin_manages(port: Port) -> None:
    port.refuses(NotFound, port.registrar.defining.add, "Mine", actor=learner("ada"))


def a_name_is_enough(port: Port) -> None:
    port.refuses(InvalidValue, port.registrar.defining.add, " ", actor=SUPER)
    made = port.registrar.defining.add("Height", actor=SUPER)
    assert (made.code, made.description) == (None, "")


def validity_in_four_units_or_for_ever(port: Port) -> None:
    for unit, count, expires in (
        ("days", 30, date(2026, 3, 2)),
        ("weeks", 2, date(2026, 2, 14)),
        ("months", 1, date(2026, 2, 28)),
        ("years", 3, date(2029, 1, 31)),
        ("years", 0, None),
    ):
        code = f"{unit}-{count}"
        port.certify(code, policy=RenewalPolicy.from_data({"validity": {unit: count}}))
        port.awards("hand000", code=code, issued_on=date(2026, 1, 31))
        assert port.held("hand000", code).period.expires_on == expires


def the_list_of_certifications(port: Port) -> None:
    port.certify("DRILL", HOIST, description="Twice a year", policy=SIX_MONTHS)
    port.awards("hand000", "hand001", code="DRILL")
    (shown,) = [each for each in port.registrar.defining.overviews(actor=SUPER) if each.certification.code == "DRILL"]
    told = shown.certification
    assert (told.name, told.description, told.policy) == ("Programme DRILL", "Twice a year", SIX_MONTHS)
    assert (shown.live_awards, shown.items) == (2, (HOIST,))


def edited_from_the_list(port: Port) -> None:
    """R-3: what was issued stays, on which the page is silent."""
    before = port.held("hand000", "DRILL")
    edit = port.registrar.defining.edit
    after = edit(
        "DRILL",
        actor=SUPER,
        name="Drill",
        code="DRILL-2",
        description="",
        policy=RenewalPolicy.from_data({"validity": {"days": 9}}),
    )
    assert (after.name, after.code, after.description) == ("Drill", "DRILL-2", "")
    assert port.held("hand000", "DRILL-2") == before
    port.awards("hand002", code="DRILL-2", issued_on=date(2026, 1, 5))
    assert port.held("hand002", "DRILL-2").period.expires_on == date(2026, 1, 14)


def deleting_takes_everything(port: Port) -> None:
    """R-4: not while somebody holds it, unless that is meant; typed back; and its numbers are never used again."""
    number = port.held("hand000", "DRILL-2").number
    delete = port.registrar.defining.delete
    port.refuses(NotTypedBack, delete, "DRILL-2", typed="DRILL", actor=SUPER)
    port.refuses(LiveAwards, delete, "DRILL-2", typed="DRILL-2", actor=SUPER)
    gone = delete("DRILL-2", typed="DRILL-2", actor=SUPER, with_live=True)
    assert (gone.items, gone.awards, gone.live) == (1, 3, 3)
    assert port.seen("hand000", "DRILL-2") is None
    port.refuses(NotFound, port.registrar.reporting.show, number, actor=SUPER)
    with port.platform.storage.reading() as tx:
        assert list(tx.tombstones.of([number])) == [number]


def retiring_is_the_safe_way(port: Port) -> None:
    port.registrar.defining.retire("days-30", actor=SUPER)
    assert port.held("hand000", "days-30").live
    port.refuses(Retired, port.awards, "hand001", code="days-30")


def any_one_of_the_items_earns_it(port: Port) -> None:
    port.certify("SAFE", FIRE, DECK, allow_retake=True)
    port.passes(1)
    assert port.completes("ada", FIRE).outcome == "new"
    assert port.completes("ben", DECK).outcome == "new"
    assert str(port.held("ben", "SAFE").basis.item) == str(DECK)


def assigned_from_the_item_too(port: Port) -> None:
    port.certify("LIFT", allow_retake=False)
    for item in (CRANE, HOIST):
        port.registrar.defining.assign("LIFT", [item], actor=SUPER)
    assert port.registrar.defining.get("LIFT", actor=SUPER).items == (CRANE, HOIST)


def not_for_what_was_done_before(port: Port) -> None:
    """R-21: a dry run says who would have it, which the page does not offer."""
    assert port.completes("cleo", SIGNALS).reason == "not_assigned"
    port.passes(1)
    port.certify("SIGN", SIGNALS)
    earlier = port.platform.now - 2 * DAY
    assert port.completes("dov", SIGNALS, earlier).reason == "before_assignment"
    assert (port.found("cleo", "SIGN"), port.found("dov", "SIGN")) == ([], [])
    report = port.registrar.completing.retroactive("SIGN", actor=SUPER)
    assert {each.learner for each in report.outcomes} == {"cleo", "dov"}
    assert port.completes("hand003", SIGNALS).outcome == "new"


def one_certification_for_an_item(port: Port) -> None:
    refusal = port.refuses(ItemTaken, port.registrar.defining.assign, "SIGN", [FIRE], actor=SUPER)
    assert "SAFE" in str(refusal)


def a_plan_and_its_courses_may_carry_different_ones(port: Port) -> None:
    port.certify("KNOT", KNOTS)
    port.passes(1)
    assert [port.completes("hand004", item).outcome for item in (KNOTS, DECK)] == ["new", "new"]
    assert port.held("hand004", "KNOT").basis != port.held("hand004", "SAFE").basis


def renewed_at_any_time_while_complete(port: Port) -> None:
    for days in (10, 400):
        port.passes(days)
        assert "through_retake" in port.why("ada", "SAFE")
        assert port.renew_now("ada", "SAFE") == f"https://lms.example/renew/{port.held('ada', 'SAFE').number}"
    assert port.found("ada", "SAFE")[0].status is Status.EXPIRED


def without_retakes_only_what_is_not_complete_yet(port: Port) -> None:
    port.completes("cleo", CRANE)
    assert port.why("cleo", "LIFT")[:1] == ["through_completion"]
    port.starts("cleo", "LIFT")
    assert port.completes("cleo", CRANE, port.platform.now + DAY).outcome == "already_held"
    port.passes(2)
    assert port.completes("cleo", HOIST).outcome == "renewed"


def and_no_link_when_all_are_complete(port: Port) -> None:
    assert port.why("cleo", "LIFT") == ["retake_not_allowed", "retake_not_allowed"]
    assert port.renew_now("cleo", "LIFT") is None
    port.refuses(NotRenewable, port.starts, "cleo", "LIFT")


def starting_resets_what_was_tracked(port: Port) -> None:
    """R-51: material shared with another course is reset there too, and the status of that course stays."""
    port.completes("ada", CRANE)
    assert port.catalog.tracked("id-ada", FIRE) == {"film", "test"}
    port.starts("ada", "SAFE")
    assert port.catalog.tracked("id-ada", FIRE) == frozenset()
    assert port.catalog.tracked("id-ada", CRANE) == {"manual"}
    stands = port.catalog.progress(["id-ada"], [FIRE, CRANE])
    assert (stands["id-ada", FIRE].status, stands["id-ada", CRANE].status) == (
        ItemStatus.NOT_STARTED,
        ItemStatus.COMPLETE,
    )


def the_enrolment_is_archived_and_a_new_one_begins(port: Port) -> None:
    """R-51, R-52: by an order that is given once, from however many places; the host tells of the enrolment."""
    (kept,) = [each for each in port.catalog.completions([FIRE]) if each.learner_id == "id-ada"]
    assert kept.at < port.platform.now - 300 * DAY
    port.starts("ada", "SAFE")  # from another place that shows the link
    kinds = [event.kind for event in port.events(port.held("ada", "SAFE"))]
    assert kinds == ["award.issued", "award.renewal_started"]


def renewed_after_the_expiry(port: Port) -> None:
    before = port.held("ada", "SAFE")
    port.passes(3)
    assert port.completes("ada", FIRE).outcome == "renewed"
    old, new = port.found("ada", "SAFE")
    assert (old.award.number, old.status, old.renewed) == (before.number, Status.ARCHIVED, "after_expiry")
    assert (old.renewed_by, new.renews) == (new.award.number, old.award.number)
    assert old.award.period == before.period


def renewed_before_the_expiry(port: Port) -> None:
    """R-60, R-92: the earlier completion date is in both reports."""
    first = port.held("ada", "SAFE").earned_on
    port.passes(30)
    port.starts("ada", "SAFE")
    port.passes(1)
    port.completes("ada", FIRE)
    reporting = port.registrar.reporting
    for report in (reporting.users_certifications, reporting.certifications_users):
        rows = [each for each in report(actor=SUPER) if (each.username, each.certification.code) == ("ada", "SAFE")]
        assert [each.status for each in rows] == [Status.ARCHIVED, Status.ARCHIVED, Status.ACTIVE]
        assert [each.renewed for each in rows] == ["after_expiry", "before_expiry", None]
        assert (rows[1].completed_on, rows[2].earlier_completed_on) == (first, first)


def retaking_without_the_link_renews_nothing(port: Port) -> None:
    held = port.held("ada", "SAFE")
    port.passes(5)
    outcome = port.completes("ada", FIRE)
    assert (outcome.outcome, outcome.reason) == ("already_held", "renewal_not_started")
    assert port.held("ada", "SAFE") == held


def not_when_the_course_is_over(port: Port) -> None:
    yesterday = port.today - DAY
    port.catalog.put(Item(FIRE, "Fire drill", materials=("film", "test"), valid_until=yesterday))
    port.catalog.put(Item(DECK, "Deck", courses=("KNOTS", "SIGNALS"), valid_until=yesterday))
    assert port.why("ada", "SAFE") == ["item_validity_over", "item_validity_over"]
    assert port.renew_now("ada", "SAFE") is None


def and_the_plan_outranks_its_courses(port: Port) -> None:
    today = port.today
    port.catalog.put(Item(KNOTS, "Knots", valid_until=today + 90 * DAY))
    port.registrar.defining.edit("KNOT", actor=SUPER, allow_retake=True)
    assert port.why("hand004", "KNOT") == ["plan_validity_over"]
    port.catalog.put(Item(DECK, "Deck", courses=("KNOTS", "SIGNALS"), valid_until=today))
    port.catalog.put(Item(KNOTS, "Knots", valid_until=today - DAY))
    assert "through_retake" in port.why("hand004", "KNOT")


def what_is_decommissioned_is_named(port: Port) -> None:
    port.catalog.put(Item(KNOTS, "Knots", usable=False))
    assert port.why("hand004", "KNOT") == ["item_decommissioned"]


def the_date_of_an_external_activity(port: Port) -> None:
    port.certify("AID", RED_CROSS)
    assert port.completes("dov", RED_CROSS, date(2025, 2, 28)).outcome == "new"
    assert port.held("dov", "AID").period.issued_on == date(2025, 2, 28)


def told_when_it_is_issued_and_how_to_renew(port: Port) -> None:
    (issued, *_) = port.events(port.held("ada", "SAFE"))
    assert (issued.kind, issued.notify) == ("award.issued", True)
    port.certify("TALK", TALK, allow_retake=True)
    port.completes("ben", TALK)
    number = port.held("ben", "TALK").number
    assert port.renew_now("ben", "TALK") == f"https://lms.example/renew/{number}"


def what_learners_see(port: Port) -> None:
    shown = port.seen("ben", "TALK")
    assert shown is not None
    assert (shown.title, shown.record.certification.code, shown.description) == ("Programme TALK", "TALK", "")
    assert (shown.issued_on, shown.last_valid_day) == (port.today, port.in_a_year - DAY)
    assert shown.days_left == (port.in_a_year - port.today).days - 1
    assert port.seen("ben", "AID") is None


def taking_an_item_away_keeps_or_removes(port: Port) -> None:
    """R-7: the page removes what was earned through it without a word; here the caller says, and history stays."""
    unassign = port.registrar.defining.unassign_items
    assert port.registrar.defining.preview_unassign([TALK], actor=SUPER).awards == 1
    kept = unassign([TALK], awards="keep", actor=SUPER)
    assert (kept.removed, port.held("ben", "TALK").live) == (0, True)
    port.registrar.defining.assign("TALK", [TALK], actor=SUPER)
    assert unassign([TALK], awards="remove", actor=SUPER).removed == 1
    assert port.seen("ben", "TALK") is None
    (record,) = port.found("ben", "TALK")
    _, history = port.registrar.reporting.show(record.award.number, actor=SUPER)
    assert [entry.act for entry in history] == ["issued", "unassigned"]


def shown_in_the_readers_zone(port: Port) -> None:
    """R-10: stored as instants, shown as the days of whoever reads."""
    award = port.held("dov", "AID")
    assert award.period.issued_at == datetime.combine(date(2025, 2, 28), time(), UTC)
    for zone, day in ((None, date(2025, 2, 28)), ("America/Havana", date(2025, 2, 27))):
        shown = port.seen("dov", "AID", zone)
        assert shown is not None
        assert shown.issued_on == day


FACTS: Final = (
    Fact("R-114", "the superadmin manages certifications", only_the_superadmin_manages),
    Fact("R-1", "a name is mandatory, code and description are not", a_name_is_enough),
    Fact("R-2", "days, weeks, months or years; zero does not expire", validity_in_four_units_or_for_ever),
    Fact("R-8", "code, name, description, validity, awards, items", the_list_of_certifications),
    Fact("R-3", "name, code, description and validity are edited", edited_from_the_list),
    Fact("R-4", "deleting removes awards, items and tracking", deleting_takes_everything),
    Fact("R-4", "which is not recommended", retiring_is_the_safe_way),
    Fact("R-6", "one of the items is enough", any_one_of_the_items_earns_it),
    Fact("R-5", "items are assigned from the certification and from the item", assigned_from_the_item_too),
    Fact("R-21", "nobody gets it for what they completed before", not_for_what_was_done_before),
    Fact("R-5", "an item has one certification at most", one_certification_for_an_item),
    Fact("R-5", "the courses of a plan may have others", a_plan_and_its_courses_may_carry_different_ones),
    Fact("R-51", "renewable at any time, expired or not, while complete", renewed_at_any_time_while_complete),
    Fact("R-51", "without retakes through items not completed", without_retakes_only_what_is_not_complete_yet),
    Fact("R-50", "with none left the link is not shown", and_no_link_when_all_are_complete),
    Fact("R-51", "tracking is reset, shared material everywhere", starting_resets_what_was_tracked),
    Fact("R-52", "the enrolment is archived, the learner enrolled", the_enrolment_is_archived_and_a_new_one_begins),
    Fact("R-60", "renewed after expiry: the old one is archived", renewed_after_the_expiry),
    Fact("R-92", "renewed before: the completion date is kept in both reports", renewed_before_the_expiry),
    Fact("R-52", "a retake without the link renews nothing", retaking_without_the_link_renews_nothing),
    Fact("R-51", "not when the course's validity is over", not_when_the_course_is_over),
    Fact("R-51", "a plan's validity has priority", and_the_plan_outranks_its_courses),
    Fact("R-51", "decommissioned content", what_is_decommissioned_is_named),
    Fact("R-22", "an external activity's completion date is the issue date", the_date_of_an_external_activity),
    *BY_HAND,
    Fact("R-20", "external certifications by provider and link", external_certifications_with_links),
    *FROM_A_FILE,
    Fact("R-10", "dates are stored in UTC and converted when displayed", shown_in_the_readers_zone),
    Fact("R-83", "a notice when it is issued, with the link to renew", told_when_it_is_issued_and_how_to_renew),
    Fact("R-96", "what learners see of their certifications", what_learners_see),
    Fact("R-7", "taking the item away takes the award from the learner", taking_an_item_away_keeps_or_removes),
)


def test_seed_004_from_its_first_line_to_its_last(new_storage: Callable[[], Storage]) -> None:
    """SEED 4: every fact in the page's order; a failure names the rule."""
    play(FACTS, port_over(new_storage()))
