"""Counters made beside those that stand: tables without indexes, which are filled, indexed, and put in their place.

Only the owner of the tables does this, and what comes into their place is the same to the last index,
policy and grant. An index that is made at the end costs a third of one that is kept with every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oversight.counters.sums import ALL, TALLY

#: The names of new tables and their indexes end so.
END = "_anew"
_NAMES = (TALLY, *(table.name for table in ALL))


def may_make(cursor: Any) -> bool:
    """Whether who is connected owns the counters (`manage.py rebuild_rollups` with DATABASE_OWNER_URL does)."""
    cursor.execute(
        "select pg_has_role(session_user, relowner, 'usage') from pg_class where oid = %s::regclass", [TALLY]
    )
    return bool(cursor.fetchone()[0])


def stands(cursor: Any) -> bool:
    """Whether tables are there beside the others."""
    cursor.execute("select to_regclass(%s) is not null", [TALLY + END])
    return bool(cursor.fetchone()[0])


def begin(cursor: Any) -> None:
    """Empty tables, guarded as those that stand."""
    for name in _NAMES:
        cursor.execute(f"drop table if exists {name}{END}")
        cursor.execute(
            f"create table {name}{END} (like {name} including defaults including constraints including storage)"
        )
        cursor.execute("select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass", [name])
        for is_on, words in zip(cursor.fetchone(), ("enable", "force"), strict=True):
            if is_on:
                cursor.execute(f"alter table {name}{END} {words} row level security")
        for statement in (*_policies(cursor, name), *_grants(cursor, name)):
            cursor.execute(statement)


def empty(cursor: Any, names: Sequence[str]) -> None:
    for name in names:
        cursor.execute(f"truncate {name}{END}")


def finish(cursor: Any, names: Sequence[str]) -> None:
    """Keys, indexes and statistics, for tables that are filled."""
    cursor.execute("set local maintenance_work_mem = '256MB'")
    for name in names:
        cursor.execute(
            """
            select c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary
            from pg_index i
            join pg_class c on c.oid = i.indexrelid
            where i.indrelid = %s::regclass
            """,
            [name],
        )
        for index, said, is_key in cursor.fetchall():
            cursor.execute(
                said.replace(f" INDEX {index} ON public.{name} ", f" INDEX {index}{END} ON public.{name}{END} ")
            )
            if is_key:
                cursor.execute(f"alter table {name}{END} add primary key using index {index}{END}")
        cursor.execute(f"analyze {name}{END}")


def swap(cursor: Any) -> None:
    """The new tables take the place of the old ones; with the commit everybody reads them."""
    cursor.execute("lock table " + ", ".join(_NAMES) + " in access exclusive mode")
    for name in _NAMES:
        cursor.execute(f"drop table {name}")
        cursor.execute(f"alter table {name}{END} rename to {name}")
        cursor.execute(
            "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = %s::regclass",
            [name],
        )
        for (index,) in cursor.fetchall():
            cursor.execute(f"alter index {index} rename to {index.removesuffix(END)}")


def _policies(cursor: Any, name: str) -> list[str]:
    cursor.execute(
        """
        select policyname, permissive, cmd, array_to_string(roles, ', '), qual, with_check
        from pg_policies
        where schemaname = 'public' and tablename = %s
        """,
        [name],
    )
    return [
        f"create policy {policy} on {name}{END} as {kind} for {command} to {who}"
        + (f" using ({using})" if using else "")
        + (f" with check ({check})" if check else "")
        for policy, kind, command, who, using, check in cursor.fetchall()
    ]


def _grants(cursor: Any, name: str) -> list[str]:
    """All that others than the owner may do, and nothing that a new table gives by default."""
    cursor.execute(
        """
        select a.grantee::regrole::text, string_agg(a.privilege_type, ', ')
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = %s::regclass and a.grantee <> c.relowner
        group by 1
        """,
        [name],
    )
    held = cursor.fetchall()
    return [
        *(f"revoke all on {name}{END} from {who}" for who, _ in held),
        *(f"grant {what} on {name}{END} to {who}" for who, what in held),
    ]
