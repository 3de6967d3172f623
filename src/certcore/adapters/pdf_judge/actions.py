"""What a PDF could do beyond showing pages: scripts, programs, forms that are sent, files inside, sound and video."""

import re
from collections.abc import Iterator
from typing import Any, Final

from certcore.adapters.pdf_judge.document import Document
from certcore.adapters.pdf_judge.tokens import Dictionary, Name
from certcore.domain.files import Finding

_NAMES: Final = {
    "JavaScript": "script",
    "Launch": "launches_program",
    "SubmitForm": "form_submission",
    "ImportData": "form_submission",
    "EmbeddedFile": "embedded_file",
    "EmbeddedFiles": "embedded_file",
    "RichMedia": "multimedia",
    "XFA": "xfa_form",
}
"""Names that say it wherever they stand."""
_KEYS: Final = {"JS": "script", "EF": "embedded_file", "RichMediaContent": "multimedia"}
_KINDS: Final = {
    "Rendition": "multimedia",
    "Movie": "multimedia",
    "Sound": "multimedia",
    "Screen": "multimedia",
    "3D": "multimedia",
    "GoTo3DView": "multimedia",
    "RichMediaExecute": "multimedia",
    "PS": "script",
}
"""Kinds of actions, annotations and pictures that run or play something."""
_OTHER_ACTIONS: Final = frozenset({"ResetForm", "Hide", "SetOCGState", "Trans", "GoToR", "GoToE"})
_TURNING_PAGES: Final = frozenset({"NextPage", "PrevPage", "FirstPage", "LastPage"})
_SCHEME: Final = re.compile(r"\s*([a-z][a-z0-9+.-]{0,30}:|\\\\|//)", re.IGNORECASE)
_USUAL_SCHEMES: Final = frozenset({"http:", "https:", "mailto:", "tel:", "//"})


_TELLING: Final = frozenset({*_KEYS, "S", "Subtype", "AA", "OpenAction", "URI"})


def active_content(document: Document) -> Iterator[Finding]:
    """A finding for everything active, also where nothing seems to lead to it; the same one may come again."""
    for name in sorted(_NAMES.keys() & document.parser.names):
        yield Finding(_NAMES[name])
    if any("F" in found.value for found in document.streams):
        yield Finding("outside_data")
    for dictionary in document.parser.dictionaries:
        if not _TELLING.isdisjoint(dictionary):
            yield from _in_dictionary(document, dictionary)


def _in_dictionary(document: Document, dictionary: Dictionary) -> Iterator[Finding]:
    for key in _KEYS:
        if key in dictionary:
            yield Finding(_KEYS[key])
    for key in ("S", "Subtype"):
        kind = _name(document, dictionary, key)
        if kind in _KINDS:
            yield Finding(_KINDS[kind])
    action = _name(document, dictionary, "S")
    turns_pages = _name(document, dictionary, "N") in _TURNING_PAGES
    if action in _OTHER_ACTIONS or (action == "Named" and not turns_pages):
        yield Finding("other_action", {"action": action})
    opening = document.resolve(dictionary.get("OpenAction"))
    if document.dictionary(dictionary.get("AA")) or (isinstance(opening, dict) and not _goes_to(document, opening)):
        yield Finding("automatic_action")
    if scheme := _unusual_scheme(document, dictionary.get("URI")):
        yield Finding("unusual_link", {"scheme": scheme})


def _name(document: Document, dictionary: Dictionary, key: str) -> str:
    value = document.resolve(dictionary.get(key))
    return value if isinstance(value, Name) else ""


def _goes_to(document: Document, action: Dictionary) -> bool:
    """Whether an action only turns to a page of the same file."""
    return _name(document, action, "S") == "GoTo" and action.get("Next") is None


def _unusual_scheme(document: Document, value: Any) -> str:
    """How a link begins that leads neither to the web nor to a mailbox; empty for others, and where it is encrypted."""
    link = document.resolve(value)
    if not isinstance(link, bytes) or document.encryption() is not None:
        return ""
    text = link[2:].decode("utf-16-be", "replace") if link[:2] == b"\xfe\xff" else link.decode("latin-1")
    found = _SCHEME.match(text)
    return found[1].lower() if found and found[1].lower() not in _USUAL_SCHEMES else ""
