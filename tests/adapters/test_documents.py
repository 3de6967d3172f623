"""The document stores keep every promise, in memory and in a folder."""

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certcore.adapters.files import FolderDocuments
from certcore.adapters.memory import MemoryDocuments
from certcore.domain.files import DocumentRef
from certcore.errors import CorruptDocument, InvalidValue, StorageError
from certcore.ports import DocumentStore
from certcore.testing import DocumentStoreContract
from tests.cases import needs_cases

LATER = datetime.now(UTC) + timedelta(days=1)


class TestMemoryDocuments(DocumentStoreContract):
    @pytest.fixture
    def documents(self) -> MemoryDocuments:
        return MemoryDocuments()

    def damage(self, documents: DocumentStore, ref: DocumentRef, content: bytes) -> None:
        assert isinstance(documents, MemoryDocuments)
        documents._kept[ref] = documents._kept[ref][0], content

    def test_the_caller_s_buffer_is_not_kept(self, documents: MemoryDocuments) -> None:
        """What the caller does to it afterwards changes nothing."""
        buffer = bytearray(b"before")
        ref = documents.put(buffer, 1)  # type: ignore[arg-type]
        buffer[:] = b"behind"
        assert documents.get(ref) == b"before"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class TestFolderDocuments(DocumentStoreContract):
    @pytest.fixture
    def documents(self, tmp_path: Path) -> FolderDocuments:
        return FolderDocuments(tmp_path / "not yet" / "there")

    def damage(self, documents: DocumentStore, ref: DocumentRef, content: bytes) -> None:
        assert isinstance(documents, FolderDocuments)
        documents._path(ref).write_bytes(content)

    def test_tenants_see_their_own_only(self, tmp_path: Path) -> None:
        """The same bytes and holder under another tenant are another document."""
        ours, theirs = FolderDocuments(tmp_path, tenant="ours"), FolderDocuments(tmp_path, tenant="theirs")
        ref = ours.put(b"secret", 1)
        assert theirs.exists([ref]) == frozenset()
        assert list(theirs.put_before(LATER, None, 10)) == []
        with pytest.raises(CorruptDocument):
            theirs.get(ref)
        theirs.delete([ref])
        assert ours.get(ref) == b"secret"

    @pytest.mark.parametrize("tenant", ["", ".", "..", "../x", "a/b", "a\\b", "A", "é", "a" * 65, "a\n", "-a", "a\0"])
    def test_f53_a_tenant_is_no_path(self, tmp_path: Path, tenant: str) -> None:
        """Only short names of plain letters and digits are folders."""
        with pytest.raises(InvalidValue):
            FolderDocuments(tmp_path, tenant=tenant)

    @pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "0" * 63, "0" * 65, "0" * 64 + "\n"])
    def test_f53_a_digest_is_no_path(self, digest: str) -> None:
        """A reference that is not a SHA-256 cannot be made."""
        with pytest.raises(InvalidValue):
            DocumentRef(digest, 1)

    def test_nobody_else_may_read_the_files(self, documents: FolderDocuments) -> None:
        """Neither a file nor its folder is open to other users of the machine."""
        path = documents._path(documents.put(b"private", 1))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
    @pytest.mark.parametrize("call", ["fsync", "replace", "mkdir", "open"])
    def test_f38_a_failing_disk_leaves_nothing(
        self, documents: FolderDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
    ) -> None:
        """Whatever step fails, the error is typed, names the cause, and no file stays behind."""

        def fail(*_args: object, **_options: object) -> None:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(StorageError, match=os.strerror(code)):
                documents.put(b"too much", 1)
        assert files(tmp_path) == []
        assert documents.get(documents.put(b"too much", 1)) == b"too much"

    def test_f38_a_disk_that_fills_while_writing(
        self, documents: FolderDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was there before stays whole when it cannot be written again."""
        ref = documents.put(b"first", 1)

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        for content in (b"first", b"second"):
            with pytest.raises(StorageError):
                documents.put(content, 1)
        assert files(tmp_path) == [documents._path(ref).name]
        assert documents.get(ref) == b"first"

    def test_f38_what_a_killed_process_left_is_listed_and_deleted(
        self, documents: FolderDocuments, tmp_path: Path
    ) -> None:
        """An unfinished file is no document, and is collected like one that no row points to."""
        ref = DocumentRef("ab" * 32, 5)
        path = documents._path(ref)
        path.parent.mkdir(parents=True)
        path.with_name(f"{path.name}.x1y2z3").write_bytes(b"hal")
        assert documents.exists([ref]) == frozenset()
        assert list(documents.put_before(LATER, None, 10)) == [ref]
        documents.delete([ref])
        assert files(tmp_path) == []

    def test_files_of_others_are_left_alone(self, documents: FolderDocuments, tmp_path: Path) -> None:
        """What is not named like a document is neither listed nor deleted."""
        ref = documents.put(b"mine", 1)
        other = documents._path(ref).with_name("lost+found")
        other.write_bytes(b"theirs")
        (documents._folder / "README").write_bytes(b"theirs")
        assert list(documents.put_before(LATER, None, 10)) == [ref]
        documents.delete([ref])
        assert files(tmp_path) == ["README", "lost+found"]

    def test_a_document_that_goes_while_others_are_listed_is_left_out(self, documents: FolderDocuments) -> None:
        """Another process deleted it between the name and the age."""
        ref = documents.put(b"mine", 1)
        documents._path(ref).with_name(f"{ref.digest}-{2:016x}").symlink_to("gone")
        assert list(documents.put_before(LATER, None, 10)) == [ref]

    def test_an_unreadable_place_is_a_storage_error(self, tmp_path: Path) -> None:
        """The folder is a file: every act says so."""
        (tmp_path / "default").write_bytes(b"")
        documents = FolderDocuments(tmp_path)
        with pytest.raises(StorageError, match="written"):
            documents.put(b"x", 1)
        with pytest.raises(StorageError, match="read"):
            documents.get(DocumentRef("0" * 64, 1))

    def test_a_second_process_sees_what_the_first_stored(self, tmp_path: Path) -> None:
        """Nothing is kept in memory."""
        ref = FolderDocuments(tmp_path).put(b"shared", 1)
        assert FolderDocuments(tmp_path).get(ref) == b"shared"


@needs_cases
def test_f51_a_signed_pdf_is_stored_unchanged(cases: Path, tmp_path: Path) -> None:
    """One changed bit would break its signature."""
    content = (cases / "pdf" / "pdfjs_signed_verified.pdf").read_bytes()
    documents = FolderDocuments(tmp_path)
    assert documents.get(documents.put(content, 1)) == content
