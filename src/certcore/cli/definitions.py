"""A certification as the command line answers with it."""

from certcore.cli import tables
from certcore.cli.session import ACTOR, Session
from certcore.codec import Document
from certcore.domain.certifications import Overview
from certcore.domain.people import Actor


def answer(session: Session, ref: str | int, actor: Actor = ACTOR) -> None:
    """Answer with the certification as it is now."""
    overview = session.registrar.defining.get(ref, actor=actor)
    session.screen.answer(definition_document(overview), tables.certification(overview))


def definition_document(overview: Overview) -> Document:
    """All of its parts, with the counts of R-8."""
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
