"""All tables of the first release.

Revision 0001, the first. What stands here stays as it is: later releases change the tables in revisions of their own.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

revision: Final = "0001"
down_revision: Final = None

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

Index = tuple[bool, str, tuple[str, ...]]


def _required(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _index(name: str, *columns: str, unique: bool = False) -> Index:
    return unique, f"certcore_{name}", ("tenant", *columns)


def _of_person(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant", column], ["certcore_person.tenant", "certcore_person.id"])


def _create(name: str, key: tuple[str, ...], *items: sa.Column[Any] | sa.ForeignKeyConstraint | Index) -> None:
    table = f"certcore_{name}"
    op.create_table(
        table,
        sa.Column("tenant", _word(64), nullable=False),
        *(item for item in items if not isinstance(item, tuple)),
        sa.PrimaryKeyConstraint("tenant", *key, name=f"{table}_pk"),
    )
    for item in items:
        if isinstance(item, tuple):
            unique, index, columns = item
            op.create_index(index, table, columns, unique=unique)


def upgrade() -> None:
    """Create them."""
    _create(
        "certification",
        ("id",),
        _required("id", sa.BigInteger),
        _required("name", _word(255)),
        _optional("code", _word(255)),
        _required("description", _prose()),
        _required("policy", _prose()),
        _required("allow_retake", sa.SmallInteger),
        _required("template", _word(64)),
        _optional("credits", _word(255)),
        _required("retired", sa.SmallInteger),
        _required("edition", sa.BigInteger),
        _required("version", sa.BigInteger),
        _index("certification_code", "code", unique=True),
    )
    _create(
        "certification_edition",
        ("certification_id", "edition"),
        _required("certification_id", sa.BigInteger),
        _required("edition", sa.BigInteger),
        _required("name", _word(255)),
        _required("description", _prose()),
    )
    _create(
        "item_certification",
        ("code", "kind"),
        _required("kind", _word(32)),
        _required("code", _word(255)),
        _required("certification_id", sa.BigInteger),
        _required("assigned_at", sa.BigInteger),
        _index("item_certification_of", "certification_id"),
    )
    _create(
        "award",
        ("id",),
        _required("id", sa.BigInteger),
        _required("number", _word(32)),
        _required("token", _octets(32)),
        _required("certification_id", sa.BigInteger),
        _required("edition", sa.BigInteger),
        _required("learner_id", _word(64)),
        _required("learner_name", _prose()),
        _required("zone", _word(64)),
        _required("issued_on", _DAY),
        _required("issued_at", sa.BigInteger),
        _required("anchor_on", _DAY),
        _optional("expires_on", _DAY),
        _optional("expires_at", sa.BigInteger),
        _optional("expiring_on", _DAY),
        _optional("expiring_at", sa.BigInteger),
        _optional("grace_ends_at", sa.BigInteger),
        _required("basis", _word(32)),
        _optional("basis_code", _word(255)),
        _optional("basis_links", _prose()),
        _optional("score", _word(255)),
        _optional("completed_on", _DAY),
        _optional("credits", _word(255)),
        _optional("note", _prose()),
        _optional("renews", sa.BigInteger),
        _optional("renewed_by", sa.BigInteger),
        _optional("end_reason", _word(32)),
        _optional("ended_at", sa.BigInteger),
        _optional("live", sa.SmallInteger),
        _required("version", sa.BigInteger),
        _required("head", _octets(32)),
        _index("award_live", "learner_id", "certification_id", "live", unique=True),
        _index("award_certification", "certification_id", "id", "live"),
        _index("award_number", "number", unique=True),
        _index("award_token", "token", unique=True),
        _index("award_expiry", "expires_at", "id"),
    )
    _create(
        "history",
        ("award_id", "seq"),
        _required("award_id", sa.BigInteger),
        _required("seq", sa.BigInteger),
        _required("at", sa.BigInteger),
        _required("act", _word(64)),
        _required("facts", _prose()),
        _optional("personal", _prose()),
        _optional("salt", _octets(32)),
        _required("digest", _octets(32)),
        _required("hash", _octets(32)),
        _optional("job_id", sa.BigInteger),
        _index("history_job", "job_id", "award_id", "seq"),
    )
    _create(
        "outbox",
        ("award_id", "seq"),
        _required("award_id", sa.BigInteger),
        _required("seq", sa.BigInteger),
        _required("kind", _word(64)),
        _required("version", sa.BigInteger),
        _required("payload", _prose()),
        _required("due_at", sa.BigInteger),
        _required("notify", sa.SmallInteger),
        _index("outbox_due", "due_at", "award_id", "seq"),
    )
    _create(
        "job",
        ("id",),
        _required("id", sa.BigInteger),
        _required("kind", _word(64)),
        _required("actor_id", _word(64)),
        _required("actor_roles", _prose()),
        _required("payload", _prose()),
        _required("fingerprint", sa.CHAR(64)),
        _required("created_at", sa.BigInteger),
        _optional("idempotency_key", _word(255)),
        _required("state", _word(32)),
        _required("done", sa.BigInteger),
        _optional("total", sa.BigInteger),
        _required("checkpoint", _prose()),
        _required("result", _prose()),
        _required("version", sa.BigInteger),
        _index("job_key", "idempotency_key", unique=True),
        _index("job_state", "state", "created_at", "id"),
        _index("job_fingerprint", "fingerprint"),
    )
    _create(
        "job_reject",
        ("job_id", "line"),
        _required("job_id", sa.BigInteger),
        _required("line", sa.BigInteger),
        _required("cells", _prose()),
        _required("problems", _prose()),
    )
    _create(
        "person",
        ("id",),
        _required("id", _word(64)),
        _required("username", _word(255)),
        _required("username_key", _word(255)),
        _required("first_name", _prose()),
        _required("last_name", _prose()),
        _required("email", _prose()),
        _optional("zone", _word(64)),
        _optional("language", _word(64)),
        _required("active", sa.SmallInteger),
        _required("roles", _prose()),
        _optional("manager_id", _word(64)),
        _index("person_username", "username_key", unique=True),
        _index("person_manager", "manager_id"),
    )
    _create(
        "group_member",
        ("group_name", "person_id"),
        _required("group_name", _word(255)),
        _required("person_id", _word(64)),
        _index("group_member_person", "person_id"),
        _of_person("person_id"),
    )
    _create(
        "group_admin",
        ("person_id", "group_name"),
        _required("person_id", _word(64)),
        _required("group_name", _word(255)),
        _index("group_admin_group", "group_name"),
        _of_person("person_id"),
    )
    _create(
        "coaching",
        ("coach_id", "learner_id"),
        _required("coach_id", _word(64)),
        _required("learner_id", _word(64)),
        _of_person("coach_id"),
        _of_person("learner_id"),
    )
    _create(
        "branch",
        ("code",),
        _required("code", _word(255)),
        _optional("parent", _word(255)),
        _index("branch_parent", "parent"),
    )
    _create(
        "branch_member",
        ("branch", "person_id"),
        _required("branch", _word(255)),
        _required("person_id", _word(64)),
        _index("branch_member_person", "person_id"),
        _of_person("person_id"),
    )
    _create(
        "item",
        ("code", "kind"),
        _required("kind", _word(32)),
        _required("code", _word(255)),
        _required("title", _prose()),
        _required("courses", _prose()),
        _optional("valid_until", _DAY),
    )


def downgrade() -> None:
    """Drop them with all they hold."""
    for name in (
        "coaching",
        "group_admin",
        "group_member",
        "branch_member",
        "branch",
        "person",
        "item",
        "job_reject",
        "job",
        "outbox",
        "history",
        "award",
        "item_certification",
        "certification_edition",
        "certification",
    ):
        op.drop_table(f"certcore_{name}")
