"""Opens the database that all rooms share, with the settings that make SQLite safe for many readers and one writer."""

import json
from functools import partial

from sqlalchemy import Engine, create_engine, event

# A writer waits this long for another one before it gives up; bulk imports hold the lock for seconds.
BUSY_TIMEOUT_MS = 60_000


def connect(url: str) -> Engine:
    """Engine for an SQLAlchemy URL; SQLite is put in WAL mode with foreign keys on.

    The tables must already be there: the composition root brings them up to date.
    """
    engine = create_engine(url, json_serializer=partial(json.dumps, ensure_ascii=False))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection, _record) -> None:
    # Python's sqlite3 otherwise opens transactions late, which lets a read-then-write lose a race.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection) -> None:
    # A transaction that means to write takes the lock at once, so that two never deadlock upgrading from read to write.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
