"""The in-app inbox.

Revision 0005, after 0004. What stands here stays as it is: later releases change the tables in revisions of their own.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0005"
down_revision: Final = "0004"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}


def _word(length: int) -> TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def _prose() -> TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(**_MARIADB), "mysql", "mariadb")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "certcore_inbox",
        sa.Column("tenant", _word(64), nullable=False),
        sa.Column("id", _word(32), nullable=False),
        sa.Column("recipient_id", _word(64), nullable=False),
        sa.Column("learner_id", _word(64), nullable=False),
        sa.Column("language", _word(64), nullable=False),
        sa.Column("subject", _prose(), nullable=False),
        sa.Column("body", _prose(), nullable=False),
        sa.Column("rule", _word(64), nullable=False),
        sa.Column("told_when", _word(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=True),
        sa.Column("number", _word(32), nullable=True),
        sa.Column("attachments", _prose(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="certcore_inbox_pk"),
    )
    op.create_index("certcore_inbox_recipient", "certcore_inbox", ["tenant", "recipient_id", "received_at", "id"])
    op.create_index("certcore_inbox_learner", "certcore_inbox", ["tenant", "learner_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("certcore_inbox")
