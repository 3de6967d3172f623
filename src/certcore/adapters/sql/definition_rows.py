"""How certifications and jobs become rows, column by column in the order of `tables`, and are read back."""

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from certcore.adapters.sql.values import Row, amount_text, as_flag, as_text, as_whole, or_none
from certcore.domain.cells import Problem
from certcore.domain.certifications import Certification, Print
from certcore.domain.history import canonical
from certcore.domain.jobs import Job, JobState, Reject
from certcore.domain.people import Actor, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import from_micros, to_micros


def certification_row(tenant: str, certification: Certification) -> Row:
    """The row of `tables.certification`."""
    return (
        tenant,
        certification.id,
        certification.name,
        certification.code,
        certification.description,
        policy_text(certification.policy),
        int(certification.allow_retake),
        certification.template,
        amount_text(certification.credits),
        int(certification.retired),
        certification.edition,
        certification.version,
        int(certification.automatic),
        certification.items_needed,
        int(certification.auto_renew),
    )


@lru_cache(1_024, typed=True)
def certification_from(*row: Any) -> Certification:
    """The certification of a row of `tables.certification` without its tenant."""
    id_, name, code, description, policy, allow_retake, template, credits_, retired, edition, version, *earning = row
    automatic, items_needed, auto_renew = earning
    return Certification(
        id_,
        name,
        code,
        as_text(description),
        policy_from(policy),
        as_flag(allow_retake),
        template,
        or_none(Decimal, credits_),
        as_flag(retired),
        as_flag(automatic),
        or_none(as_whole, items_needed),
        as_flag(auto_renew),
        as_whole(edition),
        as_whole(version),
    )


_MOST_TEXTS: Final = 1_024
_texts: dict[int, tuple[RenewalPolicy, str]] = {}


def policy_text(policy: RenewalPolicy) -> str:
    """The policy as JSON, written once for each object: equal policies may say the same in other words."""
    known = _texts.get(id(policy))
    if known is not None and known[0] is policy:
        return known[1]
    if len(_texts) >= _MOST_TEXTS:
        _texts.clear()
    text = canonical(policy.to_data())
    _texts[id(policy)] = policy, text
    return text


@lru_cache(1_024)
def policy_from(text: str) -> RenewalPolicy:
    """The policy that ``text`` holds as JSON."""
    return RenewalPolicy.from_data(json.loads(text))


def print_from(*row: Any) -> Print:
    """The print of a row of `tables.certification_edition` without its tenant."""
    certification_id, edition, name, description = row
    return Print(certification_id, edition, as_text(name), as_text(description))


def job_row(tenant: str, job: Job) -> Row:
    """The row of `tables.job`."""
    return (
        tenant,
        job.id,
        job.kind,
        job.actor.id,
        json.dumps(sorted(job.actor.roles)),
        canonical(job.payload),
        job.fingerprint,
        to_micros(job.created_at),
        job.key,
        job.state.value,
        job.done,
        job.total,
        canonical(job.checkpoint),
        canonical(job.result),
        job.version,
    )


def job_from(*row: Any) -> Job:
    """The job of a row of `tables.job` without its tenant."""
    id_, kind, actor_id, roles, payload, _fingerprint, created_at, key, state, done, total, *texts, version = row
    checkpoint, result = texts
    return Job(
        id_,
        as_text(kind),
        Actor(actor_id, frozenset(map(Role, json.loads(roles)))),
        json_object(payload),
        from_micros(created_at),
        key,
        JobState(state),
        as_whole(done),
        or_none(as_whole, total),
        json_object(checkpoint),
        json_object(result),
        as_whole(version),
    )


def json_object(text: str) -> Any:
    """The JSON object that ``text`` holds; raises ValueError for anything else."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("JSON of another shape than an object")
    return data


def reject_row(tenant: str, job_id: int, reject: Reject) -> Row:
    """The row of `tables.job_reject`; a cell may hold what no text column takes, so JSON keeps it escaped."""
    problems = [[each.column, each.value, each.code, dict(each.params)] for each in reject.problems]
    return tenant, job_id, reject.line, json.dumps(reject.cells), json.dumps(problems)


def reject_from(line: Any, cells: Any, problems: Any) -> Reject:
    """The reject of a row of `tables.job_reject` without its tenant and job."""
    return Reject(line, tuple(json.loads(cells)), tuple(Problem(*each) for each in json.loads(problems)))
