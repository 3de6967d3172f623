"""Enrolments of the embedded catalogs, as functions of values."""

from datetime import date, timedelta

from attrs import evolve

from certcore.domain.certifications import Item, ItemRef
from certcore.domain.completions import Completion
from certcore.domain.deliveries import Retake, delivery_id
from certcore.domain.enrolments import Enrolment, completed, current, progress, retaken
from certcore.domain.renewability import ItemStatus, PlanValidity
from certcore.testing.builders import COURSE, NOW, make_completion

ADA = "id-ada"
ORDER = Retake(delivery_id("retake", 1), ADA, COURSE, NOW)
EARLIER = make_completion(at=NOW - timedelta(days=1))
LATER = make_completion(at=NOW + timedelta(days=1))


def test_completing_enrols_who_was_not_enrolled() -> None:
    enrolment = completed([], EARLIER)
    assert enrolment == Enrolment(ADA, COURSE, 1, completion=EARLIER)
    assert enrolment is not None
    assert completed([enrolment], EARLIER) is None
    assert completed([enrolment], LATER) == evolve(enrolment, completion=LATER)


def test_an_order_archives_and_begins_anew() -> None:
    """R-51: an order known by its id, or overtaken by a completion, does nothing."""
    first = Enrolment(ADA, COURSE, completion=EARLIER)
    archived, new = retaken([first], ORDER)
    assert (archived.completion, archived.archived_at) == (EARLIER, NOW)
    assert (new.seq, new.order_id, new.enrolled_at, new.completion) == (2, ORDER.id, NOW, None)
    assert current([archived, new]) == new
    assert not retaken([archived, new], ORDER)
    assert not retaken([evolve(first, completion=LATER)], ORDER)
    assert [each.seq for each in retaken([], ORDER)] == [1]


def test_a_completion_belongs_to_the_enrolment_of_its_time() -> None:
    """R-52: one dated on the day of the order counts, one of the day before does not."""
    _, new = retaken([Enrolment(ADA, COURSE, completion=EARLIER)], ORDER)
    archived = Enrolment(ADA, COURSE, archived_at=NOW, completion=EARLIER)
    today = Completion.of(ADA, COURSE, NOW.date(), "UTC")
    assert completed([archived, new], today) == evolve(new, completion=today)
    assert completed([archived, new], today._replace(on=NOW.date() - timedelta(1))) is None
    assert completed([archived, new], EARLIER) is None


def test_progress_says_what_the_item_says() -> None:
    """Validity, use, and of the plans that have the course the one that lasts longest: an endless one most of all."""
    item = Item(COURSE, valid_until=date(2030, 1, 1), usable=False)
    plans = [
        Item(ItemRef.parse("learning_plan:P-1"), courses=("C-1",), valid_until=date(2031, 1, 1)),
        Item(ItemRef.parse("learning_plan:P-2"), courses=("C-1",)),
        Item(ItemRef.parse("learning_plan:P-3"), courses=("C-2",)),
    ]
    enrolment = Enrolment(ADA, COURSE)
    stands = progress(enrolment, item, (), plans)
    assert (stands.status, stands.valid_until, stands.usable) == (ItemStatus.NOT_STARTED, date(2030, 1, 1), False)
    assert stands.plan == PlanValidity(plans[1].ref)
    assert progress(enrolment, item, {"film"}, plans[:1]).plan == PlanValidity(plans[0].ref, date(2031, 1, 1))
    assert progress(enrolment, item, {"film"}, plans[2:]).plan is None
    assert progress(enrolment, item, {"film"}, ()).status is ItemStatus.IN_PROGRESS
    assert progress(evolve(enrolment, completion=EARLIER), item, (), ()).status is ItemStatus.COMPLETE
