"""What a platform decides once for all its certifications."""

from typing import Any

import pytest

from certcore.domain.settings import Settings
from certcore.errors import InvalidValue


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("https://lms.example/renew/{number}", "https://lms.example/renew/ABCD"),
        ("http://intranet:8080/lms?renew={number}&from=mail", "http://intranet:8080/lms?renew=ABCD&from=mail"),
        ("https://lms.example/#/renew/{number}", "https://lms.example/#/renew/ABCD"),
        (None, None),
    ],
)
def test_a_learner_is_led_to_where_the_host_renews(template: str | None, link: str | None) -> None:
    """R-96: the number in the place that the template keeps for it; without a template there is no link."""
    assert Settings(renew_link=template).link_to_renew("ABCD") == link


@pytest.mark.parametrize(
    "template",
    [
        "",
        "https://lms.example/renew",
        "https://{number}/renew",
        "https:///{number}",
        "lms.example/{number}",
        "javascript:alert({number})",
        "https://lms.example/{number}/{username}",
        "https://lms.example/{number!r}",
        "https://lms.example/{number}}",
        "https://lms.example/re new/{number}",
        "https://lms.example/{number}\n",
        "https://[lms.example/{number}",
        7,
    ],
)
def test_a_template_that_cannot_lead_to_an_award_is_refused(template: object) -> None:
    """R-96: when the settings are made, not when a learner looks."""
    with pytest.raises(InvalidValue) as refusal:
        Settings(renew_link=template)  # type: ignore[arg-type]
    assert refusal.value.field == "renew_link"


def test_documents_and_the_public_check_have_pages_of_their_own() -> None:
    """R-81, R-101: the check by the token, never by the number."""
    settings = Settings(
        document_link="https://lms.example/document/{number}", verify_link="https://lms.example/verify#{token}"
    )
    assert settings.link_to_document("ABCD") == "https://lms.example/document/ABCD"
    assert settings.link_to_verify("Zm9v") == "https://lms.example/verify#Zm9v"
    assert (Settings().link_to_document("ABCD"), Settings().link_to_verify("Zm9v")) == (None, None)


@pytest.mark.parametrize("setting", ["document_link", "verify_link"])
def test_a_page_that_cannot_be_led_to_is_refused_by_its_name(setting: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Settings(**{setting: "https://lms.example/{username}"})  # type: ignore[arg-type]
    assert refusal.value.field == setting


@pytest.mark.parametrize("changes", [{"notifier_seconds": 0}, {"notifier_seconds": -1.0}, {"notifier_tries": 0}])
def test_a_notifier_has_some_time_and_one_try_at_least(changes: dict[str, Any]) -> None:
    """R-83: without, nothing could ever be sent."""
    with pytest.raises(InvalidValue, match=next(iter(changes))):
        Settings(**changes)
