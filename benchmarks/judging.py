"""Measure the judge of uploads on one core: ordinary PDFs a second, the slowest file, and the memory of its process.

    python benchmarks/judging.py                 # PDFs made here, and those of the cases beside the repository
    python benchmarks/judging.py FOLDER ...      # the PDFs of these folders

It needs what the tests need: ``pip install -e '.[test]'``, and a system that can keep a process on one core (Linux).
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from certcore.adapters.pdf_judge import PdfJudge  # noqa: E402
from certcore.domain.files import Verdict  # noqa: E402
from tests.adapters.pdf_judge.pdfs import certificate, packed_pdf, pages, stream  # noqa: E402
from tests.cases import CASES  # noqa: E402

SECONDS: Final = 5.0
MIB: Final = 2**20


def main() -> None:
    """Judge every file several times, and print what it took."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    files = list(_in_folders(sys.argv[1:]) if len(sys.argv) > 1 else [*_made(), *_cases()])
    with PdfJudge() as judge:
        began = time.perf_counter()
        judge.judge(certificate())
        start = time.perf_counter() - began
        ordinary = {name for name, content in files if judge.judge(content).verdict is Verdict.ACCEPT}
    _tell(f"load {os.getloadavg()[0]:.1f}; first file {start:.2f} s, with the start of the process")
    _measure("ordinary", [each for each in files if each[0] in ordinary])
    _measure("others", [each for each in files if each[0] not in ordinary])


def _measure(title: str, files: Sequence[tuple[str, bytes]]) -> None:
    """Round after round of all files, in a process of their own."""
    slowest, rounds, busy = (0.0, ""), 0, _children_cpu()
    began = time.perf_counter()
    with PdfJudge() as judge:
        while rounds < 3 or time.perf_counter() - began < SECONDS:
            rounds += 1
            for name, content in files:
                since = time.perf_counter()
                judge.judge(content)
                slowest = max(slowest, (time.perf_counter() - since, name))
    seconds, busy = time.perf_counter() - began, _children_cpu() - busy
    judged = rounds * len(files)
    size = sum(len(content) for _, content in files) / max(len(files), 1) / 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    _tell(
        f"{title}: {len(files)} files, {size:.0f} KiB on average; {judged / seconds:.0f} a second on one core, "
        f"{judged / busy:.0f} a CPU second; slowest {slowest[1]}, {slowest[0] * 1000:.0f} ms; peak {peak:.0f} MiB"
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _made() -> Iterable[tuple[str, bytes]]:
    """Ordinary ones: a page of text, packed, with links, with pictures, of many pages; and a bomb."""
    links = b"<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://example.org/verify)>>>>" * 50
    yield "one page", certificate()
    yield "packed", packed_pdf({4: pages()[4]}, pages())
    yield "fifty links", certificate(page=b"/Annots[%s]" % links)
    picture = b"/Subtype/Image/Width 1240/Height 1754/ColorSpace/DeviceRGB/BitsPerComponent 8"
    yield "a scan of 3 MiB", certificate(more=[stream(os.urandom(3 * MIB), picture + b"/Filter/DCTDecode")])
    yield "a picture unpacked", certificate(more=[stream(bytes(1240 * 1754 * 3), picture, packed=True)])
    yield "ten thousand objects", certificate(more=[b"<</Type/Annot/Rect[0 0 100 20]/F 4>>"] * 10_000)
    yield "a bomb", certificate(text=stream(bytes(100 * MIB), packed=True))


def _cases() -> Iterable[tuple[str, bytes]]:
    folder = CASES / "pdf"
    if folder.is_dir():
        for case in json.loads((folder / "manifest.json").read_bytes())["files"]:
            yield case["file"], (folder / case["file"]).read_bytes()


def _in_folders(folders: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.pdf")):
            yield path.name, path.read_bytes()


if __name__ == "__main__":
    main()
