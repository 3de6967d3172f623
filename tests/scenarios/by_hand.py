"""What both help pages say about awarding by hand (SEED 1, and SEED 4 in its middle)."""

from typing import Final

from certcore.domain.awards import MANUAL, Basis, BasisKind, Link, Status
from certcore.domain.decisions import Outcome
from certcore.domain.jobs import JobState
from certcore.errors import InvalidValue, NotFound
from certcore.services.awarding import AwardRequest
from tests.scenarios.facts import Fact
from tests.scenarios.port import DAY, MANY, SEA_TRIAL, SUPER, TUG, Port, learner, through

LINKS: Final = (Link("Credly", "https://badges.example/1"), Link("Accredible", "https://credentials.example/2"))


def three_ways(port: Port) -> None:
    port.certify("TUG", TUG, SEA_TRIAL)
    port.passes(1)
    assert port.completes("ada", TUG).outcome == Outcome.NEW
    assert port.completes("ben", SEA_TRIAL, port.today - 30 * DAY).outcome == Outcome.NEW
    assert port.awards("cleo", code="TUG").counts == {Outcome.NEW: 1}
    kinds = [port.held(name, "TUG").basis.kind for name in ("ada", "ben", "cleo")]
    assert kinds == [BasisKind.COURSE, BasisKind.EXTERNAL_ACTIVITY, BasisKind.MANUAL]


def only_the_superadmin_awards(port: Port) -> None:
    request = AwardRequest(certification="TUG", issued_on=port.today, usernames=("dov",))
    port.refuses(NotFound, port.registrar.awarding.award, request, actor=learner("dov"))
    assert port.found("dov", "TUG") == []


def everybody_who_was_awarded_it(port: Port) -> None:
    listed = list(port.registrar.reporting.awarded("TUG", actor=SUPER))
    assert [each.username for each in listed] == ["ada", "ben", "cleo"]
    (cleo,) = [each for each in listed if each.username == "cleo"]
    assert cleo.person is not None
    assert (cleo.person.first_name, cleo.person.last_name) == ("Cleo", "Reis")
    period = cleo.award.period
    assert (period.issued_on, period.expires_on, cleo.status) == (port.today, port.in_a_year, Status.ACTIVE)
    assert cleo.days_left == (port.in_a_year - port.today).days - 1


def edited_in_its_row(port: Port) -> None:
    """R-32: who, when, before and after stay on record."""
    number = port.held("cleo", "TUG").number
    edit = port.registrar.correcting.edit
    edit(number, actor=SUPER, issued_on=port.today - 2 * DAY)
    edit(number, actor=SUPER, expires_on=port.today + 90 * DAY)
    assert edit(number, actor=SUPER, always_valid=True).period.expires_on is None
    assert edit(number, actor=SUPER, basis=through(TUG)).basis == through(TUG)
    assert edit(number, actor=SUPER, basis=through(SEA_TRIAL)).basis == through(SEA_TRIAL)
    assert edit(number, actor=SUPER, basis=MANUAL).basis == MANUAL
    record, history = port.registrar.reporting.show(number, actor=SUPER)
    assert record.award.period.issued_on == port.today - 2 * DAY
    assert [entry.act for entry in history] == ["issued", *["edited"] * 6]


def unassigned_in_its_row(port: Port) -> None:
    number = port.held("cleo", "TUG").number
    port.registrar.correcting.unassign(number, actor=SUPER)
    assert port.seen("cleo", "TUG") is None
    assert [each.username for each in port.registrar.reporting.awarded("TUG", actor=SUPER)] == ["ada", "ben"]


def to_users_groups_and_branches(port: Port) -> None:
    """R-30: each person once, those of sub-branches too."""
    port.certify("PASS")
    report = port.awards("ada", code="PASS", groups=["pilots"], branches=["harbour"])
    assert {each.username for each in report.outcomes} == {"ada", "ben", "cleo", "dov"}
    assert report.counts == {Outcome.NEW: 4}


def who_holds_it_keeps_it(port: Port) -> None:
    held = port.held("ada", "PASS")
    report = port.awards("ada", code="PASS")
    assert (report.counts, report.outcomes[0].number) == ({Outcome.ALREADY_HELD: 1}, held.number)


def issue_date_and_expiry_or_always_valid(port: Port) -> None:
    port.awards("hand000", code="PASS", expires_on=port.today + 100 * DAY)
    port.awards("hand001", code="PASS", always_valid=True)
    days = [port.held(name, "PASS").period.expires_on for name in ("hand000", "hand001")]
    assert days == [port.today + 100 * DAY, None]
    port.refuses(InvalidValue, port.awards, "hand002", code="PASS", expires_on=port.today + DAY, always_valid=True)


def the_association_type(port: Port) -> None:
    """R-20: whatever is not manual names its item, which has to carry the certification."""
    for name, item in (("hand003", TUG), ("hand004", SEA_TRIAL)):
        port.awards(name, code="TUG", basis=through(item))
        assert port.held(name, "TUG").basis.item == item
    port.refuses(InvalidValue, Basis, BasisKind.EXTERNAL_ACTIVITY)
    port.refuses(InvalidValue, port.awards, "hand005", code="PASS", basis=through(SEA_TRIAL))


def more_than_a_hundred_are_a_job(port: Port) -> None:
    port.certify("CREW")
    assert port.awards(*MANY[:100], code="CREW").job_id is None
    report = port.awards(*MANY, code="CREW", always_valid=True)
    assert (report.state, report.people) == (JobState.QUEUED, 0)
    (job,) = port.registrar.running.run_queued()
    assert (job.state, job.done, job.total) == (JobState.DONE, len(MANY), len(MANY))
    assert port.found(MANY[-1], "CREW", Status.ACTIVE)
    assert len(list(port.registrar.reporting.awarded("CREW", actor=SUPER))) == len(MANY)


def nobody_who_is_deactivated(port: Port) -> None:
    report = port.awards("gil", "dov", code="CREW")
    assert [(each.outcome, each.reason) for each in report.outcomes] == [
        (Outcome.REJECTED, "deactivated_user"),
        (Outcome.NEW, None),
    ]


def external_certifications_with_links(port: Port) -> None:
    basis = Basis(BasisKind.EXTERNAL_CERTIFICATION, links=LINKS)
    port.awards("hand006", code="PASS", basis=basis)
    assert port.held("hand006", "PASS").basis.links == LINKS


BY_HAND: Final = (
    Fact("R-20", "three ways to be awarded one", three_ways),
    Fact("R-114", "by the superadmin", only_the_superadmin_awards),
    Fact("R-35", "who was awarded it: names, issued, days left, expiry", everybody_who_was_awarded_it),
    Fact("R-32", "edited: dates, always valid, association type", edited_in_its_row),
    Fact("R-33", "or unassigned", unassigned_in_its_row),
    Fact("R-30", "awarded to users, groups and branches", to_users_groups_and_branches),
    Fact("R-23", "of whom each holds one, which pages do not say", who_holds_it_keeps_it),
    Fact("R-30", "with issue date, and expiry date or always valid", issue_date_and_expiry_or_always_valid),
    Fact("R-20", "and with the item that was completed", the_association_type),
    Fact("R-31", "in the background for more than a hundred", more_than_a_hundred_are_a_job),
    Fact("R-24", "not to deactivated users", nobody_who_is_deactivated),
)
"""What SEED 1 says; SEED 4 says the same, and more."""
