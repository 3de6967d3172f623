"""Policies, facts and days at random, over the whole vocabulary."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

DAYS = st.dates(date(1995, 1, 1), date(2045, 12, 31))
FAR_DAYS = st.one_of(DAYS, st.dates(), st.sampled_from([date.min, date.max, date(2024, 2, 29)]))
NAMES = st.sampled_from(["a", "b", "c"])
UNITS = st.sampled_from(["years", "months", "weeks", "days"])
COUNTS = st.one_of(st.integers(0, 40), st.sampled_from([0, 1, 12, 9_999, 10**12]))
AMOUNTS = st.one_of(st.integers(0, 100), st.sampled_from([0.1, 6.5, 12.25]))
LENGTHS = st.builds(lambda unit, count: {unit: count}, UNITS, COUNTS)
MONTHS = st.builds(lambda unit, count: {unit: count}, st.sampled_from(["months", "years"]), st.integers(1, 24))
MONTH_DAYS = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: day.isoformat()[5:])
ISO = DAYS.map(date.isoformat)
PATHS = st.sampled_from(["renewal", "full", "no_renewal", "other", "after_expiry"])
STARTS = st.sampled_from(["completion", "day_after_completion", "day_after_previous_expiry"])
ALIGNED = st.one_of(
    st.fixed_dictionaries({"length": LENGTHS}), st.fixed_dictionaries({"length": MONTHS, "align": st.just("month")})
)
ITEMS = st.lists(
    st.one_of(
        NAMES,
        st.fixed_dictionaries({"item": NAMES}, optional={"max_age": LENGTHS, "count": st.integers(1, 3)}),
    ),
    min_size=1,
    max_size=3,
)
CATEGORIES = st.lists(
    st.fixed_dictionaries(
        {"in": st.lists(NAMES, min_size=1, max_size=3, unique=True), "max": st.integers(5, 50)},
        optional={"min": st.integers(0, 5)},
    ),
    min_size=1,
    max_size=3,
)
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "kind": NAMES,
        "hours_lt": st.integers(0, 9),
        "hours_ge": st.integers(0, 9),
        "age_at_completion_lt": st.integers(0, 80),
        "age_at_completion_ge": st.integers(0, 80),
        "result": NAMES,
        "completed_from": ISO,
        "completed_until": ISO,
    },
).filter(bool)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    """A window, aligned to days or months."""
    aligned = draw(ALIGNED)
    rest = st.fixed_dictionaries(
        {},
        optional={
            "early": st.sampled_from(["completion", "refuse", "no_change"]),
            "open_day": st.sampled_from(["inclusive", "exclusive"]),
        },
    )
    return {"opens": aligned.pop("length"), **aligned, **draw(rest)}


@st.composite
def graces(draw: st.DrawFn) -> dict[str, Any]:
    """A grace, aligned to days or months."""
    rest = st.fixed_dictionaries(
        {},
        optional={
            "valid": st.booleans(),
            "anchor": st.sampled_from(["completion", "previous_expiry"]),
            "path": PATHS,
            "start": STARTS,
            "label": NAMES,
            "credits_after_expiry": st.booleans(),
        },
    )
    return {**draw(ALIGNED), **draw(rest)}


@st.composite
def anchors(draw: st.DrawFn) -> dict[str, Any]:
    """An anchor of any kind, with what the kind needs and may have."""
    kind = draw(
        st.sampled_from(
            [
                "completion",
                "previous_expiry",
                "previous_expiry_in_window",
                "fixed",
                "cycle",
                "learner_date",
                "earliest_item_completion",
            ]
        )
    )
    anchor: dict[str, Any] = {"kind": kind}
    if kind == "fixed":
        anchor["base"] = draw(st.one_of(ISO, MONTH_DAYS, st.just("assignment due date")))
        anchor |= draw(st.fixed_dictionaries({}, optional={"minimum": st.just({"days": 20})}))
    if kind == "cycle":
        anchor["ends"] = draw(MONTH_DAYS)
    if kind in {"completion", "previous_expiry", "previous_expiry_in_window"} and draw(st.booleans()):
        anchor["initial"] = "due_date_else_completion"
    if kind.startswith("previous_expiry"):
        anchor |= draw(st.fixed_dictionaries({}, optional={"max_postdate": LENGTHS}))
    return anchor | draw(st.fixed_dictionaries({}, optional={"start": STARTS}))


CREDITS = st.fixed_dictionaries(
    {"total": AMOUNTS},
    optional={
        "categories": CATEGORIES,
        "per_year": st.fixed_dictionaries(
            {"min": AMOUNTS}, optional={"year": st.sampled_from(["of_period", "calendar"]), "categories": CATEGORIES}
        ),
        "rolling": st.fixed_dictionaries(
            {"years": st.integers(1, 4), "min": AMOUNTS}, optional={"across_periods": st.booleans()}
        ),
        "carry_over": st.fixed_dictionaries(
            {"max": AMOUNTS}, optional={"earned_in_last": LENGTHS, "in": st.lists(NAMES, min_size=1, max_size=2)}
        ),
        "min_block": AMOUNTS,
        "max_age": LENGTHS,
        "count_from": st.just("day_after_completion"),
        "period": st.fixed_dictionaries(
            {
                "years": st.integers(1, 5),
                "starts": st.one_of(MONTH_DAYS, st.just({"learner_month_start": "birth_date"})),
            }
        ),
        "any_of": st.lists(
            st.fixed_dictionaries({"total": AMOUNTS}, optional={"items": ITEMS}), min_size=1, max_size=2
        ),
    },
)
LEARNER_ROUND = st.fixed_dictionaries(
    {"learner_month_end": st.just("birth_date")}, optional={"parity": st.just("birth_date")}
)
ROUNDS = st.one_of(
    st.sampled_from(["exact", "end_of_month", "end_of_year", "first_of_next_month"]),
    st.fixed_dictionaries({"month_day": MONTH_DAYS}),
    LEARNER_ROUND,
)
KEYS = {
    "validity": st.one_of(LENGTHS, st.just("none")),
    "round": ROUNDS,
    "last_day": st.sampled_from(["anniversary", "day_before"]),
    "boundary": st.sampled_from(["exclusive", "inclusive"]),
    "shorten": st.booleans(),
    "anchor": anchors(),
    "window": windows(),
    "grace": graces(),
    "lapse": st.fixed_dictionaries({"path": PATHS}, optional={"after": LENGTHS}),
    "items": st.fixed_dictionaries(
        {},
        optional={
            "renewal": ITEMS,
            "after_expiry": ITEMS,
            "reinstate_in_grace": ITEMS,
            "full": ITEMS,
            "renewal_when": st.lists(st.fixed_dictionaries({"when": WHEN, "add": ITEMS}), min_size=1, max_size=2),
        },
    ),
    "credits": CREDITS,
    "cap": st.fixed_dictionaries({"age": st.integers(1, 80)}),
    "due": st.fixed_dictionaries({"after_validity": LENGTHS}),
    "expiry": st.fixed_dictionaries({"after_validity": LENGTHS}),
    "warning": LENGTHS,
    "extension": st.fixed_dictionaries({"max": LENGTHS}),
    "recency": st.fixed_dictionaries({"count": st.integers(1, 3), "of": NAMES, "within": MONTHS}),
    "confirmation": st.fixed_dictionaries({"every": MONTHS}),
    "events": st.fixed_dictionaries({"ends_validity": st.lists(NAMES, min_size=1, max_size=2)}),
    "also_extended_by": st.lists(NAMES, min_size=1, max_size=2),
}
SETS = st.fixed_dictionaries({}, optional=KEYS)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        **KEYS,
        "variants": st.lists(st.fixed_dictionaries({"when": WHEN, "set": SETS}), min_size=1, max_size=2),
        "routes": st.lists(
            st.fixed_dictionaries({"route": NAMES, "set": SETS}, optional={"not_after_route": NAMES}),
            min_size=1,
            max_size=2,
            unique_by=lambda route: str(route["route"]),
        ),
    },
)
SOME_DAYS = st.lists(ISO, max_size=5)
FACTS = st.fixed_dictionaries(
    {"learner": st.fixed_dictionaries({}, optional={"birth_date": ISO, "kind": NAMES, "hours": st.integers(0, 9)})},
    optional={
        "result": NAMES,
        "award": NAMES,
        "route": NAMES,
        "previous_route": NAMES,
        "assignment_due": ISO,
        "previous_due": ISO,
        "item_completions": st.dictionaries(NAMES, st.one_of(ISO, SOME_DAYS)),
        "events": st.dictionaries(NAMES, SOME_DAYS),
        "confirmations": SOME_DAYS,
        "extension": LENGTHS,
        "other_award_completed": st.dictionaries(NAMES, ISO),
        "period": st.tuples(DAYS, DAYS).map(lambda days: [day.isoformat() for day in sorted(days)]),
        "credits": st.lists(
            st.one_of(st.tuples(ISO, AMOUNTS).map(list), st.tuples(ISO, AMOUNTS, NAMES).map(list)), max_size=6
        ),
    },
)
QUESTIONS = st.builds(
    lambda facts, days: facts | days,
    FACTS,
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("completed", "previous_expiry", "renewal_completed", "on"), FAR_DAYS.map(date.isoformat)
        ),
    ),
)
