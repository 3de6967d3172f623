"""``certcore policy``: judging, telling and drawing policies, without a database."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.domain.policy import policy_schema
from tests.cases import CASES, needs_cases
from tests.cli.running import CommandLine
from tests.domain.policy.strategies import POLICIES

YEARLY: dict[str, Any] = {
    "validity": {"years": 1},
    "anchor": {"kind": "previous_expiry_in_window"},
    "window": {"opens": {"months": 1}, "early": "refuse"},
    "grace": {"length": {"days": 30}},
    "lapse": {"path": "full"},
}
LINE: dict[str, Any] = {
    "policy": YEARLY,
    "completions": ["2020-02-29", "2020-06-01", "2021-02-20"],
    "until": "2023-01-01",
}
REGIME: dict[str, Any] = {
    "id": "yearly",
    "policy": YEARLY,
    "cases": [
        {"case_id": "a", "given": {"completed": "2020-02-29"}, "expect": {"expires": "2021-02-28"}},
        {"case_id": "b", "conflict": "its source errs", "given": {}, "expect": {}},
    ],
}
TOML = """
[[regimes]]
id = "yearly"
policy = { validity = { years = 1 } }
cases = [{ case_id = "a", given = { completed = 2020-02-29 }, expect = { expires = 2021-02-28 } }]
"""


@pytest.fixture(autouse=True)
def no_database(certcore: CommandLine) -> Any:
    """No command here opens one."""
    yield
    assert not (certcore.folder / "certcore.db").exists()


def written(certcore: CommandLine, data: Any, name: str = "file.json") -> str:
    """The name of a file that holds these data."""
    return certcore.write(name, json.dumps(data))


@needs_cases
def test_every_regime_that_exists_comes_out_as_its_authority_says(certcore: CommandLine) -> None:
    """Issue 4: every case not marked as a conflict passes, none is unsupported."""
    report = certcore.json("policy", "check", str(CASES / "regimes.json"))
    assert list(report) == ["regimes", "cases", "passed", "skipped", "failed", "unsupported"]
    assert report["passed"] + report["skipped"] == report["cases"] > 0
    assert (report["failed"], report["unsupported"]) == ([], [])


def test_check_counts_cases(certcore: CommandLine) -> None:
    """DESIGN: the fixed document, from a list and from a table, in JSON and in TOML with its own dates."""
    told = {"regimes": 1, "cases": 2, "passed": 1, "skipped": 1, "failed": [], "unsupported": []}
    assert certcore.json("policy", "check", written(certcore, [REGIME])) == told
    assert certcore.json("policy", "check", written(certcore, {"regimes": [REGIME]})) == told
    assert certcore.json("policy", "check", "-", stdin=json.dumps([REGIME]).encode()) == told
    assert certcore.json("policy", "check", certcore.write("file.toml", TOML))["passed"] == 1


def test_a_case_that_fails_is_shown_with_what_came_instead(certcore: CommandLine) -> None:
    """DESIGN: exit code 1, and case, expected and got."""
    wrong = {"case_id": "c", "given": {"completed": "2021-01-01"}, "expect": {"expires": "2022-01-02"}}
    name = written(certcore, [{**REGIME, "cases": [wrong]}])
    done = certcore("policy", "check", name, "--json")
    failed = [{"case_id": "c", "expected": {"expires": "2022-01-02"}, "got": {"expires": "2022-01-01"}}]
    assert (done.code, done.document["failed"]) == (1, failed)
    human = certcore("policy", "check", name)
    assert human.code == 1
    assert "2022-01-02" in human.out


def test_a_long_expectation_is_cut_for_a_human(certcore: CommandLine) -> None:
    """A table stays a table."""
    long = {"case_id": "c", "given": {"completed": "2021-01-01"}, "expect": {"expires": "x" * 100_000}}
    assert len(certcore("policy", "check", written(certcore, [{**REGIME, "cases": [long]}])).out) < 3_000


def test_what_the_engine_does_not_know_is_unsupported(certcore: CommandLine) -> None:
    """Issue 4: an unknown key is named, and never passes."""
    name = written(certcore, [{**REGIME, "policy": {"validty": {"years": 1}}}])
    done = certcore("policy", "check", name, "--json")
    assert (done.code, [each["key"] for each in done.document["unsupported"]]) == (1, ["validty"])
    assert "did you mean validity" in " ".join(certcore("policy", "check", name).out.split())


def test_a_policy_is_told_in_english(certcore: CommandLine) -> None:
    """Issue 4: a policy alone, or each of a document of regimes."""
    alone = certcore.json("policy", "describe", certcore.write("p.toml", "validity = { years = 2 }"))
    assert [each["name"] for each in alone["policies"]] == [None]
    assert alone["policies"][0]["sentences"][0] == "Awards last 2 years."
    several = certcore.json("policy", "describe", written(certcore, [REGIME, {"policy": {}}]))
    assert [each["name"] for each in several["policies"]] == ["yearly", "regimes.1"]
    human = certcore("policy", "describe", written(certcore, [REGIME])).out
    assert human.startswith("yearly\nAwards last 1 year.\n")


def test_the_schema_is_printed(certcore: CommandLine) -> None:
    """Issue 4: made from the classes, with --json or without."""
    assert json.loads(certcore("policy", "schema").out) == certcore.json("policy", "schema") == policy_schema()


def test_a_timeline_tells_what_happens_on_which_day(certcore: CommandLine) -> None:
    """R-13, R-55: 29 February keeps its day; a renewal before the window is refused, and says why."""
    moments = certcore.json("policy", "timeline", written(certcore, LINE))["moments"]
    assert [(each["on"], each["what"], each["expires"]) for each in moments] == [
        ("2020-02-29", "awarded", "2021-02-28"),
        ("2020-06-01", "not_renewed", "2021-02-28"),
        ("2021-02-20", "renewed", "2022-02-28"),
        ("2022-02-28", "expired", "2022-02-28"),
    ]
    assert moments[1]["reasons"][-1]["code"] == "too_early_refused"


def test_a_timeline_is_drawn_in_the_terminal(certcore: CommandLine) -> None:
    """A bar for each completion over an axis of years, within 80 columns."""
    lines = certcore("policy", "timeline", written(certcore, LINE)).out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert [line[:22].split("  ") for line in lines[:3]] == [
        ["2020-02-29", "awarded", " "],
        ["2020-06-01", "no renewal"],
        ["2021-02-20", "renewed", " "],
    ]
    assert "█" in lines[0]
    assert "✗" in lines[1]
    assert "░" in lines[2]
    assert lines[3].split() == ["2020-07", "2021-01", "2021-07", "2022-01", "2022-07"]


def test_a_timeline_is_drawn_as_svg(certcore: CommandLine) -> None:
    """One row for each completion, in well-formed XML whatever the names are."""
    policy = {**YEARLY, "items": {"renewal": ['<b> & "c" \x00\ufffe\t']}}
    line = {**LINE, "policy": policy, "facts": {"item_completions": {}}}
    assert certcore.json("policy", "timeline", written(certcore, line), "--svg", "out.svg")["svg"] == "out.svg"
    picture = ElementTree.fromstring((certcore.folder / "out.svg").read_text(encoding="utf-8"))
    rows = [each.findtext("{*}text") for each in picture.findall("{*}g")]
    assert rows == ["2020-02-29 awarded", "2020-06-01 no renewal", "2021-02-20 no renewal"]


def test_completions_can_carry_facts(certcore: CommandLine) -> None:
    """R-54: what a variant asks for, for all completions or for one."""
    policy = {"validity": {"years": 3}, "variants": [{"when": {"result": "5"}, "set": {"validity": {"years": 6}}}]}
    line = {
        "policy": policy,
        "facts": {"result": "5"},
        "completions": ["2020-01-01", {"on": "2021-01-01", "result": "4"}],
    }
    moments = certcore.json("policy", "timeline", written(certcore, {**line, "policy": {**policy, "shorten": True}}))
    granted = [each["expires"] for each in moments["moments"] if each["what"] != "expired"]
    assert granted == ["2026-01-01", "2024-01-01"]


def test_amounts_among_the_reasons_are_text(certcore: CommandLine) -> None:
    """R-50: credits that are not enough are told in JSON too."""
    credits = {"on": "2020-12-01", "credits": [["2020-06-01", 6.5]]}
    line = {"policy": {**YEARLY, "credits": {"total": 10}}, "completions": ["2020-01-01", credits]}
    refused = certcore.json("policy", "timeline", written(certcore, line))["moments"][1]
    assert refused["reasons"][-1]["params"] == {"counted": "6.5", "needed": "10"}


WRONG: list[tuple[str, bytes, str]] = [
    ("check", b"[1]", "invalid_definition"),
    ("check", b'{"regimes": {}}', "invalid_definition"),
    ("check", b'{"regimes": [{"cases": 3}]}', "invalid_definition"),
    ("check", b"[{", "unreadable_file"),
    ("check", b"\xff", "unreadable_file"),
    ("check", b"", "unreadable_file"),
    ("check", b"[" * 100_000, "unreadable_file"),
    ("check", b'{"a":' * 900 + b"1" + b"}" * 900, "unreadable_file"),
    ("check", b'[{"cases": [{"expect": {"expires": NaN}}]}]', "invalid_definition"),
    ("check", b'[{"cases": [{"expect": {"expires": 1e999}}]}]', "invalid_definition"),
    ("check", b'[{"cases": [{"expect": {"expires": ' + b"9" * 4_000 + b"}}]}]", "invalid_definition"),
    ("describe", b"validity = { years = 0x" + b"f" * 9_000 + b" }", "invalid_definition"),
    ("describe", b"3", "unreadable_file"),
    ("describe", b"validity = 3", "invalid_policy"),
    ("describe", b"validty = { years = 1 }", "invalid_policy"),
    ("describe", b'{"regimes": 3}', "invalid_definition"),
    ("describe", b'[{"policy": 3}]', "invalid_policy"),
    ("describe", b"[[[3]]]", "unreadable_file"),
    ("timeline", b"{}", "invalid_definition"),
    ("timeline", b'[{"policy": {}}]', "unreadable_file"),
    ("timeline", b'{"completions": []}', "invalid_definition"),
    ("timeline", b'{"completions": ["2020-01-01"], "facts": 3}', "invalid_definition"),
    ("timeline", b'{"completions": ["2020-01-01"], "dates": 3}', "invalid_definition"),
    ("timeline", b'{"completions": ["2020-01-01"], "until": "soon"}', "invalid_value"),
    ("timeline", b'{"completions": ["soon"]}', "invalid_value"),
    ("timeline", b'{"completions": [{}]}', "invalid_value"),
    ("timeline", b'{"completions": [{"on": "2020-01-01", "mood": 1}]}', "invalid_value"),
    ("timeline", b'{"completions": ["9999-12-31"], "policy": {"validity": {"years": 1}}}', "date_out_of_range"),
]


@pytest.mark.parametrize(("command", "content", "code"), WRONG)
def test_bad_files_are_refused_with_a_way_to_mend_them(
    certcore: CommandLine, command: str, content: bytes, code: str
) -> None:
    """Issue 4: a typed error, never a traceback."""
    certcore.write("bad", content)
    assert certcore("policy", command, "bad", "--json").error == (1, code)


@pytest.mark.parametrize("out", ["file.json", "-", "no/such/folder.svg", ".", "a\0b"])
def test_a_picture_goes_only_where_it_can(certcore: CommandLine, out: str) -> None:
    """Not over what is read, nor where nothing can be written."""
    name = written(certcore, LINE)
    assert certcore("policy", "timeline", name, "--svg", out, "--json").error == (1, "invalid_value")
    assert json.loads((certcore.folder / name).read_text()) == LINE


@given(
    POLICIES,
    st.lists(st.dates().map(str), min_size=1, max_size=4),
    st.one_of(st.none(), st.dates().map(str)),
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_timeline_is_drawn_or_refused(
    certcore: CommandLine, policy: Any, completions: list[str], until: str | None
) -> None:
    """Issue 4: whatever the policy and the days are, also at the calendar's ends."""
    line = {"policy": policy, "completions": completions} | ({} if until is None else {"until": until})
    done = certcore("policy", "timeline", written(certcore, line), "--svg", "out.svg", "--json")
    if done.code == 0:
        ElementTree.fromstring((certcore.folder / "out.svg").read_text(encoding="utf-8"))
        assert certcore("policy", "timeline", "file.json").code == 0
    else:
        code, error = done.error
        assert code == 1
        assert error != "unexpected_error", done.out
