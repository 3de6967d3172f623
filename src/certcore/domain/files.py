"""Uploaded files: the limits they are judged under, and what was found in them (R-71).

A finding is a stable code with parameters; its English sentence comes from `SENTENCES`, so that hosts can translate.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Self

from attrs import field, fields, frozen

from certcore.errors import FileRefused, InvalidValue

MIB: Final = 2**20
_DIGEST: Final = re.compile("[0-9a-f]{64}")


class Verdict(StrEnum):
    """What becomes of a file: taken, held for a person to look at with a warning, or refused."""

    ACCEPT = "accept"
    FLAG = "flag"
    REJECT = "reject"


@frozen(kw_only=True)
class FileLimits:
    """What a file may be and may cost to judge.

    ``size`` (of the file), ``inflated`` (all its streams unpacked) and ``memory`` (of the judging process) are bytes,
    ``seconds`` those of computing. ``parts`` are the smallest ones, such as numbers and names, ``pixels`` those of one
    picture, and ``depth`` is how deep anything may be nested.
    """

    size: int = 10 * MIB
    pages: int = 1_000
    parts: int = 500_000
    pixels: int = 250_000_000
    inflated: int = 64 * MIB
    depth: int = 100
    seconds: float = 1.0
    memory: int = 224 * MIB

    def __attrs_post_init__(self) -> None:
        for each in fields(type(self)):
            if not getattr(self, each.name) > 0:
                raise InvalidValue(each.name, getattr(self, each.name), "a number above zero")

    def read(self, stream: BinaryIO) -> bytes:
        """The bytes of an upload, or one more than ``size`` of them, which shows that it is too large."""
        parts, wanted = [], self.size + 1
        while wanted > 0 and (part := stream.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)


def _params(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(given))


def _shown(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value / MIB:,.3g} MiB" if name == "bytes" and value >= MIB else f"{value:,}"


@frozen
class Finding:
    """Something found in a file: a stable ``code``, and parameters that are text or numbers."""

    code: str = field()
    params: Mapping[str, Any] = field(factory=dict, converter=_params, hash=False)

    @code.validator
    def _known(self, _attribute: object, code: str) -> None:
        if code not in SENTENCES:
            raise InvalidValue("code", code, "a code that SENTENCES has")

    @property
    def verdict(self) -> Verdict:
        """What this alone makes of the file."""
        return Verdict.FLAG if self.code in WARNINGS else Verdict.REJECT

    @property
    def text(self) -> str:
        """The English sentence: what it is, and what the learner can do."""
        return SENTENCES[self.code].format_map({name: _shown(name, each) for name, each in self.params.items()})

    def to_data(self) -> dict[str, Any]:
        """Code, parameters and sentence, as JSON has them."""
        return {"code": self.code, "params": dict(self.params), "text": self.text}


@frozen
class FileJudgement:
    """What was made of a file: its findings, each once, and the SHA-256 and size of its bytes.

    ``pages`` is None where they were not counted.
    """

    findings: tuple[Finding, ...]
    sha256: str
    size: int
    pages: int | None = None

    @classmethod
    def of(cls, content: bytes, findings: Iterable[Finding], pages: int | None = None) -> Self:
        """The judgement of these bytes."""
        once = {(each.code, *sorted(each.params.items())): each for each in findings}
        return cls(tuple(once.values()), digest_of(content), len(content), pages)

    @property
    def verdict(self) -> Verdict:
        """The worst that a finding says; accepted when there is none."""
        said = {finding.verdict for finding in self.findings}
        return next((each for each in (Verdict.REJECT, Verdict.FLAG) if each in said), Verdict.ACCEPT)

    def check(self, *, held: bool) -> None:
        """Raise `FileRefused` for a refused file, and for one with a warning unless it can be ``held`` (R-73)."""
        if self.verdict is Verdict.REJECT or (self.verdict is Verdict.FLAG and not held):
            raise FileRefused(
                tuple(finding.code for finding in self.findings), " ".join(finding.text for finding in self.findings)
            )


@frozen(order=True)
class DocumentRef:
    """Names stored bytes: their SHA-256 as 64 hexadecimal digits, and the id of the row they are kept for."""

    digest: str = field()
    holder: int = field()

    @digest.validator
    def _hexadecimal(self, _attribute: object, digest: str) -> None:
        if not _DIGEST.fullmatch(digest):
            raise InvalidValue("digest", digest, "64 hexadecimal digits in lower case")

    @holder.validator
    def _id(self, _attribute: object, holder: int) -> None:
        if not 0 <= holder < 2**63:
            raise InvalidValue("holder", holder, "the id of a row")


def digest_of(content: bytes) -> str:
    """The SHA-256 by which bytes are known, as hexadecimal digits. SHA-1 has known collisions (f52)."""
    return sha256(content).hexdigest()


WARNINGS: Final = frozenset(
    {
        "opens_without_password",
        "script",
        "form_submission",
        "xfa_form",
        "embedded_file",
        "multimedia",
        "automatic_action",
        "other_action",
        "unusual_link",
        "outside_data",
        "repaired",
    }
)
"""The codes of findings that hold a file for a person to look at; every other one refuses it."""

_SAVE_AGAIN: Final = "open it, print it to a new PDF and upload that."
_HELD: Final = "a reviewer has to see it first, unless you print it to a new PDF."
SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "empty": "The file is empty; choose it again, and download it anew if it stays empty.",
        "too_large": "The file is larger than {bytes}; scan it at a lower resolution, or upload fewer pages.",
        "not_a_pdf": "The file is not a PDF, whatever its name says; print or save the certificate as a PDF.",
        "cut_short": "The end of the file is missing; download it again, and upload it when that is complete.",
        "data_after_end": f"Something else follows the end of the PDF; {_SAVE_AGAIN}",
        "broken": f"The PDF is damaged and cannot be read ({{problem}}); download it again, or {_SAVE_AGAIN}",
        "password": "The PDF asks for a password; save it without one and upload that.",
        "no_pages": "The PDF has no page; upload the one that shows the certificate.",
        "too_many_pages": "The PDF has more than {limit} pages; upload only those of the certificate.",
        "too_many_parts": f"The PDF is made of more than {{limit}} parts; {_SAVE_AGAIN}",
        "picture_too_large": "The PDF has a picture of more than {limit} pixels; save it at a lower resolution.",
        "nested_too_deep": f"The PDF nests its parts more than {{limit}} deep, as no ordinary one does; {_SAVE_AGAIN}",
        "inflates_too_far": "The PDF unpacks to more than {bytes}; save its pictures at a lower resolution.",
        "launches_program": f"The PDF can start a program on the reader's computer; {_SAVE_AGAIN}",
        "took_too_long": f"The PDF could not be checked within {{limit}} seconds; {_SAVE_AGAIN}",
        "too_much_memory": f"The PDF needs more than {{bytes}} of memory to be checked; {_SAVE_AGAIN}",
        "checker_stopped": f"The check broke off at this PDF; {_SAVE_AGAIN}",
        "checker_failed": "The file could not be checked now; try again later, or tell the administrators.",
        "infected": "The virus scanner found {name} in the file; do not open it, and ask its sender for another.",
        "scanner_failed": "The virus scanner gave no answer; try again later, or tell the administrators.",
        "opens_without_password": f"The PDF is encrypted, though it opens without a password; {_HELD}",
        "script": f"The PDF holds a script; {_HELD}",
        "form_submission": f"The PDF can send what is typed into it, or take data in; {_HELD}",
        "xfa_form": f"The PDF is an XFA form, whose pages are made by a program; {_HELD}",
        "embedded_file": f"The PDF carries other files in it; {_HELD}",
        "multimedia": f"The PDF plays sound, video or three-dimensional scenes; {_HELD}",
        "automatic_action": f"The PDF does something when it is opened or turned over; {_HELD}",
        "other_action": f"The PDF has an action of the kind {{action}}; {_HELD}",
        "unusual_link": f"The PDF links to an address that begins with {{scheme}}; {_HELD}",
        "outside_data": f"The PDF takes parts of itself from other files; {_HELD}",
        "repaired": f"The PDF is damaged, though most programs can show it; {_HELD}",
    }
)
