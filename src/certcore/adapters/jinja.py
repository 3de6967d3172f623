"""Bodies of templates in Jinja2, sandboxed: values, conditions and a few filters, and nothing that runs long (R-81).

``{{ full_name }}``, ``{% if score %}Score: {{ score }}{% endif %}``, ``{{ certification|upper }}``. A short code that
has no value is empty text. Loops, calls, attributes, macros and other templates are refused when a template is saved:
no body needs them, and each can be made to take all time or memory.
"""

from collections.abc import Collection, Mapping
from typing import Final

from certcore.errors import InvalidTemplate, NotInstalled
from certcore.ports import TemplateEngine

try:
    from jinja2 import StrictUndefined, TemplateError, meta, nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError as error:  # pragma: no cover
    raise NotInstalled("jinja2", "mail") from error

FILTERS: Final = ("capitalize", "default", "length", "lower", "title", "trim", "truncate", "upper")
"""The filters that a body may use."""

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
    nodes.Keyword,
)


class JinjaEngine(TemplateEngine):
    """Reads bodies as Jinja2 templates; give it to the `Registrar` as ``template_engines={"jinja": JinjaEngine()}``."""

    def __init__(self) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.globals.clear()
        self._environment.tests.clear()
        self._environment.filters = {name: self._environment.filters[name] for name in FILTERS}

    def codes(self, body: str) -> Collection[str]:
        try:
            parsed = self._environment.parse(body)
            _check(parsed)  # first, since what follows works constants out
            found = meta.find_undeclared_variables(parsed)
        except (TemplateError, RecursionError) as error:
            raise InvalidTemplate("body", _sentence(error)) from error
        own = {each.name for each in parsed.find_all(nodes.Name)} - found
        if own:
            raise InvalidTemplate("body", f"{', '.join(sorted(own))} has another meaning in Jinja2; use short codes.")
        self.render(body, dict.fromkeys(found, "x"))
        return found

    def render(self, body: str, values: Mapping[str, str]) -> str:
        try:
            _check(self._environment.parse(body))
            return self._environment.from_string(body).render(values)
        except (TemplateError, RecursionError, TypeError, ValueError) as error:
            raise InvalidTemplate("body", _sentence(error)) from error


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        problem = f"line {node.lineno}: {type(node).__name__.lower()} is not possible in a body; use values, "
        raise InvalidTemplate("body", f"{problem}if, and the filters {', '.join(FILTERS)}.")
    for child in node.iter_child_nodes():
        _check(child)


def _sentence(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    said = str(error).rstrip(".") or "it is nested too deep"
    return f"line {line}: {said}." if line else f"{said}."
