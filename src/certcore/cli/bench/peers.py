"""The same rows stored as others would, each in a process of its own: a task as JSON in, its CPU time out.

What certcore is measured beside is no part of it and may be missing: only the function that needs it imports it.
"""

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from certcore.adapters.sql.columns import metadata
from certcore.adapters.sql.connecting import own_engine
from certcore.cli.bench.floors import Marks, empty_copy, gained, insert_into
from certcore.cli.bench.world import ZONE
from certcore.domain.cells import EXPIRES, ISSUED

MOST_ROWS: Final = 20_000
"""So many rows of the file are measured at the most; a peer's cost for more is taken to grow with them."""

_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32768")

Parts = Sequence[tuple[str, list[tuple[Any, ...]]]]


def sqlalchemy_orm(path: Path, file: Path, parts: Parts) -> Callable[[], None]:
    """`Session.add_all` of an object for each row."""
    from sqlalchemy.orm import Session, registry  # noqa: PLC0415

    mapped = registry()
    models: dict[str, Any] = {}
    for table, _ in parts:
        if table not in models:
            models[table] = type(table, (), {})
            mapped.map_imperatively(models[table], metadata.tables[table])
    columns = {table: metadata.tables[table].c.keys() for table in models}
    engine = own_engine(f"sqlite:///{path}")

    def work() -> None:
        _read(file)
        with Session(engine) as session, session.begin():
            for table, rows in parts:
                session.add_all([models[table](**dict(zip(columns[table], row, strict=True))) for row in rows])
                session.flush()

    return work


def django_bulk_create(path: Path, file: Path, parts: Parts) -> Callable[[], None]:
    """`bulk_create` of an object for each row."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    pragmas = "; ".join(f"PRAGMA {pragma}" for pragma in _PRAGMAS)
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {"init_command": pragmas}}
    settings.configure(DATABASES={"default": sqlite}, USE_TZ=True)
    django.setup()
    from django.db import models as fields  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    models = {table: _django_model(fields, table) for table, _ in parts}
    columns = {table: metadata.tables[table].c.keys() for table in models}

    def work() -> None:
        _read(file)
        with transaction.atomic():
            for table, rows in parts:
                model, names = models[table], columns[table]
                model.objects.bulk_create([model(**dict(zip(names, row, strict=True))) for row in rows])

    return work


def _django_model(models: Any, name: str) -> Any:
    table = metadata.tables[name]
    kinds = {
        "big_integer": models.BigIntegerField,
        "small_integer": models.SmallIntegerField,
        "text": models.TextField,
        "large_binary": models.BinaryField,
    }
    fields = {
        column.name: kinds.get(column.type.__visit_name__, partial(models.CharField, max_length=255))(null=True)
        for column in table.c
    }
    key = models.CompositePrimaryKey(*(column.name for column in table.primary_key))
    meta = type("Meta", (), {"app_label": "bench", "db_table": name})
    return type(name, (models.Model,), {**fields, "pk": key, "Meta": meta, "__module__": __name__})


def plain_loop(path: Path, file: Path, parts: Parts) -> Callable[[], None]:
    """Every row by itself: its dates read by pendulum, its INSERTs executed one by one."""
    import pendulum  # noqa: PLC0415

    def work() -> None:
        for line in _lines(file):
            pendulum.from_format(line[ISSUED], "YYYY-MM-DD", tz=ZONE)
            pendulum.from_format(line[EXPIRES], "YYYY-MM-DD", tz=ZONE)
        with closing(sqlite3.connect(path, isolation_level=None)) as target:
            for pragma in _PRAGMAS:
                target.execute(f"PRAGMA {pragma}")
            target.execute("BEGIN")
            for table, rows in parts:
                for row in rows:
                    target.execute(insert_into(table, row), row)
            target.execute("COMMIT")

    return work


def _lines(file: Path) -> Iterator[Mapping[str, str]]:
    with file.open(encoding="utf-8", newline="") as source:
        yield from islice(csv.DictReader(source), MOST_ROWS)


def _read(file: Path) -> None:
    for _ in _lines(file):
        pass


_PEERS: Final = {each.__name__: each for each in (sqlalchemy_orm, django_bulk_create, plain_loop)}


def timed_peer(name: str, path: str, file: str, before: Marks) -> Mapping[str, float]:
    """What it took a peer, and for how many rows of the file; nothing where it is not installed."""
    parts = list(gained(path, before, MOST_ROWS))
    rows = max(sum(len(rows) for table, rows in parts if table == each) for each, _ in parts)
    with TemporaryDirectory(dir=Path(path).parent) as folder:
        try:
            work = _PEERS[name](empty_copy(path, Path(folder, "peer.db")), Path(file), parts)
        except ModuleNotFoundError:
            return {}
        began = time.process_time()
        work()
        return {"cpu_seconds": time.process_time() - began, "rows": rows}


def main() -> None:
    """Do the task."""
    json.dump(timed_peer(**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
