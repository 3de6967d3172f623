"""Documents and exports as files of a folder: what a learner called a file is no part of a path (f53)."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final, cast

from certcore.domain.files import DocumentRef, digest_of
from certcore.domain.numbers import id_text
from certcore.errors import CorruptDocument, InvalidValue, NotFound, StorageError
from certcore.ports import DocumentStore, ExportStore

_TENANT: Final = re.compile("[a-z0-9][a-z0-9_-]{0,63}")
_EXPORT: Final = re.compile("[a-z0-9][a-z0-9.-]{0,99}")
_NAME: Final = re.compile("([0-9a-f]{64})-([0-7][0-9a-f]{15})(?:[.].*)?")


class FolderDocuments(DocumentStore):
    """Keeps documents in ``folder``, which any number of processes may share; each tenant has a subfolder.

    A document is the file ``TENANT/ab/cd/abcd…-HOLDER``. It is written beside its place, brought to the disk and then
    renamed, so that a file of that name is whole. What a killed process leaves unfinished counts as a document of that
    time: `put_before` names it and `delete` removes it.
    """

    def __init__(self, folder: str | Path, *, tenant: str = "default") -> None:
        self._folder = _of_tenant(folder, tenant)

    def put(self, content: bytes, holder: int) -> DocumentRef:
        ref = DocumentRef(digest_of(content), holder)
        with _os_errors("written"):
            _write(self._path(ref), content)
        return ref

    def get(self, ref: DocumentRef) -> bytes:
        with _os_errors("read"):
            try:
                content = self._path(ref).read_bytes()
            except FileNotFoundError:
                raise CorruptDocument(ref.digest, "it is not there") from None
        if digest_of(content) != ref.digest:
            raise CorruptDocument(ref.digest, "its bytes are not those that were stored")
        return content

    def exists(self, refs: Collection[DocumentRef]) -> frozenset[DocumentRef]:
        with _os_errors("read"):
            return frozenset(ref for ref in refs if self._path(ref).is_file())

    def delete(self, refs: Collection[DocumentRef]) -> None:
        with _os_errors("deleted"):
            for path in map(self._path, refs):
                for each in [path, *path.parent.glob(f"{path.name}.*")]:
                    each.unlink(missing_ok=True)

    def put_before(self, instant: datetime, after: DocumentRef | None, limit: int) -> Sequence[DocumentRef]:
        with _os_errors("listed"):
            return list(islice(self._older(instant.timestamp(), after), limit))

    def _path(self, ref: DocumentRef) -> Path:
        return self._folder / ref.digest[:2] / ref.digest[2:4] / f"{ref.digest}-{id_text(ref.holder)}"

    def _older(self, moment: float, after: DocumentRef | None) -> Iterator[DocumentRef]:
        begin = "" if after is None else after.digest
        for first in _inside(self._folder):
            if first.name >= begin[:2]:
                for second in _inside(first):
                    if first.name + second.name >= begin[:4]:
                        found = {ref for path in _inside(second) if (ref := _older_ref(path, moment))}
                        yield from sorted(ref for ref in found if after is None or ref > after)


class FolderExports(ExportStore):
    """Keeps the files of exports in ``folder``, which any number of processes may share; each tenant has a subfolder.

    A file is written beside its place and then renamed, so that one of that name is whole.
    """

    def __init__(self, folder: str | Path, *, tenant: str = "default") -> None:
        self._folder = _of_tenant(folder, tenant)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        with _os_errors("written"), beside(self._path(name)) as file:
            yield file

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        with _os_errors("read"):
            try:
                file = self._path(name).open("rb")
            except FileNotFoundError:
                raise NotFound("export", name) from None
            with file:
                yield file

    def delete(self, names: Collection[str]) -> None:
        with _os_errors("deleted"):
            for name in names:
                self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _EXPORT.fullmatch(name):
            raise InvalidValue("name", name, "1 to 100 of a-z, 0-9, '.' and '-', the first a letter or a digit")
        return self._folder / name


def _of_tenant(folder: str | Path, tenant: str) -> Path:
    if not _TENANT.fullmatch(tenant):
        raise InvalidValue("tenant", tenant, "1 to 64 of a-z, 0-9, '-' and '_', the first a letter or a digit")
    return Path(folder) / tenant


def _write(path: Path, content: bytes) -> None:
    with beside(path) as file:
        file.write(content)


@contextmanager
def beside(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` when it is safe on the disk, and is nothing until then."""
    _make(path.parent)
    unfinished = NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False)  # noqa: SIM115
    try:
        with unfinished:
            yield cast(BinaryIO, unfinished)
            unfinished.flush()
            os.fsync(unfinished.fileno())
        Path(unfinished.name).replace(path)
    except BaseException:
        Path(unfinished.name).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _make(folder: Path) -> None:
    """Make a folder and those above it; each is safe on the disk in the one that holds it."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):  # elsewhere folders cannot be opened
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _older_ref(path: Path, moment: float) -> DocumentRef | None:
    """The document that a file is, or was to become, when it is older; None when it is gone meanwhile."""
    name = _NAME.fullmatch(path.name)
    try:
        return DocumentRef(name[1], int(name[2], 16)) if name and path.stat().st_mtime < moment else None
    except FileNotFoundError:
        return None


@contextmanager
def _os_errors(done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise StorageError(f"a file could not be {done} ({why}); see to the disk and repeat the act.") from error
