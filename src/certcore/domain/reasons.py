"""Reasons as data: a code with parameters. Their English sentence is rendered apart, so that hosts can translate."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from certcore.errors import CertcoreError, InvalidValue


def _params(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(
        {name: each.isoformat() if isinstance(each, date) else each for name, each in params.items()}
    )


@frozen
class Reason:
    """Why an answer is as it is: a stable ``code`` and its parameters; dates among them are ISO text (R-50)."""

    code: str = field()
    params: Mapping[str, Any] = field(factory=dict, converter=_params, hash=False)

    @code.validator
    def _known(self, _attribute: object, code: str) -> None:
        if code not in SENTENCES:
            raise InvalidValue("code", code, "a code that SENTENCES has")

    @property
    def text(self) -> str:
        """The English sentence."""
        return SENTENCES[self.code].format_map(self.params)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type["Reason"], tuple[str, dict[str, Any]]]:
        return Reason, (self.code, dict(self.params))  # a mapping proxy cannot be pickled

    def to_data(self) -> dict[str, Any]:
        """Code, parameters and sentence, as JSON has them; amounts are text."""
        params = {name: str(each) if isinstance(each, Decimal) else each for name, each in self.params.items()}
        return {"code": self.code, "params": params, "text": self.text}


def undecidable(error: CertcoreError) -> Reason:
    """That an error stood in the way of an answer."""
    return Reason("undecidable", {"code": error.code, "problem": error.message.rstrip(".")})


SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "from_completion": "The period counts from the completion on {on}.",
        "from_previous_expiry": "The period counts from the previous expiry, {on}.",
        "from_due_date": "The period counts from the due date, {on}, which the completion met.",
        "from_items": "The period counts from {on}, when the oldest of the items was done.",
        "fixed_date": "The expiry is one of the fixed dates that lie whole periods from {on}.",
        "cycle": "The period is the cycle that holds the completion, and ends with it on {ends}.",
        "learner_date": "The expiry is the learner's own date, {ends}.",
        "never_expires": "The award never expires.",
        "postdate_capped": "The period starts on {on}: it may not be dated further ahead of the completion.",
        "age_capped": "The award ends with the learner's birthday on {birthday}.",
        "not_shortened": "The renewal would have ended earlier; the previous expiry, {expires}, stays.",
        "too_early_refused": "A renewal is possible from {opens} on.",
        "too_early_no_change": "A renewal before {opens} changes nothing.",
        "route_refused": "{route} may not be chosen after {previous}.",
        "extended": "An authority extended the award to {expires}.",
        "extension_capped": "The extension was cut to the longest that is allowed, up to {expires}.",
        "extension_unknown": "No extension is foreseen here, so the one given has no effect.",
        "extended_by_award": "{award} extends this award to {expires}.",
        "confirmation_missed": "The confirmation due by {due} was missed, and the award ended then.",
        "ended_by_event": "The award ended on {on}: {event}.",
        "by_recent_events": "The award lasts to {expires}, counted from the latest events: {event}.",
        "too_few_events": "{needed} events are needed ({event}); {found} are known.",
        "not_awarded": "There is no award yet.",
        "valid": "The award is valid up to and including {last_day}.",
        "expiring": "The award ends soon: its last valid day is {last_day}.",
        "in_grace": "The award is in its grace, which ends on {grace_ends}.",
        "expired": "The award's last valid day was {last_day}.",
        "path": "What a renewal asks for now: {path}.",
        "not_renewable": "The award cannot be renewed any more; what is left: {path}.",
        "item_missing": "{item} has to be done first.",
        "item_too_old": "{item} has to be done again: only what was done from {since} on counts.",
        "item_too_few": "{item} has to be done {needed} times; {found} count.",
        "credits_met": "{counted} credits count, which is enough.",
        "credits_total": "{counted} credits count; {needed} are needed.",
        "credits_category": "{counted} credits count from {categories}; {needed} are needed.",
        "credits_year": "{counted} credits count in the year from {first} to {last}; {needed} are needed.",
        "credits_year_category": (
            "{counted} credits from {categories} count in the year from {first} to {last}; {needed} are needed."
        ),
        "credits_rolling": "{counted} credits count from {first} to {last}; {needed} are needed.",
        "credits_any_of": "None of the ways to have enough credits is complete.",
        "award_archived": "The award is no longer live ({reason}); renew the learner's live one, if there is one.",
        "award_revoked": "The award was revoked; only issuing it anew gives the certification back.",
        "certification_retired": "The certification is retired and gives no new awards.",
        "item_not_complete": "{item}, which earned the award, is not complete yet ({status}).",
        "no_linked_items": "Nothing that could renew the award is linked to the certification.",
        "retake_not_allowed": "{item} is complete, and this certification does not allow taking it again.",
        "item_decommissioned": "{item} is decommissioned and can no longer be completed.",
        "item_validity_over": "The validity of {item} ended with {until}.",
        "plan_validity_over": "The validity of {plan}, which {item} is part of, ended with {until}.",
        "renewal_open": "A renewal is open since {on}; completing a linked item fulfils it.",
        "through_retake": "Taking {item} again renews the award.",
        "through_completion": "Completing {item} renews the award.",
        "unknown_user": "Nobody is known by this name.",
        "deactivated_user": "The learner is deactivated and gets nothing; activate them first.",
        "unknown_item": "{item} is not in the catalog; check kind and code.",
        "undecidable": "Nothing could be decided: {problem}.",
        "not_assigned": "{item} carries no certification, so completing it awards nothing.",
        "before_assignment": (
            "{item} was completed on {on}, before it carried the certification (since {since}); that awards nothing."
        ),
        "by_hand_only": "This certification is issued by hand only.",
        "revoked": "The certification was revoked on {on}; only what is completed after that gives it back.",
        "items_missing": "{needed} different items have to be completed; {found} are.",
        "held_since": "The award held counts from {on}; nothing done up to that day renews it.",
        "held_then": "Another award was held when this was completed, so it gave none.",
        "renewal_not_started": "The award is held already and no renewal was started, so nothing is renewed.",
        "before_renewal": "The renewal was started on {on}; only what is completed from then on counts.",
        "award_held": "The certification is held already, by award {number}.",
        "not_completed": "{item} is not completed ({status}).",
        "not_reported": "{item} is complete in the catalog, but nobody has reported the completion.",
        "qualifies": "{item}, completed on {on}, would earn the award now; give it retroactively or by hand.",
        "not_a_way": "{item} was not among the ways to renew when the renewal was started.",
    }
)
