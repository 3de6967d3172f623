"""How learners stand with the items that could renew their awards, looked up for many awards at once (R-50, R-51)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification, ItemRef
from certcore.domain.policy import NO_FACTS, Facts
from certcore.domain.reasons import undecidable
from certcore.domain.renewability import ItemProgress, ItemStatus, Progress, Renewability, renewability
from certcore.domain.renewals import in_force
from certcore.errors import InvalidInput
from certcore.ports import Ports, Transaction
from certcore.services.importing import JOB_KIND as IMPORT_JOB
from certcore.services.known_facts import LearnerFacts


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


def renewabilities(
    ports: Ports,
    tx: Transaction,
    awards: Sequence[Award],
    now: datetime,
    *,
    facts: Facts = NO_FACTS,
    never_expiring: bool = False,
) -> dict[int, Renewability]:
    """Whether each award can be renewed at ``now`` by the progress of today, with every reason, by id (R-50).

    An open renewal is judged by the terms in force at its start (R-3). ``facts`` are what policies may ask besides the
    attributes that the directory has; the credits of external certificates come on top of those given. Where one asks
    for what nobody says, the answer is no, and says so.
    ``never_expiring`` as in `renewability`.
    """
    certifications = tx.certifications.by_id({each.certification_id for each in awards})
    linked = tx.certifications.assigned_to(certifications)
    items = {assignment.item for assignments in linked.values() for assignment in assignments}
    learners = {each.learner_id for each in awards}
    people = ports.directory.people(learners)
    progress = progress_of(ports, tx, learners, items)
    renewals = tx.renewals.of([each.id for each in awards])
    imported = _imported(tx, awards)
    terms = {each.id: in_force(certifications[each.certification_id], renewals.get(each.id)) for each in awards}
    known = LearnerFacts.of(ports, tx, {each.policy for each in terms.values()}, learners)
    found = {}
    for award in awards:
        learner_id, renewal = award.learner_id, renewals.get(award.id)
        person = people.get(learner_id)
        opened = None if renewal is None or not renewal.open else renewal.started_at
        carried = linked.get(award.certification_id, ())
        found[award.id] = _judged(
            award,
            terms[award.id],
            Progress([progress[learner_id, each.item] for each in carried], opened),
            now,
            facts=known.in_question(learner_id, facts),
            imported=award.id in imported,
            never_expiring=never_expiring or opened is not None,
            active=person is not None and person.active,
        )
    return found


def _judged(
    award: Award, certification: Certification, progress: Progress, now: datetime, **parts: Any
) -> Renewability:
    try:
        return renewability(award, certification, progress, now, **parts)
    except InvalidInput as error:
        return Renewability(False, (undecidable(error),))


def _imported(tx: Transaction, awards: Sequence[Award]) -> set[int]:
    """The ids of those that an import issued, which renew through any linked item (R-51)."""
    first = {award_id: entries[0] for award_id, entries in tx.history.of([each.id for each in awards]).items()}
    jobs = {each.job_id: tx.jobs.get(each.job_id) for each in first.values() if each.job_id is not None}
    imports = {job_id for job_id, job in jobs.items() if job is not None and job.kind == IMPORT_JOB}
    return {award_id for award_id, each in first.items() if each.job_id in imports}
