"""Proving: documents of awards, and the public check of them (R-100 to R-102)."""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlencode

from attrs import frozen

from certcore.domain.awards import Award, Status
from certcore.domain.certifications import Print
from certcore.domain.documents import Printout, printout
from certcore.domain.people import Act, Actor
from certcore.domain.verification import UNKNOWN, Verification, token_from, token_text, verification
from certcore.domain.views import Viewer
from certcore.errors import CertcoreError, NotSupported
from certcore.ports import AwardQuery, DocumentPrinter, Ports, Transaction
from certcore.services.access import demand, find_shown
from certcore.services.defining import find_certification

_PROFILE = "https://www.linkedin.com/profile/add"
_NO_TOKEN = bytes(16)
_PRINTED_AT_ONCE = 100


@frozen
class AwardDocument:
    """The document of an award: a PDF, or why there is none."""

    number: str
    content: bytes | None
    error: CertcoreError | None = None

    @property
    def file_name(self) -> str:
        """A name for the file, safe on every system and in every header."""
        return f"{self.number}.pdf"


@frozen
class Share:
    """With what others see an award: its token, and where the token leads (R-101, R-102).

    ``verify_link`` is where anybody checks it, ``profile_link`` where the learner adds it to a LinkedIn profile; None
    where the platform has no page for the check.
    """

    token: str
    verify_link: str | None
    profile_link: str | None


@frozen
class Proving:
    """Makes documents and answers the public check; never changes anything (f22)."""

    _ports: Ports

    def document(self, number: str, *, actor: Actor) -> bytes:
        """The award's document as a PDF: the same bytes each time, while award and template are the same (R-100).

        It prints what the award kept at its issue (R-28), in the civil dates of its own zone (R-10). Raises `NotFound`
        where the actor may not see the award, `Withdrawn` for one that was taken away, `Unprintable` where no font has
        a character, and `NotSupported` without a printer.
        """
        printer = self._printer()
        with self._ports.storage.reading() as tx:
            award = self._seen(tx, number, actor)
            template = find_certification(tx, award.certification_id).template
            (printed,) = self._printouts(tx, [award])
        return printer.pdf(printed, template)

    def documents(
        self, *, actor: Actor, certification: str | int | None = None, statuses: Collection[Status] = ()
    ) -> Iterator[AwardDocument]:
        """The documents of all awards that the actor may see, ascending by id, those withdrawn left out.

        Only those of a certification, and with one of ``statuses`` at this moment, where that is asked for. They are
        made as they are taken: no more than some are in memory. One that cannot be made says why, and the others come.
        Raises `NotFound`, and `NotSupported` without a printer.
        """
        viewer = Viewer(actor, demand(self._ports, actor, Act.VIEW, "documents of", str(certification or "all")))
        printer = self._printer()
        with self._ports.storage.reading() as tx:
            found = None if certification is None else {find_certification(tx, certification).id}
        learners = None if viewer.scope.everyone else viewer.scope.learners
        query = AwardQuery(self._ports.now(), learners, found, statuses=frozenset(statuses), limit=_PRINTED_AT_ONCE)
        return self._printed(printer, query)

    def verify(self, token: str) -> Verification:
        """What anybody may know who has the token of an award's document (R-101).

        An unknown token, one of another tenant's, a certificate's number and nonsense get the same answer.
        """
        with self._ports.storage.reading() as tx:
            award = tx.awards.by_token(token_from(token) or _NO_TOKEN)
            if award is None:
                return UNKNOWN
            successors = tx.awards.by_id([] if award.renewed_by is None else [award.renewed_by])
            successor = next(iter(successors.values()), None)
            return verification(award, _prints(tx, [award])[0], successor, self._ports.now())

    def share(self, number: str, *, actor: Actor) -> Share:
        """With what the learner lets others see the award; raises `NotFound` as `document`, and `Withdrawn`."""
        with self._ports.storage.reading() as tx:
            award = self._seen(tx, number, actor)
            (printed,) = self._printouts(tx, [award])
        link = printed.verify_link
        profile = None if link is None else _profile_link(printed, link, self._ports.settings.issuer)
        return Share(token_text(award.token), link, profile)

    def _seen(self, tx: Transaction, number: str, actor: Actor) -> Award:
        return find_shown(tx, number, Viewer(actor, demand(self._ports, actor, Act.VIEW, "award", number)))

    def _printer(self) -> DocumentPrinter:
        if self._ports.printer is None:
            raise NotSupported("making documents, which needs a printer,")
        return self._ports.printer

    def _printed(self, printer: DocumentPrinter, query: AwardQuery) -> Iterator[AwardDocument]:
        """Page by page, so that no transaction is open while documents are made."""
        while True:
            with self._ports.storage.reading() as tx:
                page = tx.awards.search(query)
                shown = [each for each in page if not each.withdrawn]
                certifications = tx.certifications.by_id({each.certification_id for each in shown})
                printouts = self._printouts(tx, shown)
            for award, printed in zip(shown, printouts, strict=True):
                template = certifications[award.certification_id].template
                try:
                    yield AwardDocument(award.number, printer.pdf(printed, template))
                except CertcoreError as error:
                    yield AwardDocument(award.number, None, error)
            if len(page) < query.limit:
                return
            query = query.behind(page[-1])

    def _printouts(self, tx: Transaction, awards: Sequence[Award]) -> list[Printout]:
        links = [self._ports.settings.link_to_verify(token_text(award.token)) for award in awards]
        return [printout(*each) for each in zip(awards, _prints(tx, awards), links, strict=True)]


def _prints(tx: Transaction, awards: Sequence[Award]) -> list[Print]:
    """With what words each award was issued (R-28)."""
    editions = [(award.certification_id, award.edition) for award in awards]
    found = tx.certifications.prints(set(editions))
    return [found[each] for each in editions]


def _profile_link(printed: Printout, verify_link: str, issuer: str) -> str:
    fields: dict[str, str | int] = {"startTask": "CERTIFICATION_NAME", "name": printed.title}
    if issuer:
        fields["organizationName"] = issuer
    fields |= {"issueYear": printed.issued_on.year, "issueMonth": printed.issued_on.month}
    if printed.last_valid_day is not None:
        fields |= {"expirationYear": printed.last_valid_day.year, "expirationMonth": printed.last_valid_day.month}
    return f"{_PROFILE}?{urlencode({**fields, 'certUrl': verify_link, 'certId': printed.number})}"
