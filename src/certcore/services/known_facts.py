"""What is known of learners that policies may ask for, looked up for many at once and only where one asks (R-54)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Self

from attrs import evolve, frozen

from certcore.domain.external import in_force
from certcore.domain.policy import NO_FACTS, Credit, Facts, RenewalPolicy, asked
from certcore.ports import Attribute, Ports, Transaction


@frozen
class LearnerFacts:
    """The directory's attributes, and the credits of accepted external certificates, by learner."""

    attributes: Mapping[str, Mapping[str, Attribute]]
    credits: Mapping[str, tuple[Credit, ...]]

    def __bool__(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.attributes or self.credits)

    @classmethod
    def of(cls, ports: Ports, tx: Transaction, policies: Iterable[RenewalPolicy], learner_ids: Collection[str]) -> Self:
        """What these policies may ask of these learners."""
        wanted = [asked(policy) for policy in policies]
        return cls(
            ports.directory.attributes(learner_ids) if any(each.learner for each in wanted) else {},
            external_credits(tx, learner_ids) if any(each.credits for each in wanted) else {},
        )

    def of_learner(self, learner_id: str, given: Facts = NO_FACTS) -> Facts:
        """What is ``given`` with what is known besides: attributes that it does not name, and credits on top of it."""
        attributes, credits = self.attributes.get(learner_id), self.credits.get(learner_id)
        if attributes:
            given = evolve(given, learner={**attributes, **given.learner})
        return evolve(given, credits=(*(given.credits or ()), *credits)) if credits else given

    def in_question(self, learner_id: str, given: Facts) -> Facts:
        """As `of_learner`, but credits only where ``given`` has some: else they are not in question."""
        known = self.of_learner(learner_id, given)
        return known if given.credits is not None else evolve(known, credits=None)


def external_credits(tx: Transaction, learner_ids: Collection[str]) -> dict[str, tuple[Credit, ...]]:
    """The credits that accepted external certificates give each of these learners, on their days of delivery (R-71).

    Of a certificate with several versions the one in force counts. Learners without any are absent.
    """
    found = {
        learner_id: tuple(
            Credit(each.claim.delivered_on, each.claim.credits) for each in in_force(accepted) if each.claim.credits
        )
        for learner_id, accepted in tx.externals.accepted(learner_ids).items()
    }
    return {learner_id: credits for learner_id, credits in found.items() if credits}
