"""Files from upload to download: judged and scanned for real, kept in a folder, unchanged (R-71, f51, f54)."""

import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import define, field

from certcore.adapters.files import FolderDocuments
from certcore.adapters.memory import MemoryCatalog, MemoryStorage
from certcore.adapters.pdf_judge import PdfJudge
from certcore.domain.external import ExternalCertificate
from certcore.domain.settings import Settings
from certcore.errors import FileRefused
from certcore.ports import FileScanner
from certcore.registrar import Registrar
from tests.adapters.pdf_judge.pdfs import certificate
from tests.cases import CASES, needs_cases
from tests.services.reviewing.office import Office, directory, who

FOLDER = CASES / "pdf"
MANIFEST: list[dict[str, str]] = json.loads((FOLDER / "manifest.json").read_bytes())["files"] if FOLDER.is_dir() else []


@pytest.fixture(scope="module")
def judge() -> Iterator[PdfJudge]:
    with PdfJudge() as judge:
        yield judge


@pytest.fixture
def office(judge: PdfJudge, tmp_path: Path) -> Office:
    """The office over files in a folder."""
    documents = FolderDocuments(tmp_path / "documents")
    office = Office(MemoryStorage(), directory(), MemoryCatalog(), Settings(), documents=documents, file_judge=judge)
    office.set(self_import=True)
    return office


def kept(office: Office) -> list[Path]:
    """The files in the folder."""
    documents = office.documents
    assert isinstance(documents, FolderDocuments)
    return [path for path in documents._folder.rglob("*") if path.is_file()]


def submitted(office: Office, content: bytes) -> ExternalCertificate | None:
    """The certificate, or None where the file was refused."""
    try:
        return office.submit("ana", content=content).certificate
    except FileRefused:
        return None


def verdict_on(held: ExternalCertificate) -> str:
    return "flag" if held.document.findings else "accept"


@needs_cases
def test_f51_every_case_is_taken_held_or_refused_and_comes_back_unchanged(office: Office) -> None:
    """R-73: what is flagged waits with its warnings, what is refused leaves nothing."""
    stored = 0
    for case in MANIFEST:
        content = (FOLDER / case["file"]).read_bytes()
        held = submitted(office, content)
        assert case["verdict"] in ("either", "reject" if held is None else verdict_on(held)), case
        if held is None:
            continue
        stored += 1
        found = office.reviewing.document(held.ref, actor=who("mia")).content
        assert (sha256(found).hexdigest(), found) == (case["sha256"], content)
    assert len(kept(office)) == stored


class Infected(FileScanner):
    def scan(self, content: bytes) -> str | None:  # noqa: ARG002
        return "EICAR-Test"


class Raises(FileScanner):
    def scan(self, content: bytes) -> str | None:  # noqa: ARG002
        raise SystemExit


@define
class Hangs(FileScanner):
    """Answers when the test is over."""

    over: threading.Event = field(factory=threading.Event)

    def scan(self, content: bytes) -> str | None:  # noqa: ARG002
        self.over.wait()
        return None


def scanned(office: Office, scanner: FileScanner) -> Registrar:
    """The office's services with a scanner, which has a moment to answer."""
    return Registrar(
        storage=office.storage,
        directory=office.directory,
        catalog=office.catalog,
        settings=Settings(scan_seconds=0.2),
        documents=office.documents,
        file_judge=office.file_judge,
        file_scanner=scanner,
    )


@pytest.mark.parametrize(
    ("scanner", "code"), [(Infected(), "infected"), (Raises(), "scanner_failed"), (Hangs(), "scanner_failed")]
)
def test_f54_what_a_scanner_does_not_pass_is_neither_taken_nor_served(
    office: Office, scanner: FileScanner, code: str
) -> None:
    """Infected, broken or silent: refused whether somebody validates or not, and nothing is stored."""
    office.registrar = scanned(office, scanner)
    for validation in (True, False):
        office.set(validation=validation)
        with pytest.raises(FileRefused) as caught:
            office.submit("ana", content=certificate())
        assert caught.value.codes == (code,)
    assert kept(office) == []
    if isinstance(scanner, Hangs):
        scanner.over.set()


def test_a_scanner_that_finds_nothing_holds_nobody_up(office: Office) -> None:
    """It is asked about the very bytes that are stored."""
    seen: list[bytes] = []

    class Clean(FileScanner):
        def scan(self, content: bytes) -> str | None:
            seen.append(content)
            return None

    office.registrar = scanned(office, Clean())
    office.submit("ana", content=certificate())
    assert [path.read_bytes() for path in kept(office)] == seen == [certificate()]


HOSTILE = [
    "../../etc/passwd",
    "..\\..\\x",
    "C:\\CON",
    "NUL",
    "a" * 300 + ".pdf",
    "cv\u202efdp.exe",
    'a"\r\nSet-Cookie: b',
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_f53_a_file_name_is_never_a_path_and_never_a_header(office: Office, tmp_path: Path, name: str) -> None:
    """R-71: shown as text, saved under a plain name in one line; on the disk there is only the digest."""
    before = {path for path in tmp_path.parent.rglob("*") if path.is_file()}
    ref = office.submit("ana", content=certificate(), file_name=name).certificate.ref
    found = office.reviewing.document(ref, actor=who("mia"))
    assert found.content == certificate()
    assert found.content_disposition.isascii()
    assert not {"\r", "\n", "/", "\\"} & set(found.content_disposition.split(";")[1])
    (new,) = {path for path in tmp_path.parent.rglob("*") if path.is_file()} - before
    assert new in kept(office)


def test_f54_a_scanner_that_comes_later_holds_back_nothing_that_was_taken(office: Office) -> None:
    """What was validated stays; only what is uploaded from then on is scanned."""
    ref = office.submit("ana", content=certificate()).certificate.ref
    office.registrar = scanned(office, Infected())
    assert office.reviewing.document(ref, actor=who("mia")).content == certificate()
