"""Who serves pages owns nothing, and an administrator is told how to make it so."""

from io import StringIO

import psycopg2
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from database import roles


@pytest.mark.django_db(transaction=True)
def test_the_printed_sql_runs_on_an_empty_server(superuser_connection: "psycopg2.extensions.connection") -> None:
    printed = StringIO()
    call_command("database_roles", "--database", "another", stdout=printed)
    at_server = [*roles.cluster_statements(), roles.create_database_statement("another")]
    inside = roles.database_statements("another")
    assert all(f"{statement};" in printed.getvalue() for statement in [*at_server, *inside])
    with superuser_connection.cursor() as cursor:
        for statement in at_server:
            cursor.execute(statement)
    dsn = superuser_connection.get_dsn_parameters()
    other = psycopg2.connect(host=dsn["host"], user="postgres", dbname="another")
    other.autocommit = True
    try:
        with other.cursor() as cursor:
            for statement in inside:
                cursor.execute(statement)
            cursor.execute("set role portal_owner")
            cursor.execute("create table kept (n int)")
            cursor.execute("set role portal_web")
            cursor.execute("insert into kept values (1)")
            with pytest.raises(psycopg2.Error, match="must be owner"):
                cursor.execute("drop table kept")
            with pytest.raises(psycopg2.Error, match="permission denied"):
                cursor.execute("create table mine (n int)")
    finally:
        other.close()
        with superuser_connection.cursor() as cursor:
            cursor.execute("drop database another")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "drop table accounts_browsersession",
        "alter table accounts_browsersession disable trigger all",
        "create table mine (n int)",
        "truncate accounts_browsersession",
        "set role portal_owner",
    ],
)
def test_the_user_of_the_pages_may_not(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
