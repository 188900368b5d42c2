"""What the login that serves pages may do, compared with the lists of database/roles.py, columns.py and writing.py: the
portal does not serve if it may do more, since an injected statement may do whatever its login may."""

from typing import Any

from database import columns, roles, writing

_WIDER = """
with who (name, open) as (select * from unnest(%(who)s::text[], %(open)s::text[])),
closed as (
    select p.oid, p.proname from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any(%(closed)s))
select who.name || ' may call ' || min(closed.oid::regprocedure::text)
       || case when count(*) > 1 then ' and ' || count(*) - 1 || ' more functions that are closed' else '' end
from who, closed where has_function_privilege(who.name, closed.oid, 'execute')
    and not closed.proname = any(string_to_array(who.open, ' ')) group by who.name
union all select name || ' may make temporary tables' from who
where has_database_privilege(name, current_database(), 'temporary')
union all select name || ' may run blocks of ' || lanname from who, pg_language
where lanpltrusted and lanispl and has_language_privilege(name, pg_language.oid, 'usage')
union all select name || ' may set backtrace_functions' from who
where has_parameter_privilege(name, 'backtrace_functions', 'set')
union all select name || ' may make objects in the schema ' || nspname from who, pg_namespace
where nspname !~ '^pg_' and has_schema_privilege(name, pg_namespace.oid, 'create')
union all select name || ' may become ' || string_agg(r.rolname, ', ' order by r.rolname) from who, pg_roles r
where pg_has_role(name, r.oid, 'member') and r.rolname <> name and not r.rolname = any(%(roles)s) group by name
union all select 'whoever takes a role may write ' || alone from unnest(%(alone)s::text[]) alone
where to_regclass('public.' || alone) is not null and not exists (
    select from pg_trigger where tgrelid = to_regclass('public.' || alone) and tgname = 'only_steps_write'
        and tgenabled = 'O' and tgfoid = to_regproc('public.only_steps_write'))
union all select 'whoever takes a role may read ' || relname from pg_class
where relnamespace = 'public'::regnamespace and relname = any(%(tables)s)
    and not (relrowsecurity and relforcerowsecurity)
union all select name || ' may read ' || string_agg(one.column, ', ' order by one.column) || ' of ' || one.table
from unnest(%(callers)s::text[]) name, unnest(%(tables)s::text[], %(columns)s::text[]) one ("table", "column")
where exists (select from pg_attribute where attrelid = to_regclass('public.' || one.table) and attname = one.column
              and has_column_privilege(name, attrelid, attnum, 'select')) group by name, one.table
order by 1"""


def wider(connection: Any, login: str) -> list[str]:
    """One sentence without its end for each right of ``login`` or of a role it takes that it should not have; where a
    role is not there, for each of these and nothing else."""
    who = [login, *roles.CALLERS, roles.STEPS]
    values = {
        "who": who,
        "open": [" ".join(roles.OPEN.get(name, ())) for name in who],
        "closed": list(roles.CLOSED),
        "alone": list(writing.STEPS_ALONE),
        "callers": [login, *roles.CALLERS],
        "tables": [table for table, names in columns.WITHHELD.items() for _ in names],
        "columns": [name for names in columns.WITHHELD.values() for name in names],
        "roles": [roles.APP, *roles.CALLERS, roles.STEPS],
    }
    with connection.cursor() as cursor:
        cursor.execute("select name from unnest(%s::text[]) name where to_regrole(quote_ident(name)) is null", [who])
        if missing := [f"the role {name} is missing" for (name,) in cursor.fetchall()]:
            return missing
        cursor.execute(_WIDER, values)
        return [row[0] for row in cursor.fetchall()]
