"""The tables of certcore's own state; those of the embedded directory and catalog are in `host_tables`.

Awards, history and outbox have no foreign keys: they are written in bulk, by services that have just read what they
refer to, and history outlives what it tells of.
"""

from typing import Final

from sqlalchemy import CHAR, BigInteger, Column, Index, text

from certcore.adapters.sql.columns import (
    DAY,
    FLAG,
    PREFIX,
    added,
    index,
    octets,
    optional,
    prose,
    required,
    table,
    word,
)

REVISION: Final = "0006"
"""The revision of the tables; the newest migration leads to it."""

REVOKED: Final = "end_reason = 'revoked'"
"""Which awards the index of revocations has: a query that says just this can use it."""

EARNED_THROUGH: Final = "basis_code IS NOT NULL"
"""Which awards the index of the items behind them has."""

PENDING: Final = "pending = 1"
"""Which events the index of those to dispatch has, in the same way."""


certification: Final = table(
    "certification",
    ("id",),
    required("id", BigInteger),
    required("name", word(255)),
    optional("code", word(255)),
    required("description", prose()),
    required("policy", prose()),
    required("allow_retake", FLAG),
    required("template", word(64)),
    optional("credits", word(255)),
    required("retired", FLAG),
    required("edition", BigInteger),
    required("version", BigInteger),
    added("automatic", FLAG, "1"),
    Column("items_needed", BigInteger, nullable=True, server_default="1"),
    added("auto_renew", FLAG, "0"),
    index("certification_code", "code", unique=True),
)

certification_edition: Final = table(
    "certification_edition",
    ("certification_id", "edition"),
    required("certification_id", BigInteger),
    required("edition", BigInteger),
    required("name", word(255)),
    required("description", prose()),
)

item_certification: Final = table(
    "item_certification",
    ("code", "kind"),
    required("kind", word(32)),
    required("code", word(255)),
    required("certification_id", BigInteger),
    required("assigned_at", BigInteger),
    added("automatic", FLAG, None),
    index("item_certification_of", "certification_id"),
)

award: Final = table(
    "award",
    ("id",),
    required("id", BigInteger),
    required("number", word(32), fixed=True),
    required("token", octets(32), fixed=True),
    required("certification_id", BigInteger, fixed=True),
    required("edition", BigInteger),
    required("learner_id", word(64), fixed=True),
    required("learner_name", prose()),
    required("zone", word(64)),
    required("issued_on", DAY),
    required("issued_at", BigInteger),
    required("anchor_on", DAY),
    optional("expires_on", DAY),
    optional("expires_at", BigInteger),
    optional("expiring_on", DAY),
    optional("expiring_at", BigInteger),
    optional("grace_ends_at", BigInteger),
    required("basis", word(32)),
    optional("basis_code", word(255)),
    optional("basis_links", prose()),
    optional("score", word(255)),
    optional("completed_on", DAY),
    optional("credits", word(255)),
    optional("note", prose()),
    optional("renews", BigInteger),
    optional("renewed_by", BigInteger),
    optional("end_reason", word(32)),
    optional("ended_at", BigInteger),
    optional("live", FLAG),
    required("version", BigInteger),
    required("head", octets(32)),
    # The live lookup, a learner's awards, and one live award per learner and certification in one index: `live`
    # is 1 or NULL, since unique indexes let any number of NULLs pass and MariaDB has no partial ones.
    index("award_live", "learner_id", "certification_id", "live", unique=True),
    index("award_certification", "certification_id", "id", "live"),
    index("award_number", "number", unique=True),
    index("award_token", "token", unique=True),
    index("award_expiry", "expires_at", "id"),
    index("award_issue", "issued_at", "id"),
    Index(
        f"{PREFIX}award_basis",
        "tenant",
        "basis_code",
        "basis",
        "id",
        sqlite_where=text(EARNED_THROUGH),
        postgresql_where=text(EARNED_THROUGH),
    ),
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

history: Final = table(
    "history",
    ("award_id", "seq"),
    required("award_id", BigInteger),
    required("seq", BigInteger),
    required("at", BigInteger),
    required("act", word(64)),
    required("facts", prose()),
    optional("personal", prose()),
    optional("salt", octets(32)),
    required("digest", octets(32)),
    required("hash", octets(32)),
    optional("job_id", BigInteger),
    index("history_job", "job_id", "award_id", "seq"),
)

outbox: Final = table(
    "outbox",
    ("award_id", "seq"),
    required("award_id", BigInteger),
    required("seq", BigInteger),
    required("kind", word(64)),
    required("version", BigInteger),
    required("payload", prose()),
    required("due_at", BigInteger),
    required("notify", FLAG),
    optional("pending", FLAG),  # 1 or NULL: events from before they were dispatched to anybody stay untold
    Index(
        f"{PREFIX}outbox_pending",
        "tenant",
        "pending",
        "award_id",
        "seq",
        sqlite_where=text(PENDING),
        postgresql_where=text(PENDING),
    ),
)

job: Final = table(
    "job",
    ("id",),
    required("id", BigInteger),
    required("kind", word(64)),
    required("actor_id", word(64)),
    required("actor_roles", prose()),
    required("payload", prose()),
    required("fingerprint", CHAR(64)),
    required("created_at", BigInteger),
    optional("idempotency_key", word(255)),
    required("state", word(32)),
    required("done", BigInteger),
    optional("total", BigInteger),
    required("checkpoint", prose()),
    required("result", prose()),
    required("version", BigInteger),
    index("job_key", "idempotency_key", unique=True),
    index("job_state", "state", "created_at", "id"),
    index("job_fingerprint", "fingerprint"),
)

job_reject: Final = table(
    "job_reject",
    ("job_id", "line"),
    required("job_id", BigInteger),
    required("line", BigInteger),
    required("cells", prose()),
    required("problems", prose()),
)

completion: Final = table(
    "completion",
    ("learner_id", "code", "kind", "at"),
    required("learner_id", word(64)),
    required("kind", word(32)),
    required("code", word(255)),
    required("at", BigInteger),
    required("day", DAY),
    required("zone", word(64)),
    required("exact", FLAG),
    optional("score", word(255)),
    optional("credits", word(255)),
)

renewal: Final = table(
    "renewal",
    ("award_id",),
    required("award_id", BigInteger),
    required("learner_id", word(64), fixed=True),
    required("certification_id", BigInteger, fixed=True),
    required("started_at", BigInteger),
    required("policy", prose()),
    required("allow_retake", FLAG),
    required("items", prose()),
    required("state", word(32)),
    required("version", BigInteger),
)

delivery: Final = table(
    "delivery",
    ("id",),
    required("id", word(32)),
    required("kind", word(64), fixed=True),
    required("award_id", BigInteger, fixed=True),
    required("learner_id", word(64), fixed=True),
    required("payload", prose()),
    required("due_at", BigInteger),
    required("attempts", BigInteger),
    required("state", word(32)),
    optional("error", prose()),
    required("version", BigInteger),
    index("delivery_due", "state", "due_at", "id"),
    index("delivery_award", "award_id", "due_at", "id"),
)

tombstone: Final = table(
    "tombstone",
    ("number",),
    required("number", word(32)),
    required("award_id", BigInteger),
    required("act", word(32)),
    required("at", BigInteger),
    required("actor_id", word(64)),
    optional("reason", prose()),
    required("length", BigInteger),
    required("head", octets(32)),
)

external_certificate: Final = table(
    "external_certificate",
    ("id",),
    required("id", BigInteger),
    required("learner_id", word(64), fixed=True),
    required("uploaded_by", word(64), fixed=True),
    required("title", word(255)),
    required("delivered_on", DAY),
    required("zone", word(64)),
    optional("expires_on", DAY),
    optional("credits", word(255)),
    optional("equivalence", BigInteger),
    required("digest", CHAR(64), fixed=True),
    required("size", BigInteger, fixed=True),
    required("file_name", word(255), fixed=True),
    required("findings", prose(), fixed=True),
    required("state", word(32)),
    required("submitted_at", BigInteger, fixed=True),
    required("series", BigInteger, fixed=True),
    required("revision", BigInteger, fixed=True),
    optional("previous", BigInteger),
    optional("submitted", prose()),
    optional("reviewer_id", word(64)),
    optional("reviewed_at", BigInteger),
    optional("comment", prose()),
    optional("outcome", word(32)),
    optional("award_number", word(32)),
    optional("award_id", BigInteger),
    optional("reasons", prose()),
    required("version", BigInteger),
    required("head", octets(32)),
    index("external_series", "series", "revision", unique=True),
    index("external_learner", "learner_id", "submitted_at", "id"),
    index("external_state", "state", "submitted_at", "id"),
    index("external_submitted", "submitted_at", "id"),
)

setting: Final = table(
    "setting",
    ("name",),
    required("name", word(64)),
    required("id", BigInteger, fixed=True),
    required("value", prose()),
    required("version", BigInteger),
    required("head", octets(32)),
)

sweep: Final = table(
    "sweep",
    ("rule",),
    required("rule", word(64)),
    required("since", BigInteger),
    required("swept_until", BigInteger),
    required("zones", word(32)),
    optional("target", BigInteger),
    optional("cursor_at", BigInteger),
    optional("cursor_id", BigInteger),
    required("version", BigInteger),
)

learner_name: Final = table(
    "learner_name",
    ("learner_id",),
    required("learner_id", word(64)),
    required("name", prose()),
    required("words", prose()),
)

item_title: Final = table(
    "item_title",
    ("code", "kind"),
    required("kind", word(32)),
    required("code", word(255)),
    required("title", prose()),
    required("words", prose()),
)

inbox: Final = table(
    "inbox",
    ("id",),
    required("id", word(32)),
    required("recipient_id", word(64), fixed=True),
    required("learner_id", word(64), fixed=True),
    required("language", word(64), fixed=True),
    required("subject", prose(), fixed=True),
    required("body", prose(), fixed=True),
    required("rule", word(64), fixed=True),
    required("told_when", word(64), fixed=True),
    required("at", BigInteger, fixed=True),
    required("received_at", BigInteger, fixed=True),
    optional("read_at", BigInteger),
    optional("number", word(32)),
    required("attachments", prose(), fixed=True),
    index("inbox_recipient", "recipient_id", "received_at", "id"),
    index("inbox_learner", "learner_id"),
)
