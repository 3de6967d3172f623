"""``certcore external``: upload, review and find certificates that others issued."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from certcore.cli import external_tables
from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import STDIN, Amount, Choice, Day, File, certification_ref
from certcore.cli.files import opened
from certcore.cli.session import ACTOR, Here, Session
from certcore.codec import external_document, history_document
from certcore.domain.external import ExternalState
from certcore.domain.reviewers import Reviewers
from certcore.errors import NotInstalled
from certcore.services.reviewing import ExternalRecord, ExternalUpload


def submit(
    username: str,
    file: File,
    /,
    *,
    title: str,
    delivered_on: Day,
    expires_on: Day | None = None,
    zone: str | None = None,
    credits: Amount | None = None,
    equivalence: str | None = None,
    replaces: str | None = None,
    name: str | None = None,
    by: As = None,
    key: str | None = None,
    session: Here,
) -> None:
    """Submit a certificate that somebody earned elsewhere, as a PDF.

    Parameters
    ----------
    username
        Whose it is.
    file
        The PDF.
    title
        What it certifies.
    delivered_on
        The day it was delivered.
    expires_on
        The day it expires, if it does.
    zone
        Where the days are read; by default the learner's zone.
    credits
        What it is worth.
    equivalence
        The certification it stands for: its code, or id: and its id.
    replaces
        The id of the certificate that this one is a new version of.
    name
        What the file is called, by default as it is here.
    by
        Who submits it, by username; by default the command line.
    key
        An idempotency key: the same act with the same key is done once.
    """
    upload = ExternalUpload(
        username=username,
        title=title,
        delivered_on=delivered_on,
        file_name=name or ("certificate.pdf" if file == STDIN else Path(file).name),
        expires_on=expires_on,
        zone=zone,
        credits=credits,
        equivalence=None if equivalence is None else certification_ref(equivalence),
        replaces=replaces,
    )
    actor = actor_of(session, by)
    if not session.platform.judges_files:
        raise NotInstalled("pypdf", "upload")
    with opened(file, seekable=False) as content:
        _tell(session, session.registrar.reviewing.submit(upload, content, actor=actor, key=key))


def list_(
    *,
    learner: str | None = None,
    state: Annotated[tuple[ExternalState, ...], Choice] = (),
    tasks: bool = False,
    by: As = None,
    after: str | None = None,
    limit: int = 50,
    session: Here,
) -> None:
    """List external certificates, oldest first.

    Parameters
    ----------
    learner
        Only those of this user.
    state
        Only those in this state; may be given several times.
    tasks
        Only what waits for a verdict of who asks.
    by
        Who asks, by username; by default the command line, which sees all.
    after
        The cursor of the page before.
    limit
        How many at most.
    """
    if tasks and (learner is not None or state):
        raise CycloptsError(
            msg="--tasks are of nobody in particular, and all pending; leave --learner and --state out."
        )
    reviewing, actor = session.registrar.reviewing, actor_of(session, by)
    if tasks:
        page = reviewing.tasks(actor=actor, after=after, limit=limit)
    else:
        page = reviewing.search(actor=actor, username=learner, states=state, after=after, limit=limit)
    document = {"externals": [external_document(each) for each in page.records], "next": page.next}
    session.screen.answer(document, *external_tables.certificates(page.records))
    if page.next is not None:
        session.screen.say(f"There are more: --after {page.next}")


def show(id: str, /, *, save: str | None = None, by: As = None, session: Here) -> None:
    """Show one external certificate in full, with its history.

    Parameters
    ----------
    id
        Its id.
    save
        Write the PDF to this file, which must not be there yet.
    by
        Who asks, by username; by default the command line, which sees all.
    """
    reviewing, actor = session.registrar.reviewing, actor_of(session, by)
    record, history = reviewing.show(id, actor=actor)
    if save is not None:
        content = reviewing.document(id, actor=actor).content
        with Path(save).open("xb") as target:
            target.write(content)
    document = {**external_document(record), "history": [history_document(entry) for entry in history]}
    session.screen.answer(document, *external_tables.certificate(record, history))


def review(
    id: str,
    /,
    *,
    validate: bool = False,
    reject: bool = False,
    comment: str | None = None,
    title: str | None = None,
    delivered_on: Day | None = None,
    expires_on: Day | None = None,
    no_expiry: bool = False,
    credits: Amount | None = None,
    equivalence: str | None = None,
    no_equivalence: bool = False,
    seen: int | None = None,
    by: As = None,
    key: str | None = None,
    session: Here,
) -> None:
    """Validate or reject an external certificate that waits, or correct it first.

    Parameters
    ----------
    id
        Its id.
    validate
        It is right, with the corrections given.
    reject
        It is not; the comment says why.
    comment
        What the learner is told.
    title
        The right title.
    delivered_on
        The right day of delivery, in the certificate's zone.
    expires_on
        The right day of expiry, in the certificate's zone.
    no_expiry
        It does not expire.
    credits
        What it is worth.
    equivalence
        The certification it stands for: its code, or id: and its id.
    no_equivalence
        It stands for no certification.
    seen
        The version that was looked at; refused when somebody has corrected it since.
    by
        Who reviews it, by username; by default the command line.
    key
        An idempotency key: the same verdict with the same key is given once.
    """
    given = {"title": title, "delivered_on": delivered_on, "expires_on": expires_on, "credits": credits}
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    changes |= {"expires_on": None} if no_expiry else {}
    changes |= {} if equivalence is None else {"equivalence": certification_ref(equivalence)}
    changes |= {"equivalence": None} if no_equivalence else {}
    _check_usage(validate, reject, comment, changes, [no_expiry and expires_on, no_equivalence and equivalence])
    reviewing, actor = session.registrar.reviewing, actor_of(session, by)
    if reject:
        record = reviewing.reject(id, actor=actor, comment=comment or "", seen=seen, key=key)
    elif validate:
        record = reviewing.validate(id, actor=actor, comment=comment, seen=seen, key=key, **changes)
    else:
        record = reviewing.correct(id, actor=actor, seen=seen, **changes)
    _tell(session, record)


def _check_usage(
    validate: bool, reject: bool, comment: str | None, changes: Mapping[str, object], against: list[object]
) -> None:
    if validate and reject:
        raise CycloptsError(msg="Either --validate or --reject.")
    if any(against):
        raise CycloptsError(msg="A day or certification cannot be given and taken away at once.")
    if reject and changes:
        raise CycloptsError(msg="What is rejected is not corrected; leave the corrections out.")
    if not (validate or reject) and (not changes or comment is not None):
        raise CycloptsError(msg="Say what to do: --validate, --reject, or a correction without a comment.")


def withdraw(id: str, /, *, by: As = None, session: Here) -> None:
    """Take an external certificate back before anybody has decided on it.

    Parameters
    ----------
    id
        Its id.
    by
        Who takes it back, by username; by default the command line.
    """
    _tell(session, session.registrar.reviewing.withdraw(id, actor=actor_of(session, by)))


def settings(
    *,
    self_import: Annotated[bool | None, Parameter(negative="--no-self-import")] = None,
    validation: Annotated[bool | None, Parameter(negative="--no-validation")] = None,
    reviewers: Annotated[tuple[Reviewers, ...], Choice] = (),
    own_review: Annotated[bool | None, Parameter(negative="--no-own-review")] = None,
    credits: Annotated[bool | None, Parameter(negative="--no-credits")] = None,
    session: Here,
) -> None:
    """Show what is decided about external certificates, or change it.

    Parameters
    ----------
    self_import
        Learners may submit their own.
    validation
        A reviewer decides before one counts.
    reviewers
        Who reviews: managers, coaches, group_admins; may be given several times.
    own_review
        Reviewers may decide on their own, and on what they uploaded.
    credits
        A certificate may carry credits.
    """
    given = {"self_import": self_import, "validation": validation, "own_review": own_review, "credits": credits}
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    changes |= {"reviewers": reviewers} if reviewers else {}
    found = session.registrar.reviewing.change_settings(actor=ACTOR, **changes)
    session.screen.answer(found.to_data(), external_tables.settings(found))


def _tell(session: Session, record: ExternalRecord) -> None:
    session.screen.answer(external_document(record), *external_tables.certificate(record))
