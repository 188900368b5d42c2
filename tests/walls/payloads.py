"""What somebody tries whose words get into a statement of a list (`PLANTED`). Names of the real tables; each payload is
one or more requests, and {me}, {victim} and {kept} are filled in by tests/walls/test_injected.py.

`where`, `column`: his words within one SELECT. `stacked`: the driver sends what we write as it stands, so a semicolon
begins another statement. The rest of the list's own statement is made a comment.
"""

from itertools import product

from database import roles

CASES = "select number from complaints_complaint"


#: The list with the hole: what somebody typed stands in it as it was typed.
PLANTED = "select id, number from complaints_complaint where status <> '' and ({words}) order by id"


def where(words: str) -> str:
    return words


def column(words: str) -> str:
    return f"false) union all select 0, ({words})::text -- "


def stacked(words: str, *, commits: bool = False) -> str:
    return f"false); {words}{'; commit' if commits else ''} -- "


#: What begins a new session of the login, as the pool does now and then.
NEW_SESSION = "new session"
ROLES = (
    "portal_steps",
    "portal_consumer",
    "portal_enterprise",
    "portal_authority",
    "none",
    "portal_owner",
    "portal_web",
)
WIDEST = (
    "'app.first', '0', true), set_config('app.last', '2000000000', true),"
    " set_config('app.enterprises', '{1,2,3,4,5,6,7,8,9}', true"
)
_CONTEXTS = [
    f"portal_{side},portal_{side},{{victim}},X1_2_3_4_5_6_7_8_9Z,,0,2000000000,,,,"
    for side in ("consumer", "enterprise", "authority", "steps")
]
HELD = "backtrace_functions"

ONE_SELECT = {
    **{f"set_config role {role}": [where(f"set_config('role', '{role}', true) is not null")] for role in ROLES},
    "set_config role of the session": [where("set_config('role', 'portal_steps', false) is not null"), where("true")],
    "set_config session_authorization": [
        where("set_config('session_authorization', 'portal_owner', true) is not null")
    ],
    "set_config row_security": [where("set_config('row_security', 'off', true) is not null")],
    "set_config person": [where("set_config('app.user', '{victim}', true) is not null")],
    "set_config person of the session": [where("set_config('app.user', '{victim}', false) is not null"), where("true")],
    "set_config side and regions": [
        where(f"(set_config('role', 'portal_authority', true), set_config({WIDEST})) is not null")
    ],
    "set_config side and enterprises": [
        where(f"(set_config('role', 'portal_enterprise', true), set_config({WIDEST})) is not null")
    ],
    "set_config a digest": [
        where(
            "set_config('app.shown', (select array_agg(tracking_digest)::text from complaints_complaint), true)"
            " is not null"
        )
    ],
    "set_config search_path": [where("set_config('search_path', 'pg_temp', false) is not null"), where("true")],
    "set_config in pg_settings": [
        column("(select set_config(name, '0', true) from pg_settings where name = 'statement_timeout')")
    ],
    **{
        f"set_config context {n}": [where(f"set_config('{HELD}', '{one}', true) is not null")]
        for n, one in enumerate(_CONTEXTS)
    },
    "query_to_xml takes a role": [
        column("query_to_xml('select set_config(''role'', ''portal_steps'', true)', true, true, '')")
    ],
    "query_to_xml": [column("query_to_xml('select number from complaints_complaint', true, true, '')")],
    "table_to_xml": [column("table_to_xml('complaints_complaint', true, true, '')")],
    "schema_to_xml": [column("schema_to_xml('public', true, true, '')")],
    "database_to_xml": [column("database_to_xml(true, true, '')")],
    "cursor_to_xml": [column("cursor_to_xml('c', 10, true, true, '')")],
    "ts_stat takes a role": [
        column("(select count(*) from ts_stat('select to_tsvector(set_config(''role'', ''portal_steps'', true))'))")
    ],
    "ts_stat": [
        column(
            "(select string_agg(word, ' ')"
            " from ts_stat('select to_tsvector(''simple'', number) from complaints_complaint'))"
        )
    ],
    "ts_rewrite": [
        column(
            "ts_rewrite('a'::tsquery, 'select ''a''::tsquery, set_config(''role'', ''portal_steps'', true)::tsquery')"
        )
    ],
    "begin_request unsigned": [column("begin_request('x|{victim}|0|20261130|9999999999', repeat('00', 32))")],
    "begin_request, nothing": [column("begin_request(null, null)")],
    "begin_request, MAC that is none": [
        column("begin_request((select id || '|{victim}|0|20261130|9999999999' from request_key limit 1), 'zz')")
    ],
    "work_as_steps unsigned": [column("work_as_steps('x|steps|9999999999', repeat('00', 32), true)")],
    "show_secret unsigned": [column("show_secret('x|shown|aa|9999999999', repeat('00', 32))")],
    "is_signed": [column("is_signed('x|steps|9999999999', repeat('00', 32), 3)")],
    "the key": [column("(select string_agg(encode(inner_pad, 'hex'), '') from request_key)")],
    "the key by statistics": [
        column(
            "(select string_agg(most_common_vals::text || histogram_bounds::text, '') from pg_stats"
            " where tablename = 'request_key')"
        )
    ],
    "statistics of cases": [
        column(
            "(select string_agg(coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, ''), '')"
            " from pg_stats where tablename = 'complaints_complaint')"
        )
    ],
    "pg_statistic": [column("(select string_agg(stavalues1::text, '') from pg_statistic)")],
    "yes or no about others": [
        column("(select string_agg(n::text, ' ') from generate_series(1, 300) n where is_own_case(n) and n = 0)")
    ],
    "a cast that fails": [where("cast(number as int) > 0")],
    "a division in a filter": [where("1 / (case when number = '{number}' then 0 else 1 end) > 0")],
    "an operator that tells": [where("number::regclass is not null")],
    "pg_read_file": [column("pg_read_file('postgresql.conf')")],
    "pg_read_binary_file": [column("encode(pg_read_binary_file('PG_VERSION'), 'hex')")],
    "pg_ls_dir": [column("(select string_agg(f, ' ') from pg_ls_dir('.') f)")],
    "pg_stat_file": [column("(select size from pg_stat_file('PG_VERSION'))")],
    "pg_authid": [column("(select string_agg(rolpassword, '') from pg_authid)")],
    "lo_import": [column("lo_import('/etc/passwd')")],
    "lo_export": [column("lo_export(1, 'x')")],
    "lo_from_bytea": [column("lo_from_bytea(0, 'x')")],
    "lo_creat": [column("lo_creat(-1)")],
    "lo_get": [column("encode(lo_get(1), 'hex')")],
    "dblink": [
        column(
            "(select string_agg(t, '')"
            " from dblink('user=postgres', 'select number from complaints_complaint') x(t text))"
        )
    ],
    "activity of others": [column("(select string_agg(query, '') from pg_stat_activity)")],
    "activity by its function": [column("(select string_agg(query, '') from pg_stat_get_activity(null))")],
    "statements kept": [column("(select string_agg(name || statement, '') from pg_prepared_statements)")],
    "cursors": [column("(select string_agg(statement, '') from pg_cursors)")],
    "locks": [column("(select string_agg(objid::text, '') from pg_locks)")],
    "pg_terminate_backend": [column("(select count(pg_terminate_backend(n)) from generate_series(1, 2) n)")],
    "pg_cancel_backend": [column("(select count(pg_cancel_backend(n)) from generate_series(1, 2) n)")],
    "pg_reload_conf": [column("pg_reload_conf()")],
    "pg_notify": [column("pg_notify('x', 'y')")],
    "pg_logical_emit_message": [column("pg_logical_emit_message(false, 'x', 'y')")],
    "pg_export_snapshot": [column("pg_export_snapshot()")],
    "a replication slot": [column("pg_create_logical_replication_slot('x', 'test_decoding')")],
    "pg_advisory_lock": [column("pg_advisory_lock(1)")],
    "pg_try_advisory_lock": [column("pg_try_advisory_lock(1)")],
    "pg_sleep": [column("pg_sleep(30)")],
    "pg_sleep_for": [column("pg_sleep_for('30 s')")],
}

_BOTH_ROLES = [f"{how} {role}" for how, role in product(("set role", "set local role"), ROLES) if role != "none"]
STACKED = {
    **{f"stacked {words}": [stacked(f"{words}; {CASES}")] for words in _BOTH_ROLES},
    "stacked reset role": [stacked(f"reset role; {CASES}")],
    "stacked set session authorization": [stacked(f"set session authorization portal_owner; {CASES}")],
    "stacked reset session authorization": [stacked(f"reset session authorization; {CASES}")],
    "stacked role of the session": [stacked("set session role portal_steps", commits=True), stacked(CASES)],
    "stacked person": [stacked(f"set local app.\"user\" = '{{victim}}'; {CASES}")],
    "stacked person of the session": [
        stacked("set session app.\"user\" = '{victim}'", commits=True),
        stacked(f"commit; begin; set role portal_consumer; {CASES}"),
    ],
    "stacked side and regions": [
        stacked(f"set role portal_authority; set app.first = '0'; set app.last = '2000000000'; {CASES}")
    ],
    "stacked side and enterprises": [
        stacked(f"set role portal_enterprise; set app.enterprises = '{{1,2,3,4,5,6,7,8,9}}'; {CASES}")
    ],
    **{
        f"stacked context {n}": [
            stacked(f"set local role {one.partition(',')[0]}; set local {HELD} = '{one}'; {CASES}")
        ]
        for n, one in enumerate(_CONTEXTS)
    },
    "stacked own context as another side": [
        stacked("set role portal_authority; select complaint_id from complaints_callback")
    ],
    "stacked step's word, then the role": [
        stacked(f"set role portal_steps; select work_as_steps('x', 'y', true); {CASES}")
    ],
    "stacked role, set_config of the context": [
        stacked(f"set role portal_steps; select set_config('{HELD}', '{_CONTEXTS[3]}', true); {CASES}")
    ],
    "stacked own login, set_config of the context": [
        stacked(f"reset role; select set_config('{HELD}', '{_CONTEXTS[3]}', true); {CASES}")
    ],
    "stacked own login, set_config of the role": [
        stacked(f"reset role; select set_config('role', 'portal_steps', true); {CASES}")
    ],
    "stacked context granted": [stacked(f"grant set on parameter {HELD} to public")],
    "stacked context of new sessions": [
        stacked(f"reset role; alter role current_user set {HELD} = '{_CONTEXTS[3]}'", commits=True),
        NEW_SESSION,
        stacked(f"set role portal_steps; {CASES}"),
    ],
    "stacked role of new sessions": [
        stacked("reset role; alter role current_user set role = 'portal_steps'", commits=True),
        NEW_SESSION,
        where("true"),
    ],
    "stacked search_path of new sessions": [
        stacked("reset role; alter role current_user set search_path = pg_catalog", commits=True),
        NEW_SESSION,
        where("true"),
    ],
    "stacked limits of new sessions": [
        stacked(
            "reset role; alter role current_user set statement_timeout = 1;"
            " alter role current_user set default_transaction_read_only = on",
            commits=True,
        ),
        NEW_SESSION,
        where("true"),
    ],
    "stacked library of new sessions": [
        stacked("reset role; alter role current_user set local_preload_libraries = 'nothing'", commits=True),
        NEW_SESSION,
        where("true"),
    ],
    "stacked time zone of new sessions": [
        stacked("reset role; alter role current_user set timezone = 'Asia/Tokyo'", commits=True),
        NEW_SESSION,
        where("true"),
    ],
    "stacked reset all": [stacked(f"reset all; set role portal_steps; {CASES}")],
    "stacked begun anew": [stacked(f"rollback; begin; set role portal_steps; {CASES}")],
    "stacked rows off": [stacked(f"set row_security = off; {CASES}")],
    "stacked replication role": [stacked("set session_replication_role = replica")],
    "stacked grant of a role": [stacked("grant portal_steps to portal_consumer")],
    "stacked alter role": [stacked("alter role portal_consumer bypassrls")],
    "stacked create role": [stacked("create role x superuser")],
    "stacked alter system": [stacked("alter system set log_statement = 'all'")],
    "stacked copy to a program": [stacked("copy (select 1) to program 'id'")],
    "stacked copy to a file": [stacked("copy complaints_complaint to '/tmp/x'")],
    "stacked copy from a file": [stacked("copy complaints_demand from '/etc/passwd'")],
    "stacked load": [stacked("load 'plperl'")],
    "stacked extension": [stacked("create extension dblink")],
    "stacked foreign server": [stacked("create server s foreign data wrapper postgres_fdw")],
    "stacked function": [stacked("create function f() returns text language sql security definer as 'select 1::text'")],
    "stacked function of the session": [
        stacked("create function pg_temp.f(text) returns bool language sql as 'select true'")
    ],
    "stacked schema": [stacked("create schema attacker")],
    "stacked view": [stacked("create view v as select * from complaints_complaint")],
    "stacked rule": [stacked("create rule r as on insert to complaints_demand do instead nothing")],
    "stacked trigger": [
        stacked(
            "create trigger t before update on complaints_complaint for each row"
            " execute function suppress_redundant_updates_trigger()"
        )
    ],
    "stacked policy dropped": [stacked("drop policy consumer on complaints_complaint")],
    "stacked policies off": [stacked("alter table complaints_complaint disable row level security")],
    "stacked function exchanged": [
        stacked(
            "create or replace function begin_request(said text, mac text) returns text language sql as 'select said'"
        )
    ],
    "stacked key": [stacked("insert into request_key values ('x', 'a', 'b')")],
    "stacked block": [stacked(f"do $b$ begin execute 'set role portal_steps'; end $b$; {CASES}")],
    "stacked block that goes on": [
        stacked("do $b$ begin loop begin perform 1; exception when query_canceled then null; end; end loop; end $b$")
    ],
    "stacked temporary table": [
        stacked("create temp table complaints_complaint as select * from public.complaints_complaint", commits=True),
        where("true"),
    ],
    "stacked temporary view": [
        stacked(
            "create temp view complaints_complaint as select * from public.complaints_complaint limit 0", commits=True
        ),
        where("true"),
    ],
    "stacked statement exchanged": [
        stacked(
            "deallocate {kept}; prepare {kept}(bigint) as select id, number from complaints_complaint limit 0",
            commits=True,
        ),
        where("true"),
    ],
    "stacked statement that tells by locks": [
        stacked(
            "deallocate {kept}; prepare {kept}(bigint) as select id, number from complaints_complaint"
            " where pg_try_advisory_lock(777, id::int)",
            commits=True,
        ),
        column("(select string_agg('#' || objid, ' ') from pg_locks where locktype = 'advisory' and classid = 777)"),
    ],
    "stacked statements forgotten": [stacked("deallocate all", commits=True), where("true")],
    "stacked cursor that stays": [
        stacked("declare c cursor with hold for select number from complaints_complaint", commits=True),
        stacked("fetch all from c"),
    ],
    "stacked cursor of the steps": [
        stacked("set role portal_steps; declare c cursor for select number from complaints_complaint; fetch all from c")
    ],
    "stacked settings of the session": [
        stacked(
            "set statement_timeout = 1; set default_transaction_read_only = on; set row_security = off;"
            " set search_path = pg_catalog",
            commits=True,
        ),
        where("true"),
    ],
    "stacked isolation of the session": [
        stacked("set session characteristics as transaction isolation level serializable, read only", commits=True),
        where("true"),
    ],
    "stacked meaning of texts": [
        stacked(
            "set transform_null_equals = on; set client_encoding = 'SJIS'; set standard_conforming_strings = off",
            commits=True,
        ),
        where("true"),
    ],
    "stacked lock that stays": [
        stacked("set role portal_steps; select pg_try_advisory_lock(1)", commits=True),
        where("true"),
    ],
    "stacked listen": [stacked("listen x; notify x", commits=True), where("true")],
    "stacked lock of a table": [stacked("lock table complaints_complaint in access exclusive mode")],
    "stacked vacuum": [stacked("commit; vacuum full complaints_complaint")],
    "stacked security label": [stacked("security label on table complaints_complaint is 'x'")],
    "stacked comment": [stacked("comment on table complaints_complaint is 'x'")],
    "stacked prepared transaction": [stacked("prepare transaction 'x'")],
    "stacked settings by their view": [
        stacked(
            f"update pg_settings set setting = '{_CONTEXTS[3]}' where name = '{HELD}'; set role portal_steps; {CASES}"
        )
    ],
}

#: The last statement writes; each is tried as the caller, as the login itself, and as each other side and the steps.
_WRITES = {
    "case": "update complaints_complaint set status = 'closed'",
    "entry": "delete from complaints_handlingstep",
    "clock": "update complaints_deadline set due_at = now()",
    "notice": "delete from complaints_notice",
    "text": "update complaints_personaltext set id = id",
    "demand": "delete from complaints_demand",
    "truncate": "truncate complaints_demand",
    "a job": "insert into enterprises_staff (user_id, enterprise_id, role) select {me}, id, 'manager'"
    " from enterprises_enterprise limit 1",
    "jobs of others": "update enterprises_staff set user_id = {me}",
    "an office": "insert into authorities_officer (user_id, authority_id, role) select {me}, id, 'head'"
    " from authorities_authority limit 1",
    "offices of others": "update authorities_officer set user_id = {me}",
    "a wider region": "update authorities_region set last = 2000000000",
    "a higher authority": "update authorities_authority set region_id = (select min(id) from authorities_region)",
    "a branch of others": "update enterprises_branch set parent_id = null",
    "a firm that is out": "update enterprises_enterprise set enrolment = 'enrolled', stays_out = false",
    "a policy": "update authorities_policy set number = 0",
    "a rule": "update routing_routingrule set is_taken_back = true",
    "names of firms": "delete from enterprises_alias",
    "an administrator": "insert into accounts_administrator (user_id, kind, since) values ({me}, 'audit', now())",
    "a decided export": "insert into complaints_export (mark, asked_by_id, enterprise_id, branch_ids, query, columns,"
    " has_personal, purpose, format, language, state, asked_at, decided_by_id, decided_at, rows, kept_bytes, attempts,"
    " failure, link_digest, file_digest, file_size, has_file) select 'E1', {me}, id, '{}', '', '{phone}', true, '',"
    " 'csv', 'zh-hans', 'approved', now(), {victim}, now(), 0, 0, 0, '', '', '', 0, false"
    " from enterprises_enterprise limit 1",
    "a decided grade": "insert into enterprises_appraisal (enterprise_id, year, formula, figures, points, computed,"
    " grade, reason, proposed_by_id, proposed_at, decided_by_id, decided_at) select id, 2025, 4, '{}', '{}', 'A', 'A',"
    " '', {me}, now(), {victim}, now() from enterprises_enterprise limit 1",
    "a change of the law": "insert into complaints_lawchange (mark, kind, change, state, asked_at, decided_by_id,"
    " decided_at) select 'L1', 'calendar', '{}', 'applying', now(), {victim}, now()",
    "two persons no more": "insert into enterprises_twopersons (enterprise_id, refusals, failures, returns, set_by_id,"
    " set_at) select id, false, false, false, {me}, now() from enterprises_enterprise limit 1",
    "keys of people": "update accounts_personkey set wrapped = '', destroyed_at = now()",
    "people": "delete from accounts_user",
    "locks of others": "select id from complaints_complaint where id <> all(array(select id from own_case)) for update",
}
_AS = {
    "": "",
    " as the steps": "set role portal_steps; ",
    " as an authority": "set role portal_authority; ",
    " as the login": "reset role; ",
}
WRITES = {
    f"write {what}{as_whom}": [stacked(role + statement)]
    for (what, statement), (as_whom, role) in product(_WRITES.items(), _AS.items())
}

PAYLOADS = {**ONE_SELECT, **STACKED, **WRITES}
assert roles.CALLERS[0] in ROLES
