"""What a platform decides once for all its certifications."""

from typing import Final
from urllib.parse import urlsplit

from attrs import field, frozen

from certcore.domain.awards import Basis, BasisKind
from certcore.domain.checks import UNSTORABLE, short_text
from certcore.domain.time import zone_rules
from certcore.errors import InvalidValue, NotAllowedHere

_NUMBER: Final = "{number}"
_TOKEN: Final = "{token}"
_PLACES: Final = {"renew_link": _NUMBER, "document_link": _NUMBER, "verify_link": _TOKEN}
"""What stands in the addresses of a host's pages for what they are about."""


@frozen
class Settings:
    """The platform's switches (R-9) and limits.

    ``zone`` is where dates are read when neither the call nor the learner gives one (R-13). ``at_once`` is the largest
    number of people awarded in the call itself; more make a job (R-31). ``batch`` is how many rows or people one
    transaction takes. ``providers`` are those that external certifications may name; None allows every one.
    ``renew_link`` is the address where the host lets a learner renew, with ``{number}`` where the certificate's number
    belongs, such as ``https://lms.example/renew/{number}`` (R-96); without it no view has a link. ``document_link`` is
    where the learner gets the document, and ``verify_link`` where anybody checks an award, with ``{token}`` in it
    (R-81, R-101). ``issuer`` is the name of the organisation that issues.
    ``scan_seconds`` is how long the virus scanner has to answer for an upload, which is not taken without its answer.
    ``notifier_seconds`` is how long a notifier has for one message, and ``notifier_tries`` how often it is asked to
    send one before that is given up (R-83).
    """

    zone: str = field(default="UTC")
    award_by_hand: bool = True
    providers: frozenset[str] | None = None
    credits: bool = True
    at_once: int = field(default=100)
    batch: int = field(default=40_000)
    renew_link: str | None = field(default=None)
    document_link: str | None = field(default=None)
    verify_link: str | None = field(default=None)
    issuer: str = field(default="", validator=short_text(255, blank=True))
    scan_seconds: float = field(default=30.0)
    notifier_seconds: float = field(default=30.0)
    notifier_tries: int = field(default=12)

    @zone.validator
    def _known(self, _attribute: object, zone: str) -> None:
        zone_rules(zone)

    @at_once.validator
    @batch.validator
    @notifier_tries.validator
    def _positive(self, attribute: object, count: int) -> None:
        if count < 1:
            raise InvalidValue(getattr(attribute, "name", "limit"), count, "a whole number above zero")

    @scan_seconds.validator
    @notifier_seconds.validator
    def _some_time(self, attribute: object, seconds: float) -> None:
        if not seconds > 0:
            raise InvalidValue(getattr(attribute, "name", "seconds"), seconds, "a number of seconds above zero")

    @renew_link.validator
    @document_link.validator
    @verify_link.validator
    def _leads_to_an_award(self, attribute: object, link: str | None) -> None:
        name = getattr(attribute, "name", "link")
        if link is not None and not _is_template(link, _PLACES[name]):
            expected = f"an http or https address with {_PLACES[name]} in its path or query, and no other braces"
            raise InvalidValue(name, link, expected)

    def link_to_renew(self, number: str) -> str | None:
        """Where the learner renews the award of that number; None where the host has no such page."""
        return None if self.renew_link is None else self.renew_link.replace(_NUMBER, number)

    def link_to_document(self, number: str) -> str | None:
        """Where the learner gets the document of that number; None where the host has no such page."""
        return None if self.document_link is None else self.document_link.replace(_NUMBER, number)

    def link_to_verify(self, token: str) -> str | None:
        """Where anybody checks the award with that token; None where the host has no such page (R-101)."""
        return None if self.verify_link is None else self.verify_link.replace(_TOKEN, token)

    def check_by_hand(self) -> None:
        """Raise `NotAllowedHere` where the platform does not award by hand (R-9)."""
        if not self.award_by_hand:
            raise NotAllowedHere("awarding by hand")

    def check_basis(self, basis: Basis) -> None:
        """Raise `InvalidValue` for a basis given by hand that names a provider which the platform does not know (R-9).

        So for an external certification without links: only one that was uploaded and accepted needs none (R-74).
        """
        if basis.kind is BasisKind.EXTERNAL_CERTIFICATION and not basis.links:
            raise InvalidValue("links", basis.links, "the provider and link of the external certification")
        if self.providers is not None:
            for link in basis.links:
                if link.provider not in self.providers:
                    raise InvalidValue("provider", link.provider, f"one of {', '.join(sorted(self.providers))}")

    def check_credits(self, credits_given: object) -> None:
        """Raise `NotAllowedHere` when credits are given where the platform does not use them (R-9)."""
        if credits_given is not None and not self.credits:
            raise NotAllowedHere("credits")


def _is_template(link: object, place: str) -> bool:
    if not isinstance(link, str) or UNSTORABLE.search(link) or any(each.isspace() for each in link):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    inside = f"{parts.path}?{parts.query}#{parts.fragment}"
    rest = link.replace(place, "")
    leads_somewhere = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return leads_somewhere and place in inside and not set("{}") & set(rest)
