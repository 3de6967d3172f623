"""The JSON Schema of a policy's data, made from the classes that read it."""

from typing import Any

from certcore.domain.policy.model import PolicyKeys, RenewalPolicy
from certcore.domain.policy.shapes import Table


def policy_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that takes what `RenewalPolicy.from_data` reads.

    What only goes together with another key is left to `from_data`, whose errors say more.
    """
    schema = Table(RenewalPolicy).schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Renewal policy",
        **schema,
        "$defs": {"set": Table(PolicyKeys).schema()},
    }
