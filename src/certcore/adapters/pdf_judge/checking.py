"""All checks of what is in a file, one after another until it is refused."""

from certcore.adapters.pdf_judge.actions import active_content
from certcore.adapters.pdf_judge.budget import Budget, Stopped
from certcore.adapters.pdf_judge.document import Document, read_objects, unpack_streams
from certcore.adapters.pdf_judge.opinion import key_without_password, opinion
from certcore.adapters.pdf_judge.tokens import Dictionary, Ref
from certcore.domain.files import FileLimits, Finding


def inside(content: bytes, limits: FileLimits) -> tuple[list[Finding], int | None]:
    """What is found in a file whose edges are in order, and its number of pages where they were counted."""
    findings: list[Finding] = []
    pages = None
    try:
        document = Document(content, Budget(limits))
        read_objects(document)
        encryption = document.encryption()
        only_attachments = encryption is not None and _only_attachments(document, encryption)
        key = None
        if encryption is not None:
            if not only_attachments and (key := key_without_password(content)) is None:
                raise Stopped(Finding("password"))
            findings.append(Finding("opens_without_password"))
        unpack_streams(document, key)
        _check_pictures(document, limits)
        findings += active_content(document)
        pages = _pages(document, limits)
        if not only_attachments:  # pypdf cannot open those
            findings += _second_opinion(content)
    except Stopped as stop:
        findings.append(stop.finding)
    return findings, pages


def _only_attachments(document: Document, encryption: Dictionary) -> bool:
    """Whether the files in it are all that is encrypted."""
    filters = {str(document.resolve(encryption.get(key, "Identity"))) for key in ("StmF", "StrF")}
    handler, version = (document.resolve(encryption.get(key)) for key in ("Filter", "V"))
    return filters == {"Identity"} and handler == "Standard" and version in (4, 5)


def _check_pictures(document: Document, limits: FileLimits) -> None:
    for stream in document.streams:
        width, height = (document.resolve(stream.value.get(key)) for key in ("Width", "Height"))
        if isinstance(width, int) and isinstance(height, int) and width * height > limits.pixels:
            raise Stopped(Finding("picture_too_large", {"limit": limits.pixels}))


def _pages(document: Document, limits: FileLimits) -> int:
    """How many pages the tree of pages leads to, each once; `Stopped` when there are none, or too many."""
    count = 0
    waiting = [(document.catalog().get("Pages"), 1)]
    seen: set[int] = set()
    while waiting:
        at, depth = waiting.pop()
        document.budget.depth(depth)
        document.budget.parts(1)
        if isinstance(at, Ref):
            if at.number in seen:
                continue
            seen.add(at.number)
        node = document.dictionary(at)
        kids = document.resolve(node.get("Kids"))
        if isinstance(kids, list):
            waiting += [(kid, depth + 1) for kid in kids]
        elif node and document.resolve(node.get("Type")) != "Pages":
            count += 1
            if count > limits.pages:
                raise Stopped(Finding("too_many_pages", {"limit": limits.pages}))
    if not count:
        raise Stopped(Finding("no_pages"))
    return count


def _second_opinion(content: bytes) -> list[Finding]:
    told = opinion(content)
    if told.pages is None:
        return [Finding("broken", {"problem": "its parts do not fit together"})]
    if not told.pages:
        return [Finding("no_pages")]
    return [] if told.strict else [Finding("repaired")]
