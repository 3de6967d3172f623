"""Running the command line, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from attrs import field, frozen

import certcore
from certcore.cli import main

SOURCE = Path(certcore.__file__).parents[1]


@frozen
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> tuple[int, str]:
        """The exit code and the error's code, where the document is an error's and nothing more."""
        assert set(self.document) == {"error"}
        assert set(self.document["error"]) == {"code", "message"}
        assert self.document["error"]["message"]
        return self.code, self.document["error"]["code"]


@frozen
class CommandLine:
    """``certcore`` in one folder."""

    folder: Path
    options: tuple[str, ...] = field(default=())

    def on(self, url: str) -> "CommandLine":
        """The same on another database."""
        return CommandLine(self.folder, ("--db", url))

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Done:
        """Run it in this process."""
        out, err = StringIO(), StringIO()
        with patch.object(sys, "stdin", TextIOWrapper(BytesIO(stdin))), redirect_stdout(out), redirect_stderr(err):
            code = main([*self.options, *arguments])
        assert "Traceback" not in out.getvalue() + err.getvalue()
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *arguments: str, stdin: bytes = b"") -> Any:
        """The document of a command that is done."""
        done = self(*arguments, "--json", stdin=stdin)
        assert (done.code, done.err) == (0, ""), done
        return done.document

    def write(self, name: str, content: str | bytes) -> str:
        """A file in the folder; its name."""
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def started(self, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
        """Start it in a process of its own."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environ = {**os.environ, "PYTHONPATH": str(SOURCE), **options.pop("env", {})}
        command = [sys.executable, "-m", "certcore.cli", *self.options, *arguments]
        return subprocess.Popen(command, cwd=self.folder, env=environ, **options)

    def in_a_process(self, *arguments: str, **options: Any) -> Done:
        """Run it in a process of its own."""
        with self.started(*arguments, **options) as process:
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, (out or b"").decode(), (err or b"").decode())
