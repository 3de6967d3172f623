"""Who may review which certificate at this moment (R-70, R-72, R-76)."""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from certcore.domain.external import ExternalCertificate
from certcore.domain.people import NO_OVERSEERS, Act, Actor, Scope
from certcore.domain.reviewers import ExternalSettings, reviewers_of
from certcore.errors import NotFound, ReviewRefused
from certcore.ports import Ports
from certcore.services.reviewing.records import KIND

_UNKNOWN: Final = "unknown"


def reviewers_for(
    ports: Ports, settings: ExternalSettings, pairs: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], frozenset[str]]:
    """Who may review a certificate of each (learner id, uploader id): asked of the directory at this moment."""
    overseers = ports.directory.overseers({learner_id for learner_id, _ in pairs})
    people = ports.directory.people({each for found in overseers.values() for each in found.all})
    active = {each for each, person in people.items() if person.active}
    return {
        pair: reviewers_of(settings, overseers.get(pair[0], NO_OVERSEERS), frozenset(pair), active) for pair in pairs
    }


@frozen
class Right:
    """What an actor may review: the learners the access policy lets them, and of these those they review by relation.

    Whom the policy lets review everybody's certificates needs no relation, and still never decides on their own unless
    the settings say so.
    """

    ports: Ports
    settings: ExternalSettings
    actor: Actor
    scope: Scope

    @classmethod
    def of(cls, ports: Ports, settings: ExternalSettings, actor: Actor) -> "Right":
        """The actor's right now."""
        return cls(ports, settings, actor, ports.access.scope(actor, Act.REVIEW_EXTERNAL))

    def refusals(self, certificates: Sequence[ExternalCertificate]) -> list[str | None]:
        """Why the actor may not review each of the certificates: the reason's code, None where they may."""
        pairs = [(each.learner_id, each.uploaded_by) for each in certificates]
        asked = [pair for pair in pairs if not self.scope.everyone and self.scope.covers(pair[0])]
        reviewers = reviewers_for(self.ports, self.settings, asked) if asked else {}
        return [self._refusal(pair, reviewers) for pair in pairs]

    def check(self, certificate: ExternalCertificate) -> None:
        """Raise `NotFound` where the actor may not review it, `ReviewRefused` where it is theirs."""
        (refusal,) = self.refusals([certificate])
        if refusal == _UNKNOWN:
            raise NotFound(KIND, certificate.ref)
        if refusal is not None:
            raise ReviewRefused(certificate.ref, refusal)

    def _refusal(self, pair: tuple[str, str], reviewers: Mapping[tuple[str, str], frozenset[str]]) -> str | None:
        learner_id, _ = pair
        if not self.scope.covers(learner_id):
            return _UNKNOWN
        if not self.settings.own_review and self.actor.id in pair:
            return "own_certificate" if self.actor.id == learner_id else "own_upload"
        own = self.settings.own_review and self.actor.id == learner_id
        return None if self.scope.everyone or own or self.actor.id in reviewers[pair] else _UNKNOWN
