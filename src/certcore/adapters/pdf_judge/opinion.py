"""What pypdf makes of a file: a second opinion on its structure, and the key of one that opens without a password."""

import io

from attrs import frozen
from pypdf import PdfReader
from pypdf.generic import EncodedStreamObject

from certcore.adapters.pdf_judge.document import Decrypt


@frozen
class Opinion:
    """``pages`` is None where pypdf cannot open the file, and ``strict`` whether it put up with nothing."""

    pages: int | None
    strict: bool


def opinion(content: bytes) -> Opinion:
    """What pypdf says: strict at first, then as lenient as most readers are."""
    for strict in (True, False):
        try:
            return Opinion(len(PdfReader(io.BytesIO(content), strict=strict).pages), strict)
        except MemoryError:
            raise
        except Exception:
            continue
    return Opinion(None, False)


def key_without_password(content: bytes) -> Decrypt | None:
    """What decrypts the streams of an encrypted file that opens without a password; None where that cannot be."""
    try:
        encryption = PdfReader(io.BytesIO(content))._encryption
    except MemoryError:
        raise
    except Exception:
        return None
    if encryption is None or not encryption.is_decrypted():
        return None

    def decrypt(number: int, generation: int, raw: bytes) -> bytes:
        stream = EncodedStreamObject()
        stream._data = raw
        try:
            encryption.decrypt_object(stream, number, generation)
        except MemoryError:
            raise
        except Exception:
            return raw
        return stream._data

    return decrypt
