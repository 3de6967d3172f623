"""One run of the command line: where its data is, what time it is, and how it answers."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from typing import Annotated, Final, Self

from attrs import define, field, frozen
from cyclopts import Parameter

from certcore.adapters.files import FolderDocuments, FolderExports
from certcore.adapters.in_process import InProcessJobs
from certcore.adapters.pdf_judge import PdfJudge
from certcore.adapters.sql import SqlCatalog, SqlDirectory, SqlInbox, SqlStorage, revisions
from certcore.cli.output import Screen
from certcore.cli.printing import LatePrinter
from certcore.cli.queues import queue_at
from certcore.cli.telling import environment_attachments, environment_engines, environment_notifier
from certcore.domain.numbers import RandomBytes
from certcore.domain.people import Actor
from certcore.domain.settings import Settings
from certcore.errors import InvalidValue
from certcore.ports import Clock, JobQueue
from certcore.registrar import Registrar

DB_ENV: Final = "CERTCORE_DB"
LINKS: Final = ("renew_link", "document_link", "verify_link")
DEFAULT_DB: Final = "certcore.db"
ACTOR: Final = Actor.program("command line")


@frozen
class Platform:
    """The services on an SQL database, with a directory and a catalog in it; uploads are judged where pypdf is.

    ``registrar`` does long acts in the command itself, ``registrar_with`` leaves them to workers.
    """

    storage: SqlStorage
    directory: SqlDirectory
    catalog: SqlCatalog
    registrar: Registrar
    registrar_with: Callable[[JobQueue | None], Registrar]
    judges_files: bool
    inbox: SqlInbox
    printer: LatePrinter

    @classmethod
    @contextmanager
    def opened(cls, url: str, clock: Clock, random_bytes: RandomBytes = os.urandom) -> Iterator[Self]:
        """The platform at ``url``; its tables are created or migrated where they are not this release's."""
        storage = SqlStorage(url)
        judge = PdfJudge() if find_spec("pypdf") else None
        try:
            found, needed = revisions(url)
            if found != needed:
                storage.upgrade()
            directory, catalog = SqlDirectory(storage), SqlCatalog(storage)
            settings = environment_settings()
            printer = LatePrinter(issuer=settings.issuer)

            def registrar_with(jobs: JobQueue | None) -> Registrar:
                return Registrar(
                    storage=storage,
                    directory=directory,
                    catalog=catalog,
                    jobs=jobs,
                    clock=clock,
                    random_bytes=random_bytes,
                    documents=FolderDocuments(folder_beside(url, "documents")),
                    exports=FolderExports(folder_beside(url, "exports")),
                    file_judge=judge,
                    printer=printer,
                    settings=settings,
                    notifier=environment_notifier(storage, clock),
                    attachments=environment_attachments(),
                    template_engines=environment_engines(),
                )

            inbox = SqlInbox(storage, clock)
            registrar = registrar_with(InProcessJobs())
            yield cls(storage, directory, catalog, registrar, registrar_with, judge is not None, inbox, printer)
        finally:
            storage.close()
            if judge is not None:
                judge.close()


@define
class Session:
    """What every command gets: the screen, the clock, and the platform, opened when it is first asked for.

    ``named_url`` is the database that was named on the command line; ``now`` stops the clock.
    """

    screen: Screen
    named_url: str | None
    now: datetime | None
    _closing: ExitStack = field(factory=ExitStack)

    @classmethod
    @contextmanager
    def of(cls, db: str | None, now: datetime | None, screen: Screen) -> Iterator[Self]:
        """A session on the database that ``db`` names, or else the environment, or else the working directory's."""
        session = cls(screen, None if db is None else database_url(db), now)
        with session._closing:
            yield session

    @property
    def url(self) -> str:
        """The database."""
        return self.named_url or database_url(os.environ.get(DB_ENV) or DEFAULT_DB)

    def clock(self) -> datetime:
        """The present instant."""
        return self.now or datetime.now(UTC)

    @cached_property
    def platform(self) -> Platform:
        """The platform, open until the command ends."""
        return self._closing.enter_context(Platform.opened(self.url, self.clock))

    @property
    def registrar(self) -> Registrar:
        """The platform's services."""
        return self.platform.registrar

    @cached_property
    def queueing(self) -> Registrar:
        """The same, leaving long acts to `certcore worker`."""
        return self.platform.registrar_with(queue_at(self.url))


Here = Annotated[Session, Parameter(parse=False)]
"""The session as a command's parameter, which is not read from the command line."""


def folder_beside(url: str, kind: str) -> str:
    """Where files are kept, such as documents: what the environment names, or else a folder beside the SQLite file."""
    named = os.environ.get(f"CERTCORE_{kind.upper()}")
    if named:
        return named
    file = url.removeprefix("sqlite:///").partition("?")[0] if url.startswith("sqlite:///") else ""
    return f"{file or 'certcore'}.{kind}"


def environment_settings() -> Settings:
    """The settings that the environment names, such as ``CERTCORE_VERIFY_LINK``; raises `InvalidValue`."""
    renew, document, verify = (os.environ.get(f"CERTCORE_{name.upper()}") or None for name in LINKS)
    issuer = os.environ.get("CERTCORE_ISSUER", "")
    return Settings(renew_link=renew, document_link=document, verify_link=verify, issuer=issuer)


def database_url(db: str) -> str:
    """``db`` as a URL: one already, or the path of an SQLite file."""
    if "://" in db:
        return db
    if not db.strip() or any(mark in db for mark in "?#\0"):
        raise InvalidValue("db", db, "an SQLAlchemy URL, or the path of an SQLite file without '?' and '#'")
    return f"sqlite:///{db}"
