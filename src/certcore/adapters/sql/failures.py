"""What drivers raise, as certcore's errors: nothing of theirs passes through."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from certcore.errors import Conflict, Retryable, StorageError

_UNIQUE: Final = frozenset({"23505", 1062, 2067, 1555, 2579})
"""PostgreSQL; MariaDB; SQLite for a unique index, a primary key and a rowid."""

_AGAIN: Final = {
    "40001": "transactions got in each other's way",
    "40P01": "two transactions waited for each other",
    1213: "two transactions waited for each other",
    1205: "a lock was held for too long",
    1020: "a row changed after it was read",
    5: "another writer held the database for too long",
    6: "another user of the same connection held a table",
}
"""PostgreSQL's SQLSTATEs, MariaDB's numbers, and SQLite's primary result codes."""


@contextmanager
def translated(connection: Connection | None, what: str) -> Iterator[None]:
    """Raise the driver's errors as `StorageError`s; ``what`` names the rows at work, for a `Conflict`."""
    try:
        yield
    except DBAPIError as error:
        raise _storage_error(error.orig or error, what) from error
    except (SQLAlchemyError, UnicodeError, OverflowError) as error:
        raise _refusal(error) from error
    except Exception as error:
        if connection is not None and _is_driver_error(error, connection):  # from COPY, which SQLAlchemy does not know
            raise _storage_error(error, what) from error
        raise


def _is_driver_error(error: Exception, connection: Connection) -> bool:
    return isinstance(error, connection.dialect.loaded_dbapi.Error)


def _storage_error(error: BaseException, what: str) -> StorageError:
    code = _code(error)
    if code in _UNIQUE:
        return Conflict(what)
    if reason := _AGAIN.get(code):
        return Retryable(reason)
    if isinstance(code, int) and (reason := _AGAIN.get(code & 0xFF)) and hasattr(error, "sqlite_errorcode"):
        return Retryable(reason)  # an extended code such as SQLITE_BUSY_SNAPSHOT
    return _refusal(error)


def _code(error: BaseException) -> str | int:
    """The SQLSTATE, SQLite's extended result code or MariaDB's number; 0 where there is none."""
    for name in ("sqlstate", "sqlite_errorcode"):
        if (code := getattr(error, name, None)) is not None:
            return code  # type: ignore[no-any-return]
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def _refusal(error: BaseException) -> StorageError:
    # Only the first line, and not SQLAlchemy's: what follows can hold values of the row.
    lines = str(error).splitlines() or [type(error).__name__]
    return StorageError(f"the database could not do it ({lines[0][:200]}); mend its cause and repeat the act.")
