"""The command line in this process, on a database and in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import CommandLine

AWARDS = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code"

WORLD = """
[[branches]]
code = "italy"

[[branches]]
code = "rome"
parent = "italy"

[[people]]
username = "ana"
first_name = "Ana"
last_name = "Rossi"
email = "ana@example.org"
zone = "America/Havana"
language = "es"
groups = ["nurses"]
branches = ["rome"]
manager = "boss"

[[people]]
username = "bo"
groups = ["nurses"]

[[people]]
username = "boss"
roles = ["manager", "group_admin"]
coach_of = ["bo"]
admin_of = ["nurses"]

[[people]]
username = "gone"
active = false

[[items]]
code = "C-1"
title = "Safety course"

[[items]]
kind = "learning_plan"
code = "P-1"
courses = ["C-1"]
valid_until = 2030-12-31

[[certifications]]
code = "SAFE-1"
name = "Safety"
description = "Knows how to stay whole."
policy = { validity = { years = 1 } }
allow_retake = true
items = ["course:C-1", "learning_plan:P-1"]
template = "modern"

[[certifications]]
code = "EVER-1"
"""


@pytest.fixture
def certcore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line on an embedded SQLite file in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("CERTCORE_DB", "CERTCORE_TRACEBACK", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine(tmp_path)


@pytest.fixture
def loaded(certcore: CommandLine) -> CommandLine:
    """The same with a small world: ana, bo, boss and gone; SAFE-1 of one year and EVER-1."""
    certcore.write("world.toml", WORLD)
    assert certcore("load", "world.toml").code == 0
    return certcore


@pytest.fixture
def school(certcore: CommandLine) -> CommandLine:
    """The same world, loaded on 2026-01-01: its items carry SAFE-1 since then."""
    certcore.write("world.toml", WORLD)
    assert certcore("load", "world.toml", "--now", "2026-01-01T00:00:00Z").code == 0
    return certcore


@pytest.fixture
def awards_file(certcore: CommandLine) -> Callable[..., str]:
    """Writes an award file with these rows and gives its name."""
    return lambda *rows, name="awards.csv": certcore.write(name, "\n".join([AWARDS, *rows]) + "\n")
