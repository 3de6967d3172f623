"""Who is told: the people behind an audience, by the relations of this moment (R-76, R-80)."""

from collections.abc import Collection, Mapping

from certcore.domain.notices import Audience
from certcore.domain.people import NO_OVERSEERS
from certcore.ports import Ports


def recipients_of(ports: Ports, audience: Audience, learner_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The ids of those whom a rule with that audience tells of each of these learners; nobody where there is none.

    The directory is asked once for all of them. Deactivated people are among them: what is told to them is dropped when
    it is sent, with the reason (f18).
    """
    if audience is Audience.LEARNER:
        return {each: (each,) for each in learner_ids}
    found = ports.directory.overseers(learner_ids)
    return {each: tuple(sorted(getattr(found.get(each, NO_OVERSEERS), audience.value))) for each in learner_ids}
