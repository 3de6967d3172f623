"""The tables: their columns, keys and indexes.

Every name starts with ``certcore_``, so that the tables lie beside the host's own, and the tenant leads every key and
index (R-116). Whatever a database might round, fold or cut is stored as what no database touches: instants as whole
microseconds since 1970 (BIGINT), civil dates as ISO text, decimals and JSON as text, flags as 0 and 1.

Awards, history and outbox have no foreign keys: they are written in bulk, by services that have just read what they
refer to, and history outlives what it tells of.
"""

from typing import Any, Final

from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

PREFIX: Final = "certcore_"
VERSION_TABLE: Final = f"{PREFIX}alembic_version"
REVISION: Final = "0003"
"""The revision of the tables below; the newest migration leads to it."""

REVOKED: Final = "end_reason = 'revoked'"
"""Which awards the index of revocations has: a query that says just this can use it."""

_MARIADB: Final = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}


def word(length: int) -> TypeEngine[str]:
    """Text that is compared and ordered by code point, at most ``length`` characters.

    MariaDB's default collations take different usernames for equal (f42); keys stay below its 3,072 bytes.
    """
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MARIADB), "mysql", "mariadb")
    )


def prose() -> TypeEngine[str]:
    """Text of any length, never compared."""
    return Text().with_variant(mysql.LONGTEXT(**_MARIADB), "mysql", "mariadb")


def octets(length: int) -> TypeEngine[bytes]:
    """Bytes, at most ``length``."""
    return LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


_DAY = CHAR(10)
_FLAG = SmallInteger

metadata: Final = MetaData(naming_convention={"pk": "%(table_name)s_pk"})


def _table(name: str, key: tuple[str, ...], *items: Column[Any] | Index | ForeignKeyConstraint) -> Table:
    """A table of many tenants."""
    return Table(
        PREFIX + name,
        metadata,
        _required("tenant", word(64)),
        *items,
        PrimaryKeyConstraint("tenant", *key),
    )


def _required(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], *, fixed: bool = False) -> Column[Any]:
    """A column that is never NULL; ``fixed`` when no update changes it, which spares its indexes the work."""
    return Column(name, kind, nullable=False, info={"fixed": fixed})


def _optional(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _added(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], earlier: str | None) -> Column[Any]:
    """A column of a later release; rows from before have the value ``earlier``, where it is None they have none."""
    return Column(name, kind, nullable=earlier is None, server_default=earlier)


def _index(name: str, *columns: str, unique: bool = False) -> Index:
    return Index(PREFIX + name, "tenant", *columns, unique=unique)


def _belongs_to(table: Table, *columns: str, refers_to: tuple[str, ...] = ("id",)) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant", *columns],
        [f"{table.name}.tenant", *(f"{table.name}.{column}" for column in refers_to)],
    )


certification: Final = _table(
    "certification",
    ("id",),
    _required("id", BigInteger),
    _required("name", word(255)),
    _optional("code", word(255)),
    _required("description", prose()),
    _required("policy", prose()),
    _required("allow_retake", _FLAG),
    _required("template", word(64)),
    _optional("credits", word(255)),
    _required("retired", _FLAG),
    _required("edition", BigInteger),
    _required("version", BigInteger),
    _added("automatic", _FLAG, "1"),
    Column("items_needed", BigInteger, nullable=True, server_default="1"),
    _added("auto_renew", _FLAG, "0"),
    _index("certification_code", "code", unique=True),
)

certification_edition: Final = _table(
    "certification_edition",
    ("certification_id", "edition"),
    _required("certification_id", BigInteger),
    _required("edition", BigInteger),
    _required("name", word(255)),
    _required("description", prose()),
)

item_certification: Final = _table(
    "item_certification",
    ("code", "kind"),
    _required("kind", word(32)),
    _required("code", word(255)),
    _required("certification_id", BigInteger),
    _required("assigned_at", BigInteger),
    _added("automatic", _FLAG, None),
    _index("item_certification_of", "certification_id"),
)

award: Final = _table(
    "award",
    ("id",),
    _required("id", BigInteger),
    _required("number", word(32), fixed=True),
    _required("token", octets(32), fixed=True),
    _required("certification_id", BigInteger, fixed=True),
    _required("edition", BigInteger),
    _required("learner_id", word(64), fixed=True),
    _required("learner_name", prose()),
    _required("zone", word(64)),
    _required("issued_on", _DAY),
    _required("issued_at", BigInteger),
    _required("anchor_on", _DAY),
    _optional("expires_on", _DAY),
    _optional("expires_at", BigInteger),
    _optional("expiring_on", _DAY),
    _optional("expiring_at", BigInteger),
    _optional("grace_ends_at", BigInteger),
    _required("basis", word(32)),
    _optional("basis_code", word(255)),
    _optional("basis_links", prose()),
    _optional("score", word(255)),
    _optional("completed_on", _DAY),
    _optional("credits", word(255)),
    _optional("note", prose()),
    _optional("renews", BigInteger),
    _optional("renewed_by", BigInteger),
    _optional("end_reason", word(32)),
    _optional("ended_at", BigInteger),
    _optional("live", _FLAG),
    _required("version", BigInteger),
    _required("head", octets(32)),
    # The live lookup, a learner's awards, and one live award per learner and certification in one index: `live`
    # is 1 or NULL, since unique indexes let any number of NULLs pass and MariaDB has no partial ones.
    _index("award_live", "learner_id", "certification_id", "live", unique=True),
    _index("award_certification", "certification_id", "id", "live"),
    _index("award_number", "number", unique=True),
    _index("award_token", "token", unique=True),
    _index("award_expiry", "expires_at", "id"),
    # Asked with every completion; small, since it has the revoked ones only where a database can leave out the others.
    Index(
        f"{PREFIX}award_revoked",
        "tenant",
        "learner_id",
        "certification_id",
        "ended_at",
        sqlite_where=text(REVOKED),
        postgresql_where=text(REVOKED),
    ),
)

history: Final = _table(
    "history",
    ("award_id", "seq"),
    _required("award_id", BigInteger),
    _required("seq", BigInteger),
    _required("at", BigInteger),
    _required("act", word(64)),
    _required("facts", prose()),
    _optional("personal", prose()),
    _optional("salt", octets(32)),
    _required("digest", octets(32)),
    _required("hash", octets(32)),
    _optional("job_id", BigInteger),
    _index("history_job", "job_id", "award_id", "seq"),
)

outbox: Final = _table(
    "outbox",
    ("award_id", "seq"),
    _required("award_id", BigInteger),
    _required("seq", BigInteger),
    _required("kind", word(64)),
    _required("version", BigInteger),
    _required("payload", prose()),
    _required("due_at", BigInteger),
    _required("notify", _FLAG),
    _index("outbox_due", "due_at", "award_id", "seq"),
)

job: Final = _table(
    "job",
    ("id",),
    _required("id", BigInteger),
    _required("kind", word(64)),
    _required("actor_id", word(64)),
    _required("actor_roles", prose()),
    _required("payload", prose()),
    _required("fingerprint", CHAR(64)),
    _required("created_at", BigInteger),
    _optional("idempotency_key", word(255)),
    _required("state", word(32)),
    _required("done", BigInteger),
    _optional("total", BigInteger),
    _required("checkpoint", prose()),
    _required("result", prose()),
    _required("version", BigInteger),
    _index("job_key", "idempotency_key", unique=True),
    _index("job_state", "state", "created_at", "id"),
    _index("job_fingerprint", "fingerprint"),
)

job_reject: Final = _table(
    "job_reject",
    ("job_id", "line"),
    _required("job_id", BigInteger),
    _required("line", BigInteger),
    _required("cells", prose()),
    _required("problems", prose()),
)

completion: Final = _table(
    "completion",
    ("learner_id", "code", "kind", "at"),
    _required("learner_id", word(64)),
    _required("kind", word(32)),
    _required("code", word(255)),
    _required("at", BigInteger),
    _required("day", _DAY),
    _required("zone", word(64)),
    _required("exact", _FLAG),
    _optional("score", word(255)),
    _optional("credits", word(255)),
)

renewal: Final = _table(
    "renewal",
    ("award_id",),
    _required("award_id", BigInteger),
    _required("learner_id", word(64), fixed=True),
    _required("certification_id", BigInteger, fixed=True),
    _required("started_at", BigInteger),
    _required("policy", prose()),
    _required("allow_retake", _FLAG),
    _required("items", prose()),
    _required("state", word(32)),
    _required("version", BigInteger),
)

delivery: Final = _table(
    "delivery",
    ("id",),
    _required("id", word(32)),
    _required("kind", word(64), fixed=True),
    _required("award_id", BigInteger, fixed=True),
    _required("learner_id", word(64), fixed=True),
    _required("payload", prose()),
    _required("due_at", BigInteger),
    _required("attempts", BigInteger),
    _required("state", word(32)),
    _optional("error", prose()),
    _required("version", BigInteger),
    _index("delivery_due", "state", "due_at", "id"),
    _index("delivery_award", "award_id", "due_at", "id"),
)

tombstone: Final = _table(
    "tombstone",
    ("number",),
    _required("number", word(32)),
    _required("award_id", BigInteger),
    _required("act", word(32)),
    _required("at", BigInteger),
    _required("actor_id", word(64)),
    _optional("reason", prose()),
    _required("length", BigInteger),
    _required("head", octets(32)),
)

external_certificate: Final = _table(
    "external_certificate",
    ("id",),
    _required("id", BigInteger),
    _required("learner_id", word(64), fixed=True),
    _required("uploaded_by", word(64), fixed=True),
    _required("title", word(255)),
    _required("delivered_on", _DAY),
    _required("zone", word(64)),
    _optional("expires_on", _DAY),
    _optional("credits", word(255)),
    _optional("equivalence", BigInteger),
    _required("digest", CHAR(64), fixed=True),
    _required("size", BigInteger, fixed=True),
    _required("file_name", word(255), fixed=True),
    _required("findings", prose(), fixed=True),
    _required("state", word(32)),
    _required("submitted_at", BigInteger, fixed=True),
    _required("series", BigInteger, fixed=True),
    _required("revision", BigInteger, fixed=True),
    _optional("previous", BigInteger),
    _optional("submitted", prose()),
    _optional("reviewer_id", word(64)),
    _optional("reviewed_at", BigInteger),
    _optional("comment", prose()),
    _optional("outcome", word(32)),
    _optional("award_number", word(32)),
    _optional("award_id", BigInteger),
    _optional("reasons", prose()),
    _required("version", BigInteger),
    _required("head", octets(32)),
    _index("external_series", "series", "revision", unique=True),
    _index("external_learner", "learner_id", "submitted_at", "id"),
    _index("external_state", "state", "submitted_at", "id"),
    _index("external_submitted", "submitted_at", "id"),
)

setting: Final = _table(
    "setting",
    ("name",),
    _required("name", word(64)),
    _required("id", BigInteger, fixed=True),
    _required("value", prose()),
    _required("version", BigInteger),
    _required("head", octets(32)),
)

person: Final = _table(
    "person",
    ("id",),
    _required("id", word(64)),
    _required("username", word(255)),
    _required("username_key", word(255)),
    _required("first_name", prose()),
    _required("last_name", prose()),
    _required("email", prose()),
    _optional("zone", word(64)),
    _optional("language", word(64)),
    _required("active", _FLAG),
    _required("roles", prose()),
    _optional("manager_id", word(64)),
    _index("person_username", "username_key", unique=True),
    _index("person_manager", "manager_id"),
)

group_member: Final = _table(
    "group_member",
    ("group_name", "person_id"),
    _required("group_name", word(255)),
    _required("person_id", word(64)),
    _index("group_member_person", "person_id"),
    _belongs_to(person, "person_id"),
)

group_admin: Final = _table(
    "group_admin",
    ("person_id", "group_name"),
    _required("person_id", word(64)),
    _required("group_name", word(255)),
    _index("group_admin_group", "group_name"),
    _belongs_to(person, "person_id"),
)

coaching: Final = _table(
    "coaching",
    ("coach_id", "learner_id"),
    _required("coach_id", word(64)),
    _required("learner_id", word(64)),
    _index("coaching_learner", "learner_id"),
    _belongs_to(person, "coach_id"),
    _belongs_to(person, "learner_id"),
)

branch: Final = _table(
    "branch",
    ("code",),
    _required("code", word(255)),
    _optional("parent", word(255)),
    _index("branch_parent", "parent"),
)

branch_member: Final = _table(
    "branch_member",
    ("branch", "person_id"),
    _required("branch", word(255)),
    _required("person_id", word(64)),
    _index("branch_member_person", "person_id"),
    _belongs_to(person, "person_id"),
)

item: Final = _table(
    "item",
    ("code", "kind"),
    _required("kind", word(32)),
    _required("code", word(255)),
    _required("title", prose()),
    _required("courses", prose()),
    _optional("valid_until", _DAY),
    _added("usable", _FLAG, "1"),
    _added("materials", prose(), "[]"),
)

enrolment: Final = _table(
    "enrolment",
    ("learner_id", "code", "kind", "seq"),
    _required("learner_id", word(64)),
    _required("kind", word(32)),
    _required("code", word(255)),
    _required("seq", BigInteger),
    _optional("order_id", word(32)),
    _optional("enrolled_at", BigInteger),
    _optional("archived_at", BigInteger),
    _optional("completed_at", BigInteger),
    _optional("completed_on", _DAY),
    _optional("zone", word(64)),
    _optional("exact", _FLAG),
    _optional("score", word(255)),
    _optional("credits", word(255)),
    _index("enrolment_item", "code", "kind", "learner_id", "seq"),
)

tracking: Final = _table(
    "tracking",
    ("learner_id", "material", "code", "kind"),
    _required("learner_id", word(64)),
    _required("material", word(255)),
    _required("kind", word(32)),
    _required("code", word(255)),
)
