"""A forecast as a picture: SVG that a browser, a mail or a report shows as it is (R-95)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from types import MappingProxyType
from typing import Final

from certcore.domain.checks import UNSTORABLE
from certcore.domain.forecasts import Forecast

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"title": "Certifications that lapse if nobody renews", "others": "all others", "none": "Nothing lapses."}
)
"""What the chart says besides names; a host gives its own."""

_COLOURS: Final = ("#1f4e79", "#c2410c", "#15803d", "#7e22ce", "#0e7490", "#a16207")
_REST: Final = "#6b7280"
_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT, _BELOW, _LINE = 960, 64, 24, 64, 280, 64, 22
_LONGEST_LABEL: Final = 80


def lapses_chart(forecasts: Sequence[Forecast], *, words: Mapping[str, str] = WORDS) -> str:
    """A bar for each month, stacked by certification, with its number above; the rest of many as one part.

    The six with the most lapses have a colour of their own. ``forecasts`` are of the same months.
    """
    series = _series(forecasts, words)
    months = [each.first for each in forecasts[0].months] if forecasts else []
    totals = [sum(counts[place] for _, counts in series) for place in range(len(months))]
    height = _TOP + _HEIGHT + _BELOW + _LINE * len(series)
    told = "; ".join(f"{_month(first)}: {total}" for first, total in zip(months, totals, strict=True) if total)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"',
        '     font-family="system-ui, sans-serif" font-size="13" fill="#1b1f24" role="img">',
        f"  <title>{_text(words['title'])}</title>",
        f"  <desc>{_text(told or words['none'])}</desc>",
        f'  <rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'  <text x="{_LEFT}" y="32" font-size="18" font-weight="600">{_text(words["title"])}</text>',
        *(_bars(series, months, totals) if any(totals) else [_said(_LEFT, _TOP + 40, words["none"])]),
        *_legend(series),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _series(forecasts: Sequence[Forecast], words: Mapping[str, str]) -> list[tuple[str, list[int]]]:
    """A label and the lapses of each month, most first; the many that have few are one."""
    found = [(_label(each), [month.lapses for month in each.months]) for each in forecasts]
    found.sort(key=lambda each: -sum(each[1]))
    found = [each for each in found if any(each[1])]
    first, rest = found[: len(_COLOURS)], found[len(_COLOURS) :]
    if rest:
        first.append((words["others"], [sum(counts) for counts in zip(*(each for _, each in rest), strict=True)]))
    return first


def _label(each: Forecast) -> str:
    named = each.certification.name if each.group is None else f"{each.certification.name} - {each.group}"
    return named if len(named) <= _LONGEST_LABEL else f"{named[: _LONGEST_LABEL - 1]}…"


def _bars(series: Sequence[tuple[str, list[int]]], months: Sequence[date], totals: Sequence[int]) -> Iterator[str]:
    top = _round_up(max(totals))
    across = (_WIDTH - _LEFT - _RIGHT) / len(months)
    bottom = _TOP + _HEIGHT
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = round(bottom - share * _HEIGHT, 1)
        yield f'  <path stroke="#d8dee4" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
        yield _said(_LEFT - 8, y + 4, f"{top * share:,g}", "end")
    every = -(-len(months) // 12)
    for place, first in enumerate(months):
        x, y = _LEFT + across * (place + 0.15), float(bottom)
        for (label, counts), colour in zip(series, (*_COLOURS, _REST), strict=False):
            size = counts[place] / top * _HEIGHT
            if size:
                y -= size
                box = f'x="{x:.1f}" y="{y:.1f}" width="{across * 0.7:.1f}" height="{size:.1f}"'
                told = f"{_month(first)}: {_text(label)}: {counts[place]:,}"
                yield f'  <rect fill="{colour}" {box}><title>{told}</title></rect>'
        if totals[place] and every == 1:
            yield _said(x + across * 0.35, y - 5, f"{totals[place]:,}", "middle")
        if place % every == 0:
            yield _said(x + across * 0.35, bottom + 20, _month(first), "middle")


def _legend(series: Sequence[tuple[str, list[int]]]) -> Iterator[str]:
    for place, ((label, counts), colour) in enumerate(zip(series, (*_COLOURS, _REST), strict=False)):
        y = _TOP + _HEIGHT + _BELOW + _LINE * place
        yield f'  <rect fill="{colour}" x="{_LEFT}" y="{y - 11}" width="12" height="12"/>'
        yield _said(_LEFT + 20, y, f"{label}: {sum(counts):,}")


def _round_up(value: int) -> int:
    """The least number from ``value`` up that makes four even steps of two figures at most."""
    step = -(-value // 4)
    power = int(10 ** max(len(str(step)) - 2, 0))
    return -(-step // power) * power * 4


def _said(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'  <text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_text(text)}</text>'


def _month(first: date) -> str:
    return f"{first:%Y-%m}"


def _text(text: str) -> str:
    return escape(UNSTORABLE.sub(" ", text).translate(dict.fromkeys((0xFFFE, 0xFFFF))))
