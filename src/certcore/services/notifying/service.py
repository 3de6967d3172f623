"""The service of notices: rules and templates, and what they will tell (R-80 to R-83)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import field, frozen

from certcore.domain.deliveries import Delivery
from certcore.domain.history import HistoryEntry
from certcore.domain.jobs import Job
from certcore.domain.notices import Audience, Template, Text, When
from certcore.domain.notices.templates import SHORT_CODE_ENGINE
from certcore.domain.people import Actor
from certcore.ports import Ports
from certcore.services.jobs import Stopping, never
from certcore.services.notifying.as_jobs import DELIVER_JOB, SWEEP_JOB, AsJobs
from certcore.services.notifying.book import may_set
from certcore.services.notifying.delivering import Delivering, DeliverReport, dead_letters, resend
from certcore.services.notifying.previewing import Planned, Preview
from certcore.services.notifying.rules import RuleRecord, Rules
from certcore.services.notifying.sweeping import SweepReport, run_due
from certcore.services.notifying.templates import Templates, as_template
from certcore.services.running import Handler


@frozen
class Notifying:
    """Who is told what, when and in which words."""

    _ports: Ports
    _rules: Rules = field(init=False, repr=False)
    _templates: Templates = field(init=False, repr=False)
    _preview: Preview = field(init=False, repr=False)
    _delivering: Delivering = field(init=False, repr=False)
    _as_jobs: AsJobs = field(init=False, repr=False)

    @_delivering.default
    def _delivering_of(self) -> Delivering:
        return Delivering(self._ports)

    @_as_jobs.default
    def _as_jobs_of(self) -> AsJobs:
        return AsJobs(self._ports, self._delivering)

    @_rules.default
    def _rules_of(self) -> Rules:
        return Rules(self._ports)

    @_preview.default
    def _preview_of(self) -> Preview:
        return Preview(self._ports)

    @_templates.default
    def _templates_of(self) -> Templates:
        return Templates(self._ports)

    def rules(self, *, actor: Actor) -> Sequence[RuleRecord]:
        """All rules, by code (R-80)."""
        return self._rules.listed(actor)

    def set_rule(
        self,
        code: str,
        when: str | When,
        *,
        actor: Actor,
        certification: str | int | None = None,
        audience: str | Audience | None = None,
        template: str | None = None,
        active: bool = True,
    ) -> RuleRecord:
        """Make a rule, or put this one in the place of the one with that ``code`` (R-80).

        ``when`` is a trigger, or how far from the expiry: `30 days before`, `12 hours before`, `expired`,
        `2 weeks after`. It tells of awards of one ``certification`` (code or id) or of all, to the learner unless
        another ``audience`` is named, in the words of a ``template`` or else of certcore's. It looks only at what
        happens from now on; put again with the same ``when`` and certification it goes on as it was. Raises `NotFound`,
        `InvalidValue`, and `UnknownShortCode` for a template that asks for what there is no value for.
        """
        return self._rules.set(code, when, certification, audience, template, active=active, actor=actor)

    def switch_rule(self, code: str, *, active: bool, actor: Actor) -> RuleRecord:
        """Switch a rule off, or on again from now on: what happened meanwhile is told to nobody (R-80).

        Messages of a rule that is off are dropped, also those that wait already. Raises `NotFound`.
        """
        return self._rules.switch(code, active=active, actor=actor)

    def remove_rule(self, code: str, *, actor: Actor) -> None:
        """Remove a rule; messages that wait are dropped. Raises `NotFound`."""
        self._rules.remove(code, actor)

    def templates(self, *, actor: Actor) -> Mapping[str, Template]:
        """Every template that a rule can name, by code: the platform's own, and certcore's that they do not replace."""
        return self._templates.listed(actor)

    def set_template(
        self,
        code: str,
        texts: Mapping[str, Text | tuple[str, str]],
        *,
        actor: Actor,
        language: str | None = None,
        engine: str = SHORT_CODE_ENGINE,
    ) -> Template:
        """Make a template, or put this one in the place of the one with that ``code``, certcore's own too (R-81).

        ``texts`` are subject and body by language; whoever reads none of these gets the text in ``language``: English,
        or the only one there is. ``engine`` names who reads the bodies, where that is not short codes. Raises
        `UnknownShortCode` for a code that is none, or that a rule using the template has no value for, and
        `InvalidTemplate` and `InvalidValue`.
        """
        return self._templates.set(as_template(code, texts, language, engine), actor)

    def remove_template(self, code: str, *, actor: Actor) -> None:
        """Remove one of the platform's own templates; certcore's of that code counts again, if there is one.

        Raises `NotFound`, and `InvalidValue` while a rule needs it.
        """
        self._templates.remove(code, actor)

    def preview(self, days: int = 30, *, actor: Actor, rule: str | None = None) -> Iterator[Planned]:
        """Who would be told what of expiries in the next ``days``, if nothing changed until then (R-80).

        By rule, all or the one named, and within it by expiry, as it is read: nothing is written. What happens now and
        then (an issue, a revocation) is not foreseen. Raises `NotFound` and `InvalidValue`.
        """
        return self._preview.planned(days, rule, actor)

    def history(self, *, actor: Actor) -> Sequence[HistoryEntry]:
        """Who changed rules and templates when, oldest first, with all of them before and after."""
        return self._rules.history(actor)

    def run_due(self, now: datetime | None = None, limit: int = 10_000) -> SweepReport:
        """The sweep: write the reminders of expiries that are due at ``now``, by default the clock's (R-80, R-82).

        Run it as often as reminders are to be punctual, late, twice or by several at once: each message is written
        once, and its cost grows with what is due. After a pause the reminders of an award that are overdue collapse
        into the latest. It stops after ``limit`` awards with something due, and says so. What is written, `deliver_due`
        sends. For the host's own code: no actor's rights are asked.
        """
        return run_due(self._ports, now, limit)

    def deliver_due(self, limit: int = 1_000) -> DeliverReport:
        """Send the messages that are due, let subscribers consume events, hand orders to the catalog (R-83, R-115).

        Call it again and again, from any number of workers. What happened becomes messages first, of which each
        notifier takes up to ``limit``; all is done at least once, a message under the same id every time. What fails is
        tried again later and later, `Settings.notifier_tries` times, and is then a dead letter; what takes longer than
        `Settings.notifier_seconds` has failed. Events are consumed in the order of their award: one that fails holds
        back those after it, and nothing else. For the host's own code: no actor's rights are asked. Raises
        `InTransaction` inside a transaction.
        """
        return self._delivering.deliver_due(limit)

    def tend(self, stopping: Stopping = never, limit: int = 1_000) -> None:
        """Sweep and deliver until nothing is due, or ``stopping`` says so: what workers call again and again.

        Raises as `run_due` and `deliver_due` do.
        """
        more = True
        while more and not stopping():
            swept = self.run_due(limit=limit)
            more = swept.more and bool(swept.messages)
        busy = True
        while busy and not stopping():
            busy = not self.deliver_due(limit).idle

    def queue_sweep(self, now: datetime | None = None, *, actor: Actor, key: str | None = None) -> Job:
        """Let the job queue, or `Running.run_queued`, sweep as `run_due` does, to the end; the job (R-31, R-82).

        Its result counts what was ``due`` and the new ``messages``, each page in the transaction that writes it.
        Cancelled it stops between two pages; resumed, or taken up from a killed worker, it does the rest. Asked for
        twice by an actor, a sweep of the same instant is one job; so is one of the same ``key``, or it is an
        `IdempotencyConflict` (R-34). For sweeps that are to be seen: those in between are for `tend`, without jobs.
        Raises `NotFound` for who may not set notices, also when the job runs.
        """
        return self._as_jobs.queue(SWEEP_JOB, self._ports.now() if now is None else now, actor, key)

    def queue_delivery(self, *, actor: Actor, key: str | None = None) -> Job:
        """Let the job queue, or `Running.run_queued`, deliver as `deliver_due` does, until nothing is due; the job.

        Its result counts as `DeliverReport` does, after every 50 or so, where it stops when it is cancelled. Resumed,
        or taken up from a killed worker, it does the rest; what that one had in its hands, when the lease is over. What
        fails waits for `tend`, or for another job. It is the same job, or a conflict, as in `queue_sweep`, and raises
        alike.
        """
        return self._as_jobs.queue(DELIVER_JOB, self._ports.now(), actor, key)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """How the jobs are done that `queue_sweep` and `queue_delivery` make, by kind."""
        return self._as_jobs.handlers

    def dead(self, after: str | None = None, limit: int = 50, *, actor: Actor) -> Sequence[Delivery]:
        """A page of the dead letters, oldest first: those behind the one with the id ``after`` (R-83)."""
        may_set(self._ports, actor)
        with self._ports.storage.reading() as tx:
            return dead_letters(tx, after, limit)

    def resend(self, ids: Collection[str], *, actor: Actor) -> int:
        """Let these dead letters wait again, with all their tries; how many of them there were (R-83).

        Those that are no dead letters any more, or never were, are passed over.
        """
        may_set(self._ports, actor)
        return resend(self._ports, ids)
