"""``certcore notices``: rules, templates, previews and the inbox; the documents that others build on."""

from pathlib import Path
from typing import Any

import pytest

from certcore.adapters.smtp import SmtpNotifier
from certcore.adapters.sql import SqlDirectory, SqlInbox, SqlStorage
from certcore.cli.telling import environment_attachments, environment_engines, environment_notifier
from certcore.domain.notices import SHORT_CODES
from certcore.errors import InvalidValue
from certcore.testing.builders import NOW as THEN
from certcore.testing.builders import make_message, make_person
from tests.cli.running import CommandLine

NOW = ("--now", "2026-03-15T12:00:00Z")
LONG_AGO = ("--now", "2025-04-01T12:00:00Z")


def rule(certcore: CommandLine, *arguments: str) -> Any:
    return certcore.json("notices", "rules", "set", *arguments, *NOW)


def test_what_a_rule_says(loaded: CommandLine) -> None:
    """The document of one and of all; a rule of a certification names its code."""
    first = rule(loaded, "soon", "30 days before", "--certification", "SAFE-1", "--audience", "managers")
    assert first == {
        "code": "soon",
        "when": "30 days before",
        "certification": "SAFE-1",
        "audience": "managers",
        "template": "expiring",
        "active": True,
        "on_since": "2026-03-15T12:00:00Z",
    }
    second = rule(loaded, "issue", "issued", "--off")
    assert (second["certification"], second["active"]) == (None, False)
    assert loaded.json("notices", "rules", "list") == {"rules": [second, first]}
    assert loaded.json("notices", "rules") == loaded.json("notices", "rules", "list")


def test_rules_are_switched_and_removed(loaded: CommandLine) -> None:
    """Each answer is the rule as it is then."""
    rule(loaded, "soon", "30 days before")
    assert not loaded.json("notices", "rules", "off", "soon")["active"]
    again = loaded.json("notices", "rules", "on", "soon", "--now", "2026-03-16T12:00:00Z")
    assert (again["active"], again["on_since"]) == (True, "2026-03-16T12:00:00Z")
    assert loaded.json("notices", "rules", "remove", "soon") == {"removed": "soon"}
    assert loaded("notices", "rules", "remove", "soon", "--json").error == (1, "not_found")
    assert "No rules yet" in loaded("notices", "rules").out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["rules", "set", "soon", "30 days"], (1, "invalid_value")),
        (["rules", "set", "Soon", "issued"], (1, "invalid_value")),
        (["rules", "set", "soon", "issued", "--certification", "NONE-1"], (1, "not_found")),
        (["rules", "set", "soon", "issued", "--template", "mine"], (1, "not_found")),
        (["rules", "set", "soon", "issued", "--audience", "reviewers"], (1, "invalid_value")),
        (["rules", "set", "soon", "issued", "--audience", "everybody"], (2, "wrong_usage")),
        (["rules", "set", "soon"], (2, "wrong_usage")),
        (["template", "set", "mine", "--subject", "[nobody]", "--body", "x"], (1, "unknown_short_code")),
        (
            ["template", "set", "mine", "--subject", "x", "--body", "{{ x }}", "--engine", "mako"],
            (1, "invalid_template"),
        ),
        (
            ["template", "set", "mine", "--subject", "x", "--body", "{% for", "--engine", "jinja"],
            (1, "invalid_template"),
        ),
        (["template", "set", "mine", "--subject", "x"], (2, "wrong_usage")),
        (["template", "set", "mine", "--subject", "x", "--body", "x", "--file", "x"], (2, "wrong_usage")),
        (["template", "set", "mine", "--subject", "x", "--file", "none.txt"], (1, "unreadable_file")),
        (["template", "set", "mine", "--subject", "x", "--file", "latin.txt"], (1, "unreadable_file")),
        (["template", "set", "mine", "--subject", "x", "--body", "x", "--language", "12"], (1, "invalid_value")),
        (["template", "show", "mine"], (1, "not_found")),
        (["template", "remove", "issued"], (1, "not_found")),
        (["preview", "--days", "0"], (1, "invalid_value")),
        (["preview", "--rule", "none"], (1, "not_found")),
        (["inbox", "nobody"], (1, "not_found")),
        (["rules", "list", "--as", "ana"], (1, "not_found")),
        (["preview", "--as", "boss"], (1, "not_found")),
    ],
    ids=range(22),
)
def test_what_cannot_be_is_said(loaded: CommandLine, arguments: list[str], error: tuple[int, str]) -> None:
    """R-81, R-114: with the code of what is wrong; nothing is stored."""
    loaded.write("latin.txt", "Grüße".encode("latin-1"))
    assert loaded("notices", *arguments, "--json").error == error
    assert loaded.json("notices", "rules") == {"rules": []}


def test_a_template_gets_its_words_language_by_language(loaded: CommandLine) -> None:
    """R-81: those in other languages stay, certcore's own too; a text may come from a file or a pipe."""
    loaded.write("ciao.txt", "\ufeffCiao [first_name],\r\n\r\nscade il [expires_on].\r\n".encode())
    italian = ("notices", "template", "set", "expiring", "--language", "IT", "--subject", "Scade [certification]")
    told = loaded.json(*italian, "--file", "ciao.txt")
    assert set(told["texts"]) == {"en", "it"}
    assert told["texts"]["it"]["body"] == "Ciao [first_name],\n\nscade il [expires_on]."
    assert (told["language"], told["engine"]) == ("en", "short_codes")
    piped = loaded("notices", "template", "set", "mine", "--subject", "x", "--file", "-", "--json", stdin=b"Bye")
    assert piped.document["texts"] == {"en": {"subject": "x", "body": "Bye"}}
    only = loaded.json(
        "notices", "template", "set", "mine", "--subject", "x", "--body", "y", "--language", "it", "--first"
    )
    assert only["language"] == "it"
    assert loaded.json("notices", "template", "show", "expiring") == told
    codes = [each["code"] for each in loaded.json("notices", "template", "list")["templates"]]
    assert {"mine", "issued", "expiring"} <= set(codes)
    assert loaded.json("notices", "template", "remove", "mine") == {"removed": "mine"}
    shown = loaded("notices", "template", "show", "expiring").out
    assert "it: Scade [certification]" in shown


def test_a_body_in_jinja_is_its_own(loaded: CommandLine) -> None:
    """R-81: with another engine the words begin anew, since each text is read by the same."""
    told = loaded.json(
        "notices", "template", "set", "expiring", "--subject", "x", "--body", "{{ number }}", "--engine", "jinja"
    )
    assert (told["engine"], set(told["texts"])) == ("jinja", {"en"})


def test_the_codes_are_listed(loaded: CommandLine) -> None:
    """As the catalogue has them."""
    listed = loaded.json("notices", "template", "codes")["codes"]
    assert [each["code"] for each in listed] == list(SHORT_CODES)
    assert "[renew_link]" in loaded("notices", "template", "codes").out


def test_a_preview_shows_who_would_be_told_what(loaded: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-80: in the learner's words, with the links that the environment names; all as JSON or CSV."""
    monkeypatch.setenv("CERTCORE_RENEW_LINK", "https://lms.example/renew/{number}")
    loaded(
        "award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2025-04-01", "--zone", "UTC", *LONG_AGO
    )
    number = loaded.json("search")["awards"][0]["number"]
    rule(loaded, "soon", "7 days before")
    found = loaded.json("notices", "preview", *NOW)
    assert {name: found[name] for name in ("from", "days")} == {"from": "2026-03-15T12:00:00Z", "days": 30}
    (one,) = found["notices"]
    assert {name: one[name] for name in ("at", "rule", "number", "recipient", "problem")} == {
        "at": "2026-03-25T00:00:00Z",
        "rule": "soon",
        "number": number,
        "recipient": "ana",
        "problem": None,
    }
    assert f"https://lms.example/renew/{number}" in one["body"]
    assert "Safety of Ana Rossi" in loaded("notices", "preview", *NOW).out
    assert loaded.json("notices", "preview", "--days", "9", *NOW)["notices"] == []
    assert "Nobody" in loaded("notices", "preview", "--days", "9", *NOW).out
    assert loaded.json("notices", "preview", "--csv", "told.csv", *NOW)["rows"] == 1
    assert Path("told.csv").read_text(encoding="utf-8").splitlines()[1].startswith("2026-03-25T00:00:00Z,soon,")


def test_the_inbox_shows_what_came_in(loaded: CommandLine) -> None:
    """R-82: newest first, with what is attached; reading marks it."""
    with_storage = SqlStorage("sqlite:///certcore.db")
    people = {each.username: each for each in _directory(with_storage)}
    SqlInbox(with_storage, lambda: THEN).send(make_message(people["ana"], subject="Hello", body="Line one\nLine two"))
    with_storage.close()
    told = loaded.json("notices", "inbox", "ana")
    assert (told["username"], told["unread"], told["messages"][0]["subject"]) == ("ana", 1, "Hello")
    assert "Hello (unread)" in loaded("notices", "inbox", "ana", "--read").out
    assert loaded.json("notices", "inbox", "ana")["unread"] == 0
    assert "No messages." in loaded("notices", "inbox", "bo").out


def _directory(storage: SqlStorage) -> Any:
    return SqlDirectory(storage).match(["ana", "bo"]).values()


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example", 587, "starttls"),
        ("smtp://mail.example:2525/", 2525, "starttls"),
        ("smtps://ada%40example.org:p%40ss@mail.example", 465, "tls"),
        ("smtp+plain://127.0.0.1:25", 25, "none"),
    ],
)
def test_mail_goes_to_the_server_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, security: str
) -> None:
    """Encrypted unless that is said."""
    monkeypatch.setenv("CERTCORE_SMTP", url)
    monkeypatch.setenv("CERTCORE_MAIL_FROM", "Academy <noreply@lms.example>")
    ((name, notifier),) = environment_notifier(SqlStorage("sqlite://"), lambda: THEN).items()
    assert isinstance(notifier, SmtpNotifier)
    assert (name, notifier._port, notifier._security) == ("mail", port, security)
    assert notifier._login == (("ada@example.org", "p@ss") if "@mail" in url else None)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example", "a@lms.example"),
        ("http://mail.example", "a@lms.example"),
        ("smtp://", "a@lms.example"),
        ("smtp://mail.example:port", "a@lms.example"),
        ("smtp://mail.example/x?y", "a@lms.example"),
        ("smtp://mail.example", ""),
        ("smtp+plain://ada:secret@mail.example", "a@lms.example"),
    ],
)
def test_what_names_no_server_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, sender: str
) -> None:
    """With a typed error, which no log keeps a password of."""
    monkeypatch.setenv("CERTCORE_SMTP", url)
    monkeypatch.setenv("CERTCORE_MAIL_FROM", sender)
    with pytest.raises(InvalidValue) as caught:
        environment_notifier(SqlStorage("sqlite://"), lambda: THEN)
    assert "secret" not in str(caught.value)


def test_without_a_server_there_is_the_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """With calendars and Jinja2 where these are installed."""
    monkeypatch.delenv("CERTCORE_SMTP", raising=False)
    monkeypatch.setenv("CERTCORE_MAIL_FROM", "Academy <noreply@lms.example>")
    ((name, notifier),) = environment_notifier(SqlStorage("sqlite://"), lambda: THEN).items()
    assert name == "inbox"
    assert isinstance(notifier, SqlInbox)
    (attach,) = environment_attachments()
    made = attach(make_message(make_person()))
    assert made is not None
    assert b"@lms.example" in made.content
    assert environment_engines()["jinja"].render("{{ x }}", {"x": "y"}) == "y"
    assert set(environment_engines()["jinja"].codes("{{ x }}")) == {"x"}
