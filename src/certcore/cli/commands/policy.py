"""``certcore policy``: renewal policies as data: judged, told in English, drawn, put in force."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Group, RenderableType
from rich.text import Text

from certcore.cli.acting import As, actor_of
from certcore.cli.arguments import STDIN, File, certification_ref
from certcore.cli.drawing import Bars, svg
from certcore.cli.files import jsonable, read_data, read_document
from certcore.cli.output import plain
from certcore.cli.preview_tables import SHOWN, preview_document, preview_tables
from certcore.cli.session import ACTOR, Here
from certcore.cli.tables import facts, table, titled
from certcore.cli.timeline import Timeline
from certcore.codec import JSON
from certcore.domain.policy import Completion, Facts, RenewalPolicy, check_regimes, describe, policy_schema
from certcore.domain.time import parse_date
from certcore.errors import InvalidDefinition, InvalidValue

_LONGEST_CELL: Final = 400
_MOST_COMPLETIONS: Final = 1_000


def check(file: File, /, *, session: Here) -> int:
    """Judge the worked cases of regimes: whether their policies give what is expected.

    Parameters
    ----------
    file
        A JSON list of regimes, or a table with that list under regimes; each has a policy and cases.
    """
    report = check_regimes(jsonable(read_document(file)))
    session.screen.answer(report, *_judged(report))
    return int(bool(report["failed"] or report["unsupported"]))


def describe_(file: File, /, *, session: Here) -> None:
    """Say in English what a policy says, or each policy of a document of regimes.

    Parameters
    ----------
    file
        A TOML or JSON file with a policy, or with regimes.
    """
    told = [
        (name, describe(RenewalPolicy.from_data(policy, path)))
        for name, policy, path in _policies(jsonable(read_document(file)))
    ]
    document = {"policies": [{"name": name, "sentences": list(sentences)} for name, sentences in told]}
    session.screen.answer(document, *(_told(*each) for each in told) if told else ["There are no policies in it."])


def timeline(file: File, /, *, svg: Annotated[File | None, Parameter(metavar="FILE")] = None, session: Here) -> None:
    """Draw what becomes of a learner's award under a policy.

    Parameters
    ----------
    file
        A TOML or JSON file: policy; completions, each a date, or a table with the date as on and facts beside it; facts
        that hold for all of them; until, the last day to show.
    svg
        Where to write the picture as SVG.
    """
    line = _timeline(jsonable(read_data(file)))
    if svg is not None:
        _write(svg, line, apart_from=file)
    moments = [
        {
            "on": each.on.isoformat(),
            "what": each.what,
            "expires": None if each.expires is None else each.expires.isoformat(),
            "reasons": [reason.to_data() for reason in each.reasons],
        }
        for each in line.moments
    ]
    session.screen.answer({"moments": moments, "svg": svg}, *_drawn(line))


def preview(
    certification: str,
    file: File,
    /,
    *,
    typed: bool = False,
    limit: Annotated[int, Parameter(validator=Number(gte=0, lte=10_000))] = SHOWN,
    session: Here,
) -> None:
    """Say which live awards would differ under another policy; nothing is written.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    file
        A TOML or JSON file with the policy to try.
    typed
        Count those anew, too, whose expiry somebody typed.
    limit
        The most awards to list; the counts are of all.
    """
    policy = RenewalPolicy.from_data(jsonable(read_data(file)))
    ref = certification_ref(certification)
    summary = session.registrar.previewing.summary(ref, policy, actor=ACTOR, typed=typed, first=limit)
    session.screen.answer(preview_document(summary), *preview_tables(summary))


def apply(
    certification: str,
    file: File,
    /,
    *,
    typed: bool = False,
    may_shorten: bool = False,
    by: As = None,
    session: Here,
) -> None:
    """Put a policy in force and let the live awards follow it: what preview shows. Each edit is kept on record.

    Parameters
    ----------
    certification
        Its code, or id: and its id.
    file
        A TOML or JSON file with the policy.
    typed
        Count those anew, too, whose expiry somebody typed.
    may_shorten
        Let awards end earlier than they do; without it those stay as they are.
    by
        Who does it, by username; by default the command line.
    """
    policy = RenewalPolicy.from_data(jsonable(read_data(file)))
    applied = session.registrar.correcting.apply_policy(
        certification_ref(certification),
        policy,
        actor=actor_of(session, by),
        typed=typed,
        may_shorten=may_shorten,
    )
    counts = JSON.unstructure(applied)
    session.screen.answer(counts, facts({name: f"{count:,}" for name, count in counts.items()}))


def schema(*, session: Here) -> None:
    """Print the JSON Schema of a policy's file."""
    session.screen.as_json = True
    session.screen.answer(policy_schema())


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="policy", help="Check, describe and draw renewal policies.")
    group.command(check)
    group.command(describe_, name="describe")
    group.command(timeline)
    group.command(preview)
    group.command(apply)
    group.command(schema)
    app.command(group)


def _judged(report: Mapping[str, Any]) -> Iterator[RenderableType]:
    counts = {name: report[name] for name in ("regimes", "cases", "passed", "skipped")}
    yield facts(counts | {name: len(report[name]) for name in ("failed", "unsupported")})
    if report["failed"]:
        made = table("Case", "Expected", "Got")
        for each in report["failed"][:SHOWN]:
            made.add_row(*(_cell(each[name]) for name in ("case_id", "expected", "got")))
        yield titled("Failed", made)
    if report["unsupported"]:
        made = table("Case", "Key", "What is wrong, and how to mend it")
        for each in report["unsupported"][:SHOWN]:
            made.add_row(*(_cell(each[name]) for name in ("case_id", "key", "problem")))
        yield titled("Unsupported", made)


def _cell(value: object) -> str:
    text = str(value)
    return plain(text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…")


def _policies(data: Any) -> Iterator[tuple[str | None, Any, str]]:
    """Each policy with its name and the path of its keys: one, or those of regimes."""
    if isinstance(data, Mapping) and "regimes" not in data:
        yield None, data, ""
        return
    regimes = data["regimes"] if isinstance(data, Mapping) else data
    if not isinstance(regimes, list):
        raise InvalidDefinition("regimes", "expected a list of regimes, or a table that is one policy")
    for place, regime in enumerate(regimes):
        if not isinstance(regime, Mapping):
            raise InvalidDefinition(f"regimes.{place}", "expected a table with a policy")
        name = regime.get("id", regime.get("name", f"regimes.{place}"))
        yield str(name), regime.get("policy", {}), f"regimes.{place}.policy"


def _told(name: str | None, sentences: Sequence[str]) -> RenderableType:
    title = [] if name is None else [Text(plain(name), style="bold")]
    return Group(*title, *(Text(plain(each)) for each in sentences))


def _timeline(data: Mapping[str, Any]) -> Timeline:
    for name in data:
        if name not in ("policy", "completions", "facts", "until"):
            raise InvalidDefinition(name, "unknown key; use policy, completions, facts or until")
    listed, common = data.get("completions"), data.get("facts", {})
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_COMPLETIONS:
        raise InvalidDefinition("completions", f"expected a list of 1 to {_MOST_COMPLETIONS:,} dates")
    if not isinstance(common, Mapping):
        raise InvalidDefinition("facts", "expected a table, such as {learner = {birth_date = 1980-02-29}}")
    policy = RenewalPolicy.from_data(data.get("policy", {}), "policy")
    completions = [_completion(each, common, f"completions.{place}") for place, each in enumerate(listed)]
    return Timeline.of(policy, completions, _day(data["until"], "until") if "until" in data else None)


def _completion(data: Any, common: Mapping[str, Any], path: str) -> Completion:
    given = data if isinstance(data, Mapping) else {"on": data}
    known = {**common, **{name: each for name, each in given.items() if name != "on"}}
    return Completion(_day(given.get("on"), f"{path}.on"), Facts.from_data(known))


def _day(data: Any, path: str) -> date:
    try:
        return parse_date(data)
    except InvalidValue as error:
        raise InvalidValue(path, data, error.expected) from None


def _drawn(line: Timeline) -> Iterator[RenderableType]:
    yield Bars(line)
    made = table("Day", "What", "Expires", "Why", whole=("Day", "What", "Expires"))
    for each in line.moments:
        why = plain(" ".join(reason.text for reason in each.reasons))
        expires = "never" if each.expires is None else each.expires.isoformat()
        made.add_row(each.on.isoformat(), each.what.replace("_", " "), expires, why)
    yield made


def _write(name: File, line: Timeline, *, apart_from: File) -> None:
    path = Path(name)
    try:
        if name == STDIN or (path.exists() and apart_from != STDIN and path.samefile(apart_from)):
            raise InvalidValue("svg", name, "a file of its own")
        path.write_text(svg(line), encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidValue("svg", name, f"a file that can be written ({why})") from None
