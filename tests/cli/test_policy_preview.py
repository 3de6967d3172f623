"""``certcore policy preview``: which live awards would differ."""

import pytest

from tests.cli.running import CommandLine


@pytest.fixture
def awarded(loaded: CommandLine) -> CommandLine:
    """Ana and Bo hold SAFE-1 of one year since 2026-03-01."""
    done = loaded("award", "--certification", "SAFE-1", "--user", "ana", "--user", "bo", "--issued-on", "2026-03-01")
    assert done.code == 0, done
    loaded.write("two.toml", "validity = { years = 2 }")
    return loaded


def test_a_preview_lists_who_would_expire_when(awarded: CommandLine) -> None:
    """R-55: counts of all, and the first differences with before and after."""
    told = awarded.json("policy", "preview", "SAFE-1", "two.toml")
    assert {name: count for name, count in told.items() if name != "differences"} == {
        "awards": 2, "differ": 2, "sooner": 0, "later": 2, "expired": 0, "undecided": 0,
    }  # fmt: skip
    assert {
        each["username"]: (each["before"]["expires_on"], each["after"]["expires_on"]) for each in told["differences"]
    } == {"ana": ("2027-03-01", "2028-03-01"), "bo": ("2027-03-01", "2028-03-01")}
    human = awarded("policy", "preview", "SAFE-1", "two.toml", "--limit", "1").out
    assert "2027-02-28" in human
    assert "2028-02-29" in human
    assert all(len(line) <= 80 for line in human.splitlines())


def test_a_preview_writes_nothing(awarded: CommandLine) -> None:
    """R-3: the certification keeps its policy, the awards their dates."""
    before = awarded.json("search", "--certification", "SAFE-1")
    awarded.json("policy", "preview", "SAFE-1", "two.toml", "--typed")
    assert awarded.json("search", "--certification", "SAFE-1") == before
    assert awarded.json("certification", "show", "SAFE-1")["policy"] == {"validity": {"years": 1}}


def test_what_cannot_be_judged_is_told(awarded: CommandLine) -> None:
    """R-54: the attribute that is missing is named."""
    awarded.write("v.toml", "variants = [{ when = { ward = 'ICU' }, set = { validity = { years = 2 } } }]")
    told = awarded.json("policy", "preview", "SAFE-1", "v.toml")
    assert (told["undecided"], told["differences"][0]["problem"]["code"]) == (2, "invalid_value")
    assert "learner.ward" in awarded("policy", "preview", "SAFE-1", "v.toml").out.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("NONE", "two.toml"), "not_found"),
        (("SAFE-1", "no.toml"), "unreadable_file"),
        (("SAFE-1", "bad"), "invalid_policy"),
    ],
)
def test_what_is_not_there_is_refused(awarded: CommandLine, arguments: tuple[str, str], code: str) -> None:
    """Typed errors, as with every command."""
    awarded.write("bad", "validty = 3")
    assert awarded("policy", "preview", *arguments, "--json").error == (1, code)
