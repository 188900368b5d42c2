"""Room for a restored database: a new schema in place of what stood there, which comes back when anything fails.

The schema is always a new one: default privileges belong to it, and a table restored under them would get every right
that a migration once took away. A schema of its own marks that a restore is under way, so that the next one finds what
a killed one left, and undoes it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from database import roles
from odr_portal.backup import database
from odr_portal.backup.archive import Unusable

ASIDE, UNDER_WAY = "before_restore", "restore_under_way"
# As in a new database, so that the next backup has nothing to say about it.
_NEW_SCHEMA = "create schema public authorization pg_database_owner"
_LOCK = 0x0F1660


@contextmanager
def alone(url: str) -> Iterator[Any]:
    """The connection of the one restore of this database; what a killed one left behind is undone first."""
    with closing(database.connect(url)) as connection:
        if not database.query(connection, "select pg_try_advisory_lock(%s)", _LOCK)[0][0]:
            raise Unusable(f"Another restore works on the database {connection.info.dbname}: wait for it.")
        if _is_there(connection, UNDER_WAY):
            connection.rollback()
            database.run(url, _undone(connection, is_empty=not _is_there(connection, ASIDE)))
        connection.commit()
        yield connection


def _is_there(connection: Any, schema: str) -> bool:
    return bool(database.query(connection, "select exists (select from pg_namespace where nspname = %s)", schema)[0][0])


def _undone(connection: Any, *, is_empty: bool) -> list[str]:
    prepare = roles.granting_statements(connection.info.dbname)
    back = [_NEW_SCHEMA, *prepare] if is_empty else [f"alter schema {ASIDE} rename to public"]
    return ["drop schema if exists public cascade", *back, f"drop schema {UNDER_WAY}"]


@contextmanager
def made(url: str, connection: Any, *, is_empty: bool) -> Iterator[Callable[[], None]]:
    """An empty schema; yields what grants the rights of the portal once the tables are there. When the block fails,
    what stood there is back, or the database is as empty as before."""
    prepare = roles.granting_statements(connection.info.dbname)
    away = ["drop schema public"] if is_empty else [f"alter schema public rename to {ASIDE}"]
    undo = _undone(connection, is_empty=is_empty)
    connection.commit()
    database.run(url, [f"create schema {UNDER_WAY}", *away, _NEW_SCHEMA])
    try:
        yield lambda: database.run(url, prepare)
        database.run(url, [f"drop schema {UNDER_WAY}"])
    except BaseException:
        database.run(url, undo)
        raise


def drop_aside(url: str) -> list[str]:
    """Only tidying: by now the new database counts, so a failure here is told and undoes nothing."""
    try:
        database.run(url, [f"drop schema if exists {ASIDE} cascade"])
    except (psycopg2.Error, Unusable) as error:
        return [f"What stood there before is still there as schema {ASIDE}, drop it: {database.one_line(str(error))}"]
    return []
