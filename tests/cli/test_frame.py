"""The frame of every command: options before and after, exit codes, streams, and errors that end as sentences."""

import builtins
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from certcore.cli import main
from certcore.services.reporting import Reporting
from tests.cli.running import SOURCE, CommandLine

NOW = ("--now", "2031-01-01T00:00:00Z")


@pytest.mark.parametrize("before", [True, False])
def test_options_of_every_command_stand_before_or_after_it(loaded: CommandLine, before: bool) -> None:
    """--db, --json and --now mean the same in both places."""
    loaded("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2026-03-01")
    options = ("--db", "certcore.db", "--json", *NOW)
    done = loaded(*options, "search") if before else loaded("search", *options)
    assert done.code == 0
    assert [award["status"] for award in done.document["awards"]] == ["expired"]


def test_options_of_every_command_may_come_twice(certcore: CommandLine) -> None:
    """Before the command and behind it: the last one counts."""
    done = certcore("--json", "--db", "first.db", "search", "--json", "--db", "second.db")
    assert (done.code, done.document["awards"]) == (0, [])
    assert [path.name for path in certcore.folder.glob("*.db")] == ["second.db"]


def test_the_environment_names_the_database(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """CERTCORE_DB counts where no option is given, and the option outranks it."""
    monkeypatch.setenv("CERTCORE_DB", "sqlite:///named.db")
    certcore.json("search")
    assert Path("named.db").exists()
    certcore.json("search", "--db", "other.db")
    assert Path("other.db").exists()
    assert not Path("certcore.db").exists()


def test_the_first_use_makes_the_database(certcore: CommandLine) -> None:
    """A fresh file is created, migrated and usable at once; db check finds it right."""
    assert certcore("db", "check", "--json").error == (1, "schema_mismatch")
    assert certcore.json("search") == {"awards": [], "next": None}
    found = certcore.json("db", "check")
    assert found["found"] == found["needed"]
    assert certcore.json("db", "upgrade") == {"from": found["needed"], "to": found["needed"]}


def test_an_upgrade_makes_the_tables(certcore: CommandLine) -> None:
    """Without tables, db upgrade creates them and says so; again it has nothing to do."""
    assert "are now at" in certcore("db", "upgrade").out
    assert "already" in certcore("db", "upgrade").out
    assert certcore("db", "check").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["--db"],
        ["search", "--nope"],
        ["search", "--limit", "many"],
        ["search", "--status", "asleep"],
        ["search", "--at", "yesterday"],
        ["search", "extra"],
        ["search", "--now", "2026-01-01"],
        ["import"],
        ["import", "awards.csv"],
        ["import", "--nope", "--zone", "UTC"],
        ["import", "awards.csv", "--zone", "UTC", "--map", "username"],
        ["import", "awards.csv", "--zone", "UTC", "--mode", "some"],
        ["import", "awards.csv", "--zone", "UTC", "--duplicates", "keep"],
        ["award", "--certification", "SAFE-1"],
        ["award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "07/04/2021"],
        ["award", "--certification", "SAFE-1", "--user", "ana", "--held", "update"],
        ["award", "--certification", "SAFE-1", "--user", "ana", "--score", "1_0"],
        ["award", "--certification", "SAFE-1", "--user", "ana", "--score", "good"],
        ["award", "--certification", "SAFE-1", "--user", "ana", "--link", "https://example.org"],
        ["certification", "add", "Safety", "--validity", "1y"],
        ["show"],
        ["demo", "--rows", "0"],
    ],
)
def test_wrong_usage_ends_with_2(loaded: CommandLine, arguments: list[str]) -> None:
    """What cannot be understood as a command is said on standard error, or as a document with --json."""
    done = loaded(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("certcore: ")
    assert loaded(*arguments, "--json").error == (2, "wrong_usage")


def test_no_command_gives_help(certcore: CommandLine) -> None:
    """Alone it lists the commands; with --json, which no list can answer, it is wrong usage."""
    assert "import" in certcore().out
    assert "retire" in certcore("certification").out
    assert "--zone" in certcore("import", "--help").out
    assert certcore("--json").error == (2, "wrong_usage")
    assert certcore("--version").code == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "invalid_value"),
        ("what?", "invalid_value"),
        ("nope://x", "invalid_value"),
        ("://", "invalid_value"),
        ("postgresql://user@host:port/x", "invalid_value"),
        ("mssql+pyodbc://x", "invalid_value"),
        ("postgresql://nobody@localhost:1/x", "storage_error"),
        ("/no/such/folder/x.db", "storage_error"),
        (".", "storage_error"),
        ("world.toml", "storage_error"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_clear_error(loaded: CommandLine, url: str, code: str) -> None:
    """Bad URLs, missing drivers, a server that is not there, a folder, a file of another kind."""
    assert loaded("search", "--db", url, "--json").error == (1, code)


def test_what_nobody_expected_ends_without_a_traceback(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of certcore's own is a sentence, and a traceback only on demand."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Reporting, "search", fail)
    done = certcore("search")
    assert (done.code, "RuntimeError: boom" in done.err) == (1, True)
    assert certcore("search", "--json").error == (1, "unexpected_error")
    monkeypatch.setenv("CERTCORE_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="boom"):
        certcore("search")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (OSError(5, "I/O error", "disk"), 1)])
def test_interrupts_and_the_systems_errors_are_sentences(
    certcore: CommandLine, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """Ctrl-C and what the operating system refuses end the run with a code of their own."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Reporting, "search", fail)
    done = certcore("search")
    assert (done.code, done.out) == (code, "")
    assert done.err.count("\n") == 1


def test_an_interrupt_while_it_starts_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes at any time."""

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(builtins, "__import__", fail)
    code = main(["search"])
    monkeypatch.undo()
    assert code == 130


def test_extras_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra, the command says which package to install."""
    for module in [name for name in sys.modules if name.startswith(("certcore.cli.", "cyclopts"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    assert main(["search"]) == 1
    assert "certcore[cli]" in capsys.readouterr().err


def test_arguments_that_are_no_text_are_survived(loaded: CommandLine) -> None:
    """Bytes that are not of the locale's encoding are a username that nobody has."""
    done = loaded("award", "--certification", "SAFE-1", "--user", "a\udcffb", "--json")
    assert (done.code, done.document["outcomes"][0]["reason"]) == (1, "unknown_user")
    assert loaded("award", "--certification", "SAFE-1", "--user", "a\udcffb").code == 1


def test_a_terminal_is_never_steered(loaded: CommandLine) -> None:
    """Escape sequences and direction marks from a file are shown as codes."""
    loaded.write(
        "awards.csv", "username,certification_code,certification_issue_date,always_valid,type\n\x1b[31m\u202e,x,1,1,1\n"
    )
    done = loaded("import", "awards.csv", "--zone", "UTC")
    assert done.code == 1
    assert "\\x1b" in done.out
    assert not {"\x1b", "\u202e"} & {*done.out}


# --- in processes of their own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_stops_early_ends_the_run_quietly(certcore: CommandLine, options: tuple[str, ...]) -> None:
    """A broken pipe is no error to speak of."""
    process = certcore.started("certification", "list", *options)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141
    process.stderr.close()


def test_closed_streams_are_no_traceback(certcore: CommandLine) -> None:
    """Who closes standard output wants no answer."""
    command = [sys.executable, "-m", "certcore.cli", "search"]
    closing = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(
        closing, cwd=certcore.folder, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk_is_no_traceback(certcore: CommandLine, options: tuple[str, ...]) -> None:
    """Output that cannot be written makes the run fail, without a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = certcore.in_a_process("search", *options, stdout=full)
    assert done.code != 0
    assert "Traceback" not in done.err


def test_names_survive_a_terminal_without_their_letters(certcore: CommandLine) -> None:
    """In the C locale tables are ASCII, and JSON is so everywhere."""
    certcore.write("world.json", '{"people": [{"username": "zo\u00eb"}], "certifications": [{"code": "X"}]}')
    certcore.json("load", "world.json")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    award = ("award", "--certification", "X", "--group", "none")
    assert certcore.in_a_process(*award, env=plain).code == 1
    certcore("award", "--certification", "X", "--user", "zo\u00eb")
    done = certcore.in_a_process("search", env=plain)
    assert (done.code, "zo\\xeb" in done.out, done.err) == (0, True, "")
    assert certcore.in_a_process("search", "--json", env=plain).document["awards"][0]["username"] == "zo\u00eb"


def test_ctrl_c_ends_a_long_run(certcore: CommandLine) -> None:
    """An interrupt ends with 130 and one sentence, and leaves no temporary folder."""
    process = certcore.started("demo", "--rows", "100000", env={"TMPDIR": str(certcore.folder)})
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.count(b"\n"), b"interrupted" in err) == (130, 1, True)
    assert not list(certcore.folder.iterdir())
