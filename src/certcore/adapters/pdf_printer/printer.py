"""The printer of documents: typst in this process, kept warm, with the award's texts as data."""

import io
import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock
from typing import Any, Final
from weakref import finalize

import segno
import typst

from certcore.adapters.pdf_printer.fonts import Fonts
from certcore.domain.documents import DocumentTemplate, Printout, document_data
from certcore.errors import InvalidValue, Unprintable
from certcore.ports import DocumentPrinter

_STYLES: Final = ("classic", "modern")
_SHARED: Final = "certcore.typ"
_LOGOS: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"<svg": "svg", b"<?xml": "svg"}
_TRIAL: Final = Printout("Title", "Description", "Name", "0", date(2000, 1, 1), None, date(2000, 1, 1), None, None)


class TypstPrinter(DocumentPrinter):
    """Prints documents in the styles *classic* and *modern*, or in a host's own (R-100).

    ``templates`` are by the name that a certification gives as its template; ``classic`` and ``modern`` are there
    without being given. ``fonts`` are folders with fonts of the host's, which are used before the Noto fonts that come
    with the extra ``pdf``. Each template is tried when the printer is made: `InvalidValue` for one that typst cannot
    set, or whose logo is no PNG, JPEG or SVG. Threads take turns.
    """

    def __init__(
        self, templates: Mapping[str, DocumentTemplate] | None = None, *, fonts: Iterable[str | Path] = ()
    ) -> None:
        self._templates = {**{each: DocumentTemplate(style=each) for each in _STYLES}, **(templates or {})}
        self._fonts = Fonts.of(map(Path, fonts))
        self._folder = mkdtemp(prefix="certcore-printer-")
        finalize(self, rmtree, self._folder, ignore_errors=True)
        self._lock = Lock()
        self._sources: dict[str, str] = {}
        self._logos: dict[str, str | None] = {}
        for each in (_SHARED, *(f"{style}.typ" for style in _STYLES)):
            self._write(each, files(__package__).joinpath("styles", each).read_bytes())
        self._compiler = typst.Compiler(
            str(self._path("classic.typ")),
            root=self._folder,
            font_paths=typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[str(each) for each in self._fonts.folders],
            ),
            ignore_system_fonts=True,
        )
        for place, (name, template) in enumerate(self._templates.items()):
            self._add(name, template, place)

    def pdf(self, printed: Printout, template: str) -> bytes:
        found = self._templates.get(template)
        if found is None:
            raise InvalidValue("template", template, f"one that the printer has: {', '.join(sorted(self._templates))}")
        data = document_data(printed, found)
        self._check(data)
        return self._set(template, data)

    def _add(self, name: str, template: DocumentTemplate, place: int) -> None:
        if template.source is None and template.style not in _STYLES:
            raise InvalidValue("style", template.style, f"one of {', '.join(_STYLES)}, or a source of your own")
        self._sources[name] = f"{template.style}.typ" if template.source is None else f"own-{place}.typ"
        if template.source is not None:
            self._write(self._sources[name], template.source.encode())
        self._logos[name] = None if template.logo is None else f"logo-{place}.{_kind(template.logo)}"
        if template.logo is not None:
            self._write(self._logos[name] or "", template.logo)
        self._check(data := document_data(_TRIAL, template))
        self._set(name, data)

    def _check(self, data: Mapping[str, Any]) -> None:
        """Raise `Unprintable` for what no font has: a document never shows a box in place of a character."""
        texts = [("title", data["title"]), ("description", data["description"]), ("learner name", data["name"])]
        texts += [("issuer", data["issuer"]), *(("words", text) for text in data["words"].values())]
        texts += [(fact["label"], fact["value"]) for fact in data["facts"]]
        for name, text in texts:
            if (missing := self._fonts.lacks(text)) is not None:
                raise Unprintable(name, missing)
        for name, text in texts[:3:2]:
            if not self._fonts.shows(text):
                raise Unprintable(name, "")

    def _set(self, name: str, data: Mapping[str, Any]) -> bytes:
        try:
            return self._pdf(name, data)
        except typst.TypstError as error:
            raise InvalidValue("template", name, f"a template and a logo that typst can set: {error}") from error
        except segno.DataOverflowError as error:
            raise InvalidValue("verify_link", data["verify_link"], "a link that fits into a QR code") from error

    def _pdf(self, name: str, data: Mapping[str, Any]) -> bytes:
        language, link = data["language"], data["verify_link"]
        inputs = {
            **data,
            "logo": self._logos[name],
            "qr": None if link is None else _qr(link),
            "serif": self._fonts.after("Noto Serif", language),
            "sans": self._fonts.after("Noto Sans", language),
        }
        with self._lock:
            found = self._compiler.compile(
                str(self._path(self._sources[name])),
                format="pdf",
                sys_inputs={"certificate": json.dumps(inputs, ensure_ascii=False)},
            )
        assert isinstance(found, bytes)  # a PDF is one file
        return found

    def _path(self, name: str) -> Path:
        return Path(self._folder, name)

    def _write(self, name: str, content: bytes) -> None:
        self._path(name).write_bytes(content)


def _kind(logo: bytes) -> str:
    for start, kind in _LOGOS.items():
        if logo.startswith(start):
            return kind
    raise InvalidValue("logo", logo[:16], "the bytes of a PNG, JPEG or SVG file")


def _qr(link: str) -> str:
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=2)
    return drawn.getvalue().decode()
