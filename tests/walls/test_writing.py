"""Who writes what beside the tables of cases: the list of the code, the tables, and what PostgreSQL refuses."""

import re

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from accounts.keys.sealed_fields import BlindIndex, SealedText
from database import roles, writing
from tests.cast import World
from tests.walls.conftest import ask, seeing_as

pytestmark = pytest.mark.django_db


def test_T06_every_other_table_is_written_by_the_steps_alone_or_by_pages() -> None:
    """The list of the code, the tables, and the triggers say the same."""
    tables = ask(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not relrowsecurity"
    )
    beside = {name for (name,) in tables if not name.startswith(("auth_", "django_"))} - {"request_key"}
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
            attempts = {"UPDATE": f"update {table} set {column} = {column}", "DELETE": f"delete from {table}"}
            for verb in {"UPDATE", "DELETE"} & set(event.split(" OR ")):
                with pytest.raises(DatabaseError, match="written by the steps alone"), transaction.atomic():
                    ask(f"set local role {'none' if role == roles.WEB else role}; {attempts[verb]} where false")


#: Beside cases: what is neither sealed nor meant to be read, and is granted all the same, since pages find or check a
#: row by it. SECURITY.md says so.
FOUND_BY = {
    "accounts_user": "password email_index phone_index own_phone_index",
    "accounts_housephone": "phone_index",
    "accounts_personkey": "wrapped",
    "accounts_secondfactor": "key credential_id",
    "accounts_browsersession": "session_key",
    "accounts_signincode": "address_digest flow_digest code_digest",
    "accounts_recoverycode": "code_digest",
    "accounts_accountchange": "key_digest",
    "accounts_openedlink": "key_digest form_digest",
    "accounts_countedtry": "who_digest",
    "accounts_idempotencykey": "key body_digest",
    "enterprises_apitoken": "digest",
    "enterprises_invitation": "token_digest address_digest",
    "enterprises_enrolmentapplication": "email_index",
    "complaints_export": "link_digest file_digest",
    "complaints_stationentry": "token_digest",
    "complaints_trackingtry": "browser_digest address_digest",
}
#: Digests of what stands beside them or is published.
PLAIN = {
    "authorities_calendarversion": "digest",
    "enterprises_enrolmententry": "digest",
    "enterprises_leagueset": "digest",
    "complaints_callbackmonth": "population_digest",
    "complaints_tile": "digests",
    "complaints_recordedname": "digest",
    "complaints_houseentry": "previous_hash hash",
    "complaints_seal": "public_key",
    "complaints_platformfile": "digest",
    "complaints_roundtrip": "digest",
    "complaints_roundtriprow": "key",
    "routing_ruletrial": "digest",
    "oversight_oversightview": "key",
}


def test_T06_a_digest_index_or_key_that_roles_read_beside_cases_is_one_that_security_md_speaks_of() -> None:
    guarded = {name for (name,) in ask("select relname from pg_class where relrowsecurity")}
    secret = re.compile(r"digest|hash|password|wrapped|secret|credential|(^|_)key$")
    seen: dict[str, str] = {}
    for model in apps.get_models():
        table = model._meta.db_table
        columns = [
            field.column
            for field in model._meta.concrete_fields
            if (isinstance(field, BlindIndex) or secret.search(field.column))
            and not isinstance(field, SealedText)
            and field.column != "person_key"
        ]
        if columns and table not in guarded:
            seen[table] = " ".join(columns)
    assert seen == FOUND_BY | PLAIN, "say in SECURITY.md what an injected statement reads, or keep it out of its sight"
