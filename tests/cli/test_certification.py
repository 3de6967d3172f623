"""certification: add, list, show, edit, retire and assign."""

import pytest

from tests.cli.running import CommandLine


def test_a_certification_from_its_definition_to_its_retirement(loaded: CommandLine) -> None:
    """Each command answers with the certification as it is now."""
    made = loaded.json(
        "certification",
        *("add", "First aid", "--code", "AID-1", "--description", "Helps.", "--validity", "18 months"),
        *("--credits", "6.5", "--allow-retake", "--template", "modern"),
    )
    assert (made["name"], made["policy"], made["credits"]) == ("First aid", {"validity": {"months": 18}}, "6.5")
    assert (made["allow_retake"], made["template"], made["items"], made["retired"]) == (True, "modern", [], False)
    edited = loaded.json("certification", "edit", "AID-1", "--name", "First aid 2", "--validity", "1 year")
    assert (edited["id"], edited["name"], edited["policy"]) == (made["id"], "First aid 2", {"validity": {"years": 1}})
    assert loaded.json("certification", "edit", "AID-1", "--no-allow-retake")["allow_retake"] is False
    assert loaded.json("certification", "edit", "AID-1", "--validity", "none")["policy"] == {"validity": "none"}
    assert loaded.json("certification", "retire", "AID-1")["retired"] is True
    assert loaded("award", "--certification", "AID-1", "--user", "ana", "--json").error == (1, "retired_certification")
    listed = loaded.json("certification", "list")["certifications"]
    assert [each["code"] for each in listed] == ["EVER-1", "AID-1", "SAFE-1"]


def test_a_policy_comes_from_a_file(loaded: CommandLine) -> None:
    """TOML or JSON; the validity on the command line outranks the file's."""
    loaded.write("policy.toml", 'boundary = "inclusive"\nvalidity = { years = 3 }\nwarning = { days = 30 }\n')
    made = loaded.json("certification", "add", "X", "--code", "X", "--policy", "policy.toml", "--validity", "2 years")
    expected = {"boundary": "inclusive", "validity": {"years": 2}, "warning": {"days": 30}}
    assert made["policy"] == expected
    assert loaded.json("certification", "edit", "X", "--validity", "5 weeks")["policy"] == {
        **expected,
        "validity": {"weeks": 5},
    }
    replaced = loaded.json("certification", "edit", "X", "--policy", "-", stdin=b'{"validity": {"days": 1}}')
    assert replaced["policy"] == {"validity": {"days": 1}}
    assert loaded("certification", "add", "Y", "--policy", "-", "--json", stdin=b"colour = 1").error == (
        1,
        "invalid_policy",
    )


def test_a_certification_without_a_code_is_named_by_its_id(loaded: CommandLine) -> None:
    """Codes are optional: id: and the id stand for one."""
    made = loaded.json("certification", "add", "No code")
    ref = f"id:{made['id']}"
    assert made["code"] is None
    assert ref in loaded("certification", "list").out
    assert loaded.json("certification", "show", ref)["name"] == "No code"
    assert loaded.json("award", "--certification", ref, "--user", "ana")["new"] == 1
    assert loaded.json("search", "--certification", ref)["awards"][0]["certification"] == "No code"
    assert loaded.json("certification", "edit", ref, "--code", "CODED")["code"] == "CODED"


def test_items_are_assigned_and_named_when_taken(loaded: CommandLine) -> None:
    """From either command, again without effect, and refused where another certification has them (R-5)."""
    loaded("load", "-", stdin=b'items = [{code = "C-2"}, {code = "A", kind = "external_activity"}]')
    made = loaded.json("certification", "add", "X", "--code", "X", "--item", "course:C-2")
    assert made["items"] == ["course:C-2"]
    assigned = loaded.json("certification", "assign", "X", "external_activity:A", "course:C-2")
    assert assigned["items"] == ["course:C-2", "external_activity:A"]
    assert loaded("certification", "assign", "X", "course:C-1", "--json").error == (1, "item_taken")
    assert loaded("certification", "assign", "X", "course:C-9", "--json").error == (1, "not_found")
    assert loaded("certification", "assign", "X", "C-2", "--json").error == (1, "invalid_value")


def test_a_certification_that_cannot_be_assigned_is_not_made(loaded: CommandLine) -> None:
    """Defining with items is one act."""
    assert loaded("certification", "add", "X", "--code", "X", "--item", "course:C-1", "--json").error[0] == 1
    assert loaded("certification", "show", "X", "--json").error == (1, "not_found")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["add", " "], "invalid_value"),
        (["add", "X", "--code", "SAFE-1"], "code_taken"),
        (["add", "X", "--credits", "-1"], "invalid_value"),
        (["add", "X", "--policy", "nowhere.toml"], "unreadable_file"),
        (["edit", "EVER-1", "--code", "SAFE-1"], "code_taken"),
        (["edit", "NOPE", "--name", "X"], "not_found"),
        (["retire", "NOPE"], "not_found"),
        (["show", "id:ffffffffffffffff"], "not_found"),
    ],
)
def test_what_is_refused_says_why(loaded: CommandLine, arguments: list[str], code: str) -> None:
    """Blank names, codes in use, certifications that are not there."""
    assert loaded("certification", *arguments, "--json").error == (1, code)


def test_tables_fit_eighty_columns(loaded: CommandLine) -> None:
    """However long the names, nothing is wider than the terminal."""
    loaded("certification", "add", "x" * 200, "--code", "y" * 100, "--description", "z" * 500)
    for arguments in (["list"], ["show", "y" * 100]):
        out = loaded("certification", *arguments).out
        assert max(map(len, out.splitlines())) <= 80
        assert out.replace("\n", "").replace(" ", "").count("x") >= 200


def test_an_empty_list_says_what_to_do(certcore: CommandLine) -> None:
    """A newcomer reads the next command."""
    assert "certification add" in certcore("certification", "list").out
