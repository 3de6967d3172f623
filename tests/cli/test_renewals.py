"""renew: check, start, cancel and deliver, as an admin and as the learner."""

import pytest

from certcore.adapters.sql import SqlCatalog
from certcore.errors import NotFound
from tests.cli.running import CommandLine

NOW = ("--now", "2026-12-01T10:00:00Z")
LATER = ("--now", "2027-11-20T10:00:00Z")
C_1 = "course:C-1"
P_1 = "learning_plan:P-1"


@pytest.fixture
def number(school: CommandLine) -> str:
    """The number of the award that ana earned by C-1 in December 2026."""
    return str(school.json("complete", "ana", C_1, *NOW)["outcomes"][0]["number"])


def test_check_answers_yes_or_no_with_every_reason(school: CommandLine, number: str) -> None:
    """R-50: exit code 0 either way; the document is what a button asks."""
    told = school.json("renew", "check", number, *LATER)
    assert set(told) == {"renewable", "reasons"}
    assert (told["renewable"], set(told["reasons"][0])) == (True, {"code", "params", "text"})
    assert "can be renewed" in school("renew", "check", number, *LATER).out
    school.json("certification", "retire", "SAFE-1")
    told = school.json("renew", "check", number, *LATER)
    assert (told["renewable"], [each["code"] for each in told["reasons"]]) == (False, ["certification_retired"])
    human = school("renew", "check", number, *LATER)
    assert (human.code, "cannot be renewed now" in human.out) == (0, True)


def test_from_start_to_fulfilment(school: CommandLine, number: str) -> None:
    """R-52: started, handed to the catalog, fulfilled; the chain is linked both ways."""
    started = school.json("renew", "start", number.lower().replace("-", " "), *LATER)
    assert set(started) == {"number", "state", "started_at", "items", "allow_retake", "policy"}
    assert (started["number"], started["state"], started["items"]) == (number, "open", [C_1, P_1])
    assert started["started_at"] == "2027-11-20T10:00:00Z"
    assert school.json("renew", "start", number, "--now", "2027-11-21T00:00:00Z") == started
    assert school.json("renew", "deliver", *LATER) == {"delivered": 1, "failed": 0, "dropped": 0}
    codes = [each["code"] for each in school.json("renew", "check", number, *LATER)["reasons"]]
    assert codes[:2] == ["renewal_open", "through_completion"]
    told = school.json("complete", "ana", C_1, "--at", "2027-11-25T00:00:00Z", *LATER)
    after = told["outcomes"][0]["number"]
    assert told["renewed"] == 1
    assert (school.json("show", number)["renewed_by"], school.json("show", after)["renews"]) == (after, number)
    acts = [entry["act"] for entry in school.json("show", number)["history"]]
    assert acts == ["issued", "renewal_started", "renewed"]


def test_what_was_done_before_the_start_renews_nothing(school: CommandLine, number: str) -> None:
    """R-52: a retake without a start, or from before it."""
    told = school.json("complete", "ana", C_1, "--at", "2027-01-01T00:00:00Z", *LATER)["outcomes"][0]
    assert [each["code"] for each in told["reasons"]] == ["renewal_not_started"]
    school.json("renew", "start", number, *LATER)
    told = school.json("complete", "ana", C_1, "--at", "2027-11-20T09:59:59Z", *LATER)["outcomes"][0]
    assert [each["code"] for each in told["reasons"]] == ["before_renewal"]


def test_a_human_is_told_what_is_next(school: CommandLine, number: str) -> None:
    """What fulfils it, and the command that hands the order over."""
    out = school("renew", "start", number, *LATER).out
    for told in ("open", C_1, "renew deliver"):
        assert told in out
    assert "delivered" in school("renew", "deliver", *LATER).out
    assert "No orders are due" in school("renew", "deliver", *LATER).out
    assert "again course:C-1" in " ".join(school("show", number).out.split())


def test_a_cancelled_renewal_is_not_fulfilled(school: CommandLine, number: str) -> None:
    """R-52: the order is dropped, the reason kept; it can be started again."""
    school.json("renew", "start", number, *LATER)
    cancelled = school.json("renew", "cancel", number, "--reason", "On leave", *LATER)
    assert cancelled["state"] == "cancelled"
    assert school.json("renew", "cancel", number, *LATER) == cancelled
    assert school.json("renew", "deliver", *LATER)["delivered"] == 0
    assert school.json("complete", "ana", C_1, "--at", "2027-11-25T00:00:00Z", *LATER)["already_held"] == 1
    assert [entry["note"] for entry in school.json("show", number)["history"]][-1] == "On leave"
    assert school.json("renew", "start", number, *LATER)["state"] == "open"


def test_an_order_that_fails_comes_again_later(
    school: CommandLine, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-52: exit code 1, and nothing is lost."""
    school.json("renew", "start", number, *LATER)

    def fail(*_: object) -> None:
        raise NotFound("course", "C-1")

    with monkeypatch.context() as patched:
        patched.setattr(SqlCatalog, "retake", fail)
        done = school("renew", "deliver", *LATER, "--json")
        assert (done.code, done.document) == (1, {"delivered": 0, "failed": 1, "dropped": 0})
    assert school.json("renew", "deliver", "--now", "2027-11-21T10:00:00Z")["delivered"] == 1


def test_the_learner_renews_their_own(school: CommandLine, number: str) -> None:
    """R-114: others' awards are not there for them; a manager sees, and starts nothing."""
    assert school.json("renew", "check", number, "--as", "ana", *LATER)["renewable"]
    assert school.json("renew", "check", number, "--as", "boss", *LATER)["renewable"]
    for who, command in (("bo", "check"), ("bo", "start"), ("boss", "start"), ("boss", "cancel")):
        assert school("renew", command, number, "--as", who, *LATER, "--json").error == (1, "not_found")
    assert school.json("renew", "start", number, "--as", "ana", *LATER)["state"] == "open"


def test_what_cannot_be_renewed_says_why(school: CommandLine, number: str) -> None:
    """R-50: the refusal carries the reasons' sentences; a never-expiring award is renewed only when asked for."""
    school.json("edit", number, "--always-valid")
    refused = school("renew", "start", number, *LATER, "--json")
    assert refused.error == (1, "not_renewable")
    assert "never expires" in refused.document["error"]["message"]
    assert school.json("renew", "check", number, "--never-expiring", *LATER)["renewable"]
    assert school.json("renew", "start", number, "--never-expiring", *LATER)["state"] == "open"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("start", "--again", "course:C-9"), (1, "invalid_value")),
        (("start", "--again", "C-1"), (1, "invalid_value")),
        (("cancel",), (1, "not_found")),
        (("start", "--facts", "none.toml"), (1, "unreadable_file")),
        (("check", "--as", "nobody"), (1, "not_found")),
    ],
)
def test_what_is_refused_has_a_code(
    school: CommandLine, number: str, arguments: tuple[str, ...], error: tuple[int, str]
) -> None:
    """Items that renew nothing, a renewal that was never started, files and people that are not there."""
    command, *options = arguments
    assert school("renew", command, number, *options, *LATER, "--json").error == error


@pytest.mark.parametrize("command", ["check", "start", "cancel"])
def test_a_number_that_is_none_is_not_found(school: CommandLine, command: str) -> None:
    """Whatever is typed in place of a number."""
    for text in ("", "nope", "0000-0000-0000-0", "9" * 1_000):
        assert school("renew", command, text, "--json").error == (1, "not_found")


def test_a_key_starts_once(school: CommandLine, number: str) -> None:
    """R-34: the same answer for the same act, a conflict for another one."""
    first = school.json("renew", "start", number, "--key", "k", *LATER)
    assert school.json("renew", "start", number, "--key", "k", *LATER) == first
    other = school("renew", "start", number, "--key", "k", "--again", C_1, *LATER, "--json")
    assert other.error == (1, "idempotency_conflict")


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_of_none_is_wrong_usage(school: CommandLine, limit: str) -> None:
    """Exit code 2."""
    assert school("renew", "deliver", "--limit", limit, "--json").error == (2, "wrong_usage")
