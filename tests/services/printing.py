"""A printer that needs nothing installed: what it was given, as text."""

from certcore.domain.documents import Printout
from certcore.errors import InvalidValue, Unprintable
from certcore.ports import DocumentPrinter


class PlainPrinter(DocumentPrinter):
    """Prints ASCII in the template *classic* only."""

    def pdf(self, printed: Printout, template: str) -> bytes:
        if template != "classic":
            raise InvalidValue("template", template, "classic")
        if not printed.learner_name.isascii():
            raise Unprintable("learner name", next(each for each in printed.learner_name if not each.isascii()))
        return f"%PDF- {printed!r}".encode()
