"""Which glyphs a PDF draws for a learner's name, and which HarfBuzz would: both as boxes in thousandths of the size."""

import io
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import uharfbuzz
from fontTools.pens.boundsPen import ControlBoundsPen
from fontTools.ttLib import TTFont
from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream

Box = tuple[int, int, int, int]

_LARGER_THAN_ALL_ELSE = 25.5
"""In the style classic the name is the only text above this size, while it fits on a line."""


def drawn(pdf: bytes) -> Counter[Box]:
    """The boxes of the visible glyphs of the name, by the fonts that the PDF carries."""
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    boxes = (_embedded_box(page, font, glyph) for font, glyph in _shown(page))
    return Counter(box for box in boxes if box is not None)


def shaped(text: str, file: Path) -> Counter[Box]:
    """The boxes of the visible glyphs that HarfBuzz gives for ``text`` in a font of regular weight."""
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(file)))
    font = uharfbuzz.Font(face)
    font.set_variations({"wght": 400})
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(font, buffer)
    found: Counter[Box] = Counter()
    for info in buffer.glyph_infos:
        assert info.codepoint != 0, f"{file.name} lacks a glyph for {text!r}"
        extents = font.get_glyph_extents(info.codepoint)
        if extents is not None and extents.width:
            left, top = extents.x_bearing, extents.y_bearing
            corners = (left, top + extents.height, left + extents.width, top)
            found[_scaled(corners, face.upem)] += 1
    return found


def alike(some: Counter[Box], others: Counter[Box], tolerance: int = 3) -> bool:
    """Whether each box has its like on the other side, but for the rounding of outlines."""
    return some.total() == others.total() and all(
        abs(a - b) <= tolerance
        for one, other in zip(sorted(some.elements()), sorted(others.elements()), strict=True)
        for a, b in zip(one, other, strict=True)
    )


def _shown(page: PageObject) -> Iterator[tuple[str, int]]:
    """Each glyph drawn large: the name of its font on the page, and its code."""
    font, size = "", 0.0
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        if operator == b"Tf":
            font, size = str(operands[0]), float(operands[1])
        elif operator in (b"Tj", b"TJ") and size > _LARGER_THAN_ALL_ELSE:
            parts = operands[0] if operator == b"TJ" else operands
            for part in parts:
                if isinstance(part, str | bytes):
                    codes = part.original_bytes if isinstance(part, str) else part  # type: ignore[attr-defined]
                    yield from ((font, int.from_bytes(codes[at : at + 2])) for at in range(0, len(codes), 2))


def _embedded_box(page: PageObject, name: str, glyph: int) -> Box | None:
    resources: Any = page["/Resources"]
    (descendant,) = resources["/Font"][name]["/DescendantFonts"]
    descriptor = descendant.get_object()["/FontDescriptor"]
    font = _embedded(descriptor.get("/FontFile2", descriptor.get("/FontFile3")).get_data())
    glyphs = font.getGlyphSet()
    pen = ControlBoundsPen(glyphs)
    glyphs[font.getGlyphName(glyph)].draw(pen)
    return None if pen.bounds is None else _scaled(pen.bounds, font["head"].unitsPerEm)


@cache
def _embedded(content: bytes) -> TTFont:
    return TTFont(io.BytesIO(content))


def _scaled(box: tuple[float, ...], units: int) -> Box:
    left, bottom, right, top = (round(each * 1_000 / units) for each in box)
    return left, bottom, right, top
