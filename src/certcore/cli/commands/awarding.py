"""``certcore award``: awarding by hand."""

from collections.abc import Mapping
from typing import Any, Literal

from cyclopts import CycloptsError

from certcore.cli import tables
from certcore.cli.arguments import Amount, Day, Kind, Links, basis_of, certification_ref
from certcore.cli.job_tables import answer_waiting
from certcore.cli.session import ACTOR, Here, Session
from certcore.codec import JSON, Document
from certcore.domain.awards import MANUAL, Details
from certcore.domain.decisions import Held, Outcome
from certcore.domain.jobs import JobState
from certcore.domain.settings import Settings
from certcore.domain.time import civil_date
from certcore.services.awarding import AwardReport, AwardRequest

Names = tuple[str, ...]

_COUNTED = (Outcome.NEW, Outcome.RENEWED, Outcome.ALREADY_HELD, Outcome.UNCHANGED, Outcome.REJECTED)


def award(
    *,
    certification: str,
    user: Names = (),
    group: Names = (),
    branch: Names = (),
    issued_on: Day | None = None,
    zone: str | None = None,
    expires_on: Day | None = None,
    always_valid: bool = False,
    kind: Kind | None = None,
    code: str | None = None,
    link: Links = (),
    score: Amount | None = None,
    completed_on: Day | None = None,
    credits: Amount | None = None,
    note: str | None = None,
    no_notify: bool = False,
    held: Literal["keep", "renew", "refuse"] = "keep",
    key: str | None = None,
    queue: bool = False,
    session: Here,
) -> int:
    """Award a certification to people, groups and branches.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    user
        A username; may be given several times, as may groups and branches.
    group
        All members of this group.
    branch
        All members of this branch and of those below it.
    issued_on
        The day of issue, by default today.
    zone
        Where the days are read: an IANA name such as Europe/Rome, or an offset such as -04:00; by default UTC.
    expires_on
        The day of expiry, by default by the certification's validity.
    always_valid
        It never expires.
    kind
        What it rests on, by default manual.
    code
        The code of the course, learning plan or external activity behind it.
    link
        provider=https://... of an external certification; may be given several times.
    score
        The score reached.
    completed_on
        The day of completion.
    credits
        The credits earned.
    note
        An internal note, which no learner sees.
    no_notify
        Send no notice.
    held
        What to do for those who hold it already: keep theirs, renew it, or refuse.
    key
        An idempotency key: the same act with the same key is done once.
    queue
        Leave more than 100 people to `certcore worker`; `certcore jobs` tells how far it is.
    """
    if not (user or group or branch):
        raise CycloptsError(msg="Say whom to award: give --user, --group or --branch.")
    request = AwardRequest(
        certification=certification_ref(certification),
        issued_on=issued_on or civil_date(session.clock(), zone or Settings().zone),
        usernames=user,
        groups=group,
        branches=branch,
        zone=zone,
        expires_on=expires_on,
        always_valid=always_valid,
        basis=basis_of(kind, code, link) or MANUAL,
        details=Details(score, completed_on, credits, note),
        notify=not no_notify,
        held=Held(held),
    )
    registrar = session.queueing if queue else session.registrar
    report = registrar.awarding.award(request, actor=ACTOR, key=key)
    if report.state is JobState.QUEUED:
        return answer_waiting(session, report.job_id)
    if report.state is JobState.FAILED:
        return _failed(session, report.job_id or "")
    counts = {outcome.value: report.counts.get(outcome, 0) for outcome in _COUNTED}
    session.screen.answer(
        _document(report, counts), tables.outcomes(counts), *tables.people(report.outcomes, report.people)
    )
    return 1 if counts["rejected"] else 0


def _failed(session: Session, job_id: str) -> int:
    """A job that could not be done tells why in its result."""
    error: Any = session.registrar.running.get(job_id).result["error"]
    session.screen.fail(error["code"], error["message"])
    return 1


def _document(report: AwardReport, counts: Mapping[str, int]) -> Document:
    return {
        "people": report.people,
        **counts,
        "job_id": report.job_id,
        "outcomes": [JSON.unstructure(each) for each in report.outcomes],
    }
