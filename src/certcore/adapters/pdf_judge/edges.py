"""What can be said of a file without a look inside: by its size, its first bytes and its last ones."""

import re
from typing import Final

from certcore.domain.files import FileLimits, Finding

_WHITE: Final = b"\0\t\n\f\r "
_END: Final = b"%%EOF"
_START: Final = re.compile(rb"startxref[\0\t\n\f\r ]+[0-9]+[\0\t\n\f\r ]*(?:%%EOF[\0\t\n\f\r ]*)*\Z")
_LONGEST_START: Final = 64
_ARCHIVE_END: Final = b"PK\5\6"
_ARCHIVE_END_SIZE, _LONGEST_COMMENT = 22, 2**16


def outside(content: bytes, limits: FileLimits) -> Finding | None:
    """What is wrong with size, beginning or end; None when a look inside is needed."""
    if len(content) > limits.size:
        return Finding("too_large", {"bytes": limits.size})
    if not content:
        return Finding("empty")
    if not content.startswith(b"%PDF-"):
        return Finding("not_a_pdf")
    end = content.rfind(_END)
    if end < 0:
        return Finding("cut_short")
    behind = content[end + len(_END) :].strip(_WHITE)
    if b"startxref" in behind:
        return Finding("cut_short")
    if behind or _ends_as_archive(content):
        return Finding("data_after_end")
    if not _START.search(content[max(0, end - _LONGEST_START) : end]):
        return Finding("broken", {"problem": "it does not say where its index is"})
    return None


def _ends_as_archive(content: bytes) -> bool:
    """Whether ZIP programs take the end of the file for an archive's, whose comment may look like the end of a PDF."""
    at = content.rfind(_ARCHIVE_END, max(0, len(content) - _ARCHIVE_END_SIZE - _LONGEST_COMMENT))
    comment = int.from_bytes(content[at + _ARCHIVE_END_SIZE - 2 : at + _ARCHIVE_END_SIZE], "little")
    return at >= 0 and at + _ARCHIVE_END_SIZE + comment == len(content)
