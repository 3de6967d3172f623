"""A learner's timeline under a policy as rows of spans, one row for each completion, ready to be drawn."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, Literal, Self

from attrs import evolve, frozen

from certcore.cli.output import plain
from certcore.domain.policy import Completion, Moment, RenewalPolicy, grace_ends, resolve, simulate, window_opens

State = Literal["valid", "expiring", "grace", "renewable"]
_MONTH_STEPS: Final = (1, 2, 3, 6)
_YEAR_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_MOST_TICKS: Final = 8


@frozen
class Span:
    """A state from one day to another, that one not included; as ordinals, since the end may lie past the calendar."""

    state: State
    first: int
    end: int


@frozen
class Row:
    """A completion and what it gave: the spans until the next one that gave something, and the window for it."""

    done: Moment
    spans: tuple[Span, ...] = ()
    window: tuple[int, int] | None = None

    @property
    def ends(self) -> str:
        """The expiry from then on, in few words."""
        return "never expires" if self.done.expires is None else f"expires {self.done.expires}"

    @property
    def why(self) -> str:
        """The reasons as sentences."""
        return plain(" ".join(each.text for each in self.done.reasons))


@frozen
class Timeline:
    """Rows over the days from ``first`` to ``end`` (ordinals), and every day on which something changes."""

    rows: tuple[Row, ...]
    moments: tuple[Moment, ...]
    first: int
    end: int

    @classmethod
    def of(cls, policy: RenewalPolicy, completions: Sequence[Completion], until: date | None) -> Self:
        """The timeline of these completions, to and including ``until``; raises what `simulate` raises."""
        moments = simulate(policy, completions, until=until)
        ordered = sorted(completions, key=lambda each: each.on)
        bare = list(_rows(policy, moments, ordered))
        days = [each.on.toordinal() for each in moments]
        days += [span.end for row in bare for span in row.spans if span.end < _FOR_EVER]
        first = min(days, default=0)
        end = until.toordinal() + 1 if until else max(days, default=0)
        end = max(end, first + 30) if until else end + max((end - first) // 20, 30)
        return cls(tuple(_cut(bare, end)), moments, first, end)

    @property
    def ticks(self) -> Iterator[tuple[int, str]]:
        """The days that the axis names, a few of them."""
        first, end = (date.fromordinal(min(day, date.max.toordinal())) for day in (self.first, self.end))
        months = (end.year - first.year) * 12 + end.month - first.month
        steps = (*_MONTH_STEPS, *(12 * years for years in _YEAR_STEPS))
        step = next(each for each in steps if months // each <= _MOST_TICKS or each == steps[-1])
        for month in range(-(-(first.year * 12 + first.month - 1) // step) * step, end.year * 12 + end.month, step):
            year, of_year = divmod(month, 12)
            if date.min.year <= year <= date.max.year and (day := date(year, of_year + 1, 1)) >= first:
                yield day.toordinal(), day.isoformat()[: 4 if step >= 12 else 7]


_FOR_EVER: Final = date.max.toordinal() + 2


def _rows(policy: RenewalPolicy, moments: Sequence[Moment], completions: Iterable[Completion]) -> Iterator[Row]:
    """A row for each completion, its spans going on as if nothing followed."""
    ends = len(moments)
    granted = [place for place, each in enumerate(moments) if each.what in ("awarded", "renewed")]
    stops = dict(zip(granted, [*granted[1:], ends], strict=False))
    done = [place for place, each in enumerate(moments) if place in stops or each.what == "not_renewed"]
    for completion, place in zip(completions, done, strict=False):
        moment = moments[place]
        if place not in stops:
            yield Row(moment)
            continue
        terms = resolve(policy, completion.facts, completed=completion.on)
        follows = [each for each in moments[place + 1 : stops[place]] if each.what != "not_renewed"]
        yield Row(moment, tuple(_spans(terms, moment, follows)), _window(terms, moment))


def _spans(terms: RenewalPolicy, moment: Moment, follows: Iterable[Moment]) -> Iterator[Span]:
    state: State = "valid"
    since = moment.on.toordinal()
    for each in follows:
        day = each.on.toordinal()
        yield Span(state, since, day)
        since = day
        if each.what == "expired":
            only_renewable = moment.expires is not None and not terms.grace_is_valid and not each.reasons
            ends = grace_ends(terms, moment.expires) if only_renewable and moment.expires else None
            if ends is not None and ends.toordinal() >= since:
                yield Span("renewable", since, ends.toordinal() + 1)
            return
        state = "expiring" if each.what == "expiring" else "grace"
    yield Span(state, since, _FOR_EVER)


def _window(terms: RenewalPolicy, moment: Moment) -> tuple[int, int] | None:
    opens = None if moment.expires is None else window_opens(terms, moment.expires)
    if opens is None or moment.expires is None:
        return None
    return max(opens, moment.on).toordinal(), moment.expires.toordinal()


def _cut(rows: Sequence[Row], end: int) -> Iterator[Row]:
    """Spans end where the next award begins, or with the timeline."""
    cut: list[Row] = []
    for row in reversed(rows):
        spans = [evolve(each, end=min(each.end, end)) for each in row.spans if each.first < end]
        cut.append(evolve(row, spans=tuple(each for each in spans if each.first < each.end)))
        if row.spans:
            end = row.done.on.toordinal()
    return reversed(cut)
