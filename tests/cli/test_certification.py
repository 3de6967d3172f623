"""certification: what it is, what carries it, out of use and back, deleted; what an edit would change."""

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


def test_how_it_is_earned_and_renewed_is_said(loaded: CommandLine) -> None:
    """R-6, R-9, R-52: how many items, by hand only, renewals without a start."""
    made = loaded.json("certification", "add", "X", "--code", "X", "--by-hand", "--items-needed", "all", "--auto-renew")
    assert (made["automatic"], made["items_needed"], made["auto_renew"]) == (False, "all", True)
    edited = loaded.json("certification", "edit", "X", "--no-by-hand", "--items-needed", "2", "--no-auto-renew")
    assert (edited["automatic"], edited["items_needed"], edited["auto_renew"]) == (True, 2, False)
    assert loaded.json("certification", "edit", "X", "--items-needed", "any")["items_needed"] == "any"
    for wrong in ("0", "-1", "some"):
        assert loaded("certification", "edit", "X", "--items-needed", wrong, "--json").error == (2, "wrong_usage")


def test_one_item_can_be_issued_by_hand_only(loaded: CommandLine) -> None:
    """R-9: said with the assignment, changed later, or left to the certification again."""
    loaded("load", "-", stdin=b'items = [{code = "C-2"}]')
    act = ("certification", "assign", "EVER-1", "course:C-2")
    complete = ("complete", "bo", "course:C-2")
    loaded.json(*act, "--issue", "by-hand", "--now", "2026-01-01T00:00:00Z")
    (told,) = loaded.json(*complete, "--at", "2026-03-01T00:00:00Z")["outcomes"]
    assert [reason["code"] for reason in told["reasons"]] == ["by_hand_only"]
    loaded.json(*act)
    assert loaded.json(*complete, "--at", "2026-03-02T00:00:00Z")["recorded"] == 1
    loaded.json(*act, "--issue", "as-certified")
    assert loaded.json(*complete, "--at", "2026-03-03T00:00:00Z")["new"] == 1
    assert loaded("certification", "assign", "EVER-1", "course:C-1", "--issue", "automatic", "--json").error == (
        1,
        "item_taken",
    )


def test_an_edit_is_previewed(loaded: CommandLine) -> None:
    """R-3: what would change, and which live awards would differ if they followed; nothing is written."""
    loaded.json("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2026-03-01")
    act = ("certification", "edit", "SAFE-1", "--validity", "2 years", "--name", "Safer", "--credits", "2")
    told = loaded.json(*act, "--dry-run")
    assert [each["name"] for each in told["changes"]] == ["credits", "name", "policy"]
    assert told["changes"][0] == {"name": "credits", "before": None, "after": "2"}
    assert (told["reprint"], told["awards"]["later"]) == (True, 1)
    human = loaded(*act, "--dry-run").out
    assert "2028-02-29" in human
    assert "other words" in human
    assert loaded.json("certification", "show", "SAFE-1")["name"] == "Safety"
    told = loaded.json("certification", "edit", "SAFE-1", "--items-needed", "any", "--dry-run")
    assert told == {"changes": [], "reprint": False, "awards": None}
    assert "Nothing would change" in loaded("certification", "edit", "SAFE-1", "--dry-run").out
    assert "all" in loaded("certification", "edit", "SAFE-1", "--items-needed", "all", "--dry-run").out


def test_live_awards_follow_a_policy_on_request(loaded: CommandLine) -> None:
    """R-3, R-53: what preview shows is done; nothing ends earlier unless that is allowed."""
    number = loaded.json("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2026-03-01")
    number = number["outcomes"][0]["number"]
    longer, shorter = (f'{{"validity": {{"{unit}": 2}}}}'.encode() for unit in ("years", "months"))
    told = loaded.json("policy", "apply", "SAFE-1", "-", stdin=longer)
    assert told == {"awards": 1, "changed": 1, "kept": 0, "undecided": 0}
    assert loaded.json("show", number)["expires_on"] == "2028-03-01"
    assert loaded.json("policy", "apply", "SAFE-1", "-", stdin=shorter)["kept"] == 1
    assert loaded.json("policy", "apply", "SAFE-1", "-", "--may-shorten", stdin=shorter)["changed"] == 1
    assert "changed" in loaded("policy", "apply", "SAFE-1", "-", stdin=shorter).out
    assert loaded("policy", "apply", "SAFE-1", "-", "--as", "ana", "--json", stdin=longer).error == (1, "not_found")


def test_a_retired_one_is_reinstated(loaded: CommandLine) -> None:
    """R-4: it takes new awards again; only who may does either."""
    assert loaded("certification", "retire", "SAFE-1", "--as", "ana", "--json").error == (1, "not_found")
    assert loaded.json("certification", "retire", "SAFE-1")["retired"]
    assert loaded("certification", "reinstate", "SAFE-1", "--as", "ana", "--json").error == (1, "not_found")
    assert not loaded.json("certification", "reinstate", "SAFE-1")["retired"]
    assert loaded.json("award", "--certification", "SAFE-1", "--user", "ana")["new"] == 1


def earned(loaded: CommandLine) -> None:
    """An award of SAFE-1 through C-1, one by hand, and one that is archived."""
    basis = ("--type", "course", "--code", "C-1")
    loaded.json("award", "--certification", "SAFE-1", "--user", "ana", *basis)
    loaded.json("award", "--certification", "SAFE-1", "--user", "ana", "--held", "renew", "--issued-on", "2027-01-01")
    loaded.json("award", "--certification", "SAFE-1", "--user", "bo", *basis)


def test_an_item_is_unassigned_as_the_caller_says(loaded: CommandLine) -> None:
    """R-7: counted first; then what was earned through it is kept or taken back, there is no default."""
    earned(loaded)
    act = ("certification", "unassign", "SAFE-1", "course:C-1")
    told = loaded.json(*act, "--dry-run")
    expected = {"certification": "SAFE-1", "items": ["course:C-1"], "awards": 1, "removed": 0, "dry_run": True}
    assert told == expected
    assert "--awards keep or --awards remove" in " ".join(loaded(*act, "--dry-run").out.split())
    told = loaded.json(*act, "--awards", "remove", "--reason", "Wrong course")
    assert told == {**expected, "removed": 1, "dry_run": False}
    assert loaded.json("certification", "show", "SAFE-1")["items"] == ["learning_plan:P-1"]
    (taken,) = loaded.json("search", "--learner", "bo")["awards"]
    assert taken["status"] == "archived"
    assert loaded.json("show", taken["number"])["history"][-1]["note"] == "Wrong course"
    assert loaded.json(*act, "--awards", "remove")["items"] == []
    assert "none of them" in loaded(*act, "--awards", "keep").out


def test_what_was_earned_through_an_item_is_kept_where_that_is_said(loaded: CommandLine) -> None:
    """R-7: the item can carry another certification then."""
    earned(loaded)
    assert loaded.json("certification", "unassign", "SAFE-1", "course:C-1", "--awards", "keep")["removed"] == 0
    assert loaded.json("search", "--learner", "bo")["awards"][0]["status"] == "active"
    assert loaded.json("certification", "assign", "EVER-1", "course:C-1")["items"] == ["course:C-1"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("SAFE-1", "course:C-1"), (2, "wrong_usage")),
        (("SAFE-1", "--awards", "keep"), (2, "wrong_usage")),
        (("SAFE-1", "course:C-1", "--awards", "some"), (2, "wrong_usage")),
        (("SAFE-1", "course:C-1", "--awards", "keep", "--dry-run"), (2, "wrong_usage")),
        (("SAFE-1", "C-1", "--awards", "keep"), (1, "invalid_value")),
        (("SAFE-1", "course:C-9", "--awards", "keep"), (1, "not_found")),
        (("NOPE", "course:C-1", "--awards", "keep"), (1, "not_found")),
        (("EVER-1", "course:C-1", "--awards", "keep"), (1, "invalid_value")),
        (("SAFE-1", "course:C-1", "--awards", "remove", "--as", "ana"), (1, "not_found")),
    ],
)
def test_an_item_that_cannot_be_unassigned_stays(
    loaded: CommandLine, arguments: tuple[str, ...], error: tuple[int, str]
) -> None:
    """Nothing is unassigned by what is not meant; an item that carries another certification is named."""
    assert loaded("certification", "unassign", *arguments, "--json").error == error
    assert loaded.json("certification", "show", "SAFE-1")["items"] == ["course:C-1", "learning_plan:P-1"]


def test_a_certification_is_deleted_when_it_is_typed_back(loaded: CommandLine) -> None:
    """R-4: counted first; refused while live awards exist, unless these are to go too."""
    earned(loaded)
    act = ("certification", "delete", "SAFE-1")
    told = loaded.json(*act, "--dry-run")
    assert told == {"certification": "SAFE-1", "items": 2, "awards": 3, "live": 2, "entries": 4, "dry_run": True}
    human = " ".join(loaded(*act, "--dry-run").out.split())
    for advice in ("certification retire", "--typed and --with-live"):
        assert advice in human
    assert loaded(*act, "--typed", "safe", "--json").error == (1, "not_typed_back")
    assert loaded(*act, "--typed", "SAFE-1", "--json").error == (1, "live_awards")
    assert loaded(*act, "--json").error == (2, "wrong_usage")
    assert loaded(*act, "--typed", "SAFE-1", "--dry-run", "--json").error == (2, "wrong_usage")
    assert loaded(*act, "--typed", "SAFE-1", "--with-live", "--as", "boss", "--json").error == (1, "not_found")
    gone = loaded.json(*act, "--typed", "Safety", "--with-live", "--reason", "Never used")
    assert gone == {**told, "dry_run": False}
    assert loaded("certification", "show", "SAFE-1", "--json").error == (1, "not_found")
    assert loaded.json("search")["awards"] == []
    assert "gone for good" in loaded("certification", "delete", "EVER-1", "--typed", "EVER-1").out


def test_who_completed_it_before_it_was_assigned_is_listed_and_awarded(loaded: CommandLine) -> None:
    """R-21: a dry run unless --award is said."""
    loaded("load", "-", stdin=b'items = [{code = "C-2"}]')
    loaded.json("complete", "bo", "course:C-2", "--on", "2026-02-01")
    loaded.json("certification", "assign", "EVER-1", "course:C-2")
    act = ("certification", "retroactive", "EVER-1")
    told = loaded.json(*act)
    assert (told["awarded"], told["learners"], told["outcomes"][0]["number"]) == (False, 1, None)
    assert "Nothing was written" in loaded(*act).out
    given = loaded.json(*act, "--award", "--no-notify")["outcomes"][0]
    assert loaded.json("show", given["number"])["issued_on"] == "2026-02-01"
    assert loaded.json(*act, "--award")["learners"] == 0
    assert "Nobody qualifies" in loaded(*act).out
    assert loaded(*act, "--as", "boss", "--json").error == (1, "not_found")
    loaded.json("certification", "retire", "EVER-1")
    assert loaded(*act, "--json").error == (1, "retired_certification")


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
