"""How values become JSON and come back: one converter, never cattrs' global one."""

from datetime import date, datetime
from decimal import Decimal

from cattrs import Converter

from certcore.domain.policy import RenewalPolicy
from certcore.domain.time import format_instant, parse_date, parse_instant


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, prefer_attrib_converters=False)
    converter.register_unstructure_hook(datetime, format_instant)
    converter.register_structure_hook(datetime, lambda text, _: parse_instant(text))
    converter.register_unstructure_hook_func(lambda kind: kind is date, date.isoformat)
    converter.register_structure_hook_func(lambda kind: kind is date, lambda text, _: parse_date(text))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_structure_hook(str | int, lambda value, _: value)
    converter.register_unstructure_hook(RenewalPolicy, RenewalPolicy.to_data)
    converter.register_structure_hook(RenewalPolicy, lambda data, _: RenewalPolicy.from_data(data))
    return converter


JSON = _converter()
"""Values to JSON-shaped data and back: instants with Z, civil dates as YYYY-MM-DD, amounts as text."""
