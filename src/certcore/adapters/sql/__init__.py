"""Certcore's state in SQL: SQLite and PostgreSQL by SQLAlchemy 2 Core, with migrations by Alembic.

`SqlStorage` stores; `SqlDirectory` and `SqlCatalog` are a directory and a catalog for where no host has its own;
`SqlInbox` keeps messages for people to read;
`upgrade` and `check` look after the tables. Needs the extra ``certcore[sql]``, on PostgreSQL ``certcore[postgres]``.
"""

from certcore.adapters.sql.catalog import SqlCatalog
from certcore.adapters.sql.directory import SqlDirectory
from certcore.adapters.sql.inbox import SqlInbox
from certcore.adapters.sql.people import BranchRecord, PersonRecord
from certcore.adapters.sql.schema import Revisions, check, revisions, upgrade
from certcore.adapters.sql.storage import SqlStorage, SqlTransaction

__all__ = [
    "BranchRecord",
    "PersonRecord",
    "Revisions",
    "SqlCatalog",
    "SqlDirectory",
    "SqlInbox",
    "SqlStorage",
    "SqlTransaction",
    "check",
    "revisions",
    "upgrade",
]
