"""What an upload is called: data that is shown and sent back, and never a path (f53)."""

import re
from typing import Final
from unicodedata import category
from urllib.parse import quote

from certcore.domain.checks import UNSTORABLE, nfc

LONGEST: Final = 255
_NAMELESS: Final = "certificate.pdf"
_SAVED: Final = 100
_SAVED_BYTES: Final = 200
"""Most systems take 255 bytes for a name, its ending and a number that tells it from others included."""
_HARMFUL: Final = re.compile(r'[<>:"|?*%;\'`$&]')
_ASCII_ONLY: Final = re.compile("[^ -~]")
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def kept_name(name: str) -> str:
    """``name`` as every storage keeps it alike: what no column holds becomes U+FFFD, what is too long is cut."""
    return nfc(UNSTORABLE.sub("\ufffd", name))[:LONGEST].strip() or _NAMELESS


def saved_name(name: str) -> str:
    """A name under which a browser may save the PDF on any system: its last part, visible characters only, ``.pdf``."""
    stem = re.sub(r"( ?\.pdf)+$", "", _tidy(re.split(r"[/\\]", name)[-1]), flags=re.IGNORECASE)
    stem = _cut(stem)
    if not stem or _DEVICES.fullmatch(stem):
        return f"certificate {stem}".strip() + ".pdf"
    return f"{stem}.pdf"


def stem_of(name: str) -> str:
    """A name for a file, without its ending, that is safe on any system: ``name`` as far as that goes."""
    stem = _cut(_tidy(re.sub(r"[/\\]", "_", name)))
    return f"_{stem}" if not stem or _DEVICES.fullmatch(stem) else stem


def _cut(stem: str) -> str:
    return stem[:_SAVED].encode()[:_SAVED_BYTES].decode(errors="ignore").strip(" .")


def _tidy(name: str) -> str:
    visible = "".join(each for each in name if category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    return re.sub(r"\s+", " ", _HARMFUL.sub("_", visible)).strip()


def content_disposition(name: str) -> str:
    """The HTTP header's value that makes a browser save the file and open nothing; one line, ASCII."""
    saved = saved_name(name)
    return f"attachment; filename=\"{_ASCII_ONLY.sub('_', saved)}\"; filename*=UTF-8''{quote(saved, safe='')}"
