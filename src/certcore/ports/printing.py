"""Who makes the documents of awards."""

from abc import ABC, abstractmethod

from certcore.domain.documents import Printout


class DocumentPrinter(ABC):
    """Makes a PDF of an award (R-100). One object serves any number of threads."""

    @abstractmethod
    def pdf(self, printed: Printout, template: str) -> bytes:
        """The document, as the template of this name has it; equal printouts give equal bytes.

        All texts are printed as they are, never read as markup. Raises `Unprintable` for a character that it has no
        glyph of, and `InvalidValue` for a template that it does not have or that cannot set this award.
        """
