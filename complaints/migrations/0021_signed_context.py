"""For whom a request works is signed by the portal, and what the policies ask is a parameter that no caller can set.

Until here a role and the settings `app.*` said it, and an injected statement may change both. Now `begin_request`
checks a MAC, looks up jobs and offices, and writes what it found into a parameter of this transaction; `work_as_steps`
lets the steps work by a word signed in the same way. Each policy asks that the role stands in that parameter: a role
taken by hand sees nothing. The owner is excepted, who runs migrations, backup and restore.

The parameter is `backtrace_functions`: of those that only a superuser or whom he allows may set, it is the one that
holds any short list of words and does nothing else here (it names C functions whose errors are logged with a backtrace;
none is called like this). Fields, separated by commas: 1 role now, 2 role of the caller, 3 person, 4 enterprises,
5 branches, 6 and 7 first and last region of the widest office, 8 regions of several offices, 9 digests shown, 10 day,
11 stations. It holds no brackets or braces, so lists are written with letters (`_LETTERS`).

The keys stand in `request_key` and are laid by `migrate` and `restore` (database/request_words.py); nobody but the
owner reads them. HMAC-SHA256 (RFC 2104) from the functions of the core: the two pads are kept ready.
"""

import re
from typing import Any

from django.db import migrations

_CONTEXT = "backtrace_functions"
#: As lists are written in PostgreSQL, and here.
_MARKS, _LETTERS = "{}[),", "XZBE_"
_FIELDS = {
    **{"user": 3, "enterprises": 4, "branches": 5, "first": 6, "last": 7, "regions": 8, "shown": 9, "day": 10},
    "stations": 11,
}
_LISTS = ("enterprises", "branches", "regions", "shown", "stations")


def _field(place: int) -> str:
    return f"split_part(current_setting('{_CONTEXT}'), ',', {place})"


def _asked(name: str) -> str:
    field = _field(_FIELDS[name])
    return f"translate({field}, '{_LETTERS}', '{_MARKS}')" if name in _LISTS else field


#: In every policy: the role is the one that was told, not one that a statement took.
_TOLD = f"(current_user = 'portal_owner' or current_user = {_field(1)})"

_PUBLIC = "revoke execute on function {0} from public; grant execute on function {0} to portal_app"
KEYS = [
    """
do $$ begin
    if not has_parameter_privilege('backtrace_functions', 'set') then
        raise exception 'a right in the database is missing: %',
            'let an administrator run what `manage.py database_roles` prints, then migrate again';
    end if;
end $$""",
    # Made without the rights that every new table gets (database/roles.py), instead of taking them away: a dump tells
    # no difference between a table of the owner alone and one whose rights were taken away.
    "alter default privileges in schema public revoke select, insert, update, delete on tables from portal_app",
    "create table request_key (id text primary key, inner_pad bytea not null, outer_pad bytea not null)",
    "alter default privileges in schema public grant select, insert, update, delete on tables to portal_app",
    # `said`: key|number of the session|kind|more. Both sides are hashed again, so that the time of the comparison tells
    # nothing of the MAC.
    """
create function is_signed(said text, mac text, kind text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    key record;
    parts text[] := string_to_array(said, '|');
begin
    select k.inner_pad, k.outer_pad into key from public.request_key k where k.id = parts[1];
    if not found or mac is null or mac !~ '^[0-9a-f]{64}$' or sha256(key.outer_pad || decode(mac, 'hex')) <> sha256(
            key.outer_pad || sha256(key.outer_pad || sha256(key.inner_pad || convert_to(said, 'UTF8')))) then
        return false;
    end if;
    return parts[2] = pg_backend_pid()::text and parts[3] = kind;
end $$""",
    "revoke execute on function is_signed from public, portal_app",
]
# What the tables say today, asked without any of the code of the first check. The widest region stands in first and
# last, which the planner can estimate; regions holds all of them, and is empty for whoever has just one.
BEGIN = [
    f"""
create function begin_request(said text, mac text) returns text
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    parts text[] := string_to_array(said, '|');
    person bigint;
    at_job boolean;
    day date;
    told record;
begin
    if public.is_signed(said, mac, 'request') is not true then
        raise exception 'this word is not signed for this database' using errcode = '28000',
            hint = 'the keys of database and portal differ: run manage.py migrate with the SECRET_KEY of the portal';
    end if;
    person := nullif(parts[4], '')::bigint;
    at_job := parts[5] = '1';
    day := parts[6]::date;
    with recursive offices as (
        select r.id as first, r.last
        from public.authorities_officer o, public.authorities_authority a, public.authorities_region r
        where o.user_id = person and a.id = o.authority_id and r.id = a.region_id
          and (o.starts_on is null or o.starts_on <= day) and (o.ends_on is null or o.ends_on >= day)),
    jobs as (
        select s.enterprise_id, s.branch_id from public.enterprises_staff s, public.enterprises_enterprise e
        where s.user_id = person and e.id = s.enterprise_id and e.enrolment <> 'ended' and not e.stays_out
          and (e.enrolment <> 'suspended' or e.finishes_cases)
          and (s.starts_on is null or s.starts_on <= day) and (s.ends_on is null or s.ends_on >= day)),
    below as (
        select branch_id as id from jobs where branch_id is not null
        union select b.id from public.enterprises_branch b, below where b.parent_id = below.id),
    widest as (select first, last from offices order by last - first desc, first limit 1)
    select
        case when exists (select from jobs) and (at_job or not exists (select from offices)) then 'portal_enterprise'
             when exists (select from offices) then 'portal_authority' else 'portal_consumer' end as role,
        coalesce((select array_agg(distinct enterprise_id)::text from jobs where branch_id is null), '') as enterprises,
        coalesce((select array_agg(id)::text from below), '') as branches,
        coalesce((select first::text from widest), '') as first,
        coalesce((select last::text from widest), '') as last,
        coalesce((select range_agg(int4range(first, last, '[]'))::text from offices
                  having count(distinct first) > 1), '') as regions,
        coalesce((select array_agg(p.station_id)::text
                  from public.enterprises_stationstaff p, public.enterprises_station s
                  where p.user_id = person and s.id = p.station_id
                    and (p.starts_on is null or p.starts_on <= day) and (p.ends_on is null or p.ends_on >= day)
                    and (s.ends_on is null or s.ends_on >= day)), '') as stations
    into told;
    perform set_config('{_CONTEXT}', concat_ws(
        ',', told.role, told.role, coalesce(person::text, ''), translate(told.enterprises, '{_MARKS}', '{_LETTERS}'),
        translate(told.branches, '{_MARKS}', '{_LETTERS}'), told.first, told.last,
        translate(told.regions, '{_MARKS}', '{_LETTERS}'), '', to_char(day, 'YYYYMMDD'),
        translate(told.stations, '{_MARKS}', '{_LETTERS}')), true);
    return told.role;
end $$""",
    _PUBLIC.format("begin_request"),
    f"""
create function show_secret(said text, mac text) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    parts text[] := string_to_array(current_setting('{_CONTEXT}'), ',');
    digests text[];
begin
    if public.is_signed(said, mac, 'shown') is not true or cardinality(parts) < 11 then
        raise exception 'this word is not signed for this database' using errcode = '28000';
    end if;
    digests := coalesce(nullif(translate(parts[9], '{_LETTERS}', '{_MARKS}'), '')::text[], '{{}}')
        || split_part(said, '|', 4);
    parts[9] := translate(digests::text, '{_MARKS}', '{_LETTERS}');
    perform set_config('{_CONTEXT}', array_to_string(parts, ','), true);
end $$""",
    _PUBLIC.format("show_secret"),
    f"""
create function work_as_steps(said text, mac text, in_transaction boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    now text := current_setting('{_CONTEXT}');
begin
    if public.is_signed(said, mac, 'steps') is not true then
        raise exception 'this word is not signed for this database' using errcode = '28000',
            hint = 'the keys of database and portal differ: run manage.py migrate with the SECRET_KEY of the portal';
    end if;
    perform set_config('{_CONTEXT}', 'portal_steps,' || substr(now, strpos(now || ',', ',') + 1), in_transaction);
end $$""",
    _PUBLIC.format("work_as_steps"),
    # Needs no word: it takes away, and gives nothing that the request did not have.
    f"""
create function back_to_caller() returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    now text := current_setting('{_CONTEXT}');
begin
    perform set_config('{_CONTEXT}', split_part(now, ',', 2) || ',' || substr(now, strpos(now || ',', ',') + 1), true);
end $$""",
    _PUBLIC.format("back_to_caller"),
]


# What `begin_request` looks up is written by the steps alone: nobody gives himself a job, an office or a branch.
_WRITTEN = {
    **dict.fromkeys(
        ("enterprises_staff", "enterprises_stationstaff", "authorities_officer"), "insert or update or delete"
    ),
    **dict.fromkeys(("authorities_authority", "authorities_region"), "insert or update or delete"),
    "enterprises_branch": "update of parent_id, enterprise_id",
    "enterprises_enterprise": "update of enrolment, finishes_cases, stays_out",
}
JOBS = [
    f"""
create function only_steps_write() returns trigger language plpgsql as $$
begin
    if current_user in ('portal_web', 'portal_consumer', 'portal_enterprise', 'portal_authority', 'portal_steps')
       and {_field(1)} <> 'portal_steps' then
        raise exception 'jobs and offices are written by the steps alone: % of % is refused', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$""",
    *(
        f"create trigger only_steps_write after {event} on {table}"
        " for each statement execute function only_steps_write()"
        for table, event in _WRITTEN.items()
    ),
]


def _rewritten(text: str) -> str:
    text = re.sub(r"current_setting\('app\.(\w+)'(?:::text)?, true\)", lambda found: _asked(found[1]), text)
    return text.replace("current_setting('role')", _field(1))


def ask_the_parameter(apps: Any, schema_editor: Any) -> None:
    """Every policy, view and function that asked the settings; each policy asks for the role as well."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "select polrelid::regclass::text, quote_ident(polname), pg_get_expr(polqual, polrelid),"
            " pg_get_expr(polwithcheck, polrelid) from pg_policy order by 1, 2"
        )
        for table, name, using, check in cursor.fetchall():
            said = [
                f"{word} ({_TOLD} and ({_rewritten(condition)}))"
                for word, condition in (("using", using), ("with check", check))
                if condition
            ]
            cursor.execute(f"alter policy {name} on {table} {' '.join(said)}")
        for name in ("own_part", "own_case", "own_engagement"):
            cursor.execute("select pg_get_viewdef(%s::regclass)", [name])
            cursor.execute(f"create or replace view {name} as {_rewritten(cursor.fetchone()[0])}")
        cursor.execute("select pg_get_functiondef('cases_with_words'::regproc)")
        cursor.execute(_rewritten(cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies = [("complaints", "0020_tags_of_notices"), ("oversight", "0009_printed_later")]

    operations = [
        migrations.RunSQL(KEYS),
        migrations.RunSQL(BEGIN),
        migrations.RunSQL(JOBS),
        migrations.RunPython(ask_the_parameter, migrations.RunPython.noop),
    ]
