"""A database of the migrations before these is told what to do, and is taken over only when it is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from database import old_series, roles, schema
from odr_portal.processes import embedded

TEMPLATE, DATABASE = "new_series", "old_series"
ENDS = {old_series.BEGAN_WITH, *old_series.ENDED_WITH.items()}
IN_THEIR_PLACE = {(app, name) for app, names in old_series.IN_THEIR_PLACE.items() for name in names}


@contextmanager
def _working_as_owner_of(database: str) -> Iterator[None]:
    connection.close()
    before = dict(connection.settings_dict)
    options = {name: value for name, value in before["OPTIONS"].items() if name != "options"}
    connection.settings_dict.update(NAME=database, USER=roles.OWNER, OPTIONS=options)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture(scope="module")
def template(postgres_server: embedded.ThrowAwayPostgres, django_db_setup: None, django_db_blocker: Any) -> None:
    """What takes the place of the old series, made from nothing."""
    postgres_server.prepare(TEMPLATE)
    with django_db_blocker.unblock(), _working_as_owner_of(TEMPLATE):
        executor = MigrationExecutor(connection)
        ours = [(app, names[-1]) for app, names in old_series.IN_THEIR_PLACE.items()]
        others = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in old_series.IN_THEIR_PLACE]
        executor.migrate([*ours, *others])


@pytest.fixture
def old_database(template: None, postgres_server: embedded.ThrowAwayPostgres, django_db_blocker: Any) -> Iterator[None]:
    """A copy of it with the names of the old series, worked in as owner."""
    administrator = postgres_server.dsn(user="postgres", database="postgres")
    embedded.run_statements(administrator, [f"create database {DATABASE} template {TEMPLATE} owner {roles.OWNER}"])
    try:
        with django_db_blocker.unblock(), _working_as_owner_of(DATABASE):
            _execute("delete from django_migrations where app = any(%s)", list(old_series.ENDED_WITH))
            for app, name in ENDS:
                _execute("insert into django_migrations (app, name, applied) values (%s, %s, now())", app, name)
            yield
    finally:
        embedded.run_statements(administrator, [f"drop database {DATABASE}"])


def _execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _names() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations")
        return set(cursor.fetchall())


def _refused(what: str) -> str:
    """What the command printed before it gave `what` as the reason; the names stand as they did."""
    before, given = _names(), StringIO()
    with pytest.raises(CommandError, match=what):
        call_command("adopt_migrations", stdout=given)
    assert _names() == before
    return given.getvalue()


def test_what_is_expected_is_what_the_new_series_makes(template: None, django_db_blocker: Any) -> None:
    """`manage.py describe_schema` prints these lines of a database that is migrated so far."""
    with django_db_blocker.unblock(), _working_as_owner_of(TEMPLATE):
        given = StringIO()
        call_command("describe_schema", stdout=given)
    assert given.getvalue() == old_series.SCHEMA.read_text()


def test_migrate_names_the_command_and_changes_nothing_and_a_whole_database_is_taken_over_once(
    old_database: None,
) -> None:
    before, lines = _names(), schema.described(connection)
    with pytest.raises(CommandError, match=r"run `manage\.py adopt_migrations`"):
        call_command("migrate", verbosity=0)
    assert (_names(), schema.described(connection)) == (before, lines)
    given = StringIO()
    call_command("adopt_migrations", stdout=given)
    assert "The record is unbroken." in given.getvalue()
    assert f"{len(ENDS)} old migrations were replaced by {len(IN_THEIR_PLACE)}" in given.getvalue()
    assert _names() >= IN_THEIR_PLACE
    assert not _names() & ENDS
    again = StringIO()
    call_command("adopt_migrations", stdout=again)
    assert "There is nothing to do" in again.getvalue()
    # What came since is applied as to any other database.
    call_command("migrate", verbosity=0)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_a_schema_that_differs_a_broken_record_or_a_series_that_was_not_ended_is_not_taken_over(
    old_database: None,
) -> None:
    for change, line in (
        ("drop policy steps on complaints_callback", "- policy public.complaints_callback steps: for *"),
        ("grant update on complaints_seal to portal_app", "+ relation public.complaints_seal: kind r"),
        ("create table more (n int)", "+ column public.more.n: number 1 type integer"),
    ):
        with transaction.atomic():
            _execute(change)
            assert line in _refused("The schema differs in")
            transaction.set_rollback(True)
    columns = "number, at, through_id, size, previous_root, root, signature, public_key, heads_root"
    _execute(f"insert into complaints_seal ({columns}) values (1, now(), 1, 1, '', 'root', 'signature', 'key', '')")
    assert "BROKEN" in _refused("The record is broken")
    _execute("delete from django_migrations where app = 'complaints'")
    _refused(r"has not reached complaints\.0049_words_of_cases")
