"""The judge's process: in time, within its memory, alone in the world, killed with its children, and replaced."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest

from certcore.adapters.pdf_judge import PdfJudge, worker
from certcore.adapters.pdf_judge import judge as judge_module
from certcore.adapters.pdf_judge.messages import receive, send
from certcore.domain.files import MIB, FileJudgement, FileLimits, Finding, Verdict
from certcore.errors import NotInstalled
from certcore.testing.threads import at_once
from tests.adapters.pdf_judge.judging import LIMITS
from tests.adapters.pdf_judge.pdfs import certificate, stream

GOOD = certificate()
SLOW = certificate(more=[b"[" + b"()" * 4_000_000])
PATIENCE = 60.0

PREAMBLE = f"""#!{sys.executable}
import os, socket, subprocess, sys, time
connection = socket.socket(fileno=0)
"""
READY = "connection.sendall(bytes(8))\n"
ANSWER = 'answer = b\'{"findings": [], "pages": 1}\'\nconnection.sendall(len(answer).to_bytes(8) + answer)\n'


def codes(judgement: FileJudgement) -> list[str]:
    return [finding.code for finding in judgement.findings]


def pid_of(judge: PdfJudge) -> int:
    assert judge._process is not None
    return judge._process._process.pid


def gone(pid: int) -> bool:
    """Whether a process has ended; waits for it."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def played(tmp_path: Path) -> Callable[[str], str]:
    """A program that stands in for the interpreter, and so plays the judge's process."""

    def write(script: str) -> str:
        path = tmp_path / "python"
        path.write_text(PREAMBLE + textwrap.dedent(script), encoding="utf-8")
        path.chmod(0o700)
        return str(path)

    return write


def test_one_process_judges_many_files() -> None:
    """It is kept warm, and ends when the judge is closed; the next file then starts another one."""
    with PdfJudge(LIMITS) as judge:
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT
        first = pid_of(judge)
        assert judge.judge(GOOD).pages == 1
        assert pid_of(judge) == first
        judge.close()
        assert gone(first)
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT
        assert pid_of(judge) != first


def test_a_judge_that_is_forgotten_leaves_no_process() -> None:
    """Nobody has to close it."""
    judge = PdfJudge(LIMITS)
    judge.judge(GOOD)
    pid = pid_of(judge)
    del judge
    assert gone(pid)


def test_what_the_edges_tell_starts_no_process() -> None:
    """R-71: size, first bytes and last bytes are looked at here."""
    with PdfJudge(FileLimits(size=2000)) as judge:
        for content in (b"", b"PK\3\4", b"%PDF-1.7", bytes(2001), GOOD + b"x"):
            assert judge.judge(content).verdict is Verdict.REJECT
        assert judge._process is None


def test_a_process_is_replaced_before_it_gets_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it may have leaked is gone."""
    monkeypatch.setattr(judge_module, "_FILES_PER_PROCESS", 2)
    with PdfJudge(LIMITS) as judge:
        pids = []
        for _ in range(4):
            assert judge.judge(GOOD).verdict is Verdict.ACCEPT
            pids.append(pid_of(judge))
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_f51_a_file_that_takes_too_long_is_refused() -> None:
    """Its process is killed, and the next file is judged by a new one."""
    with PdfJudge(FileLimits(seconds=0.3, parts=10**9)) as judge:
        assert codes(judge.judge(SLOW)) == ["took_too_long"]
    with PdfJudge(LIMITS) as judge:
        judge.judge(GOOD)
        pid = pid_of(judge)
        judge._limits = FileLimits(seconds=0.1)
        os.kill(pid, signal.SIGSTOP)
        assert codes(judge.judge(GOOD)) == ["took_too_long"]
        assert gone(pid)
        judge._limits = LIMITS
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT


def test_f51_a_file_that_takes_too_much_memory_is_refused() -> None:
    """What the system refuses to give is answered, not survived by luck: the process ends after it."""
    header = b"9 0 "
    greedy = certificate(more=[stream(header + b"(" + bytes(60 * MIB) + b")", b"/N 1/First 4", packed=True)])
    with PdfJudge(FileLimits(seconds=60, memory=128 * MIB)) as judge:
        judge.judge(GOOD)
        pid = pid_of(judge)
        assert codes(judge.judge(greedy)) == ["too_much_memory"]
        assert gone(pid)
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT


def test_f51_a_process_that_is_killed_at_a_file_refuses_it(played: Callable[[str], str]) -> None:
    """The next one gets another process."""
    program = played(READY + "connection.recv(1000)\nos.abort()\n")
    with PdfJudge(LIMITS, python=program) as judge:
        assert codes(judge.judge(GOOD)) == ["checker_stopped"]
        assert judge._process is None
        assert codes(judge.judge(GOOD)) == ["checker_stopped"]


def test_a_process_that_was_killed_between_two_files_harms_neither() -> None:
    """The second file gets a new process and is judged."""
    with PdfJudge(LIMITS) as judge:
        judge.judge(GOOD)
        pid = pid_of(judge)
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT


def test_f51_children_are_killed_with_the_process(played: Callable[[str], str], tmp_path: Path) -> None:
    """Also those that it forked, and that hold on to its connection."""
    program = played(
        READY
        + f"""
connection.recv(1000)
for name in "ab":
    child = subprocess.Popen(["sleep", "600"])
    open({str(tmp_path)!r} + "/" + name, "w").write(str(child.pid))
if os.fork() == 0:
    open({str(tmp_path)!r} + "/c", "w").write(str(os.getpid()))
time.sleep(600)
"""
    )
    with PdfJudge(FileLimits(seconds=1), python=program) as judge:
        assert codes(judge.judge(GOOD)) == ["took_too_long"]
    children = [int((tmp_path / name).read_text(encoding="ascii")) for name in "abc"]
    assert [gone(child) for child in children] == [True] * 3


def test_a_child_that_got_away_does_not_hold_the_judge_up(played: Callable[[str], str], tmp_path: Path) -> None:
    """A connection that stays open in a session of its own is not waited for."""
    program = played(
        READY
        + f"""
if os.fork() == 0:
    os.setsid()
    open({str(tmp_path)!r} + "/away", "w").write(str(os.getpid()))
time.sleep(600)
"""
    )
    with PdfJudge(FileLimits(seconds=1), python=program) as judge:
        assert codes(judge.judge(GOOD)) == ["took_too_long"]
    os.kill(int((tmp_path / "away").read_text(encoding="ascii")), signal.SIGKILL)


def test_a_process_that_takes_no_file_is_not_waited_for(played: Callable[[str], str]) -> None:
    """A file larger than any buffer is offered with the same patience."""
    with PdfJudge(FileLimits(seconds=0.2), python=played(READY + "time.sleep(600)\n")) as judge:
        assert codes(judge.judge(GOOD.replace(b"%%EOF", bytes(5 * MIB) + b"startxref\n0\n%%EOF"))) == ["took_too_long"]


ANSWERS = {
    "nothing": "",
    "half": "connection.sendall(bytes(7))\n",
    "less than it says": "connection.sendall((100).to_bytes(8) + b'{}')\n",
    "no JSON": "connection.sendall((3).to_bytes(8) + b'yes')\n",
    "not text": "connection.sendall((1).to_bytes(8) + b'\\xff')\n",
    "something else": "connection.sendall((2).to_bytes(8) + b'{}')\n",
    "a list": "connection.sendall((2).to_bytes(8) + b'[]')\n",
    "an unknown finding": 'answer = b\'{"findings": [["fine", {}]], "pages": 1}\'\n'
    "connection.sendall(len(answer).to_bytes(8) + answer)\n",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_f51_an_answer_that_is_none_refuses_the_file(played: Callable[[str], str], answer: str) -> None:
    """A process that was taken over could say anything."""
    with PdfJudge(FileLimits(seconds=20), python=played(READY + "connection.recv(1000)\n" + answer)) as judge:
        assert codes(judge.judge(GOOD)) == ["checker_stopped"]


@pytest.mark.parametrize("script", ["sys.exit(1)\n", "connection.close()\n"])
def test_f51_a_process_that_cannot_start_refuses_files(played: Callable[[str], str], script: str) -> None:
    """Nothing is taken unchecked, and it is no fault of the file."""
    with PdfJudge(LIMITS, python=played(script)) as judge:
        assert codes(judge.judge(GOOD)) == ["checker_failed"]


def test_f51_an_interpreter_that_is_not_there_refuses_files(tmp_path: Path) -> None:
    """The same for a wrong setting."""
    with PdfJudge(LIMITS, python=str(tmp_path / "no such python")) as judge:
        assert codes(judge.judge(GOOD)) == ["checker_failed"]


def test_without_pypdf_there_is_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra."""
    monkeypatch.setattr(judge_module, "find_spec", lambda _name: None)
    with pytest.raises(NotInstalled, match=r"pypdf is not installed; run pip install 'certcore\[upload\]'"):
        PdfJudge()


def test_an_interrupted_judgement_leaves_no_answer_behind() -> None:
    """Or the next file would get it: the process is ended."""
    with PdfJudge(LIMITS) as judge:
        judge.judge(GOOD)
        pid = pid_of(judge)
        interrupted = patch("certcore.adapters.pdf_judge.process.receive", side_effect=KeyboardInterrupt)
        with interrupted, pytest.raises(KeyboardInterrupt):
            judge.judge(certificate(catalog=b"/AA<</O 3 0 R>>"))
        assert gone(pid)
        assert judge.judge(GOOD).verdict is Verdict.ACCEPT


def test_threads_take_turns() -> None:
    """Everybody gets the answer for their own file."""
    files = [(GOOD, Verdict.ACCEPT), (certificate(catalog=b"/AA<</O 3 0 R>>"), Verdict.FLAG), (b"", Verdict.REJECT)]
    with PdfJudge(LIMITS) as judge:

        def judging(content: bytes, verdict: Verdict) -> None:
            for _ in range(5):
                assert judge.judge(content).verdict is verdict

        assert at_once([partial(judging, *each) for each in files * 3]) == [None] * 9


def test_a_fork_gets_a_process_of_its_own() -> None:
    """Neither hears the other's answers, and the fork's end ends nothing of the parent's."""
    script = """
import os, sys
from certcore.adapters.pdf_judge import PdfJudge
from tests.adapters.pdf_judge.pdfs import certificate
good, bad = certificate(), certificate(catalog=b"/AA<</O 3 0 R>>")
judge = PdfJudge()
assert judge.judge(good).verdict == "accept"
parents = judge._process._process.pid
child = os.fork()
for _ in range(10):
    assert judge.judge(good if child else bad).verdict == ("accept" if child else "flag")
if not child:
    sys.exit(judge._process._process.pid == parents)
assert os.waitpid(child, 0)[1] == 0
assert judge.judge(good).verdict == "accept"
assert judge._process._process.pid == parents
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=environ, check=True, timeout=PATIENCE)


def test_the_process_knows_nothing_of_the_host_s_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords stand there."""
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    with PdfJudge(LIMITS) as judge:
        judge.judge(GOOD)
        environ = Path(f"/proc/{pid_of(judge)}/environ").read_bytes()
    assert b"PYTHONPATH" in environ
    assert b"secret" not in environ


CONFINED = """
import os, sys
from certcore.adapters.pdf_judge.confinement import confine
from certcore.domain.files import FileLimits
{before}
confine(FileLimits())
{act}
"""
FORBIDDEN = {
    "write a file": "open(os.devnull, 'w')",
    "make a file": "os.open('/tmp/new', os.O_CREAT)",
    "read what is no module": "open('/etc/hostname')",
    "read by a way round": "open(sys.prefix + '/../../etc/hostname')",
    "connect": "import socket; socket.socket()",
    "resolve a name": "import socket; socket.getaddrinfo('localhost', 80)",
    "run a program": "import subprocess; subprocess.run(['true'])",
    "run a shell": "os.system('true')",
    "fork": "os.fork()",
    "become another program": "os.execv('/bin/true', ['true'])",
    "remove": "os.remove('/tmp/nothing')",
    "kill": "os.kill(os.getppid(), 0)",
    "call into the system": "import ctypes; ctypes.CDLL(None)",
}


def confined(act: str, before: str = "") -> int:
    """How a confined process ends that does this; unmeasured, for it could not write what was measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environ = {**kept, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CONFINED.format(act=act, before=before)]
    return subprocess.run(command, env=environ, capture_output=True, timeout=PATIENCE, check=False).returncode


@pytest.mark.parametrize("act", FORBIDDEN.values(), ids=FORBIDDEN)
def test_f51_the_process_can_do_nothing_but_judge(act: str) -> None:
    """What breaks out of a parser ends there."""
    assert confined(act) == 70


def test_f51_a_confined_process_can_judge() -> None:
    """It loads modules, also late ones, and reads what it was given."""
    before = "from tests.adapters.pdf_judge.pdfs import certificate"
    act = (
        "from certcore.adapters.pdf_judge.checking import inside; assert inside(certificate(), FileLimits()) == ([], 1)"
    )
    assert confined(act, before) == 0


def test_files_are_served_one_after_another_until_nobody_asks() -> None:
    """The loop itself, on a thread: ready, findings, pages; what takes all the memory is the last file."""
    ours, theirs = socket.socketpair()
    thread = Thread(target=worker.serve, args=(theirs, LIMITS), daemon=True)
    with patch("certcore.adapters.pdf_judge.worker.computing", nullcontext), ours, theirs:
        thread.start()
        assert receive(ours) == b""
        send(ours, GOOD)
        assert receive(ours) == b'{"findings": [], "pages": 1}'
        with patch("certcore.adapters.pdf_judge.worker.inside", side_effect=MemoryError):
            send(ours, GOOD)
            assert b"too_much_memory" in (receive(ours) or b"")
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_finding_crosses_over_with_its_parameters() -> None:
    """As it was made in the process."""
    with PdfJudge(FileLimits(seconds=60, inflated=100)) as judge:
        assert judge.judge(certificate(text=stream(bytes(101), packed=True))).findings == (
            Finding("inflates_too_far", {"bytes": 100}),
        )
