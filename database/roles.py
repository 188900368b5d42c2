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

OWNER, APP, WEB = "portal_owner", "portal_app", "portal_web"
CONSUMER, ENTERPRISE, AUTHORITY, STEPS = "portal_consumer", "portal_enterprise", "portal_authority", "portal_steps"
CALLERS = (CONSUMER, ENTERPRISE, AUTHORITY)


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
    ]


def create_database_statement(database: str) -> str:
    return (
        f"create database \"{database}\" owner {OWNER} template template0 encoding 'UTF8' "
        "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C.UTF-8'"
    )


def database_statements(database: str) -> list[str]:
    """Once in the portal's own database, as an administrator."""
    return [
        f'revoke all on database "{database}" from public',
        f'grant connect, temporary on database "{database}" to {APP}',
        "revoke all on schema public from public",
        f"grant usage, create on schema public to {OWNER}",
        f"grant usage on schema public to {APP}",
        f"alter default privileges for role {OWNER} in schema public "
        f"grant select, insert, update, delete on tables to {APP}",
        f"alter default privileges for role {OWNER} in schema public grant usage, select on sequences to {APP}",
        f"alter default privileges for role {OWNER} in schema public grant execute on functions to {APP}",
    ]
