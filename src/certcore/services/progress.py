"""How learners stand with the items that could renew their awards, looked up for many awards at once (R-50, R-51)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.policy import Facts
from certcore.domain.reasons import undecidable
from certcore.domain.renewability import ItemProgress, ItemStatus, Progress, Renewability, renewability
from certcore.domain.renewals import Renewal, RenewalState
from certcore.errors import InvalidInput
from certcore.ports import Ports, Transaction
from certcore.services.importing import JOB_KIND as IMPORT_JOB


def progress_of(
    ports: Ports, tx: Transaction, learner_ids: Collection[str], items: Collection[ItemRef]
) -> Mapping[tuple[str, ItemRef], ItemProgress]:
    """How each of the learners stands with each of the items.

    What the catalog does not tell is read from the completions that certcore has; an item that the catalog does not
    have any more is not usable.
    """
    known = dict(ports.catalog.progress(learner_ids, items))
    untold = {(learner_id, item) for learner_id in learner_ids for item in items} - known.keys()
    if untold:
        refs = {item for _, item in untold}
        described = ports.catalog.items(refs)
        done = tx.completions.of({learner_id for learner_id, _ in untold}, refs)
        for pair in untold:
            item = described.get(pair[1])
            known[pair] = ItemProgress(
                pair[1],
                ItemStatus.COMPLETE if pair in done else ItemStatus.NOT_STARTED,
                item.valid_until if item else None,
                usable=item is not None and item.usable,
            )
    return known


def renewabilities(ports: Ports, tx: Transaction, awards: Sequence[Award], now: datetime) -> dict[int, Renewability]:
    """Whether each award can be renewed at ``now`` by the progress of today, with every reason, by id (R-50).

    An open renewal is judged by the terms in force at its start (R-3). Where a policy asks for an attribute of the
    learner that the directory does not have, the answer is no, and says so.
    """
    certifications = tx.certifications.by_id({each.certification_id for each in awards})
    linked = tx.certifications.assigned_to(certifications)
    items = {assignment.item for assignments in linked.values() for assignment in assignments}
    learners = {each.learner_id for each in awards}
    progress = progress_of(ports, tx, learners, items)
    attributes = ports.directory.attributes(learners)
    renewals = tx.renewals.of([each.id for each in awards])
    imported = _imported(tx, awards)
    found = {}
    for award in awards:
        carried = linked.get(award.certification_id, ())
        renewal = renewals.get(award.id)
        opened = renewal if renewal is not None and renewal.state is RenewalState.OPEN else None
        found[award.id] = _judged(
            award,
            _terms(certifications[award.certification_id], opened),
            Progress(
                [progress[award.learner_id, each.item] for each in carried],
                None if opened is None else opened.started_at,
            ),
            now,
            Facts(learner=attributes.get(award.learner_id, {})),
            imported=award.id in imported,
        )
    return found


def _terms(certification: Certification, opened: Renewal | None) -> Certification:
    if opened is None:
        return certification
    return evolve(certification, policy=opened.policy, allow_retake=opened.allow_retake)


def _judged(
    award: Award, certification: Certification, progress: Progress, now: datetime, facts: Facts, *, imported: bool
) -> Renewability:
    try:
        return renewability(award, certification, progress, now, facts=facts, imported=imported)
    except InvalidInput as error:
        return Renewability(False, (undecidable(error),))


def _imported(tx: Transaction, awards: Sequence[Award]) -> set[int]:
    """The ids of those that an import issued, which renew through any linked item (R-51)."""
    first = {award_id: entries[0] for award_id, entries in tx.history.of([each.id for each in awards]).items()}
    jobs = {each.job_id: tx.jobs.get(each.job_id) for each in first.values() if each.job_id is not None}
    imports = {job_id for job_id, job in jobs.items() if job is not None and job.kind == IMPORT_JOB}
    return {award_id for award_id, each in first.items() if each.job_id in imports}
