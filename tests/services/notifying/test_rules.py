"""Rules and templates as admins set them: who, since when, with a history, on every storage (R-80, R-81)."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from certcore.domain.history import verifies
from certcore.domain.notices import Audience, NoticeBook, Text, When
from certcore.domain.people import Actor, Role
from certcore.errors import (
    InvalidTemplate,
    InvalidValue,
    NotFound,
    UnknownShortCode,
)
from certcore.ports import TemplateEngine
from certcore.services.notifying import Notifying
from certcore.services.notifying.book import notice_book
from certcore.testing.threads import at_once
from tests.services.platform import ADMIN, Platform


def book(platform: Platform) -> NoticeBook:
    with platform.storage.reading() as tx:
        return notice_book(tx)


def test_nobody_is_told_anything_until_a_rule_says_so(platform: Platform) -> None:
    """R-80: a platform begins without rules, and with words for every moment."""
    assert platform.registrar.notifying.rules(actor=ADMIN) == []
    assert "expiring" in platform.registrar.notifying.templates(actor=ADMIN)


def test_a_rule_is_set_for_all_certifications_or_one(platform: Platform) -> None:
    """R-80: by code or id, for any audience."""
    safe = platform.certification("SAFE-1")
    platform.registrar.notifying.set_rule("b", "30 days before", actor=ADMIN, audience="managers")
    set_ = platform.registrar.notifying.set_rule("a", "expired", actor=ADMIN, certification="SAFE-1", active=False)
    assert set_.certification == safe
    first, second = platform.registrar.notifying.rules(actor=ADMIN)
    assert first == set_
    assert (first.rule.when, first.rule.active, first.rule.on_since) == (When.parse("expired"), False, platform.now)
    assert (second.rule.audience, second.certification) == (Audience.MANAGERS, None)
    with pytest.raises(NotFound):
        platform.registrar.notifying.set_rule("c", "expired", actor=ADMIN, certification="NONE-1")


def test_a_rule_put_again_goes_on_and_a_changed_one_is_as_new(platform: Platform) -> None:
    """R-80: doing the same again writes nothing."""
    notifying, began = platform.registrar.notifying, platform.now
    notifying.set_rule("a", "30 days before", actor=ADMIN)
    platform.now += timedelta(days=1)
    notifying.set_rule("a", "30 days before", actor=ADMIN)
    assert len(notifying.history(actor=ADMIN)) == 1
    assert notifying.set_rule("a", "30 days before", template="expired", actor=ADMIN).rule.on_since == began
    assert notifying.set_rule("a", "20 days before", actor=ADMIN).rule.on_since == platform.now


def test_a_rule_that_is_switched_on_again_looks_from_then_on(platform: Platform) -> None:
    """R-80: what happened meanwhile is told to nobody."""
    notifying, began = platform.registrar.notifying, platform.now
    notifying.set_rule("a", "issued", actor=ADMIN)
    platform.now += timedelta(days=1)
    assert not notifying.switch_rule("a", active=False, actor=ADMIN).rule.looks_at(began)
    platform.now += timedelta(days=1)
    assert notifying.switch_rule("a", active=True, actor=ADMIN).rule.on_since == platform.now
    with pytest.raises(NotFound):
        notifying.switch_rule("b", active=True, actor=ADMIN)
    notifying.remove_rule("a", actor=ADMIN)
    assert notifying.rules(actor=ADMIN) == []
    with pytest.raises(NotFound):
        notifying.remove_rule("a", actor=ADMIN)


def test_who_changed_what_when_is_kept(platform: Platform) -> None:
    """R-64: rules and templates have a chained history as awards have."""
    notifying = platform.registrar.notifying
    notifying.set_rule("a", "issued", actor=ADMIN)
    notifying.set_template("mine", {"en": ("Hello", "Bye")}, actor=Actor("boss", frozenset({Role.PLATFORM_ADMIN})))
    first, second = notifying.history(actor=ADMIN)
    assert verifies(b"", first)
    assert verifies(first.hash, second)
    assert [json.loads(each.personal or "")["actor"] for each in (first, second)] == ["admin", "boss"]
    assert json.loads(second.facts)["before"]["rules"] == json.loads(first.facts)["after"]["rules"]


def test_a_template_is_checked_when_it_is_saved(platform: Platform) -> None:
    """R-81: not when it is sent; what is refused leaves everything as it was."""
    notifying = platform.registrar.notifying
    notifying.set_template("mine", {"en": ("Hello [first_name]", "[days_left] days")}, actor=ADMIN)
    notifying.set_rule("a", "30 days before", template="mine", actor=ADMIN)
    before = book(platform)
    for texts, error in (
        ({"en": ("Hello [nobody]", "Bye")}, UnknownShortCode),
        ({"en": ("Hello", "[rows] rows")}, UnknownShortCode),
        ({"en": ("Hello\r\nBcc: eve@example.org", "Bye")}, InvalidValue),
        ({"english": ("Hello", "Bye"), "xx yy": ("Hello", "Bye")}, InvalidValue),
        ({}, InvalidValue),
        ({"en": "Hello"}, InvalidValue),
        ("Hello", InvalidValue),
    ):
        with pytest.raises(error):
            notifying.set_template("mine", texts, actor=ADMIN)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="a must take another one first"):
        notifying.remove_template("mine", actor=ADMIN)
    with pytest.raises(UnknownShortCode, match="when a rule tells of import_finished"):
        notifying.set_rule("b", "import_finished", template="mine", actor=ADMIN)
    with pytest.raises(NotFound):
        notifying.set_rule("b", "issued", template="yours", actor=ADMIN)
    assert book(platform) == before


def test_the_only_language_is_the_first(platform: Platform) -> None:
    """R-81: else English, unless another one is named."""
    notifying = platform.registrar.notifying
    assert notifying.set_template("a", {"it": ("Ciao", "Addio")}, actor=ADMIN).language == "it"
    both: dict[str, Text | tuple[str, str]] = {"it": ("Ciao", "Addio"), "en": Text("Hello", "Bye")}
    assert notifying.set_template("b", both, actor=ADMIN).language == "en"
    assert notifying.set_template("c", both, language="it", actor=ADMIN).language == "it"
    notifying.remove_template("c", actor=ADMIN)
    assert {"a", "b", "issued"} <= set(notifying.templates(actor=ADMIN))
    assert "c" not in notifying.templates(actor=ADMIN)


class Braces(TemplateEngine):
    """Reads ``{code}``; refuses bodies that begin with a blank."""

    def codes(self, body: str) -> Collection[str]:
        if body.startswith(" "):
            raise InvalidTemplate("", "it begins with a blank.")
        return {part.partition("}")[0] for part in body.split("{")[1:]}

    def render(self, body: str, values: Mapping[str, str]) -> str:
        return body.format_map(values)


def test_bodies_of_another_engine_are_checked_by_it(platform: Platform) -> None:
    """R-81: what it cannot read, and codes that there are not."""
    notifying = Notifying(evolve(platform.registrar.notifying._ports, template_engines={"braces": Braces()}))
    notifying.set_template("mine", {"en": ("Hello [first_name]", "{number}")}, engine="braces", actor=ADMIN)
    with pytest.raises(UnknownShortCode, match="'nobody'"):
        notifying.set_template("mine", {"en": ("Hello", "{nobody}")}, engine="braces", actor=ADMIN)
    with pytest.raises(InvalidTemplate, match="template 'mine': en: it begins with a blank"):
        notifying.set_template("mine", {"en": ("Hello", " {number}")}, engine="braces", actor=ADMIN)
    with pytest.raises(InvalidTemplate, match="not one of this platform's: short_codes, braces"):
        notifying.set_template("mine", {"en": ("Hello", "x")}, engine="jinja", actor=ADMIN)
    with pytest.raises(UnknownShortCode, match="when a rule tells of import_finished"):
        notifying.set_rule("done", "import_finished", template="mine", actor=ADMIN)
    with pytest.raises(InvalidTemplate):
        platform.registrar.notifying.set_rule("a", "issued", template="mine", actor=ADMIN)


@pytest.mark.parametrize("role", [None, Role.LEARNER, Role.MANAGER, Role.GROUP_ADMIN])
def test_only_platform_admins_see_and_set_them(platform: Platform, role: Role | None) -> None:
    """R-114: for others there are none."""
    somebody = Actor("id-ana", frozenset() if role is None else frozenset({role}))
    acts: list[Callable[[], object]] = [
        lambda: platform.registrar.notifying.rules(actor=somebody),
        lambda: platform.registrar.notifying.templates(actor=somebody),
        lambda: platform.registrar.notifying.history(actor=somebody),
        lambda: platform.registrar.notifying.set_rule("a", "nonsense", actor=somebody),
        lambda: platform.registrar.notifying.set_template("a", {"en": ("[", "[")}, actor=somebody),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert book(platform) == NoticeBook()


def test_f13_admins_at_once_all_have_their_rule(platform: Platform) -> None:
    """Whoever comes second reads the book of the first and writes theirs into it."""
    names = [f"r{at}" for at in range(8)]
    assert not any(
        at_once([partial(platform.registrar.notifying.set_rule, name, "issued", actor=ADMIN) for name in names])
    )
    assert [each.rule.code for each in platform.registrar.notifying.rules(actor=ADMIN)] == names
