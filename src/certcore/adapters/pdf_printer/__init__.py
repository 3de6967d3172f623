"""Documents of awards as PDFs, set by typst with fonts for most of the world's scripts (R-100).

Importing it raises `NotInstalled` without the extra ``pdf``.
"""

from importlib.util import find_spec

from certcore.errors import NotInstalled

for _package in ("typst", "segno", "fontTools", "justmytype_western_core"):
    if find_spec(_package) is None:
        raise NotInstalled(_package, "pdf")

from certcore.adapters.pdf_printer.printer import TypstPrinter  # noqa: E402 - not before it is known to be there

__all__ = ["TypstPrinter"]
