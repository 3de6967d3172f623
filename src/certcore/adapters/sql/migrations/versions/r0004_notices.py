"""Which events are to be dispatched, and how far each rule has been swept.

Revision 0004, after 0003. Events that are there already are not pending: nobody is told of what happened before.
What stands here stays as it is: later releases change the tables in revisions of their own.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0004"
down_revision: Final = "0003"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}
_PENDING: Final = "pending = 1"


def _word(length: int) -> TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def upgrade() -> None:
    """Mark events, in place of their order by due instant; create the table."""
    op.drop_index("certcore_outbox_due", "certcore_outbox")
    op.add_column("certcore_outbox", sa.Column("pending", sa.SmallInteger, nullable=True))
    op.create_index(
        "certcore_outbox_pending",
        "certcore_outbox",
        ["tenant", "pending", "award_id", "seq"],
        sqlite_where=sa.text(_PENDING),
        postgresql_where=sa.text(_PENDING),
    )
    op.create_table(
        "certcore_sweep",
        sa.Column("tenant", _word(64), nullable=False),
        sa.Column("rule", _word(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("swept_until", sa.BigInteger, nullable=False),
        sa.Column("zones", _word(32), nullable=False),
        sa.Column("target", sa.BigInteger, nullable=True),
        sa.Column("cursor_at", sa.BigInteger, nullable=True),
        sa.Column("cursor_id", sa.BigInteger, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "rule", name="certcore_sweep_pk"),
    )


def downgrade() -> None:
    """Drop the table and the mark."""
    op.drop_table("certcore_sweep")
    op.drop_index("certcore_outbox_pending", "certcore_outbox")
    with op.batch_alter_table("certcore_outbox") as batch:
        batch.drop_column("pending")
    op.create_index("certcore_outbox_due", "certcore_outbox", ["tenant", "due_at", "award_id", "seq"])
