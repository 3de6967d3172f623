"""Small PDFs made for tests, each with a table of offsets that fits."""

import zlib
from collections.abc import Iterable, Mapping

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PAGE_TEXT = b"BT /F1 12 Tf 20 100 Td (Certificate of completion) Tj ET"


def stream(content: bytes, dictionary: bytes = b"", *, packed: bool = False) -> bytes:
    """A stream object's body, compressed if ``packed``."""
    if packed:
        content, dictionary = zlib.compress(content, 9), dictionary + b"/Filter/FlateDecode"
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (dictionary, len(content), content)


def pdf(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects, by number, with a classical table; object 1 is the catalog."""
    out = bytearray(HEADER)
    offsets = _write(out, objects)
    size = max(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        used = number in offsets
        out += b"%010d %05d %s \n" % (offsets.get(number, 0), 0 if used else 65535, b"n" if used else b"f")
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def packed_pdf(
    objects: Mapping[int, bytes], hidden: Mapping[int, bytes], *, extra: bytes = b"", container: bytes | None = None
) -> bytes:
    """The same with the table in a stream, and ``hidden`` objects in another one, whose body ``container`` replaces."""
    number = max([*objects, *hidden]) + 1
    offsets: dict[int, int] = {}
    out = bytearray(HEADER)
    offsets |= _write(out, {**objects, number: object_stream(hidden) if container is None else container})
    offsets[number + 1] = start = len(out)
    places = {each: (2, number, place) for place, each in enumerate(hidden)}
    places |= {each: (1, offset, 0) for each, offset in offsets.items()}
    table = b"".join(
        kind.to_bytes(1) + where.to_bytes(4) + place.to_bytes(2)
        for kind, where, place in (places.get(each, (0, 0, 65535 if each == 0 else 0)) for each in range(number + 2))
    )
    says = b"/Type/XRef/W[1 4 2]/Size %d/Root 1 0 R%s" % (number + 2, extra)
    out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number + 1, stream(table, says, packed=True), start)
    return bytes(out)


def object_stream(hidden: Mapping[int, bytes], *, packed: bool = True, dictionary: bytes = b"") -> bytes:
    """The body of an object stream."""
    header, bodies = b"", b""
    for number, body in hidden.items():
        header += b"%d %d " % (number, len(bodies))
        bodies += body + b" "
    says = b"/Type/ObjStm/N %d/First %d%s" % (len(hidden), len(header), dictionary)
    return stream(header + bodies, says, packed=packed)


def pages(
    *, catalog: bytes = b"", page: bytes = b"", text: bytes | None = None, more: Iterable[bytes] = ()
) -> dict[int, bytes]:
    """The objects of a page with a line of text; ``more`` are numbered from 6 on."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>%s>>" % page,
        4: stream(PAGE_TEXT, packed=True) if text is None else text,
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    return objects | dict(enumerate(more, start=6))


def certificate(
    *, catalog: bytes = b"", page: bytes = b"", text: bytes | None = None, more: Iterable[bytes] = ()
) -> bytes:
    """An ordinary one-page file, with what a test adds to it."""
    return pdf(pages(catalog=catalog, page=page, text=text, more=more))


def _write(out: bytearray, objects: Mapping[int, bytes]) -> dict[int, int]:
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return offsets
