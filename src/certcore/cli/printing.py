"""The printer of the command line: made when the first document is, as the command's options say."""

from pathlib import Path
from typing import Annotated

from attrs import define, evolve, frozen
from cyclopts import Parameter

from certcore.cli.files import opened
from certcore.domain.documents import DocumentTemplate, Printout
from certcore.ports import DocumentPrinter


@Parameter(name="*")
@frozen(kw_only=True)
class LookOptions:
    """How documents look, and what they show.

    Parameters
    ----------
    style
        classic or modern; by default what the certification names as its template.
    typst
        A typst file of your own in place of a style.
    logo
        A PNG, JPEG or SVG file.
    accent
        A colour such as #1f4e79.
    language
        In which language dates and labels are, such as it.
    show_score
        Show the score, where there is one.
    show_completion
        Show the completion date.
    hide_number
        Do not show the certificate's number.
    hide_expiry
        Do not show until when it is valid.
    fonts
        A folder with fonts of your own, which are used before the others; may be given several times.
    """

    style: str | None = None
    typst: str | None = None
    logo: str | None = None
    accent: str = "#1f4e79"
    language: str = "en"
    show_score: bool = False
    show_completion: bool = False
    hide_number: bool = False
    hide_expiry: bool = False
    fonts: Annotated[tuple[str, ...], Parameter(name="--fonts", negative=())] = ()

    def template(self, issuer: str) -> DocumentTemplate:
        """The template; raises `UnreadableFile` and `InvalidValue`."""
        source = None if self.typst is None else _content(self.typst).decode(errors="replace")
        return DocumentTemplate(
            source=source,
            score=self.show_score,
            completed_on=self.show_completion,
            number=not self.hide_number,
            expiry=not self.hide_expiry,
            logo=None if self.logo is None else _content(self.logo),
            accent=self.accent,
            issuer=issuer,
            language=self.language,
        )


LOOK = LookOptions()


@define
class LatePrinter(DocumentPrinter):
    """A printer that is made for its first document, as ``look`` says by then."""

    look: LookOptions = LOOK
    issuer: str = ""
    _printer: DocumentPrinter | None = None

    def pdf(self, printed: Printout, template: str) -> bytes:
        """The document, as the port has it."""
        if self._printer is None:
            from certcore.adapters.pdf_printer import TypstPrinter  # noqa: PLC0415 - it comes with an extra

            plain = self.look.template(self.issuer)
            looks = {each: evolve(plain, style=each) for each in ("classic", "modern")}
            self._printer = TypstPrinter(looks, fonts=map(Path, self.look.fonts))
        return self._printer.pdf(printed, self.look.style or template)


def _content(name: str) -> bytes:
    with opened(name) as file:
        return file.read()
