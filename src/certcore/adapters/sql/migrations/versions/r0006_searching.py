"""What awards are searched by: names, titles, the day of issue, and the item behind them.

Revision 0006, after 0005. What stands here stays as it is: later releases change the tables in revisions of their own.
Names and titles come from directory and catalog, which a migration cannot ask: `Indexing.sync` fills them in.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0006"
down_revision: Final = "0005"

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}
_EARNED: Final = sa.text("basis_code IS NOT NULL")


def _word(length: int) -> TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def _prose() -> TypeEngine[str]:
    return sa.Text().with_variant(mysql.LONGTEXT(**_MARIADB), "mysql", "mariadb")


def upgrade() -> None:
    """Create the tables and the indexes."""
    op.create_table(
        "certcore_learner_name",
        sa.Column("tenant", _word(64), nullable=False),
        sa.Column("learner_id", _word(64), nullable=False),
        sa.Column("name", _prose(), nullable=False),
        sa.Column("words", _prose(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "learner_id", name="certcore_learner_name_pk"),
    )
    op.create_table(
        "certcore_item_title",
        sa.Column("tenant", _word(64), nullable=False),
        sa.Column("kind", _word(32), nullable=False),
        sa.Column("code", _word(255), nullable=False),
        sa.Column("title", _prose(), nullable=False),
        sa.Column("words", _prose(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", "kind", name="certcore_item_title_pk"),
    )
    op.create_index("certcore_award_issue", "certcore_award", ["tenant", "issued_at", "id"])
    op.create_index(
        "certcore_award_basis",
        "certcore_award",
        ["tenant", "basis_code", "basis", "id"],
        sqlite_where=_EARNED,
        postgresql_where=_EARNED,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("certcore_award_basis", "certcore_award")
    op.drop_index("certcore_award_issue", "certcore_award")
    op.drop_table("certcore_item_title")
    op.drop_table("certcore_learner_name")
