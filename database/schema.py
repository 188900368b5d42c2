"""What stands in a database, as sorted lines of text: two databases are built alike when the lines are equal.

Read from the catalog of PostgreSQL, so it says the same however the tables came to be: by migrations, by a dump, by
hand. Rows, the roles of the server, versions of extensions and the names of "not null" are no part of it; dropped
columns and the order in which objects were made leave no trace.
"""

import re
from typing import Any

_OURS = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
_OF_EXTENSION = "exists (select from pg_depend d where d.objid = {oid} and d.deptype = 'e')"
_OUR_TABLES = f"{_OURS} and not {_OF_EXTENSION.format(oid='c.oid')}"


def _acl(column: str) -> str:
    """Who may what, in one order; null where the built-in default stands."""
    return f"(select string_agg(a::text, ' ' order by a::text) from unnest({column}) a) as acl"


#: Kind → a statement whose first column is the name of an object; the others are said of it where they are not empty.
_KINDS = {
    "extension": "select extname from pg_extension",
    "schema": f"select n.nspname, nspowner::regrole as owner, {_acl('nspacl')} from pg_namespace n where {_OURS}",
    "relation": f"""
        select c.oid::regclass, c.relkind as kind, c.relowner::regrole as owner,
            nullif(c.relpersistence, 'p') as stored, c.relrowsecurity as row_security, c.relforcerowsecurity as forced,
            nullif(c.relreplident, 'd') as replica, c.reloptions as options, {_acl("c.relacl")}
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES} and c.relkind not in ('i', 'I', 't', 'c')""",
    "column": f"""
        select c.oid::regclass || '.' || a.attname,
            (select count(*) from pg_attribute b
             where b.attrelid = c.oid and b.attnum between 1 and a.attnum and not b.attisdropped) as number,
            format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
            nullif(a.attcollation, t.typcollation)::regcollation as collation,
            pg_get_expr(d.adbin, d.adrelid) as default, a.attidentity as identity, a.attgenerated as generated,
            nullif(a.attstorage, t.typstorage) as stored, a.attcompression as compression, a.attoptions as options,
            {_acl("a.attacl")}
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_type t on t.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where {_OUR_TABLES} and a.attnum > 0 and not a.attisdropped and c.relkind not in ('i', 'I', 't', 'S', 'c')""",
    "sequence": f"""
        select s.seqrelid::regclass, format_type(s.seqtypid, null) as type, s.seqstart as start, s.seqincrement as step,
            s.seqmin as least, s.seqmax as most, s.seqcache as cache, s.seqcycle as cycle,
            (select d.refobjid::regclass || '.' || a.attname from pg_depend d
             join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
             where d.objid = s.seqrelid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')) as of
        from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES}""",
    "constraint": f"""
        select coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text) || ' ' || c.conname,
            pg_get_constraintdef(c.oid) as is, not c.convalidated as not_valid
        from pg_constraint c join pg_namespace n on n.oid = c.connamespace where {_OURS} and c.contype <> 'n'""",
    "index": f"""
        select i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) as is, not i.indisvalid as not_valid,
            i.indisclustered as clustered, i.indisreplident as replica
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES}""",
    "view": f"""
        select c.oid::regclass, pg_get_viewdef(c.oid) as is
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES} and c.relkind in ('v', 'm')""",
    "rule": f"""
        select c.oid::regclass || ' ' || r.rulename, pg_get_ruledef(r.oid) as is
        from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES} and r.rulename <> '_RETURN'""",
    "trigger": f"""
        select c.oid::regclass || ' ' || t.tgname, pg_get_triggerdef(t.oid, true) as is,
            nullif(t.tgenabled, 'O') as fires
        from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES} and not t.tgisinternal""",
    "event trigger": """
        select evtname, evtevent as on, evtfoid::regproc as does, evttags as tags, evtenabled as fires
        from pg_event_trigger""",
    "policy": f"""
        select c.oid::regclass || ' ' || p.polname, p.polcmd as for, not p.polpermissive as restrictive,
            (select string_agg(r::regrole::text, ' ' order by r::regrole::text) from unnest(p.polroles) r) as to,
            pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check
        from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
        where {_OUR_TABLES}""",
    "function": f"""
        select p.oid::regprocedure, p.proowner::regrole as owner, {_acl("p.proacl")},
            case when p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) end as is
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where {_OURS} and not {_OF_EXTENSION.format(oid="p.oid")}""",
    "type": f"""
        select t.oid::regtype, t.typtype as kind, t.typowner::regrole as owner,
            nullif(t.typbasetype, 0)::regtype as base, t.typnotnull as not_null, t.typdefault as default,
            (select string_agg(e.enumlabel, ' ' order by e.enumsortorder) from pg_enum e
             where e.enumtypid = t.oid) as values, {_acl("t.typacl")}
        from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where {_OURS} and t.typrelid = 0 and t.typelem = 0 and not {_OF_EXTENSION.format(oid="t.oid")}""",
    "statistics": f"""
        select s.stxname, pg_get_statisticsobjdef(s.oid) as is
        from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where {_OURS}""",
    "default grant": f"""
        select concat_ws(' ', d.defaclrole::regrole, n.nspname, d.defaclobjtype), {_acl("d.defaclacl")}
        from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace""",
    "comment": """
        select i.type || ' ' || i.identity, d.description as is
        from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        where i.schema !~ '^pg_' and i.schema <> 'information_schema'""",
}
# A dump writes a list of words that a check compares with so, and reads it back otherwise: said in one way.
_CAST_LIST = re.compile(r"\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]")
_CAST_WORD = re.compile(r"('(?:[^']|'')*'::character varying)")


def described(connection: Any) -> list[str]:
    """Of Django or of psycopg2: one line an object, its kind and name first, sorted by code point."""
    lines = []
    with connection.cursor() as cursor:
        # Names come with their schema, whatever the search path of the caller.
        cursor.execute("select current_setting('search_path'), set_config('search_path', 'pg_catalog', false)")
        before = cursor.fetchone()[0]
        for kind, statement in _KINDS.items():
            cursor.execute(statement)
            texts = [column[0] for column in cursor.description][1:]
            lines += [_line(kind, name, zip(texts, values, strict=True)) for name, *values in cursor.fetchall()]
        cursor.execute("select set_config('search_path', %s, false)", [before])
    return sorted(lines)


def _line(kind: str, name: str, given: Any) -> str:
    parts = [f"{kind} {name}:"]
    for what, value in given:
        if value not in (None, False, ""):
            parts.append(what if value is True else f"{what} {value}")
    line = _CAST_LIST.sub(lambda match: "ARRAY[" + _CAST_WORD.sub(r"(\1)::text", match[1]) + "]", " ".join(parts))
    return line.replace("\\", "\\\\").replace("\n", "\\n")
