"""import undo, list and show: what was imported, and taken back."""

from pathlib import Path

from tests.cli.conftest import AWARDS
from tests.cli.running import CommandLine

FILE = f"{AWARDS}\nana,SAFE-1,2026-01-31,false,2027-01-31,course,C-1\nbo,SAFE-1,44518,true,,manual,\n"


def imported(loaded: CommandLine) -> str:
    """The id of an import of one good and one bad row."""
    Path("awards.csv").write_text(FILE)
    return str(loaded("import", "awards.csv", "--zone", "UTC", "--json").document["import_id"])


def test_undo_takes_an_import_back_once(loaded: CommandLine) -> None:
    """R-45: counts of what was taken back, and nothing the second time."""
    import_id = imported(loaded)
    assert loaded.json("import", "undo", import_id) == {
        "import_id": import_id,
        "undone": 1,
        "restored": 0,
        "reverted": 0,
        "delivered_total": 0,
        "delivered": [],
    }
    assert loaded.json("import", "undo", import_id)["undone"] == 0
    assert [award["status"] for award in loaded.json("search", "--learner", "ana")["awards"]] == ["archived"]


def test_undo_refuses_and_names_what_changed_since(loaded: CommandLine) -> None:
    """R-45: all or none, exit code 1."""
    import_id = imported(loaded)
    (award,) = loaded.json("search", "--learner", "ana")["awards"]
    loaded("edit", award["number"], "--issued-on", "2026-01-30")
    refused = loaded("import", "undo", import_id, "--json")
    assert (refused.code, refused.document["error"]["code"]) == (1, "not_undoable")
    assert award["number"] in refused.document["error"]["message"]


def test_list_and_show_tell_state_counts_and_mistakes(loaded: CommandLine) -> None:
    """R-41: the id of a report finds the import again."""
    import_id = imported(loaded)
    (listed,) = loaded.json("import", "list")["imports"]
    shown = loaded.json("import", "show", import_id)
    assert shown == listed
    assert (shown["import_id"], shown["state"], shown["new"], shown["rejected"]) == (import_id, "done", 1, 1)
    assert [error["code"] for error in shown["errors"]] == ["spreadsheet_serial"]
    assert "spreadsheet" in loaded("import", "show", import_id).out


def test_an_import_that_is_not_there_is_a_refusal(loaded: CommandLine) -> None:
    """Exit code 1 and a sentence, whatever the id."""
    for import_id in ("zz", "0" * 16, "f" * 40, "--"):
        assert loaded("import", "undo", import_id).code in (1, 2)


def test_undo_lists_what_was_told(loaded: CommandLine) -> None:
    """R-45: who was told what under which id, also when it is asked again."""
    loaded.json("notices", "rules", "set", "new", "issued")
    import_id = imported(loaded)
    (award,) = loaded.json("search", "--learner", "ana")["awards"]
    assert loaded.json("notices", "deliver")["delivered"] == 1
    (message,) = loaded.json("notices", "inbox", "ana")["messages"]
    document = loaded.json("import", "undo", import_id)
    (told,) = document["delivered"]
    assert document["delivered_total"] == 1
    assert told == {
        "id": message["id"],
        "rule": "new",
        "number": award["number"],
        "kind": "issued",
        "recipient": "ana",
        "at": told["at"],
        "notifier": None,
    }
    assert loaded.json("import", "undo", import_id) == {**document, "undone": 0}
    shown = loaded("import", "undo", import_id).out
    assert "1 notices had been delivered" in shown
    assert award["number"] in shown
