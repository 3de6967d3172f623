"""f45: every operation on external certificates, as every role, to everybody, under every setting (R-70 to R-73)."""

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from typing import Any, Final

import pytest
from attrs import frozen

from certcore.adapters.memory import MemoryCatalog, MemoryDirectory, MemoryDocuments, MemoryStorage
from certcore.domain.people import Actor, Person, Role
from certcore.domain.settings import Settings
from certcore.errors import NotAllowedHere, NotFound, ReviewRefused
from certcore.services.reviewing import ExternalUpload, Reviewing
from tests.services.reviewing.office import PDF, Office, PrefixJudge

OWN, MANAGED, COACHED, SAME_GROUP, OTHER = RELATIONS = ("own", "managed", "coached", "same group", "other")
REVIEWERS: Final = ("managers", "coaches", "group_admins")
OVERSEERS: Final = (Role.MANAGER, Role.COACH, Role.GROUP_ADMIN)


@frozen
class Case:
    """Somebody with a role, how they stand to the learner, and the settings of that moment."""

    role: Role
    relation: str
    self_import: bool
    validation: bool
    reviewers: str
    own_review: bool

    @property
    def admin(self) -> bool:
        return self.role is Role.PLATFORM_ADMIN

    @property
    def own(self) -> bool:
        return self.relation == OWN

    @property
    def looks_after(self) -> bool:
        """By what the directory says; sharing a group is nothing unless one administers it."""
        return self.relation in (MANAGED, COACHED) or (self.relation == SAME_GROUP and self.role is Role.GROUP_ADMIN)

    @property
    def reviews(self) -> bool:
        """Whether the settings name this relation. The learner has a manager, so nobody stands in for one."""
        named = {"managers": MANAGED, "coaches": COACHED, "group_admins": SAME_GROUP}[self.reviewers]
        return self.looks_after and self.relation == named


def cases() -> Iterator[Case]:
    flags = [True, False]
    yield from (Case(*each) for each in product(Role, RELATIONS, flags, flags, REVIEWERS, flags))


@frozen
class Scene:
    """The case in an office: ``ada`` acts on ``learner``; rita looks after everybody, pam runs the platform."""

    office: Office
    actor: Actor
    learner: str

    @property
    def reviewing(self) -> Reviewing:
        return self.office.registrar.reviewing

    def submit(self, actor: Actor, **parts: Any) -> str:
        upload = ExternalUpload(username=self.learner, title="First aid", delivered_on=date(2026, 1, 1), **parts)
        return self.reviewing.submit(upload, PDF, actor=actor).certificate.ref


def scene(case: Case) -> Scene:
    """A certification SAFE-1, and the settings as they were before the case's are made."""
    learner = "ada" if case.own else "tom"
    groups = {"nurses": ["ada", "tom"] if case.relation == SAME_GROUP else ["ada"], "all": ["ada", "tom"]}
    directory = MemoryDirectory(
        [Person(f"id-{name}", name) for name in ("ada", "tom", "rita", "pam")],
        groups=groups,
        managers={"tom": "ada" if case.relation == MANAGED else "rita", "ada": "rita"},
        coaches={"rita": ["ada", "tom"], **({"ada": ["tom"]} if case.relation == COACHED else {})},
        admins={
            "rita": ["all"],
            **({"ada": ["nurses"]} if case.relation == SAME_GROUP and case.role is Role.GROUP_ADMIN else {}),
        },
    )
    office = Office(
        MemoryStorage(),
        directory,
        MemoryCatalog(),
        Settings(),
        documents=MemoryDocuments(),
        file_judge=PrefixJudge(),
    )
    office.certification()
    office.set(self_import=True, reviewers=list(REVIEWERS))
    return Scene(office, Actor("id-ada", frozenset({case.role})), learner)


def settle(of: Scene, case: Case) -> None:
    of.office.set(
        self_import=case.self_import,
        validation=case.validation,
        reviewers=[case.reviewers],
        own_review=case.own_review,
    )


def on_a_certificate(act: Callable[[Scene, str], object]) -> Callable[[Scene, Case], object]:
    """On one that an admin has uploaded before the settings came to be what they are."""

    def attempt(of: Scene, case: Case) -> object:
        ref = of.submit(Actor("id-pam", frozenset({Role.PLATFORM_ADMIN})))
        settle(of, case)
        return act(of, ref)

    return attempt


def on_nothing(act: Callable[[Scene], object]) -> Callable[[Scene, Case], object]:
    def attempt(of: Scene, case: Case) -> object:
        settle(of, case)
        return act(of)

    return attempt


def on_ones_upload(of: Scene, case: Case) -> object:
    """On one that they have uploaded themselves, where they could."""
    ref = of.submit(of.actor)
    settle(of, case)
    return of.reviewing.validate(ref, actor=of.actor)


def listed(records: Any, of: Scene) -> object:
    if not any(each.username == of.learner for each in records):
        raise NotFound("external certificate", of.learner)
    return True


def sees(case: Case) -> str:
    return "yes" if case.own or case.looks_after or case.admin else "not_found"


def decides(case: Case) -> str:
    if case.own:
        may_review = case.admin or case.role in OVERSEERS
        return "not_found" if not may_review else "yes" if case.own_review else "own_certificate"
    return "yes" if case.reviews or case.admin else "not_found"


def decides_on_upload(case: Case) -> str:
    if not (case.own or case.looks_after or case.admin):
        return "not_found"
    if not case.own and (case.admin or case.looks_after) and not case.own_review:
        return "own_upload"
    return decides(case)


def submits(case: Case) -> str:
    if case.own:
        return "yes" if case.self_import else "not_allowed_here"
    return sees(case)


def proposes(case: Case) -> str:
    """An equivalence: not by those who look after nobody, where a reviewer sets it."""
    answer = submits(case)
    return "not_allowed_here" if answer == "yes" and case.own and case.validation and not case.admin else answer


def takes_back(case: Case) -> str:
    return "yes" if case.own or case.admin else "not_found"


def is_told(case: Case) -> str:
    """Of tasks: nothing that one may not decide on."""
    return "yes" if decides(case) == "yes" else "not_found"


def runs_the_platform(case: Case) -> str:
    return "yes" if case.admin else "not_found"


def anybody(_case: Case) -> str:
    return "yes"


Row = tuple[Callable[[Scene, Case], object], Callable[[Case], str]]

ROWS: Final[dict[str, Row]] = {
    "change_settings": (on_nothing(lambda of: of.reviewing.change_settings(actor=of.actor)), runs_the_platform),
    "collect_orphans": (on_nothing(lambda of: of.reviewing.collect_orphans(actor=of.actor)), runs_the_platform),
    "correct": (on_a_certificate(lambda of, ref: of.reviewing.correct(ref, actor=of.actor, title="Other")), decides),
    "document": (on_a_certificate(lambda of, ref: of.reviewing.document(ref, actor=of.actor)), sees),
    "reject": (on_a_certificate(lambda of, ref: of.reviewing.reject(ref, actor=of.actor, comment="no")), decides),
    "search": (on_a_certificate(lambda of, _: listed(of.reviewing.search(actor=of.actor).records, of)), sees),
    "settings": (on_nothing(lambda of: of.reviewing.settings(actor=of.actor)), anybody),
    "settings_history": (on_nothing(lambda of: of.reviewing.settings_history(actor=of.actor)), runs_the_platform),
    "show": (on_a_certificate(lambda of, ref: of.reviewing.show(ref, actor=of.actor)), sees),
    "submit": (on_nothing(lambda of: of.submit(of.actor)), submits),
    "submit with an equivalence": (on_nothing(lambda of: of.submit(of.actor, equivalence="SAFE-1")), proposes),
    "tasks": (on_a_certificate(lambda of, _: listed(of.reviewing.tasks(actor=of.actor).records, of)), is_told),
    "validate": (on_a_certificate(lambda of, ref: of.reviewing.validate(ref, actor=of.actor)), decides),
    "validate one's own upload": (on_ones_upload, decides_on_upload),
    "withdraw": (on_a_certificate(lambda of, ref: of.reviewing.withdraw(ref, actor=of.actor)), takes_back),
}
"""How each operation is tried, and what it answers."""


def answer(attempt: Callable[[Scene, Case], object], case: Case) -> str:
    try:
        attempt(scene(case), case)
    except (NotFound, NotAllowedHere) as refusal:
        return refusal.code
    except ReviewRefused as refusal:
        return refusal.reason
    return "yes"


def test_f45_every_operation_has_a_row() -> None:
    """A new one without a row fails here."""
    operations = {name for name, _ in inspect.getmembers(Reviewing, callable) if not name.startswith("_")}
    assert operations == {row.split()[0] for row in ROWS}


@pytest.mark.parametrize("operation", ROWS)
def test_f45_every_operation_answers_as_the_rules_say(operation: str) -> None:
    """R-70 to R-73: for each role, relation and setting, 600 of them."""
    attempt, wanted = ROWS[operation]
    assert {case: answer(attempt, case) for case in cases()} == {case: wanted(case) for case in cases()}
