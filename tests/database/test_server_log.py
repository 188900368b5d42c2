"""The log of the database's server is read by whoever keeps the machine: nothing of a person may stand there."""

from contextlib import closing

import psycopg2
import psycopg2.errors
import pytest

from database import roles
from odr_portal.processes import embedded
from tests.server import DATABASE

SECRET = "13912345678"


def test_no_value_of_a_statement_comes_into_the_log(postgres_server: embedded.ThrowAwayPostgres) -> None:
    log = postgres_server.folder / "log"
    with closing(psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE))) as connection:
        cursor = connection.cursor()
        cursor.execute("create temporary table people (phone text primary key)")
        cursor.execute("insert into people values (%s)", [SECRET])
        with pytest.raises(psycopg2.errors.UniqueViolation, match=SECRET):
            cursor.execute("insert into people values (%s)", [SECRET])
        cursor.execute("rollback")
        with pytest.raises(psycopg2.errors.UndefinedTable):
            cursor.execute("select %s from nowhere_at_all", [SECRET])
    written = log.read_text(encoding="utf-8")
    assert "people_pkey" in written
    assert "nowhere_at_all" in written
    assert SECRET not in written
    assert embedded.POSTGRES_SETTINGS.items() >= embedded.NO_STATEMENTS.items()
