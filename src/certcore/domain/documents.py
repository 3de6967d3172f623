"""What a certificate's document prints: the award's own words and dates, and what a template shows of them (R-100)."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from unicodedata import normalize

from attrs import field, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Print
from certcore.domain.checks import short_text
from certcore.domain.languages import written_date
from certcore.errors import InvalidValue, Withdrawn

_REORDERING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COLOUR: Final = re.compile("#[0-9a-f]{6}")

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "certificate": "Certificate",
            "certifies": "This is to certify that",
            "earned": "has earned the certification",
            "issued": "Issued on",
            "valid": "Valid until",
            "always": "does not expire",
            "completed": "Completed on",
            "score": "Score",
            "number": "Number",
        },
        "de": {
            "certificate": "Zertifikat",
            "certifies": "Hiermit wird bestätigt, dass",
            "earned": "dieses Zertifikat erworben hat",
            "issued": "Ausgestellt am",
            "valid": "Gültig bis",
            "always": "unbefristet",
            "completed": "Abgeschlossen am",
            "score": "Ergebnis",
            "number": "Nummer",
        },
        "es": {
            "certificate": "Certificado",
            "certifies": "Se certifica que",
            "earned": "ha obtenido la certificación",
            "issued": "Expedido el",
            "valid": "Válido hasta el",
            "always": "no caduca",
            "completed": "Completado el",
            "score": "Puntuación",
            "number": "Número",
        },
        "fr": {
            "certificate": "Certificat",
            "certifies": "Il est certifié que",
            "earned": "a obtenu la certification",
            "issued": "Délivré le",
            "valid": "Valable jusqu\N{RIGHT SINGLE QUOTATION MARK}au",
            "always": "sans expiration",
            "completed": "Terminé le",
            "score": "Résultat",
            "number": "Numéro",
        },
        "it": {
            "certificate": "Certificato",
            "certifies": "Si certifica che",
            "earned": "ha conseguito la certificazione",
            "issued": "Rilasciato il",
            "valid": "Valido fino al",
            "always": "senza scadenza",
            "completed": "Completato il",
            "score": "Punteggio",
            "number": "Numero",
        },
    }
)
"""What documents say, by language and by what it is for; a template can have words of its own."""


def _words(words: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(words))


@frozen(kw_only=True)
class DocumentTemplate:
    """How the documents of a certification look, and what they show (R-100).

    ``style`` is ``classic`` or ``modern``; a printer may know more, or take a host's own ``source`` in its place. The
    switches show score, completion date, number, expiry and the QR code of the public check; what the award has not is
    not shown. ``logo`` is the bytes of a PNG, JPEG or SVG file, ``accent`` a colour such as ``#1f4e79``, ``issuer`` the
    organisation that issues. Dates are written in ``language`` (a code such as ``en`` or ``pt-BR``), and so is the
    rest where `WORDS` has it; ``words`` replaces single ones, or all of them in another language.
    """

    style: str = field(default="classic", validator=short_text(64))
    source: str | None = None
    score: bool = False
    completed_on: bool = False
    number: bool = True
    expiry: bool = True
    qr: bool = True
    logo: bytes | None = None
    accent: str = field(default="#1f4e79")
    issuer: str = field(default="", validator=short_text(255, blank=True))
    language: str = field(default="en", validator=short_text(35))
    words: Mapping[str, str] = field(factory=dict, converter=_words, hash=False)

    @accent.validator
    def _is_colour(self, _attribute: object, accent: str) -> None:
        if not isinstance(accent, str) or _COLOUR.fullmatch(accent) is None:
            raise InvalidValue("accent", accent, "a colour as six hexadecimal digits in lower case, such as #1f4e79")

    @words.validator
    def _are_known(self, _attribute: object, words: Mapping[str, str]) -> None:
        for name in words:
            if name not in WORDS["en"]:
                raise InvalidValue("words", name, f"one of {', '.join(WORDS['en'])}")

    @property
    def wording(self) -> Mapping[str, str]:
        """All words of the documents: the template's own, else those of its language, else English ones."""
        language = self.language.split("-")[0].lower()
        return {**WORDS["en"], **WORDS.get(language, {}), **self.words}


@frozen
class Printout:
    """What there is to print of an award, in its own words and in the civil dates of its zone (R-10, R-28).

    ``last_valid_day`` is None for one that never expires; ``verify_link`` is where anybody can check it, None where the
    platform has no such page.
    """

    title: str
    description: str
    learner_name: str
    number: str
    issued_on: date
    last_valid_day: date | None
    completed_on: date
    score: Decimal | None
    verify_link: str | None


def printout(award: Award, print_: Print, verify_link: str | None) -> Printout:
    """What to print of ``award``, issued with the words of ``print_``.

    Marks that would turn text around are left out, so that no name reorders what stands beside it. Raises `Withdrawn`
    for an award that was revoked, unassigned or undone.
    """
    if award.withdrawn:
        raise Withdrawn(award.number)
    return Printout(
        _readable(print_.name),
        _readable(print_.description),
        _readable(award.learner_name),
        award.number,
        award.period.issued_on,
        award.period.last_valid_day,
        award.earned_on,
        award.details.score,
        verify_link,
    )


def _readable(text: str) -> str:
    return normalize("NFC", _REORDERING.sub("", text)).strip()


@frozen
class Fact:
    """A labelled value at the foot of a document."""

    label: str
    value: str


def facts_of(printed: Printout, template: DocumentTemplate) -> list[Fact]:
    """What the template shows at the foot, in order (R-100)."""
    words = template.wording

    def day(value: date) -> str:
        return written_date(value, template.language)

    found = [Fact(words["issued"], day(printed.issued_on))]
    if template.expiry:
        last = printed.last_valid_day
        found.append(Fact(words["valid"], words["always"] if last is None else day(last)))
    if template.completed_on:
        found.append(Fact(words["completed"], day(printed.completed_on)))
    if template.score and printed.score is not None:
        found.append(Fact(words["score"], f"{printed.score.normalize():f}"))
    if template.number:
        found.append(Fact(words["number"], printed.number))
    return found


def document_data(printed: Printout, template: DocumentTemplate) -> dict[str, Any]:
    """What a style is given: the award's texts as they are, and the facts that the template shows."""
    return {
        "title": printed.title,
        "description": printed.description,
        "name": printed.learner_name,
        "facts": [{"label": each.label, "value": each.value} for each in facts_of(printed, template)],
        "words": dict(template.wording),
        "issuer": template.issuer,
        "accent": template.accent,
        "language": template.language.split("-")[0].lower(),
        "verify_link": printed.verify_link if template.qr else None,
    }
