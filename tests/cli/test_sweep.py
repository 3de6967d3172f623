"""``sweep`` and ``notices deliver|dead|resend``: reminders written, sent, given up and sent again."""

import pytest

from tests.cli.running import CommandLine

RULED = ("--now", "2026-01-10T12:00:00Z")
AWARDED = ("--now", "2026-02-01T12:00:00Z")
DUE = ("--now", "2026-12-03T12:00:00Z")


@pytest.fixture
def ruled(loaded: CommandLine) -> CommandLine:
    """Ana's award ends on 2027-01-01, and two rules tell of that."""
    for code, when in (("month", "30 days before"), ("new", "issued")):
        loaded.json("notices", "rules", "set", code, when, *RULED)
    dates = ("--issued-on", "2026-02-01", "--expires-on", "2027-01-01")
    loaded.json("award", "--certification", "SAFE-1", "--user", "ana", *dates, *AWARDED)
    return loaded


def test_a_sweep_says_what_it_wrote(ruled: CommandLine) -> None:
    """The document of DESIGN; a second one writes nothing, a limit stops nowhere in the middle of one."""
    number = ruled.json("search", "--learner", "ana", *DUE)["awards"][0]["number"]
    first = ruled.json("sweep", *DUE)
    (message,) = first["messages"]
    assert first == {"at": "2026-12-03T12:00:00Z", "due": 1, "messages": [message]}
    assert message == {"id": message["id"], "rule": "month", "number": number, "kind": "30 days before"}
    assert ruled.json("sweep", *DUE) == {"at": "2026-12-03T12:00:00Z", "due": 0, "messages": []}
    assert ruled.json("sweep", "--limit", "1", *DUE)["messages"] == []
    assert "0 new messages" in ruled("sweep", *DUE).out
    assert ruled("sweep", "--limit", "0", "--json").error == (2, "wrong_usage")


def test_messages_are_delivered_once(ruled: CommandLine) -> None:
    """Into the inbox, where no mail server is named."""
    ruled.json("sweep", *DUE)
    told = ruled.json("notices", "deliver", *DUE)
    assert (told["delivered"], told["failed"], told["dead"]) == (2, 0, 0)
    assert ruled.json("notices", "inbox", "ana")["unread"] == 2
    assert "Nothing is due" in ruled("notices", "deliver", *DUE).out
    assert ruled.json("notices", "dead") == {"dead": []}


def test_what_is_given_up_is_listed_and_sent_again(ruled: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that is not there: after twelve attempts there is a dead letter, which can be sent again, once."""
    monkeypatch.setenv("CERTCORE_SMTP", "smtp+plain://127.0.0.1:9")
    monkeypatch.setenv("CERTCORE_MAIL_FROM", "noreply@lms.example")
    for day in range(1, 13):
        done = ruled("notices", "deliver", "--now", f"2026-03-{day:02}T12:00:00Z", "--json")
        assert (done.code, done.document["failed"], done.document["dead"]) == (1, int(day < 12), int(day == 12))
    (dead,) = ruled.json("notices", "dead")["dead"]
    assert (dead["kind"], dead["attempts"], dead["since"]) == ("notice", 12, "2026-03-12T12:00:00Z")
    assert "ConnectionRefusedError" in dead["error"]
    assert dead["id"] in ruled("notices", "dead").out
    assert ruled.json("notices", "resend", dead["id"]) == {"resent": 1}
    assert ruled("notices", "resend", dead["id"], "--json").code == 1
    assert ruled.json("notices", "dead") == {"dead": []}


def test_a_sweep_and_a_delivery_are_left_to_a_worker(ruled: CommandLine) -> None:
    """R-31, R-82: twice at one instant is one job; the worker's own sweeps are none."""
    queued = ruled.json("sweep", "--queue", *DUE)
    assert (queued["kind"], queued["state"], queued["result"]) == ("sweep", "queued", {})
    assert ruled.json("sweep", "--queue", *DUE)["job_id"] == queued["job_id"]
    sent = ruled.json("notices", "deliver", "--queue", "--now", "2026-12-03T12:00:01Z")
    assert (sent["kind"], sent["state"]) == ("deliver", "queued")
    assert ruled.json("worker", "--once", *DUE) == {"jobs": {"done": 2}}
    done = ruled.json("jobs", "show", queued["job_id"])
    assert (done["state"], done["done"], done["result"]) == ("done", 1, {"due": 1, "messages": 1})
    done = ruled.json("jobs", "show", sent["job_id"])
    assert (done["state"], done["done"], done["result"]["delivered"]) == ("done", 2, 2)
    assert "delivered" in ruled("jobs", "show", sent["job_id"]).out
    assert ruled.json("notices", "inbox", "ana")["unread"] == 2
    assert ruled.json("worker", "--once", *DUE) == {"jobs": {}}
    for command in (("sweep",), ("notices", "deliver")):
        assert ruled(*command, "--queue", "--limit", "5", "--json").error == (2, "wrong_usage")
