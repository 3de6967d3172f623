"""``certcore pdf`` and ``certcore verify``: the document of an award, and the check of it."""

import re
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import CycloptsError, Parameter

from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import certification_ref
from certcore.cli.printing import LOOK, LookOptions
from certcore.cli.session import Here
from certcore.domain.numbers import normal_number
from certcore.domain.verification import VerificationState
from certcore.errors import CertcoreError, InvalidValue

_IN_A_LINK: Final = re.compile("^.*[^A-Za-z0-9_-]", re.DOTALL)
"""What stands before the token in a link."""


def pdf(
    number: str | None = None,
    /,
    *,
    out: str | None = None,
    certification: str | None = None,
    folder: str | None = None,
    look: LookOptions = LOOK,
    by: As = None,
    session: Here,
) -> int:
    """Make the document of an award, or the documents of all awards of a certification.

    Parameters
    ----------
    number
        The certificate's number.
    out
        The file to write; by default the number with .pdf behind it.
    certification
        All awards of this certification: its code, or id: and its id.
    folder
        Where the documents of a certification are written, each under its number.
    look
        How documents look.
    by
        Who asks, by username; by default the command line.
    """
    one, many = number is not None, certification is not None
    if one is many or (one and folder is not None) or (many and (folder is None or out is not None)):
        raise CycloptsError(msg="Name one award by its number, or give --certification and --folder.")
    session.platform.printer.look = look
    proving, actor = session.registrar.proving, actor_of(session, by)
    if number is not None:
        content, shared = proving.document(number, actor=actor), proving.share(number, actor=actor)
        file = Path(out or f"{normal_number(number)}.pdf")
        _write(file, content, "out")
        document: dict[str, Any] = {"file": str(file), "bytes": len(content), "token": shared.token}
        document |= {"verify_link": shared.verify_link, "profile_link": shared.profile_link}
        session.screen.answer(document, f"Written to {file}. Its verification token is {shared.token}.")
        return 0
    into, files, failed = Path(folder or ""), 0, []
    with session.screen.progress("Documents") as tell:
        for each in proving.documents(actor=actor, certification=certification_ref(certification or "")):
            if each.content is None:
                failed.append({"number": each.number, **_said(each.error)})
            else:
                files += 1
                _write(into / each.file_name, each.content, "folder")
            tell(files + len(failed), 0)
    session.screen.note([f"{each['number']}: {each['message']}" for each in failed])
    session.screen.answer({"files": files, "failed": failed}, f"{files:,} documents written to {into}.")
    return int(bool(failed))


def verify(token: Annotated[str, Parameter(allow_leading_hyphen=True)], /, *, session: Here) -> int:
    """Say what anybody may know of an award by the verification token on its document; exit code 0 if it is valid.

    Parameters
    ----------
    token
        The token, or a link that ends in it.
    """
    found = session.registrar.proving.verify(_IN_A_LINK.sub("", token.rstrip("/")))
    document = {
        "state": found.state,
        "number": found.number,
        "learner_name": found.learner_name,
        "title": found.title,
        "issued_on": found.issued_on and found.issued_on.isoformat(),
        "last_valid_day": found.last_valid_day and found.last_valid_day.isoformat(),
        "renewed_by": found.renewed_by,
    }
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in document.items() if value is not None]
    session.screen.answer(document, "\n".join(lines))
    return int(found.state is not VerificationState.VALID)


def _write(file: Path, content: bytes, option: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise InvalidValue(option, str(file), f"a file that can be written ({error.strerror})") from None


def _said(error: CertcoreError | None) -> dict[str, str]:
    return {} if error is None else {"code": error.code, "message": str(error)}
