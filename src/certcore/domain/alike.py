"""Cases that are alike: where only what they say themselves decides, each kind of case is decided once.

Where ten thousand learners complete one course within some days, most cases differ in nothing that `earn` looks at.
"""

from collections.abc import Hashable
from typing import Final

from attrs import field, frozen

from certcore.domain.completions import Completion
from certcore.domain.earning import Case, Earning, earn
from certcore.domain.policy import NO_FACTS


@frozen(eq=False)
class Earnings:
    """What completions of one item earn: always as `earn` decides.

    All cases are of one item, one certification and those linked to it, and one instant, and alike ``retroactive``.
    """

    _of: dict[Hashable, Earning] = field(factory=dict, init=False)

    def of(self, case: Case) -> Earning:
        """What the completion of ``case`` gives."""
        kind = _kind(case)
        if kind is None:
            return earn(case)
        earning = self._of.get(kind)
        if earning is None:
            earning = self._of[kind] = earn(case)
        return earning


def _kind(case: Case) -> Hashable | None:
    """All that `earn` looks at in the case but for item, certification and instant; None where it may look further."""
    done, live, certification = case.completion, case.live, case.certification
    if case.known or case.past or case.revoked_at is not None or case.facts is not NO_FACTS or certification is None:
        return None
    in_time = done.not_before(case.linked[done.item].assigned_at)
    kind = (*done[_ON:], in_time, case.learner.active, case.repeated, case.again)
    if live is None:
        return kind
    renewal = case.renewal
    elsewhere = done.exact and done.zone != live.period.zone  # its day where the award was earned is another, perhaps
    standing = (live.period, live.basis, live.details, done.at if elsewhere else None)
    if renewal is None:
        return (*kind, *standing)
    started = renewal.started_at
    return (*kind, *standing, renewal.open, started, done.not_before(started), renewal.policy, renewal.items)


_ON: Final = Completion._fields.index("on")
"""Where in a completion its learner, item and instant are over, and what learners share begins."""
