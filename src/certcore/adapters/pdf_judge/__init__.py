"""The judge of uploaded PDFs, which trusts neither a file's name nor its own parser."""

from certcore.adapters.pdf_judge.judge import PdfJudge

__all__ = ["PdfJudge"]
