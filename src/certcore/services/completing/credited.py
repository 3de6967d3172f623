"""Credits that come from elsewhere, after the completion that lacked them: what that gives now (R-54, R-71)."""

from collections.abc import Iterator

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.completions import Completion
from certcore.domain.earning import older
from certcore.domain.people import Person
from certcore.domain.policy import asked
from certcore.domain.renewals import Renewal, in_force
from certcore.domain.transitions import Context
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.completing.judging import Judge
from certcore.services.completing.known import Entry
from certcore.services.completing.settling import Settling
from certcore.services.removing import pages


def settle_credits(ports: Ports, tx: Transaction, learner_id: str, context: Context) -> None:
    """Judge again what the learner completed for renewals that ask for credits: some count that did not before.

    Called once they are written, in their transaction. Nothing but a completion renews, so where none was recorded
    there is nothing to judge.
    """
    learner = ports.directory.people([learner_id]).get(learner_id)
    if learner is None:
        return
    tx.completions.lock([learner_id])  # whoever completes something meanwhile sees the credits, or is seen here (f17)
    entries = [
        Entry(place, learner.username, learner, done, again=True)
        for place, done in enumerate(_last_done(ports, tx, learner, context))
    ]
    Settling(Judge(ports, context.now), context, ports.random_bytes, True).settle(tx, entries)


def _last_done(ports: Ports, tx: Transaction, learner: Person, context: Context) -> Iterator[Completion]:
    """The last completion for each live award whose renewal asks for credits."""
    query = AwardQuery(context.now, frozenset([learner.id]), live=True)
    live = [award for page in pages(ports, tx, query) for award in page]
    certifications = tx.certifications.by_id({each.certification_id for each in live})
    renewals = tx.renewals.of([each.id for each in live])
    linked = tx.certifications.assigned_to(certifications)
    for award in live:
        certification, renewal = certifications[award.certification_id], renewals.get(award.id)
        if not asked(in_force(certification, renewal).policy).credits:
            continue
        items = [each.item for each in linked.get(certification.id, ())]
        found = tx.completions.of([learner.id], items).values()
        done = [each for of in found for each in of if _may_renew(each, award, certification, renewal)]
        if done:
            yield max(done, key=lambda each: each.at)


def _may_renew(done: Completion, award: Award, certification: Certification, renewal: Renewal | None) -> bool:
    if renewal is not None and renewal.open:
        return done.not_before(renewal.started_at)
    return certification.auto_renew and not older(done, award) and done.on > award.earned_on
