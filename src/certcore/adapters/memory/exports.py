"""The files of exports in memory."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from certcore.errors import NotFound
from certcore.ports import ExportStore


class MemoryExports(ExportStore):
    """Keeps files until the process ends."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        file = BytesIO()
        yield file
        self._files[name] = file.getvalue()

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        content = self._files.get(name)
        if content is None:
            raise NotFound("export", name)
        yield BytesIO(content)

    def delete(self, names: Collection[str]) -> None:
        for name in names:
            self._files.pop(name, None)
