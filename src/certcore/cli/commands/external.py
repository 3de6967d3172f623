"""``certcore external``: certificates that others issued."""

from cyclopts import App

from certcore.adapters.pdf_judge import PdfJudge
from certcore.cli.arguments import File
from certcore.cli.commands import externals
from certcore.cli.files import opened
from certcore.cli.session import Here
from certcore.domain.files import Verdict

_TOLD = {
    Verdict.ACCEPT: "Accepted.",
    Verdict.FLAG: "Held with a warning.",
    Verdict.REJECT: "Refused.",
}


def judge(file: File, /, *, session: Here) -> int:
    """Say whether a PDF would be taken as an upload, and why not; nothing is stored.

    Parameters
    ----------
    file
        The PDF.
    """
    with PdfJudge() as pdf_judge, opened(file, seekable=False) as stream:
        judgement = pdf_judge.judge(pdf_judge.limits.read(stream))
    reasons = [{"code": each.code, "text": each.text} for each in judgement.findings]
    told = "\n".join([_TOLD[judgement.verdict], *(each["text"] for each in reasons)])
    session.screen.answer({"verdict": judgement.verdict, "reasons": reasons}, told)
    return int(judgement.verdict is Verdict.REJECT)


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="external", help="Upload, judge and review certificates that others issued.")
    group.command(externals.submit)
    group.command(externals.list_, name="list")
    group.command(externals.show)
    group.command(externals.review)
    group.command(externals.withdraw)
    group.command(judge)
    group.command(externals.settings)
    app.command(group)
