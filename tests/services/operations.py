"""One sample call of every operation, as somebody does it to somebody: what the access matrix tries (f45)."""

import io
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.memory import MemoryCatalog, MemoryDirectory, MemoryDocuments, MemoryExports, MemoryStorage
from certcore.codec import JSON
from certcore.domain.awards import Details, Status
from certcore.domain.certifications import Item, ItemRef
from certcore.domain.decisions import Outcome
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Actor, Person, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.reviewers import Reviewers
from certcore.domain.time import Length
from certcore.errors import NotFound, StillLive
from certcore.services.awarding import AwardRequest
from certcore.services.completing import Completed
from certcore.services.exporting import Exporting
from certcore.services.importing import ImportReport, ImportRequest
from certcore.services.notifying import Notifying
from certcore.services.reviewing import ExternalUpload
from tests.services.platform import ADMIN, Platform
from tests.services.printing import PlainPrinter
from tests.services.reviewing.office import PDF, PrefixJudge

ACTORS: Final = {role: f"the-{role}" for role in Role}
UNDER: Final = {role: f"under-the-{role}" for role in (Role.MANAGER, Role.COACH, Role.GROUP_ADMIN)}
OTHER: Final = "other"
C_1: Final = ItemRef.parse("course:C-1")
C_2: Final = ItemRef.parse("course:C-2")
YEARS: Final = RenewalPolicy.from_data({"validity": {"years": 2}})

Sample = Callable[[Platform, Actor, str], object]
"""Does the operation as the actor to what the text names; gives something true when it was reached."""


def world() -> Platform:
    """Everybody holds SAFE-1, which C-1 carries and C-2 may; nobody holds FRESH-1.

    Whoever looks after somebody reviews their external certificates, and those of their own.
    """
    people = [Person(f"id-{name}", name) for name in (*ACTORS.values(), *UNDER.values(), OTHER)]
    directory = MemoryDirectory(
        [*people, Person("id-chief", "chief")],
        groups={"nurses": [UNDER[Role.GROUP_ADMIN]], "everybody": [person.id for person in people]},
        managers={UNDER[Role.MANAGER]: ACTORS[Role.MANAGER]},
        coaches={ACTORS[Role.COACH]: [UNDER[Role.COACH]]},
        admins={ACTORS[Role.GROUP_ADMIN]: ["nurses"], "chief": ["everybody"]},
    )
    catalog = MemoryCatalog([Item(C_1), Item(C_2)])
    platform = Platform(
        MemoryStorage(),
        directory,
        catalog,
        documents=MemoryDocuments(),
        file_judge=PrefixJudge(),
        printer=PlainPrinter(),
    )
    platform.registrar.reviewing.change_settings(
        actor=ADMIN, self_import=True, own_review=True, reviewers=list(Reviewers)
    )
    platform.registrar.notifying.set_template("mine", {"en": ("Hello [first_name]", "Bye")}, actor=ADMIN)
    platform.registrar.notifying.set_rule("told", "issued", actor=ADMIN)
    platform.certification("SAFE-1", items=[str(C_1)])
    platform.certification("FRESH-1")
    platform.award(*(person.username for person in people))
    return platform


def number_of(platform: Platform, username: str, code: str = "SAFE-1") -> str | None:
    """The number of the award of that certification which somebody has, if any."""
    records = platform.registrar.reporting.search(actor=ADMIN, username=username, certifications=code).records
    return records[0].award.number if records else None


def reaches(sample: Sample, platform: Platform, actor: Actor, username: str) -> bool:
    """Whether the sample reaches that learner; a refusal looks like not there."""
    try:
        return bool(sample(platform, actor, username))
    except NotFound:
        return False


def _request(username: str) -> AwardRequest:
    return AwardRequest(certification="FRESH-1", issued_on=date(2026, 1, 1), usernames=(username,))


def _award(platform: Platform, actor: Actor, username: str) -> object:
    platform.registrar.awarding.award(_request(username), actor=actor)
    return number_of(platform, username, "FRESH-1")


def _run(platform: Platform, actor: Actor, kind: str, payload: dict[str, object], **parts: object) -> None:
    """Run a job of the actor's that waited."""
    job = Job(7, kind, actor, payload, platform.now, state=JobState.RUNNING, **parts)  # type: ignore[arg-type]
    with platform.storage.transaction() as tx:
        tx.jobs.add(job)
    services = platform.registrar
    {"award": services.awarding.run, "import": services.importing.run_job, "revoke": services.archiving.run}[kind](job)


def _run_award_job(platform: Platform, actor: Actor, username: str) -> object:
    recipients = {"recipients": [[username, f"id-{username}"]]}
    _run(platform, actor, "award", JSON.unstructure(_request(username)), checkpoint=recipients)
    return number_of(platform, username, "FRESH-1")


def _purge(platform: Platform, actor: Actor, number: str) -> object:
    try:
        return platform.registrar.archiving.purge(number, reason="Over", actor=actor)
    except StillLive:
        return True


def _revoke_many(platform: Platform, actor: Actor, username: str) -> object:
    numbers = [str(number_of(platform, username))]
    return platform.registrar.archiving.revoke_many(numbers, actor=actor, reason="Fraud").counts[Outcome.REVOKED]


def _run_revoke_job(platform: Platform, actor: Actor, username: str) -> object:
    numbers = [str(number_of(platform, username))]
    _run(platform, actor, "revoke", {"numbers": numbers, "reason": "Fraud", "restore": False})
    return not list(
        platform.registrar.reporting.search(actor=ADMIN, username=username, statuses=[Status.ACTIVE]).records
    )


def _file(username: str) -> io.BytesIO:
    header = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code"
    return io.BytesIO(f"{header}\n{username},FRESH-1,2026-01-31,true,,manual,\n".encode())


def _imported(platform: Platform, actor: Actor, username: str) -> ImportReport:
    return platform.registrar.importing.run(_file(username), ImportRequest(zone="UTC"), actor=actor)


def _queue_import(platform: Platform, actor: Actor, username: str) -> object:
    platform.registrar.importing.queue(_file(username), ImportRequest(zone="UTC"), actor=actor)
    return number_of(platform, username, "FRESH-1")


def _run_import_job(platform: Platform, actor: Actor, username: str) -> object:
    file = _file(username).getvalue()
    assert platform.documents is not None
    digest = platform.documents.put(file, 7).digest
    payload = {"sha256": digest, "request": JSON.unstructure(ImportRequest(zone="UTC"))}
    _run(platform, actor, "import", payload, checkpoint={"file": [digest]})
    return number_of(platform, username, "FRESH-1")


def _import(platform: Platform, actor: Actor, username: str) -> object:
    _imported(platform, actor, username)
    return number_of(platform, username, "FRESH-1")


def import_id(platform: Platform, username: str) -> str:
    """The id of an import of one award to somebody."""
    return str(_imported(platform, ADMIN, username).import_id)


def _assign(platform: Platform, actor: Actor, code: str) -> object:
    platform.registrar.defining.assign(code, [C_2], actor=actor)
    return True


def _set_automatic(platform: Platform, actor: Actor, item: str) -> object:
    platform.registrar.defining.set_automatic([ItemRef.parse(item)], False, actor=actor)
    return True


def _apply_policy(platform: Platform, actor: Actor, username: str) -> object:
    platform.registrar.correcting.apply_policy("SAFE-1", YEARS, actor=actor)
    (record,) = platform.registrar.reporting.search(actor=ADMIN, username=username).records
    return record.award.period.expires_on == date(2028, 3, 1)


def _preview_edit(platform: Platform, actor: Actor, username: str) -> object:
    preview = platform.registrar.previewing.edit("SAFE-1", {"policy": YEARS}, actor=actor, first=99)
    return preview.awards is not None and _of(preview.awards.first, username)


def submitted(platform: Platform, actor: Actor, username: str) -> str:
    """The id of an external certificate that the actor has submitted for somebody."""
    upload = ExternalUpload(username=username, title="First aid", delivered_on=date(2026, 1, 1))
    return str(platform.registrar.reviewing.submit(upload, PDF, actor=actor).certificate.ref)


def _withdraw(platform: Platform, actor: Actor, username: str) -> object:
    return platform.registrar.reviewing.withdraw(submitted(platform, actor, username), actor=actor)


def _listed(name: str) -> Sample:
    def sample(platform: Platform, actor: Actor, username: str) -> object:
        submitted(platform, ADMIN, username)
        return _of(getattr(platform.registrar.reviewing, name)(actor=actor).records, username)

    return sample


def _on_a_rule(act: Callable[[Notifying, Actor], object]) -> Sample:
    def sample(platform: Platform, actor: Actor, _username: str) -> object:
        act(platform.registrar.notifying, actor)
        return True

    return sample


def _of(records: Iterable[object], username: str) -> bool:
    return any(getattr(each, "username", None) == username for each in records)


def _record(platform: Platform, actor: Actor, username: str) -> object:
    completed = Completed(username=username, item=C_1, at=platform.now)
    report = platform.registrar.completing.record([completed], actor=actor)
    return report.outcomes[0].outcome is not Outcome.REJECTED


def _cancel(platform: Platform, actor: Actor, number: str) -> object:
    platform.registrar.renewing.start(number, actor=ADMIN)
    return platform.registrar.renewing.cancel(number, actor=actor)


def _exported(platform: Platform, actor: Actor, username: str) -> bool:
    """Whether the learner is in what the actor exports."""
    target = io.BytesIO()
    platform.registrar.exporting.write(target, actor=actor)
    return f",{username},".encode() in target.getvalue()


def _exported_by_a_job(platform: Platform, actor: Actor, username: str) -> bool:
    platform.exports = MemoryExports()
    registrar = platform.registrar_with(InProcessJobs())
    job = registrar.exporting.queue(actor=actor)
    with registrar.exporting.open(job.public_id, actor=ADMIN) as file:
        return f",{username},".encode() in file.read()


def _of_an_export(act: Callable[[Exporting, str, Actor], object]) -> Sample:
    """What is done with an export that one has asked for oneself."""

    def sample(platform: Platform, actor: Actor, _username: str) -> object:
        platform.exports = MemoryExports()
        registrar = platform.registrar_with(InProcessJobs())
        job = registrar.exporting.queue(actor=actor)
        return act(registrar.exporting, job.public_id, actor)

    return sample


def _deleted(exporting: Exporting, job: str, actor: Actor) -> bool:
    exporting.delete(job, actor=actor)
    return True


def _opened(exporting: Exporting, job: str, actor: Actor) -> bool:
    with exporting.open(job, actor=actor) as file:
        return bool(file.read())


def _counts(count: Callable[[], int], platform: Platform, username: str) -> bool:
    """Whether the learner's award is among those counted: there is one less when it is revoked."""
    before = count()
    platform.registrar.archiving.revoke(str(number_of(platform, username)), actor=ADMIN, reason="Fraud")
    return count() < before


def _statuses(platform: Platform, actor: Actor, username: str) -> object:
    with platform.registrar.reporting.statuses(platform.now, actor=actor) as rows:
        return any(learner_id == f"id-{username}" for _, learner_id, *_ in rows)


BY_NUMBER: Final[dict[str, Sample]] = {
    "archiving.purge": _purge,
    "archiving.restore": lambda platform, actor, number: platform.registrar.archiving.restore(number, actor=actor),
    "archiving.revoke": lambda platform, actor, number: platform.registrar.archiving.revoke(
        number, actor=actor, reason="Fraud"
    ),
    "correcting.edit": lambda platform, actor, number: platform.registrar.correcting.edit(
        number, actor=actor, details=Details(note="seen")
    ),
    "correcting.unassign": lambda platform, actor, number: platform.registrar.correcting.unassign(number, actor=actor),
    "renewing.cancel": _cancel,
    "renewing.check": lambda platform, actor, number: platform.registrar.renewing.check(number, actor=actor),
    "renewing.start": lambda platform, actor, number: platform.registrar.renewing.start(number, actor=actor),
    "proving.document": lambda platform, actor, number: platform.registrar.proving.document(number, actor=actor),
    "proving.share": lambda platform, actor, number: platform.registrar.proving.share(number, actor=actor),
    "reporting.show": lambda platform, actor, number: platform.registrar.reporting.show(number, actor=actor),
}
"""Operations on one award, by its number."""

BY_CERTIFICATION: Final[dict[str, Sample]] = {
    "completing.retroactive": lambda platform, actor, code: platform.registrar.completing.retroactive(
        code, actor=actor
    ),
    "defining.assign": _assign,
    "defining.delete": lambda platform, actor, code: platform.registrar.defining.delete(
        code, typed=code, actor=actor, with_live=True
    ),
    "defining.edit": lambda platform, actor, code: platform.registrar.defining.edit(code, actor=actor, name="Mine"),
    "defining.get": lambda platform, actor, code: platform.registrar.defining.get(code, actor=actor),
    "defining.preview_delete": lambda platform, actor, code: platform.registrar.defining.preview_delete(
        code, actor=actor
    ),
    "defining.reinstate": lambda platform, actor, code: platform.registrar.defining.reinstate(code, actor=actor),
    "defining.retire": lambda platform, actor, code: platform.registrar.defining.retire(code, actor=actor),
}
"""Operations on a certification and nobody in particular, by its code."""

BY_ITEM: Final[dict[str, Sample]] = {
    "defining.preview_unassign": lambda platform, actor, item: platform.registrar.defining.preview_unassign(
        [ItemRef.parse(item)], actor=actor
    ),
    "defining.set_automatic": _set_automatic,
    "defining.unassign_items": lambda platform, actor, item: platform.registrar.defining.unassign_items(
        [ItemRef.parse(item)], awards="remove", actor=actor
    ),
}
"""Operations on an item, by its kind and code."""


def _of_a_job(act: str) -> Sample:
    """The act on a job that waits, by its id."""

    def sample(platform: Platform, actor: Actor, _: str) -> object:
        job = Job(7, "import", ADMIN, {}, platform.now, state=JobState.PARKED, checkpoint={"file": ["0"]})
        with platform.storage.transaction() as tx:
            tx.jobs.add(job)
        return getattr(platform.registrar.running, act)(job.public_id, actor=actor)

    return sample


BY_IMPORT: Final[dict[str, Sample]] = {
    "importing.rejects": lambda platform, actor, import_id: (
        platform.registrar.importing.rejects(import_id, io.StringIO(), actor=actor) == 0
    ),
    "importing.get": lambda platform, actor, import_id: platform.registrar.importing.get(import_id, actor=actor),
    "importing.undo": lambda platform, actor, import_id: platform.registrar.importing.undo(import_id, actor=actor),
}
"""Operations on an import, by its id."""

BY_EXTERNAL: Final[dict[str, Sample]] = {
    "reviewing.correct": lambda platform, actor, ref: platform.registrar.reviewing.correct(
        ref, actor=actor, title="Mine"
    ),
    "reviewing.document": lambda platform, actor, ref: platform.registrar.reviewing.document(ref, actor=actor),
    "reviewing.reject": lambda platform, actor, ref: platform.registrar.reviewing.reject(
        ref, actor=actor, comment="why"
    ),
    "reviewing.show": lambda platform, actor, ref: platform.registrar.reviewing.show(ref, actor=actor),
    "reviewing.validate": lambda platform, actor, ref: platform.registrar.reviewing.validate(ref, actor=actor),
}
"""Operations on one external certificate, by its id."""


def _on_a_certificate(sample: Sample) -> Sample:
    return lambda platform, actor, username: sample(platform, actor, submitted(platform, ADMIN, username))


def _on_the_award(sample: Sample) -> Sample:
    return lambda platform, actor, username: sample(platform, actor, str(number_of(platform, username)))


def _on_safe_1(sample: Sample) -> Sample:
    return lambda platform, actor, _: sample(platform, actor, "SAFE-1")


def _on_c_1(sample: Sample) -> Sample:
    return lambda platform, actor, _: sample(platform, actor, str(C_1))


def _on_an_import(sample: Sample) -> Sample:
    return lambda platform, actor, username: sample(platform, actor, import_id(platform, username))


SAMPLES: Final[dict[str, Sample]] = {
    **{operation: _on_the_award(sample) for operation, sample in BY_NUMBER.items()},
    **{operation: _on_safe_1(sample) for operation, sample in BY_CERTIFICATION.items()},
    **{operation: _on_c_1(sample) for operation, sample in BY_ITEM.items()},
    **{operation: _on_an_import(sample) for operation, sample in BY_IMPORT.items()},
    "archiving.purge_older": lambda platform, actor, _: platform.registrar.archiving.purge_older(
        Length(1, "years"), dry_run=True, reason="Over", actor=actor
    ),
    "archiving.preview_revoke": lambda platform, actor, username: platform.registrar.archiving.preview_revoke(
        [str(number_of(platform, username))], actor=actor
    ).counts[Outcome.REVOKED],
    "archiving.revoke_many": _revoke_many,
    "archiving.run": _run_revoke_job,
    **{operation: _on_a_certificate(sample) for operation, sample in BY_EXTERNAL.items()},
    "awarding.award": _award,
    "awarding.run": _run_award_job,
    "completing.record": _record,
    "completing.why_not": lambda platform, actor, username: platform.registrar.completing.why_not(
        "FRESH-1", username, actor=actor
    ),
    "correcting.apply_policy": _apply_policy,
    "defining.add": lambda platform, actor, _: platform.registrar.defining.add("Mine", actor=actor),
    "defining.overviews": lambda platform, actor, _: platform.registrar.defining.overviews(actor=actor),
    "importing.recent": lambda platform, actor, _: platform.registrar.importing.recent(actor=actor) == [],
    "importing.queue": _queue_import,
    "importing.run": _import,
    "notifying.dead": lambda platform, actor, _: platform.registrar.notifying.dead(actor=actor) == [],
    "notifying.history": lambda platform, actor, _: platform.registrar.notifying.history(actor=actor),
    "notifying.preview": lambda platform, actor, _: platform.registrar.notifying.preview(actor=actor),
    "notifying.queue_delivery": lambda platform, actor, _: platform.registrar.notifying.queue_delivery(actor=actor),
    "notifying.queue_sweep": lambda platform, actor, _: platform.registrar.notifying.queue_sweep(actor=actor),
    "notifying.remove_rule": _on_a_rule(lambda notifying, actor: notifying.remove_rule("told", actor=actor)),
    "notifying.remove_template": _on_a_rule(lambda notifying, actor: notifying.remove_template("mine", actor=actor)),
    "notifying.resend": lambda platform, actor, _: platform.registrar.notifying.resend([], actor=actor) == 0,
    "notifying.rules": lambda platform, actor, _: platform.registrar.notifying.rules(actor=actor),
    "notifying.set_rule": _on_a_rule(lambda notifying, actor: notifying.set_rule("told", "issued", actor=actor)),
    "notifying.set_template": _on_a_rule(
        lambda notifying, actor: notifying.set_template("mine", {"en": ("Hello", "Bye")}, actor=actor)
    ),
    "notifying.switch_rule": _on_a_rule(
        lambda notifying, actor: notifying.switch_rule("told", active=False, actor=actor)
    ),
    "notifying.templates": lambda platform, actor, _: platform.registrar.notifying.templates(actor=actor),
    "importing.run_job": _run_import_job,
    "previewing.edit": _preview_edit,
    "previewing.policy_change": lambda platform, actor, username: _of(
        platform.registrar.previewing.policy_change("SAFE-1", YEARS, actor=actor), username
    ),
    "previewing.summary": lambda platform, actor, username: _of(
        platform.registrar.previewing.summary("SAFE-1", YEARS, actor=actor, first=99).first, username
    ),
    "proving.documents": lambda platform, actor, username: any(
        each.number == number_of(platform, username) for each in platform.registrar.proving.documents(actor=actor)
    ),
    "forecasting.compliance": lambda platform, actor, username: _counts(
        lambda: sum(each.valid for each in platform.registrar.forecasting.compliance(actor=actor)), platform, username
    ),
    "forecasting.forecast": lambda platform, actor, username: _counts(
        lambda: sum(each.held for each in platform.registrar.forecasting.forecast(actor=actor)), platform, username
    ),
    "reporting.awarded": lambda platform, actor, username: _of(
        platform.registrar.reporting.awarded("SAFE-1", actor=actor), username
    ),
    "reporting.certifications_users": lambda platform, actor, username: _of(
        platform.registrar.reporting.certifications_users(actor=actor), username
    ),
    "exporting.delete": _of_an_export(_deleted),
    "exporting.open": _of_an_export(_opened),
    "exporting.queue": _exported_by_a_job,
    "exporting.report": _of_an_export(lambda exporting, job, actor: exporting.report(job, actor=actor)),
    "exporting.write": _exported,
    "reporting.emptied": lambda platform, actor, username: (
        platform.registrar.reporting.emptied(actor=actor, username=username, statuses=Status.GRACE).filters
        == ("statuses",)
    ),
    "reporting.search": lambda platform, actor, username: _of(
        platform.registrar.reporting.search(actor=actor).records, username
    ),
    "reporting.statuses": _statuses,
    "reporting.users_certifications": lambda platform, actor, username: _of(
        platform.registrar.reporting.users_certifications(actor=actor), username
    ),
    "running.cancel": _of_a_job("cancel"),
    "running.resume": _of_a_job("resume"),
    "viewing.learner": lambda platform, actor, username: platform.registrar.viewing.learner(username, actor=actor),
    "reviewing.change_settings": lambda platform, actor, _: platform.registrar.reviewing.change_settings(actor=actor),
    "reviewing.collect_orphans": lambda platform, actor, _: (
        platform.registrar.reviewing.collect_orphans(actor=actor) == 0
    ),
    "reviewing.search": _listed("search"),
    "reviewing.settings": lambda platform, actor, _: platform.registrar.reviewing.settings(actor=actor),
    "reviewing.settings_history": lambda platform, actor, _: platform.registrar.reviewing.settings_history(actor=actor),
    "reviewing.submit": submitted,
    "reviewing.tasks": _listed("tasks"),
    "reviewing.withdraw": _withdraw,
}
"""A sample of each operation that takes an actor."""

ABOUT_NOBODY: Final = frozenset(
    {
        *BY_CERTIFICATION,
        *BY_ITEM,
        *BY_IMPORT,
        "archiving.purge_older",
        "defining.add",
        "defining.overviews",
        "exporting.delete",
        "exporting.open",
        "exporting.report",
        "importing.recent",
        *BY_IMPORT,
        "notifying.dead",
        "notifying.history",
        "notifying.preview",
        "notifying.queue_delivery",
        "notifying.queue_sweep",
        "notifying.remove_rule",
        "notifying.remove_template",
        "notifying.resend",
        "notifying.rules",
        "notifying.set_rule",
        "notifying.set_template",
        "notifying.switch_rule",
        "notifying.templates",
        "running.cancel",
        "running.resume",
        "reviewing.change_settings",
        "reviewing.collect_orphans",
        "reviewing.settings",
        "reviewing.settings_history",
    }
)
"""Operations that are about no learner in particular: whoever may touch anybody may do them."""
