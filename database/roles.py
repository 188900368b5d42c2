"""The users of the database. Who serves pages owns nothing, and sees no case as itself.

portal_owner owns the tables and runs migrations; portal_app (no login) is the group that receives grants;
portal_web logs in at run time and is a member of it. Tables made later by the owner are granted by default;
a migration takes away what the record must not allow.

Four roles without login say as whom a statement runs (database/row_security.py): a consumer (or somebody who holds the
token of a receipt), somebody of an enterprise, somebody of an authority, and the steps themselves. The policies of
row-level security name these four and nobody else, so portal_web, which may become each of them but inherits none,
finds tables of cases empty until it has said whom it works for. portal_owner does inherit the steps: migrations,
backup and restore must see every row, and FORCE would show an owner without a policy none, silently.
"""

from collections.abc import Iterable

OWNER, APP, WEB = "portal_owner", "portal_app", "portal_web"
CONSUMER, ENTERPRISE, AUTHORITY, STEPS = "portal_consumer", "portal_enterprise", "portal_authority", "portal_steps"
CALLERS = (CONSUMER, ENTERPRISE, AUTHORITY)

#: What PostgreSQL lets everybody call, and an injected statement has no business with: functions by name, whatever
#: they take.
CLOSED = (
    # A setting by a function is a setting within one SELECT.
    *("set_config",),
    # What others do now and what this session keeps: their texts hold values.
    *("pg_stat_get_activity", "pg_stat_get_backend_activity", "pg_prepared_statement", "pg_prepared_xact", "pg_cursor"),
    *("pg_lock_status", "pg_blocking_pids", "pg_safe_snapshot_blocking_pids", "pg_listening_channels"),
    # The text of the statement itself, which may hold a word that the portal signed.
    *("current_query",),
    # What ends or wakes others, or only waits.
    *("pg_cancel_backend", "pg_terminate_backend", "pg_notify", "pg_sleep", "pg_sleep_for", "pg_sleep_until"),
    # Locks that stay with the session; those of a transaction are needed by pages.
    *("pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"),
    # Large objects: no row security guards them.
    *("lo_creat", "lo_create", "lo_from_bytea", "lo_get", "lo_lseek", "lo_lseek64", "lo_open", "lo_put", "lo_tell"),
    *("lo_tell64", "lo_truncate", "lo_truncate64", "lo_unlink", "lo_close", "loread", "lowrite"),
    # A statement given as text.
    *("query_to_xml", "query_to_xml_and_xmlschema", "query_to_xmlschema", "cursor_to_xml", "cursor_to_xmlschema"),
    *("table_to_xml", "table_to_xml_and_xmlschema", "table_to_xmlschema", "schema_to_xml"),
    *("schema_to_xml_and_xmlschema", "schema_to_xmlschema", "database_to_xml", "database_to_xml_and_xmlschema"),
    *("database_to_xmlschema", "ts_stat", "ts_rewrite"),
    # What leaves the transaction.
    *("pg_logical_emit_message", "pg_export_snapshot"),
)
#: Who needs some of them all the same. Whoever serves pages has `set_config` as itself, before it becomes a caller.
OPEN = {
    OWNER: ("set_config", "pg_stat_get_activity", "pg_export_snapshot", "pg_try_advisory_lock"),
    # A snapshot is shared by the processes that verify the record.
    STEPS: ("set_config", "pg_stat_get_activity", "pg_export_snapshot", "pg_try_advisory_lock"),
    WEB: ("set_config",),
}


def cluster_statements(*, login: str = "login") -> list[str]:
    """Once per server, as an administrator. `login` may carry a password clause."""
    roles = {
        OWNER: f"{login} nosuperuser nocreatedb nocreaterole nobypassrls",
        APP: "nologin nosuperuser nobypassrls",
        **dict.fromkeys((*CALLERS, STEPS), "nologin nosuperuser nocreatedb nocreaterole nobypassrls"),
        WEB: f"{login} nosuperuser nocreatedb nocreaterole nobypassrls",
    }
    made = [
        f"do $$ begin if not exists (select from pg_roles where rolname = '{name}') "
        f"then create role {name} {rights}; end if; end $$"
        for name, rights in roles.items()
    ]
    return [
        *made,
        f"grant {APP} to {WEB}, {', '.join((*CALLERS, STEPS))}",
        f"grant {', '.join((*CALLERS, STEPS))} to {WEB} with inherit false, set true",
        f"grant {STEPS} to {OWNER} with inherit true, set true",
        # Holds for whom a request works (complaints/migrations/0021_signed_context.py).
        f"grant set on parameter backtrace_functions to {OWNER}",
    ]


def create_database_statement(database: str) -> str:
    return (
        f"create database \"{database}\" owner {OWNER} template template0 encoding 'UTF8' "
        "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C.UTF-8'"
    )


def database_statements(database: str) -> list[str]:
    """Once in the portal's own database, as an administrator."""
    return [*granting_statements(database), *closing_statements()]


def granting_statements(database: str) -> list[str]:
    """Of those, what the owner may say as well, after a restore."""
    return [
        f'revoke all on database "{database}" from public',
        f'grant connect on database "{database}" to {APP}',
        f'revoke temporary on database "{database}" from {APP}',
        "revoke all on schema public from public",
        f"grant usage, create on schema public to {OWNER}",
        f"grant usage on schema public to {APP}",
        f"alter default privileges for role {OWNER} in schema public "
        f"grant select, insert, update, delete on tables to {APP}",
        f"alter default privileges for role {OWNER} in schema public grant usage, select on sequences to {APP}",
        f"alter default privileges for role {OWNER} in schema public grant execute on functions to {APP}",
    ]


def closing_statements() -> list[str]:
    """Takes `CLOSED` and the language of blocks from everybody, and gives `OPEN`; in each database of the server."""
    return [
        _of_each("revoke execute on function %s from public", CLOSED),
        *(_of_each(f"grant execute on function %s to {role}", names) for role, names in OPEN.items()),
        # A block could go on after it was cancelled.
        "revoke usage on language plpgsql from public",
        f"grant usage on language plpgsql to {OWNER}",
    ]


def _of_each(statement: str, names: Iterable[str]) -> str:
    return (
        "do $$ declare one regprocedure; begin for one in select oid from pg_proc where pronamespace ="  # noqa: S608
        f" 'pg_catalog'::regnamespace and proname = any('{{{','.join(names)}}}') loop"
        f" execute format('{statement}', one); end loop; end $$"
    )
