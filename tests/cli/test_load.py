"""load: people, branches, items and certifications from TOML and JSON; what is wrong is named by its place."""

import json
from typing import Any

import pytest

from certcore.adapters.sql import SqlCatalog, SqlDirectory, SqlStorage
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.people import Role
from tests.cli.conftest import WORLD
from tests.cli.running import CommandLine

COUNTS = {"people": 4, "branches": 2, "items": 2, "certifications": 2}


def contents(url: str) -> list[tuple[Any, ...]]:
    """Every row of the tables that loading fills, but for the moments of assignment."""
    storage = SqlStorage(url)
    tables = ("person", "group_member", "group_admin", "branch_member", "coaching", "branch", "item", "certification")
    try:
        with storage.reading() as tx:
            connection = tx.unit.connection
            return [
                (table, *row)
                for table in tables
                for row in sorted(connection.exec_driver_sql(f"SELECT * FROM certcore_{table}").all(), key=repr)
            ]
    finally:
        storage.close()


def test_the_same_file_again_changes_nothing(certcore: CommandLine) -> None:
    """Both loads give the same counts, and the second leaves every row as it was."""
    certcore.write("world.toml", WORLD)
    assert certcore.json("load", "world.toml") == COUNTS
    before = contents("sqlite:///certcore.db")
    assert certcore.json("load", "world.toml") == COUNTS
    assert contents("sqlite:///certcore.db") == before


def test_a_changed_file_updates_and_leaves_the_rest(loaded: CommandLine) -> None:
    """What it names is replaced, by username and code; awards issued before stay as they are."""
    loaded("award", "--certification", "SAFE-1", "--user", "bo", "--issued-on", "2026-03-01")
    loaded.write(
        "more.json",
        json.dumps(
            {
                "people": [{"username": "bo", "zone": "Asia/Beirut", "active": False}, {"username": "new"}],
                "certifications": [{"code": "SAFE-1", "policy": {"validity": {"years": 2}}}],
            }
        ),
    )
    assert loaded.json("load", "more.json") == {"people": 2, "branches": 0, "items": 0, "certifications": 1}
    certification = loaded.json("certification", "show", "SAFE-1")
    assert (certification["name"], certification["policy"]) == ("SAFE-1", {"validity": {"years": 2}})
    assert certification["items"] == ["course:C-1", "learning_plan:P-1"]
    assert [award["expires_on"] for award in loaded.json("search")["awards"]] == ["2027-03-01"]
    refused = loaded("award", "--certification", "SAFE-1", "--user", "bo", "--user", "new", "--user", "ana", "--json")
    assert [each["reason"] for each in refused.document["outcomes"]] == ["deactivated_user", None, None]


def test_everything_in_the_file_arrives(loaded: CommandLine) -> None:
    """People with zone and names, groups, branches with their parents, who looks after whom, items, definitions."""
    award = ("award", "--certification", "EVER-1", "--json", "--held", "refuse")
    assert loaded(*award, "--branch", "italy").document["outcomes"][0]["username"] == "ana"
    assert loaded(*award, "--group", "nurses").document["people"] == 2
    assert "Ana Rossi (ana), in America/Havana" in loaded("search", "--learner", "ana").out
    directory = SqlDirectory(SqlStorage("sqlite:///certcore.db"))
    boss = directory.match(["boss"])["boss"].id
    assert directory.roles(boss) == frozenset({Role.MANAGER, Role.GROUP_ADMIN})
    overseen = directory.people(directory.overseen(boss)).values()
    assert {person.username for person in overseen} == {"ana", "bo"}
    directory._storage.close()
    certification = loaded.json("certification", "show", "SAFE-1")
    del certification["id"]
    assert certification == {
        "code": "SAFE-1",
        "name": "Safety",
        "description": "Knows how to stay whole.",
        "policy": {"validity": {"years": 1}},
        "allow_retake": True,
        "template": "modern",
        "credits": None,
        "automatic": True,
        "items_needed": "any",
        "auto_renew": False,
        "retired": False,
        "live_awards": 0,
        "items": ["course:C-1", "learning_plan:P-1"],
    }


@pytest.mark.parametrize(("written", "needed"), [('"any"', 1), ('"all"', None), ("3", 3)])
def test_how_many_items_earn_a_certification(certcore: CommandLine, written: str, needed: int | None) -> None:
    """R-6, R-9, R-52: as words or a number, beside the switches; a later file resets them."""
    certification = f'[[certifications]]\ncode = "X"\nitems_needed = {written}\nautomatic = false\nauto_renew = true\n'
    item = '[[items]]\ncode = "C"\nusable = false\nmaterials = ["film", "quiz"]\n'
    certcore.json("load", "-", stdin=(certification + item).encode())
    storage = SqlStorage("sqlite:///certcore.db")
    with storage.reading() as tx:
        stored = tx.certifications.by_code(["X"])["X"]
    ref = ItemRef.parse("course:C")
    assert (stored.items_needed, stored.automatic, stored.auto_renew) == (needed, False, True)
    assert SqlCatalog(storage).items([ref])[ref] == Item(ref, usable=False, materials=("film", "quiz"))
    storage.close()
    shown = certcore("certification", "show", "X").out
    assert f"{written.strip(chr(34))} of the items, by hand only" in shown
    certcore.json("load", "-", stdin=b'certifications = [{code = "X"}]')
    assert certcore.json("certification", "show", "X")["items_needed"] == "any"


def test_every_key_but_username_and_code_may_be_left_out(certcore: CommandLine) -> None:
    """The smallest of each is enough, as TOML and as JSON from standard input."""
    smallest = {name: [{"code": "X"}] for name in ("branches", "items", "certifications")}
    world = json.dumps({"people": [{"username": "x"}], **smallest})
    assert certcore.json("load", "-", stdin=b"\xef\xbb\xbf" + world.encode()) == dict.fromkeys(COUNTS, 1)
    assert certcore.json("certification", "show", "X")["name"] == "X"
    assert "1 people" in certcore("load", "-", stdin=b'people = [{username = "y"}]').out


@pytest.mark.parametrize(
    ("world", "place"),
    [
        ("colour = 1", "colour"),
        ("people = 1", "people"),
        ("people = [1]", "people.1"),
        ("people = [{}]", "people.1.username"),
        ('people = [{username = " "}]', "people.1.username"),
        ('people = [{username = "ana", colour = "red"}]', "people.ana.colour"),
        ('people = [{username = "ana", zone = "Mars"}]', "people.ana.zone"),
        ('people = [{username = "ana", active = 1}]', "people.ana.active"),
        ('people = [{username = "ana", roles = ["king"]}]', "people.ana.roles"),
        ('people = [{username = "ana", groups = "nurses"}]', "people.ana.groups"),
        ('people = [{username = "ana", groups = [1]}]', "people.ana.groups"),
        ('people = [{username = "ana", groups = [""]}]', "people.ana.groups"),
        ('people = [{username = "ana", first_name = "a\\nb"}]', "people.ana.first_name"),
        ('people = [{username = "ana"}, {username = "ana"}]', "people.ana"),
        ('people = [{username = "ana"}, {username = " ana"}]', "people.ana"),
        ('people = [{username = "ana", manager = "nobody"}]', "people.manager"),
        ('branches = [{code = "a", parent = "a"}]', "branches.a"),
        ('branches = [{code = "a", parent = "b"}, {code = "b", parent = "a"}]', "branches.a"),
        ('branches = [{code = "a", parent = "nowhere"}]', "branches.a"),
        ('items = [{code = "C", kind = "book"}]', "items.C.kind"),
        ('items = [{code = "C", valid_until = "2030-1-1"}]', "items.C.valid_until"),
        ('items = [{code = "C", valid_until = "20300101"}]', "items.C.valid_until"),
        ('items = [{code = "C", valid_until = 2030-01-01T00:00:00Z}]', "items.C.valid_until"),
        ('items = [{code = "C"}, {code = "C", kind = "course"}]', "items.course:C"),
        ('certifications = [{name = "X"}]', "certifications.1.code"),
        ('certifications = [{code = "X", name = ""}]', "certifications.X.name"),
        ('certifications = [{code = "X", items = ["C-1"]}]', "certifications.X.items"),
        ('certifications = [{code = "X", items = ["course:C-9"]}]', "certifications.X.items"),
        ('certifications = [{code = "X", credits = -1}]', "certifications.X.credits"),
        ('certifications = [{code = "X", credits = true}]', "certifications.X.credits"),
        ('certifications = [{code = "X", credits = nan}]', "certifications.X.credits"),
        ('certifications = [{code = "X", automatic = 1}]', "certifications.X.automatic"),
        ('certifications = [{code = "X", auto_renew = "yes"}]', "certifications.X.auto_renew"),
        ('certifications = [{code = "X", items_needed = 0}]', "certifications.X.items_needed"),
        ('certifications = [{code = "X", items_needed = 1.5}]', "certifications.X.items_needed"),
        ('certifications = [{code = "X", items_needed = true}]', "certifications.X.items_needed"),
        ('certifications = [{code = "X", items_needed = "some"}]', "certifications.X.items_needed"),
        ('items = [{code = "C", usable = "no"}]', "items.C.usable"),
        ('items = [{code = "C", materials = "film"}]', "items.C.materials"),
        ('items = [{code = "C", materials = [" "]}]', "items.C.materials"),
        ('certifications = [{code = "X", policy = 1}]', "certifications.X.policy"),
        ('certifications = [{code = "X", policy = {colour = 1}}]', "certifications.X.policy.colour"),
        ('certifications = [{code = "X", policy = {validity = {years = -1}}}]', "certifications.X.policy"),
        ('certifications = [{code = "X"}, {code = "X"}]', "certifications.X"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_nothing_is_kept(loaded: CommandLine, world: str, place: str) -> None:
    """Unknown keys, wrong kinds and values, names that are not there, entries that come twice: all or nothing."""
    before = contents("sqlite:///certcore.db")
    good = 'branches = [{code = "new"}]\n' if "branches" not in world else 'people = [{username = "new"}]\n'
    done = loaded("load", "-", "--json", stdin=(good + world).encode())
    assert done.error == (1, "invalid_definition")
    assert done.document["error"]["message"].startswith(place)
    assert contents("sqlite:///certcore.db") == before


def test_an_item_of_another_certification_is_refused_by_name(loaded: CommandLine) -> None:
    """An item carries one certification; the refusal names it, and nothing of the file is kept (R-5)."""
    done = loaded("load", "-", "--json", stdin=b'certifications = [{code = "NEW", items = ["course:C-1"]}]')
    assert done.error == (1, "item_taken")
    assert "SAFE-1" in done.document["error"]["message"]
    assert loaded("certification", "show", "NEW", "--json").error == (1, "not_found")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.toml", b""),
        ("blank.json", b" \n"),
        ("page.toml", b"<!DOCTYPE html><html></html>"),
        ("archive.toml", b"\x1f\x8b\x08\x00"),
        ("utf16.toml", "people = []".encode("utf-16")),
        ("broken.toml", b"people = ["),
        ("broken.json", b'{"people": ['),
        ("list.json", b"[]"),
        ("nan.json", b"nope"),
        ("twice.json", b'{"people": [], "people": []}'),
        ("deep.json", b'{"people":' + b"[" * 100_000),
        ("deep.toml", b"people = " + b"[" * 100_000),
        ("long.json", b'{"people": ' + b"9" * 10_000 + b"}"),
    ],
)
def test_what_is_no_toml_and_no_json_is_refused(certcore: CommandLine, name: str, content: bytes) -> None:
    """Empty files, pages, archives, other encodings, broken, doubled, bottomless and endless ones."""
    certcore.write(name, content)
    assert certcore("load", name, "--json").error == (1, "unreadable_file")


def test_files_that_cannot_be_opened_are_told_apart(certcore: CommandLine) -> None:
    """Missing files and folders each have a sentence."""
    assert "no file 'nowhere.toml'" in certcore("load", "nowhere.toml").err
    assert "is a directory" in certcore("load", ".").err
    assert certcore("load", "x" * 5_000).code == 1
    assert certcore("load", "a\0b").code == 1


def test_null_in_json_is_what_is_not_there(certcore: CommandLine) -> None:
    """Exports write null for what a person does not have."""
    certcore.json("load", "-", stdin=b'{"people": [{"username": "x", "zone": null, "groups": null}]}')
