"""``certcore certification``: defining certifications."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from certcore.cli import tables
from certcore.cli.arguments import Amount, File, Length, certification_ref
from certcore.cli.files import read_data
from certcore.cli.session import ACTOR, Here, Session
from certcore.codec import Document
from certcore.domain.certifications import ItemRef, Overview
from certcore.domain.policy import RenewalPolicy

Items = Annotated[tuple[str, ...], Parameter(name="--item")]


def add(
    name: str,
    /,
    *,
    code: str | None = None,
    description: str = "",
    validity: Length | None = None,
    policy: File | None = None,
    allow_retake: bool = False,
    template: str = "classic",
    credits: Amount | None = None,
    item: Items = (),
    session: Here,
) -> None:
    """Define a certification.

    Parameters
    ----------
    name
        Its name, as documents print it.
    code
        Its code, needed for imports.
    description
        What documents print below the name.
    validity
        How long an award is valid, such as "2 years"; by default for ever.
    policy
        A TOML or JSON file with its renewal policy.
    allow_retake
        Renewing starts the course over again.
    template
        The document's style.
    credits
        What earning it is worth.
    item
        What earns it, such as course:C-1; may be given several times.
    """
    terms = RenewalPolicy.from_data(_policy({}, validity, policy))
    defining = session.registrar.defining
    with session.platform.storage.transaction():
        made = defining.add(
            name,
            code=code,
            description=description,
            policy=terms,
            allow_retake=allow_retake,
            template=template,
            credits=credits,
            actor=ACTOR,
        )
        defining.assign(made.id, [ItemRef.parse(text) for text in item], actor=ACTOR)
    _answer(session, made.id)


def edit(
    certification: str,
    /,
    *,
    name: str | None = None,
    code: str | None = None,
    description: str | None = None,
    validity: Length | None = None,
    policy: File | None = None,
    allow_retake: Annotated[bool | None, Parameter(negative="--no-allow-retake")] = None,
    template: str | None = None,
    credits: Amount | None = None,
    session: Here,
) -> None:
    """Change a certification; awards already issued stay as they are.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    name
        Its name, as documents print it.
    code
        Its code, needed for imports.
    description
        What documents print below the name.
    validity
        How long an award is valid, such as "2 years", or none for ever.
    policy
        A TOML or JSON file with its renewal policy, which replaces the one it has.
    allow_retake
        Whether renewing starts the course over again.
    template
        The document's style.
    credits
        What earning it is worth.
    """
    ref = certification_ref(certification)
    given = {
        "name": name,
        "code": code,
        "description": description,
        "allow_retake": allow_retake,
        "template": template,
        "credits": credits,
    }
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    defining = session.registrar.defining
    if validity is not None or policy is not None:
        before = defining.get(ref, actor=ACTOR).certification.policy.to_data()
        changes["policy"] = RenewalPolicy.from_data(_policy(before, validity, policy))
    _answer(session, defining.edit(ref, actor=ACTOR, **changes).id)


def list_(*, session: Here) -> None:
    """List the certifications."""
    overviews = session.registrar.defining.overviews(actor=ACTOR)
    session.screen.answer({"certifications": [_document(each) for each in overviews]}, tables.certifications(overviews))


def show(certification: str, /, *, session: Here) -> None:
    """Show one certification in full.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    """
    _answer(session, certification_ref(certification))


def retire(certification: str, /, *, session: Here) -> None:
    """Take a certification out of use: no new awards, history kept.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    """
    _answer(session, session.registrar.defining.retire(certification_ref(certification), actor=ACTOR).id)


def assign(certification: str, /, *items: str, session: Here) -> None:
    """Let courses, learning plans or external activities carry a certification.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    items
        What carries it from now on, such as course:C-1.
    """
    ref = certification_ref(certification)
    session.registrar.defining.assign(ref, [ItemRef.parse(item) for item in items], actor=ACTOR)
    _answer(session, ref)


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="certification", help="Define certifications.")
    group.command(add)
    group.command(list_, name="list")
    for command in (show, edit, retire, assign):
        group.command(command)
    app.command(group)


def _policy(before: Mapping[str, Any], validity: object, file: str | None) -> Mapping[str, Any]:
    """The policy of the file, or the one ``before``, with the validity that is given."""
    data = before if file is None else read_data(file)
    return data if validity is None else {**data, "validity": validity}


def _answer(session: Session, ref: str | int) -> None:
    overview = session.registrar.defining.get(ref, actor=ACTOR)
    session.screen.answer(_document(overview), tables.certification(overview))


def _document(overview: Overview) -> Document:
    it = overview.certification
    return {
        "id": f"{it.id:x}",
        "code": it.code,
        "name": it.name,
        "description": it.description,
        "policy": it.policy.to_data(),
        "allow_retake": it.allow_retake,
        "template": it.template,
        "credits": None if it.credits is None else str(it.credits),
        "automatic": it.automatic,
        "items_needed": tables.needed(it),
        "auto_renew": it.auto_renew,
        "retired": it.retired,
        "live_awards": overview.live_awards,
        "items": [str(item) for item in overview.items],
    }
