"""The expiry that counts on a day, and whether a renewal on that day is early, in time, in the grace or late."""

from datetime import date

from attrs import evolve, frozen

from certcore.domain.policy.days import grace_ends, last_valid_day, month_end, window_opens
from certcore.domain.policy.ends import base_and_validity, expiry_after
from certcore.domain.policy.facts import Facts
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.reasons import Reason
from certcore.domain.time import Length, add_length


@frozen
class Current:
    """The expiry that counts. ``base`` is what a renewal counts from: an authority's extension leaves it alone.

    ``ended``: an event or a missed confirmation ended the award, and no grace follows.
    """

    expires: date | None
    base: date | None
    ended: bool = False
    reasons: tuple[Reason, ...] = ()


def current_expiry(
    terms: RenewalPolicy, expires: date | None, facts: Facts, *, completed: date | None = None, on: date | None = None
) -> Current:
    """The printed ``expires`` with what changed it since: other awards, extension, confirmations, events.

    ``on`` leaves out what came later; without it all that is known counts. ``completed`` is when the award was earned.
    """
    if expires is None and not (terms.confirmation or terms.events):
        return Current(None, None)
    current = _by_other_awards(terms, Current(expires, expires), facts, on)
    if facts.extension is not None:
        current = _extended(terms, current, facts.extension)
    ends = [end for end in (_missed(terms, facts, completed, on), _ended(terms, facts, completed, on)) if end]
    for day, reason in sorted(ends, key=lambda end: end[0])[:1]:
        if current.expires is None or day < current.expires:
            return Current(day, day, ended=True, reasons=(*current.reasons, reason))
    return current


def _by_other_awards(terms: RenewalPolicy, current: Current, facts: Facts, on: date | None) -> Current:
    for award in terms.also_extended_by:
        for day in facts.other_award_completed.get(award, ()) if award != facts.award else ():
            end = expiry_after(terms, base_and_validity(terms, day, facts))
            if (on is None or day <= on) and end and current.expires and end > current.expires:
                reason = Reason("extended_by_award", {"award": award, "expires": end})
                current = Current(end, end, reasons=(reason,))
    return current


def _extended(terms: RenewalPolicy, current: Current, by: Length) -> Current:
    if terms.extension is None or current.expires is None:
        return evolve(current, reasons=(*current.reasons, Reason("extension_unknown")))
    longest = add_length(current.expires, terms.extension.max)
    extended = min(add_length(current.expires, by), longest)
    code = "extended" if add_length(current.expires, by) <= longest else "extension_capped"
    return evolve(current, expires=extended, reasons=(*current.reasons, Reason(code, {"expires": extended})))


def _missed(terms: RenewalPolicy, facts: Facts, completed: date | None, on: date | None) -> tuple[date, Reason] | None:
    """The day by which a confirmation was due and missed."""
    if terms.confirmation is None or facts.confirmations is None:
        return None
    known = [day for day in facts.confirmations if (on is None or day <= on) and (not completed or day >= completed)]
    if completed is None and not known:
        return None
    due = add_length(completed or known[0], terms.confirmation.every)
    for day in known:
        if day > due:
            break
        due = add_length(day, terms.confirmation.every)
    return None if on is not None and on <= due else (due, Reason("confirmation_missed", {"due": due}))


def _ended(terms: RenewalPolicy, facts: Facts, completed: date | None, on: date | None) -> tuple[date, Reason] | None:
    """The day of the first event that ended validity."""
    found = [
        (day, event)
        for event in (terms.events.ends_validity if terms.events else ())
        for day in facts.events.get(event, ())
        if (completed is None or day > completed) and (on is None or day <= on)
    ]
    if not found:
        return None
    day, event = min(found)
    return day, Reason("ended_by_event", {"on": day, "event": event})


def recent_expiry(terms: RenewalPolicy, facts: Facts, on: date | None = None) -> tuple[date | None, Reason] | None:
    """The expiry that the latest events give, None with too few of them; no answer where they are not in question."""
    recency = terms.recency
    if recency is None or recency.of not in facts.events:
        return None
    known = [day for day in facts.events[recency.of] if on is None or day <= on]
    if len(known) < recency.count:
        params = {"needed": recency.count, "found": len(known), "event": recency.of}
        return None, Reason("too_few_events", params)
    end = add_length(known[-recency.count], recency.within)
    expires = month_end(end) if recency.align == "month" else end
    return expires, Reason("by_recent_events", {"expires": expires, "event": recency.of})


@frozen
class Timing:
    """How a day lies to the expiry that counts: ``early`` before the window, ``late`` after the last valid day.

    ``in_grace`` days are late too.
    """

    on: date
    current: Current
    early: bool = False
    late: bool = False
    in_grace: bool = False
    opens: date | None = None
    grace_ends: date | None = None


def timing(
    terms: RenewalPolicy, expires: date | None, on: date, facts: Facts, *, completed: date | None = None
) -> Timing:
    """How ``on`` lies to the award that prints ``expires``; a never-expiring one is always in time."""
    current = current_expiry(terms, expires, facts, completed=completed, on=on)
    if current.expires is None or current.base is None:
        return Timing(on, current)
    opens = window_opens(terms, current.base)
    graced_to = None if current.ended else grace_ends(terms, current.expires)
    late = on > last_valid_day(terms, current.expires)
    return Timing(
        on,
        current,
        early=not late and opens is not None and on < opens,
        late=late,
        in_grace=late and graced_to is not None and on <= graced_to,
        opens=opens,
        grace_ends=graced_to,
    )
