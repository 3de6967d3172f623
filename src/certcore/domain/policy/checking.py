"""A document of regimes, each a policy with worked cases, judged by the engine: which cases come out as expected."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from certcore.domain.policy.answers import ANSWERS, Case, Question
from certcore.domain.policy.facts import FACTS
from certcore.domain.policy.model import RenewalPolicy
from certcore.domain.policy.shapes import Amount, Data
from certcore.errors import CertcoreError, InvalidDefinition, InvalidPolicy

_OVERRIDE: Final = "policy_override"
_GIVEN: Final = frozenset({"completed", "previous_expiry", "renewal_completed", "on", _OVERRIDE, *FACTS})

Report = dict[str, Any]


def check_regimes(data: Sequence[Data] | Mapping[str, Data]) -> Report:
    """Judge a document of regimes: a list of them, or a table with that list under ``regimes``.

    The report counts ``regimes``, ``cases``, ``passed`` and ``skipped`` (cases with a ``conflict``), and lists
    ``failed`` (``case_id``, ``expected``, ``got``) and ``unsupported`` (``case_id``, ``key``, ``problem``: a key of the
    policy or of the case that the engine does not know, or cannot use). Only ``policy``, ``given`` and ``expect`` are
    read. Raises `InvalidDefinition` when the document is something else.
    """
    regimes = _regimes(data)
    report: Report = {"regimes": len(regimes), "cases": 0, "passed": 0, "skipped": 0, "failed": [], "unsupported": []}
    for number, regime in enumerate(regimes):
        path = f"regimes.{number}"
        policy = _mapping(regime.get("policy", {}), f"{path}.policy")
        for place, case in enumerate(_list(regime.get("cases", []), f"{path}.cases")):
            report["cases"] += 1
            _judge(policy, _mapping(case, f"{path}.cases.{place}"), f"{path}.cases.{place}", report)
    return report


def _judge(policy: Mapping[str, Data], case: Mapping[str, Data], path: str, report: Report) -> None:
    if case.get("conflict"):
        report["skipped"] += 1
        return
    given = _mapping(case.get("given", {}), f"{path}.given")
    expected = dict(_mapping(case.get("expect", {}), f"{path}.expect"))
    case_id = case.get("case_id", path)
    merged = {**policy, **_mapping(given.get(_OVERRIDE, {}), f"{path}.given.{_OVERRIDE}")}
    unknown = list(_unknown(given, expected))
    try:
        terms = RenewalPolicy.from_data(merged)
    except InvalidPolicy as error:
        unknown.append({"key": error.path, "problem": error.problem})
    if unknown:
        report["unsupported"] += [{"case_id": case_id} | each for each in unknown]
        return
    got = _got(terms, given, expected)
    if got == expected:
        report["passed"] += 1
    else:
        report["failed"].append({"case_id": case_id, "expected": expected, "got": got})


def _unknown(given: Mapping[str, Data], expected: Mapping[str, Data]) -> Iterator[dict[str, str]]:
    for where, names, known in (("given", given, _GIVEN), ("expect", expected, ANSWERS)):
        for name in names:
            if name not in known:
                yield {"key": f"{where}.{name}", "problem": f"unknown key; use one of {', '.join(sorted(known))}"}


def _got(policy: RenewalPolicy, given: Mapping[str, Data], asked: Mapping[str, Data]) -> dict[str, Data]:
    """The answers to the keys asked, as JSON has them; an error stands under ``error``."""
    try:
        question = Question.from_data({name: value for name, value in given.items() if name != _OVERRIDE})
        case = Case.of(policy, question)
        return {name: _plain(ANSWERS[name](case)) for name in asked}
    except CertcoreError as error:
        return {"error": {"code": error.code, "message": error.message}}


def _plain(value: object) -> Data:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return Amount().write(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _regimes(data: Data) -> list[Mapping[str, Data]]:
    listed = _list(data.get("regimes") if isinstance(data, Mapping) else data, "regimes")
    return [_mapping(each, f"regimes.{number}") for number, each in enumerate(listed)]


def _list(data: Data, path: str) -> Sequence[Data]:
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise InvalidDefinition(path, "expected a list; give every regime and every case an entry in it")
    return data


def _mapping(data: Data, path: str) -> Mapping[str, Data]:
    if not isinstance(data, Mapping):
        raise InvalidDefinition(path, "expected a table; see the format of regimes")
    return data
