"""The tables of the embedded directory and catalog, for where no host has its own."""

from typing import Final

from sqlalchemy import BigInteger

from certcore.adapters.sql.columns import DAY, FLAG, added, belongs_to, index, optional, prose, required, table, word

person: Final = table(
    "person",
    ("id",),
    required("id", word(64)),
    required("username", word(255)),
    required("username_key", word(255)),
    required("first_name", prose()),
    required("last_name", prose()),
    required("email", prose()),
    optional("zone", word(64)),
    optional("language", word(64)),
    required("active", FLAG),
    required("roles", prose()),
    optional("manager_id", word(64)),
    index("person_username", "username_key", unique=True),
    index("person_manager", "manager_id"),
)

group_member: Final = table(
    "group_member",
    ("group_name", "person_id"),
    required("group_name", word(255)),
    required("person_id", word(64)),
    index("group_member_person", "person_id"),
    belongs_to(person, "person_id"),
)

group_admin: Final = table(
    "group_admin",
    ("person_id", "group_name"),
    required("person_id", word(64)),
    required("group_name", word(255)),
    index("group_admin_group", "group_name"),
    belongs_to(person, "person_id"),
)

coaching: Final = table(
    "coaching",
    ("coach_id", "learner_id"),
    required("coach_id", word(64)),
    required("learner_id", word(64)),
    index("coaching_learner", "learner_id"),
    belongs_to(person, "coach_id"),
    belongs_to(person, "learner_id"),
)

branch: Final = table(
    "branch",
    ("code",),
    required("code", word(255)),
    optional("parent", word(255)),
    index("branch_parent", "parent"),
)

branch_member: Final = table(
    "branch_member",
    ("branch", "person_id"),
    required("branch", word(255)),
    required("person_id", word(64)),
    index("branch_member_person", "person_id"),
    belongs_to(person, "person_id"),
)

item: Final = table(
    "item",
    ("code", "kind"),
    required("kind", word(32)),
    required("code", word(255)),
    required("title", prose()),
    required("courses", prose()),
    optional("valid_until", DAY),
    added("usable", FLAG, "1"),
    added("materials", prose(), "[]"),
)

enrolment: Final = table(
    "enrolment",
    ("learner_id", "code", "kind", "seq"),
    required("learner_id", word(64)),
    required("kind", word(32)),
    required("code", word(255)),
    required("seq", BigInteger),
    optional("order_id", word(32)),
    optional("enrolled_at", BigInteger),
    optional("archived_at", BigInteger),
    optional("completed_at", BigInteger),
    optional("completed_on", DAY),
    optional("zone", word(64)),
    optional("exact", FLAG),
    optional("score", word(255)),
    optional("credits", word(255)),
    index("enrolment_item", "code", "kind", "learner_id", "seq"),
)

tracking: Final = table(
    "tracking",
    ("learner_id", "material", "code", "kind"),
    required("learner_id", word(64)),
    required("material", word(255)),
    required("kind", word(32)),
    required("code", word(255)),
)
