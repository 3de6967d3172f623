"""A timeline drawn: in characters for a terminal, and as an SVG picture."""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from certcore.cli.output import plain
from certcore.cli.timeline import Row, State, Timeline

LEGEND: Final[dict[State, str]] = {
    "valid": "valid",
    "expiring": "expires soon",
    "grace": "grace, still valid",
    "renewable": "expired, still renewable",
}
_MARKS: Final[dict[State, tuple[str, str]]] = {
    "valid": ("█", "green"),
    "expiring": ("▓", "yellow"),
    "grace": ("▒", "dark_orange"),
    "renewable": ("░", "red"),
}
_SAID: Final = 23  # columns of a terminal, for the day and what happened


@frozen
class Bars:
    """A timeline in characters, as wide as the terminal."""

    timeline: Timeline

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """A line for each completion, the axis, and what the characters mean."""
        width = max(min(options.max_width, 120) - _SAID - 1, 10)
        for row in self.timeline.rows:
            yield Text.assemble(f"{row.done.on}  {_said(row):<10} ", self._bar(row, width), no_wrap=True)
        yield Text(" " * _SAID + self._axis(width), style="dim", no_wrap=True)
        used = [each for each in LEGEND if any(span.state == each for row in self.timeline.rows for span in row.spans)]
        marks = [(f"{_MARKS[each][0]} ", LEGEND[each]) for each in used]
        if any(row.window for row in self.timeline.rows):
            marks.append(("╷ ", "the window opens"))
        if any(not row.spans for row in self.timeline.rows):
            marks.append(("✗ ", "no renewal"))
        yield Text("   ".join(mark + told for mark, told in marks), style="dim")

    def _bar(self, row: Row, width: int) -> Text:
        cells = [(" ", "")] * width
        if not row.spans:
            cells[self._cell(row.done.on.toordinal(), width)] = ("✗", "red")
        for span in row.spans:
            first, end = self._cell(span.first, width), self._cell(span.end, width)
            cells[first : max(end, first + 1)] = [_MARKS[span.state]] * max(end - first, 1)
        if row.window is not None and row.window[0] < self.timeline.end:
            cells[self._cell(row.window[0], width)] = ("╷", "blue")
        return Text.assemble(*cells[:width])

    def _axis(self, width: int) -> str:
        line = [" "] * (width + 8)
        for day, label in self.timeline.ticks:
            cell = self._cell(day, width)
            if "".join(line[max(cell - 1, 0) : cell + len(label) + 1]).isspace() and cell + len(label) <= width:
                line[cell : cell + len(label)] = label
        return "".join(line).rstrip()

    def _cell(self, day: int, width: int) -> int:
        line = self.timeline
        return min((day - line.first) * width // (line.end - line.first), width - 1)


def _said(row: Row) -> str:
    return row.done.what.replace("not_renewed", "no renewal")


_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BAR = 820, 170, 140, 16, 34, 14
_COLOURS: Final[dict[State, str]] = {
    "valid": "#2e7d32",
    "expiring": "#f9a825",
    "grace": "#ef6c00",
    "renewable": "#f3c6a5",
}
_INK, _FAINT, _GRID, _WINDOW, _NONE = "#1b1f24", "#57606a", "#d8dee4", "#1565c0", "#c62828"


def svg(timeline: Timeline) -> str:
    """The timeline as an SVG picture: a bar for each completion above an axis, and a legend of what occurs."""
    height = _TOP + _ROW * len(timeline.rows) + 56
    told = "; ".join(f"{row.done.on} {_said(row)}, {row.ends}" for row in timeline.rows)
    size = f'width="{_WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {_WIDTH} {height}" role="img"',
        f'     font-family="system-ui, sans-serif" font-size="13" fill="{_INK}" aria-label="{_text(told)}">',
        f'  <rect {size} rx="6" fill="#ffffff"/>',
        *_grid(timeline),
    ]
    for place, row in enumerate(timeline.rows):
        lines += _row(timeline, row, _TOP + _ROW * place)
    return "\n".join([*lines, *_legend(timeline, height - 16), "</svg>", ""])


def _grid(timeline: Timeline) -> Iterator[str]:
    bottom = _TOP + _ROW * len(timeline.rows)
    for day, label in timeline.ticks:
        x = _x(timeline, day)
        yield f'  <path stroke="{_GRID}" d="M{x} {_TOP}V{bottom}"/>'
        yield f"  {_small(x, bottom + 14, label, 'middle')}"


def _row(timeline: Timeline, row: Row, top: int) -> Iterator[str]:
    middle = top + _ROW // 2
    yield f"  <g><title>{_text(row.why)}</title>"
    yield f'    <text x="12" y="{middle + 4}">{row.done.on} {_said(row)}</text>'
    for span in row.spans:
        x, end = _x(timeline, span.first), _x(timeline, span.end)
        box = f'x="{x}" y="{middle - _BAR // 2}" width="{max(round(end - x, 1), 1)}" height="{_BAR}"'
        yield f'    <rect fill="{_COLOURS[span.state]}" {box}/>'
    if not row.spans:
        x, y = _x(timeline, row.done.on.toordinal()), middle
        yield f'    <path stroke="{_NONE}" stroke-width="2" d="M{x - 5} {y - 5}l10 10m0 -10l-10 10"/>'
    if row.window is not None and row.window[0] < timeline.end:
        first, end = (_x(timeline, min(day, timeline.end)) for day in row.window)
        y = middle + _BAR // 2 + 3
        yield f'    <path stroke="{_WINDOW}" stroke-width="3" d="M{first} {y}H{end}"/>'
    yield f'    <text x="{_WIDTH - _RIGHT + 8}" y="{middle + 4}">{row.ends}</text>'
    yield "  </g>"


def _legend(timeline: Timeline, y: int) -> Iterator[str]:
    x = 12
    used = {span.state for row in timeline.rows for span in row.spans}
    for state, told in LEGEND.items():
        if state in used:
            yield f'  <rect fill="{_COLOURS[state]}" x="{x}" y="{y - 9}" width="10" height="10"/>'
            yield f"  {_small(x + 15, y, told)}"
            x += 35 + 6 * len(told)
    if any(row.window for row in timeline.rows):
        yield f'  <path stroke="{_WINDOW}" stroke-width="3" d="M{x} {y - 4}h12"/>'
        yield f"  {_small(x + 17, y, 'window for renewal')}"


def _small(x: float, y: int, text: str, anchor: str = "start") -> str:
    return f'<text font-size="11" fill="{_FAINT}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _x(timeline: Timeline, day: int) -> float:
    across = _WIDTH - _LEFT - _RIGHT
    return round(_LEFT + (day - timeline.first) * across / (timeline.end - timeline.first), 1)


def _text(text: str) -> str:
    return escape(" ".join(plain(text).split()).translate(_NOT_IN_XML), {'"': "&quot;"})


_NOT_IN_XML: Final = dict.fromkeys((0xFFFE, 0xFFFF))
