"""``certcore certification``: defining certifications."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from certcore.cli import tables
from certcore.cli.arguments import Amount, File, Length, Needed, certification_ref
from certcore.cli.commands import certification_life
from certcore.cli.definitions import answer, definition_document
from certcore.cli.files import read_data
from certcore.cli.preview_tables import SHOWN, edit_document, edit_tables
from certcore.cli.session import ACTOR, Here
from certcore.domain.certifications import ItemRef
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
    by_hand: bool = False,
    items_needed: Needed = 1,
    auto_renew: bool = False,
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
    by_hand
        Completing an item awards nothing: it is issued by hand only.
    items_needed
        How many different items earn it: any one, all, or a number of them.
    auto_renew
        A completion renews it without a renewal that was started.
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
            automatic=not by_hand,
            items_needed=_count(items_needed),
            auto_renew=auto_renew,
            actor=ACTOR,
        )
        defining.assign(made.id, [ItemRef.parse(text) for text in item], actor=ACTOR)
    answer(session, made.id)


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
    by_hand: Annotated[bool | None, Parameter(negative="--no-by-hand")] = None,
    items_needed: Needed | None = None,
    auto_renew: Annotated[bool | None, Parameter(negative="--no-auto-renew")] = None,
    dry_run: bool = False,
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
    by_hand
        Whether it is issued by hand only, and completing an item awards nothing.
    items_needed
        How many different items earn it: any one, all, or a number of them.
    auto_renew
        Whether a completion renews it without a renewal that was started.
    dry_run
        Say what would change, and which live awards would differ if they followed the policy; change nothing.
    """
    ref = certification_ref(certification)
    given = {
        "name": name,
        "code": code,
        "description": description,
        "allow_retake": allow_retake,
        "template": template,
        "credits": credits,
        "automatic": None if by_hand is None else not by_hand,
        "auto_renew": auto_renew,
    }
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    changes |= {} if items_needed is None else {"items_needed": _count(items_needed)}
    defining = session.registrar.defining
    if validity is not None or policy is not None:
        before = defining.get(ref, actor=ACTOR).certification.policy.to_data()
        changes["policy"] = RenewalPolicy.from_data(_policy(before, validity, policy))
    if dry_run:
        preview = session.registrar.previewing.edit(ref, changes, actor=ACTOR, first=SHOWN)
        session.screen.answer(edit_document(preview), *edit_tables(preview))
    else:
        answer(session, defining.edit(ref, actor=ACTOR, **changes).id)


def list_(*, session: Here) -> None:
    """List the certifications."""
    overviews = session.registrar.defining.overviews(actor=ACTOR)
    session.screen.answer(
        {"certifications": [definition_document(each) for each in overviews]}, tables.certifications(overviews)
    )


def show(certification: str, /, *, session: Here) -> None:
    """Show one certification in full.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    """
    answer(session, certification_ref(certification))


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="certification", help="Define certifications.")
    group.command(add)
    group.command(list_, name="list")
    for command in (show, edit):
        group.command(command)
    certification_life.register(group)
    app.command(group)


def _policy(before: Mapping[str, Any], validity: object, file: str | None) -> Mapping[str, Any]:
    """The policy of the file, or the one ``before``, with the validity that is given."""
    data = before if file is None else read_data(file)
    return data if validity is None else {**data, "validity": validity}


def _count(needed: int | str) -> int | None:
    """How many items are needed; None for all of them."""
    return needed if isinstance(needed, int) else None
