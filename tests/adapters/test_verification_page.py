"""The public check as a page: an answer for each state, safe, in the reader's language, real in a browser (R-101)."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from attrs import evolve, frozen

from certcore.adapters.verification_page import VerificationPage
from certcore.adapters.verification_page.words import WORDS
from certcore.domain.verification import UNKNOWN, Verification, VerificationState
from certcore.errors import InvalidValue

ANA = Verification(
    VerificationState.VALID, "8M33-NE4Q-JVXW-7", "Ana Rossi", "First aid", date(2024, 2, 29), date(2025, 2, 27), None
)
ANSWERS = {
    "valid": ANA,
    "upcoming": evolve(ANA, state=VerificationState.UPCOMING),
    "expired": evolve(ANA, state=VerificationState.EXPIRED),
    "renewed": evolve(ANA, state=VerificationState.RENEWED, renewed_by="0000-0000-0000-0"),
    "revoked": evolve(ANA, state=VerificationState.REVOKED),
    "withdrawn": Verification(VerificationState.WITHDRAWN),
    "for-ever": evolve(ANA, last_valid_day=None),
    "hostile": evolve(ANA, learner_name="<script>alert(1)</script> \u202eanA\" onload='x", title="A & B <b>"),
    "long": evolve(ANA, learner_name="N" * 300, title="W" * 255),
    "arabic": evolve(ANA, learner_name="محمد عبد الله"),
}


@frozen
class Answer:
    """A response."""

    status: str
    headers: dict[str, str]
    body: str


class Landmarks(HTMLParser):
    """Counts the elements of a page, and refuses what is never closed."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(body)
        assert self.open == []

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(**parts: object) -> VerificationPage:
    """A page over the answers above, on a day that stands still."""
    return VerificationPage(
        lambda token: ANSWERS.get(token, UNKNOWN),
        clock=lambda: datetime(2024, 6, 1, tzinfo=UTC),
        **parts,  # type: ignore[arg-type]
    )


def get(path: str, application: VerificationPage | None = None, **environ: str) -> Answer:
    """What a GET gives, by a server that holds both sides to WSGI's rules."""
    asked: dict[str, object] = {
        "SCRIPT_NAME": "/check",
        "PATH_INFO": path,
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "",
        **environ,
    }
    setup_testing_defaults(asked)
    said: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        said.append((status, dict(headers)))
        return lambda _data: None

    parts = validator(application or page())(asked, start)
    body = b"".join(parts).decode()
    parts.close()  # type: ignore[attr-defined]
    ((status, headers),) = said
    return Answer(status, headers, body)


@pytest.mark.parametrize("token", ANSWERS)
def test_each_state_has_its_words_and_what_the_document_shows(token: str) -> None:
    """R-101: no more than that, wherever the page is mounted."""
    found, answer = ANSWERS[token], get(f"/some/where/{token}")
    words = WORDS["en"]
    assert answer.status == "200 OK"
    assert f"<h1>{words[found.state.value]}</h1>" in answer.body
    assert words[f"{found.state.value}_text"] in answer.body
    assert ("8M33-NE4Q-JVXW-7" in answer.body) is (found.number is not None)
    assert ("0000-0000-0000-0" in answer.body) is (found.renewed_by is not None)
    assert ("February 29, 2024" in answer.body) is (found.issued_on is not None)
    assert ("does not expire" in answer.body) is (token == "for-ever")
    assert "Checked on June 1, 2024 (UTC)" in answer.body


def test_f47_unknown_and_nonsense_have_one_and_the_same_page() -> None:
    """R-101: not found, and nothing in it of what was asked for."""
    answers = [get(path) for path in ("/AAAAAAAAAAAAAAAAAAAAAA", "/", "", "/8M33-NE4Q-JVXW-7", "/<script>", "/%00/é")]
    assert {each.status for each in answers} == {"404 Not Found"}
    assert len({each.body for each in answers}) == 1


def test_a_page_loads_nothing_runs_nothing_and_is_kept_by_nobody() -> None:
    """What is in the text stays text; the style is let in by its hash."""
    answer = get("/hostile")
    assert "<script" not in answer.body
    assert "&lt;script&gt;" in answer.body
    assert "A &amp; B &lt;b&gt;" in answer.body
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "src=" not in answer.body
    assert "href=" not in answer.body


def test_a_screen_reader_finds_its_way() -> None:
    """A language, a title that says the state, one of each landmark, one heading, terms with what they mean."""
    answer = get("/valid", page(issuer="Example & Co"))
    found = Landmarks(answer.body).found
    for tag in ("header", "main", "footer", "h1", "dl", "title"):
        assert found.count(tag) == 1
    assert found.count("dt") == found.count("dd") == 5
    assert '<html lang="en" dir="ltr">' in answer.body
    assert "<title>Valid - Certificate check</title>" in answer.body
    assert "Example &amp; Co" in answer.body


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-CH, en;q=0.8", "de"),
        ("nl, fr;q=0.5, it;q=0.7", "it"),
        ("tlh", "en"),
        ("", "en"),
        ("*", "en"),
        ("fr;q=0, es", "es"),
        ("en;q=zzz,it", "it"),
        ("," * 10_000, "en"),
    ],
)
def test_the_page_speaks_the_readers_language(accepted: str, language: str) -> None:
    """As far as there are words for it, else the host's."""
    body = get("/valid", HTTP_ACCEPT_LANGUAGE=accepted).body
    assert f'<html lang="{language}"' in body
    assert f"<h1>{WORDS[language]['valid']}</h1>" in body


def test_a_host_adds_languages_and_changes_words() -> None:
    """A whole language, also one that runs from right to left; single words of one that is there."""
    hebrew = {name: f"ע {name}" for name in WORDS["en"]}
    answer = get("/valid", page(language="he", words={"he": hebrew, "de": {"valid": "Gilt"}}))
    assert '<html lang="he" dir="rtl">' in answer.body
    assert "<h1>Gilt</h1>" in get("/valid", page(words={"de": {"valid": "Gilt"}}), HTTP_ACCEPT_LANGUAGE="de").body
    for parts in ({"words": {"he": {"valid": "x"}}}, {"words": {"de": {"walid": "x"}}}, {"language": "he"}):
        with pytest.raises(InvalidValue):
            page(**parts)


def test_every_language_has_all_words() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


def test_only_reading_is_answered() -> None:
    """HEAD as GET without the body; all else is told what there is."""
    head, body = get("/valid", REQUEST_METHOD="HEAD"), get("/valid").body
    assert (head.status, head.body, head.headers["Content-Length"]) == ("200 OK", "", str(len(body.encode())))
    refused = get("/valid", REQUEST_METHOD="POST")
    assert (refused.status, refused.headers["Allow"]) == ("405 Method Not Allowed", "GET, HEAD")


@contextmanager
def served() -> Iterator[str]:
    """The page at an address of this machine."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with make_server("127.0.0.1", 0, page(issuer="Example Ltd"), handler_class=Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine: apt-get install chromium")
def test_in_a_real_browser_every_state_is_readable_at_a_phones_width() -> None:
    """Nothing is wider than 320 pixels, nothing is refused by the policy, the style applies, landmarks have roles."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        tab = browser.new_page(viewport={"width": 320, "height": 640})
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        for token in (*ANSWERS, "unknown"):
            tab.goto(f"{address}/verify/{token}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, token
            state = (ANSWERS.get(token) or UNKNOWN).state.value
            assert tab.get_by_role("heading", level=1).inner_text() == WORDS["en"][state]
            for role in ("banner", "main", "contentinfo"):
                assert tab.get_by_role(role).count() == 1
            assert tab.evaluate("getComputedStyle(document.querySelector('main')).borderTopStyle") == "solid"
        browser.close()
    assert [each for each in complaints if "404" not in each] == []
