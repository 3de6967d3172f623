"""The page: one GET, one answer, nothing loaded from elsewhere and nothing remembered."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from certcore.adapters.verification_page.words import WORDS
from certcore.domain.languages import nearest_tags, written_date
from certcore.domain.verification import Verification, VerificationState
from certcore.errors import InvalidValue

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_STYLE: Final = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
    ("Vary", "Accept-Language"),
)
_PREFERENCE: Final = re.compile(r"([A-Za-z0-9-]{1,35})(?:;q=([01](?:\.[0-9]{0,3})?))?")
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
_LONGEST_PREFERENCE: Final = 1_000


class VerificationPage:
    """Answers ``…/TOKEN`` with what `Proving.verify` says of the token (R-101).

    ``verify`` is ``registrar.proving.verify``; ``issuer`` is named at the head of the page. ``words`` adds languages,
    or says things otherwise: by language, then by the names that `WORDS` has; the reader's browser says which language
    they read, ``language`` is for all others. An unknown token, one of another tenant's and nonsense get one and the
    same page, with status 404. Limits on how often somebody asks are the host's: guessing a token is hopeless, and an
    answer costs one lookup.
    """

    def __init__(
        self,
        verify: Callable[[str], Verification],
        *,
        issuer: str = "",
        language: str = "en",
        words: Mapping[str, Mapping[str, str]] | None = None,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._verify = verify
        self._issuer = issuer
        self._clock = clock
        self._words = {**WORDS, **{each: {**WORDS.get(each, {}), **own} for each, own in (words or {}).items()}}
        for each, own in self._words.items():
            if own.keys() != WORDS["en"].keys():
                wrong = sorted(own.keys() ^ WORDS["en"].keys())
                raise InvalidValue("words", each, f"all words that English has, and no others; look at {wrong[0]}")
        if language not in self._words:
            raise InvalidValue("language", language, f"one that there are words for: {', '.join(sorted(self._words))}")
        self._language = language

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        method = environ.get("REQUEST_METHOD", "GET")
        if method not in {"GET", "HEAD"}:
            refusal = b"Only GET and HEAD are answered here.\n"
            headers = [("Allow", "GET, HEAD"), ("Content-Type", "text/plain"), ("Content-Length", str(len(refusal)))]
            start_response("405 Method Not Allowed", headers)
            return [refusal]
        token = environ.get("PATH_INFO", "").rstrip("/").rpartition("/")[2]
        found = self._verify(token)
        body = self._page(found, self._read_in(environ.get("HTTP_ACCEPT_LANGUAGE", ""))).encode()
        status = "404 Not Found" if found.state is VerificationState.UNKNOWN else "200 OK"
        start_response(status, [*_HEADERS, ("Content-Length", str(len(body)))])
        return [] if method == "HEAD" else [body]

    def _read_in(self, accepted: str) -> str:
        """The language to answer in, of those there are words for."""
        wanted = []
        for place, part in enumerate(accepted[:_LONGEST_PREFERENCE].split(",")):
            if (match := _PREFERENCE.fullmatch(part.replace(" ", ""))) and float(match[2] or 1) > 0:
                wanted.append((-float(match[2] or 1), place, match[1]))
        known = (each for _, _, tag in sorted(wanted) for each in nearest_tags(tag) if each in self._words)
        return next(known, self._language)

    def _page(self, found: Verification, language: str) -> str:
        words = self._words[language]
        state = found.state.value
        facts = "".join(
            f"<div><dt>{escape(label)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>"
            for label, value in self._facts(found, words, language)
        )
        direction = "rtl" if language.split("-", maxsplit=1)[0] in _RIGHT_TO_LEFT else "ltr"
        issuer = f"<p>{escape(self._issuer)}</p>" if self._issuer else ""
        checked = f"{words['checked']} {written_date(self._clock().astimezone(UTC).date(), language)} (UTC)"
        return (
            f'<!doctype html>\n<html lang="{escape(language)}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(words[state])} - {escape(words['title'])}</title>\n<style>{_STYLE}</style>\n</head>\n"
            f"<body>\n<header>{issuer}<p>{escape(words['title'])}</p></header>\n"
            f'<main class="{state}">\n<h1>{escape(words[state])}</h1>\n<p>{escape(words[f"{state}_text"])}</p>\n'
            f"{f'<dl>{facts}</dl>' if facts else ''}\n</main>\n<footer><p>{escape(checked)}</p></footer>\n"
            "</body>\n</html>\n"
        )

    @staticmethod
    def _facts(found: Verification, words: Mapping[str, str], language: str) -> Iterator[tuple[str, str]]:
        if found.number is None:
            return
        yield words["learner_name"], found.learner_name or ""
        yield words["certification"], found.title or ""
        yield words["number"], found.number
        yield words["issued_on"], _day(found.issued_on, language)
        last = found.last_valid_day
        yield words["last_valid_day"], words["always"] if last is None else _day(last, language)
        if found.renewed_by is not None:
            yield words["renewed_by"], found.renewed_by


def _day(day: date | None, language: str) -> str:
    return "" if day is None else written_date(day, language)
