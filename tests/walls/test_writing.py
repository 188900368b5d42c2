"""Who writes what beside the tables of cases: the list of the code, the tables, and what PostgreSQL refuses."""

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from database import roles, writing
from database.decided_rows import DecidedRow
from tests.cast import World
from tests.walls.conftest import ask, seeing_as, told_alone

pytestmark = pytest.mark.django_db


def test_T06_every_other_table_is_written_by_the_steps_alone_or_by_pages() -> None:
    """The list of the code, the tables, and the triggers say the same."""
    tables = ask(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not relrowsecurity"
    )
    beside = {name for (name,) in tables if not name.startswith(("auth_", "django_"))} - {"request_key"} | told_alone()
    assert beside == writing.STEPS_ALONE.keys() | writing.BY_PAGES | writing.OWNER_ALONE, (
        "say in database/writing.py who writes it"
    )
    assert not (writing.STEPS_ALONE.keys() | writing.OWNER_ALONE) & writing.BY_PAGES
    for table in writing.OWNER_ALONE:
        may = ask("select has_table_privilege(%s, %s, 'insert, update, delete')", roles.WEB, table)
        assert may == [(False,)], table
        assert ask("select has_table_privilege(%s, %s, 'insert, update, delete')", roles.STEPS, table) == may
    guarded = ask(
        "select tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger where tgname = 'only_steps_write'"
    )
    assert dict(guarded) == {
        table: f"CREATE TRIGGER only_steps_write AFTER {event} ON public.{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_steps_write()"
        for table, event in writing.STEPS_ALONE.items()
    }


@pytest.mark.parametrize("role", [roles.WEB, *roles.CALLERS, roles.STEPS])
def test_T06_a_role_that_a_statement_took_writes_nothing_that_the_steps_write(world: World, role: str) -> None:
    with seeing_as(world.rui, path="/authority/"):
        for table, event in writing.STEPS_ALONE.items():
            column = ask("select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", table)[0][0]
            named = event.partition(" UPDATE OF ")[2].split(", ") if " UPDATE OF " in event else [column]
            attempts = [f"update {table} set {one} = null" for one in named if "UPDATE" in event]
            attempts += [f"delete from {table}"] if "DELETE" in event else []
            for attempt in attempts:
                with pytest.raises(DatabaseError, match="written by the steps alone"), transaction.atomic():
                    ask(f"set local role {'none' if role == roles.WEB else role}; {attempt} where false")


def test_T06_what_somebody_decided_is_written_by_the_steps_alone_or_guarded() -> None:
    decided = ask(
        "select distinct attrelid::regclass::text from pg_attribute join pg_class c on c.oid = attrelid"
        " where attname in ('decided_at', 'decided_by_id') and c.relkind = 'r'"
        " and (not c.relrowsecurity or relname = any(%s))"
        " and c.relnamespace = 'public'::regnamespace",
        list(told_alone()),
    )
    assert {name for (name,) in decided} <= writing.STEPS_ALONE.keys(), "its model is a DecidedRow"
    # And the portal itself writes them so.
    models = {model._meta.db_table: model for model in apps.get_models()}
    assert [name for (name,) in decided if not issubclass(models[name], DecidedRow)] == []
