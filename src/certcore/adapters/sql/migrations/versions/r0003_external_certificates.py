"""External certificates, settings that admins change, and who coaches a learner.

Revision 0003, after 0002. What stands here stays as it is: later releases change the tables in revisions of their own.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0003"
down_revision: Final = "0002"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}


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


def _index(name: str, table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"certcore_{name}", f"certcore_{table}", ["tenant", *columns], unique=unique)


def upgrade() -> None:
    """Create the tables and the index."""
    _create(
        "external_certificate",
        ("id",),
        _required("id", sa.BigInteger),
        _required("learner_id", _word(64)),
        _required("uploaded_by", _word(64)),
        _required("title", _word(255)),
        _required("delivered_on", _DAY),
        _required("zone", _word(64)),
        _optional("expires_on", _DAY),
        _optional("credits", _word(255)),
        _optional("equivalence", sa.BigInteger),
        _required("digest", sa.CHAR(64)),
        _required("size", sa.BigInteger),
        _required("file_name", _word(255)),
        _required("findings", _prose()),
        _required("state", _word(32)),
        _required("submitted_at", sa.BigInteger),
        _required("series", sa.BigInteger),
        _required("revision", sa.BigInteger),
        _optional("previous", sa.BigInteger),
        _optional("submitted", _prose()),
        _optional("reviewer_id", _word(64)),
        _optional("reviewed_at", sa.BigInteger),
        _optional("comment", _prose()),
        _optional("outcome", _word(32)),
        _optional("award_number", _word(32)),
        _optional("award_id", sa.BigInteger),
        _optional("reasons", _prose()),
        _required("version", sa.BigInteger),
        _required("head", _octets(32)),
    )
    _index("external_series", "external_certificate", "series", "revision", unique=True)
    _index("external_learner", "external_certificate", "learner_id", "submitted_at", "id")
    _index("external_state", "external_certificate", "state", "submitted_at", "id")
    _index("external_submitted", "external_certificate", "submitted_at", "id")
    _create(
        "setting",
        ("name",),
        _required("name", _word(64)),
        _required("id", sa.BigInteger),
        _required("value", _prose()),
        _required("version", sa.BigInteger),
        _required("head", _octets(32)),
    )
    _index("coaching_learner", "coaching", "learner_id")


def downgrade() -> None:
    """Drop the tables with all they hold, and the index."""
    op.drop_index("certcore_coaching_learner", "certcore_coaching")
    for name in ("setting", "external_certificate"):
        op.drop_table(f"certcore_{name}")
