"""What happens to awards over time: completions, renewals, deliveries, tombstones; enrolments of the embedded catalog.

Revision 0002, after 0001. What stands here stays as it is: later releases change the tables in revisions of their own.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0002"
down_revision: Final = "0001"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}
_REVOKED: Final = sa.text("end_reason = 'revoked'")


def _word(length: int) -> TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def _prose() -> TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(**_MARIADB), "mysql", "mariadb")


def _octets(length: int) -> TypeEngine[bytes]:
    return sa.LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


_DAY: Final = sa.CHAR(10)

Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def _required(name: str, kind: Kind) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Kind) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _create(name: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    table = f"certcore_{name}"
    op.create_table(
        table,
        sa.Column("tenant", _word(64), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("tenant", *key, name=f"{table}_pk"),
    )


def _add(table: str, name: str, kind: Kind, earlier: str | None, *, nullable: bool = False) -> None:
    """A column; the rows that are there get the value ``earlier``."""
    op.add_column(f"certcore_{table}", sa.Column(name, kind, nullable=nullable, server_default=earlier))


def upgrade() -> None:
    """Create the tables and add the columns."""
    _add("certification", "automatic", sa.SmallInteger(), "1")
    _add("certification", "items_needed", sa.BigInteger(), "1", nullable=True)
    _add("certification", "auto_renew", sa.SmallInteger(), "0")
    _add("item_certification", "automatic", sa.SmallInteger(), None, nullable=True)
    _add("item", "usable", sa.SmallInteger(), "1")
    _add("item", "materials", _prose(), "[]")
    op.create_index(
        "certcore_award_revoked",
        "certcore_award",
        ["tenant", "learner_id", "certification_id", "ended_at"],
        sqlite_where=_REVOKED,
        postgresql_where=_REVOKED,
    )
    _create(
        "completion",
        ("learner_id", "code", "kind", "at"),
        _required("learner_id", _word(64)),
        _required("kind", _word(32)),
        _required("code", _word(255)),
        _required("at", sa.BigInteger),
        _required("day", _DAY),
        _required("zone", _word(64)),
        _required("exact", sa.SmallInteger),
        _optional("score", _word(255)),
        _optional("credits", _word(255)),
    )
    _create(
        "renewal",
        ("award_id",),
        _required("award_id", sa.BigInteger),
        _required("learner_id", _word(64)),
        _required("certification_id", sa.BigInteger),
        _required("started_at", sa.BigInteger),
        _required("policy", _prose()),
        _required("allow_retake", sa.SmallInteger),
        _required("items", _prose()),
        _required("state", _word(32)),
        _required("version", sa.BigInteger),
    )
    _create(
        "delivery",
        ("id",),
        _required("id", _word(32)),
        _required("kind", _word(64)),
        _required("award_id", sa.BigInteger),
        _required("learner_id", _word(64)),
        _required("payload", _prose()),
        _required("due_at", sa.BigInteger),
        _required("attempts", sa.BigInteger),
        _required("state", _word(32)),
        _optional("error", _prose()),
        _required("version", sa.BigInteger),
    )
    op.create_index("certcore_delivery_due", "certcore_delivery", ["tenant", "state", "due_at", "id"])
    op.create_index("certcore_delivery_award", "certcore_delivery", ["tenant", "award_id", "due_at", "id"])
    _create(
        "tombstone",
        ("number",),
        _required("number", _word(32)),
        _required("award_id", sa.BigInteger),
        _required("act", _word(32)),
        _required("at", sa.BigInteger),
        _required("actor_id", _word(64)),
        _optional("reason", _prose()),
        _required("length", sa.BigInteger),
        _required("head", _octets(32)),
    )
    _create(
        "enrolment",
        ("learner_id", "code", "kind", "seq"),
        _required("learner_id", _word(64)),
        _required("kind", _word(32)),
        _required("code", _word(255)),
        _required("seq", sa.BigInteger),
        _optional("order_id", _word(32)),
        _optional("enrolled_at", sa.BigInteger),
        _optional("archived_at", sa.BigInteger),
        _optional("completed_at", sa.BigInteger),
        _optional("completed_on", _DAY),
        _optional("zone", _word(64)),
        _optional("exact", sa.SmallInteger),
        _optional("score", _word(255)),
        _optional("credits", _word(255)),
    )
    op.create_index("certcore_enrolment_item", "certcore_enrolment", ["tenant", "code", "kind", "learner_id", "seq"])
    _create(
        "tracking",
        ("learner_id", "material", "code", "kind"),
        _required("learner_id", _word(64)),
        _required("material", _word(255)),
        _required("kind", _word(32)),
        _required("code", _word(255)),
    )


def downgrade() -> None:
    """Drop the tables with all they hold, and the columns."""
    for name in ("tracking", "enrolment", "tombstone", "delivery", "renewal", "completion"):
        op.drop_table(f"certcore_{name}")
    op.drop_index("certcore_award_revoked", "certcore_award")
    for table, columns in (
        ("item", ("materials", "usable")),
        ("item_certification", ("automatic",)),
        ("certification", ("auto_renew", "items_needed", "automatic")),
    ):
        with op.batch_alter_table(f"certcore_{table}") as changed:
            for column in columns:
                changed.drop_column(column)
