"""What the description of a schema notices; a database of the migrations before is taken over only when it is whole."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from database import old_series, roles, schema
from odr_portal.backup import database
from odr_portal.processes import embedded
from tests import ROOT
from tests.server import DATABASE

SEAL_TRIGGER = "trigger public.complaints_seal seal_is_append_only:"
#: What is changed, and how the line that tells of it begins; {t} is a table of a case.
CHANGES = {
    "create table more (n int)": "+ relation public.more:",
    "alter table {t} add column more int": "+ column public.{t}.more:",
    "alter table {t} alter column cause type varchar(31)": "+ column public.{t}.cause:",
    "alter table {t} alter column cause set default 'none'": "+ column public.{t}.cause:",
    "alter table {t} alter column cause drop not null": "+ column public.{t}.cause:",
    'alter table {t} alter column cause type varchar(30) collate "C"': "+ column public.{t}.cause:",
    "alter table {t} add constraint more check (cause <> '')": "+ constraint public.{t} more:",
    "alter table {t} drop constraint {t}_pkey cascade": "- constraint public.{t} {t}_pkey:",
    "drop index root_causes_of_an_enterprise": "- index public.root_causes_of_an_enterprise:",
    "drop trigger seal_is_append_only on complaints_seal": f"- {SEAL_TRIGGER}",
    "alter table complaints_seal disable trigger seal_is_append_only": f"+ {SEAL_TRIGGER}",
    "grant update on complaints_seal to portal_app": "+ relation public.complaints_seal:",
    "grant update (root) on complaints_seal to portal_app": "+ column public.complaints_seal.root:",
    "alter table {t} no force row level security": "+ relation public.{t}:",
    "alter policy enterprise on {t} using (true)": "+ policy public.{t} enterprise:",
    "create policy more on {t} to portal_consumer using (true)": "+ policy public.{t} more:",
    "grant execute on function is_own_case to public": "+ function public.is_own_case(bigint):",
    "alter function is_own_case security invoker": "+ function public.is_own_case(bigint):",
    "create or replace view own_part as select 1::bigint as complaint_id": "+ view public.own_part:",
    "alter sequence complaints_event_era increment 2": "+ sequence public.complaints_event_era:",
    "create type more as enum ('one')": "+ type public.more:",
    "comment on table {t} is 'more'": "+ comment table public.{t}:",
    "alter default privileges in schema public grant truncate on tables to portal_app": "+ default grant",
}


@pytest.mark.django_db(transaction=True)
def test_it_notices(postgres_server: embedded.ThrowAwayPostgres) -> None:
    with closing(psycopg2.connect(postgres_server.dsn(user=roles.OWNER, database=DATABASE))) as connection:
        untouched = set(schema.described(connection))
        for statement, line in CHANGES.items():
            connection.rollback()
            with connection.cursor() as cursor:
                cursor.execute(statement.replace("{t}", "complaints_rootcause"))
            after = set(schema.described(connection))
            lines = [f"- {one}" for one in untouched - after] + [f"+ {one}" for one in after - untouched]
            assert any(one.startswith(line.replace("{t}", "complaints_rootcause")) for one in lines), (statement, lines)
        connection.rollback()


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_was_read_back_is_described_alike(postgres_server: embedded.ThrowAwayPostgres) -> None:
    owner = postgres_server.dsn(user=roles.OWNER, database=DATABASE)
    again = postgres_server.dsn(user=roles.OWNER, database="again")
    administrator = postgres_server.dsn(user="postgres", database="postgres")
    postgres_server.prepare("again")
    try:
        inside = ["drop schema public cascade", "create schema public authorization pg_database_owner"]
        embedded.run_statements(postgres_server.dsn(user="postgres", database="again"), inside)
        pg_dump, pg_restore = (database.program(name, version=18) for name in ("pg_dump", "pg_restore"))
        options = ["-Fc", "--schema-only", "--exclude-schema=pg_catalog"]
        dump = subprocess.run([pg_dump, *options, owner], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run([pg_restore, "-d", again], check=False, input=dump)
        with closing(psycopg2.connect(owner)) as one, closing(psycopg2.connect(again)) as other:
            assert schema.described(other) == schema.described(one)
    finally:
        embedded.run_statements(administrator, ["drop database again"])


@pytest.mark.django_db(transaction=True)
def test_the_printed_sql_runs_on_an_empty_server(superuser_connection: "psycopg2.extensions.connection") -> None:
    printed = StringIO()
    call_command("database_roles", "--database", "another", stdout=printed)
    at_server = [*roles.cluster_statements(), roles.create_database_statement("another")]
    inside = roles.database_statements("another")
    assert all(f"{statement};" in printed.getvalue() for statement in [*at_server, *inside])
    with superuser_connection.cursor() as cursor:
        # An administrator may look in.
        cursor.execute("select count(*) from django_migrations")
        assert cursor.fetchone()[0] > 0
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
def test_pages_are_served_by_a_user_who_owns_nothing_and_may_not_and_text_is_compared_by_code_point_in_utf8() -> None:
    for statement, row in (
        ("select session_user, current_user", ("portal_web", "portal_steps")),
        ("select count(*) from pg_tables where tableowner in (session_user, current_user)", (0,)),
        ("select datlocprovider, datlocale from pg_database where datname = current_database()", ("b", "C.UTF-8")),
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.fetchone() == row
    for statement in (
        "drop table accounts_browsersession",
        "alter table accounts_browsersession disable trigger all",
        "create table mine (n int)",
        "truncate accounts_browsersession",
        "set role portal_owner",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_migrations_stand_in_one_line_and_nothing_is_missing_from_them(db: None) -> None:
    """Two people who add one at once notice before they merge."""
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    for app in ("accounts", "authorities", "enterprises", "complaints", "routing", "oversight"):
        ((_, newest),) = MigrationLoader(None).graph.leaf_nodes(app)
        named = ROOT / app / "migrations" / "newest.txt"
        assert named.read_text().strip() == newest, f"write {newest} into newest.txt of {app}"


TEMPLATE, OLD_DATABASE = "new_series", "old_series"
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
    embedded.run_statements(administrator, [f"create database {OLD_DATABASE} template {TEMPLATE} owner {roles.OWNER}"])
    try:
        with django_db_blocker.unblock(), _working_as_owner_of(OLD_DATABASE):
            _execute("delete from django_migrations where app = any(%s)", list(old_series.ENDED_WITH))
            for app, name in ENDS:
                _execute("insert into django_migrations (app, name, applied) values (%s, %s, now())", app, name)
            yield
    finally:
        embedded.run_statements(administrator, [f"drop database {OLD_DATABASE}"])


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
