"""The honest floor: the very rows that the portal wrote, written once more by psycopg2 alone into tables with the same
columns and indexes, with the same commits. No foreign keys, triggers, checks or policies stand on these tables.

What the portal writes is noted by a trigger of every table while nothing is timed (`noted`), and played again in pieces
(`SameRows.play`). Rows of one table that the portal wrote one after the other go in one statement, as arrays; an update
names the columns that changed.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks.ground import Ground

_NOTES = """
create schema noted;
create table noted.writing (
    nth bigint generated always as identity primary key, transaction xid8 not null default pg_current_xact_id(),
    place text not null, act text not null, old text[], new text[]);
create function noted.note() returns trigger language plpgsql security definer as $$
declare
    old_row text[];
    new_row text[];
begin
    if tg_op <> 'INSERT' then execute 'select array[' || tg_argv[0] || ']' into old_row using old; end if;
    if tg_op <> 'DELETE' then execute 'select array[' || tg_argv[0] || ']' into new_row using new; end if;
    insert into noted.writing (place, act, old, new) values (tg_relname, tg_op, old_row, new_row);
    return null;
end $$;
create schema same;
"""
_TABLES = """
    select c.relname, array_agg(a.attname::text order by a.attnum),
        array_agg(format_type(a.atttypid, null) order by a.attnum),
        (select array_agg(k::int) from pg_index i, unnest(i.indkey) k where i.indrelid = c.oid and i.indisprimary)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not c.relispartition
    group by c.oid, c.relname
"""


@dataclass(frozen=True)
class _Table:
    """Names and types of the columns in their order, and the places of the primary key in them."""

    columns: list[str]
    types: list[str]
    key: list[int]


@dataclass
class _Transaction:
    """Statements with their values, and how many rows they write."""

    statements: list[tuple[str, list[Any]]] = field(default_factory=list)
    rows: int = 0


@dataclass(frozen=True)
class Cost:
    """Of one piece, for each row written: seconds of CPU of this process and its backend, seconds by the clock."""

    cpu: float
    clock: float


class SameRows:
    """What was noted, ready to be played once, from front to back. ``rows``: how many rows it writes in all."""

    def __init__(self, base: Ground, transactions: Sequence[_Transaction]) -> None:
        self._left = list(transactions)
        self._dsn = base.dsn("postgres")
        self.rows = sum(one.rows for one in transactions)

    def play(self, rows: int) -> Cost:
        """Transactions of at least so many rows. Raises SystemExit where fewer are left."""
        piece, written = [], 0
        while written < rows:
            if not self._left:
                raise SystemExit("more of the same rows are asked for than the portal wrote")
            piece.append(self._left.pop(0))
            written += piece[-1].rows
        with contextlib.closing(psycopg2.connect(self._dsn)) as connection, connection.cursor() as cursor:
            cursor.execute("set search_path to same")
            connection.commit()
            own, backend, begun = time.process_time(), _backend(connection), time.perf_counter()
            for one in piece:
                for words, values in one.statements:
                    cursor.execute(words, values)
                connection.commit()
            clock = time.perf_counter() - begun
            cpu = time.process_time() - own + _backend(connection) - backend
        return Cost(cpu / written, clock / written)


def _backend(connection: Any) -> float:
    """Seconds of CPU that the server process of this connection has had; finer than the ticks of `stat`."""
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e9


@contextlib.contextmanager
def noted(base: Ground) -> Iterator[list[SameRows]]:
    """What is written to any table within, as the one element of the list when the block has ended."""
    result: list[SameRows] = []
    tables = _begin(base)
    yield result
    result.append(SameRows(base, _read(base, tables)))


def _begin(base: Ground) -> dict[str, _Table]:
    with contextlib.closing(base.administrator()) as connection, connection.cursor() as cursor:
        cursor.execute(_NOTES)
        cursor.execute(_TABLES)
        tables = {
            name: _Table(columns, types, [nth - 1 for nth in key])
            for name, columns, types, key in cursor.fetchall()
            if key
        }
        for name, table in tables.items():
            cursor.execute(f'create table same."{name}" (like public."{name}" including defaults including indexes)')
            cursor.execute(f'insert into same."{name}" select * from public."{name}"')
            texts = ", ".join(f'($1)."{column}"::text' for column in table.columns)
            cursor.execute(
                f'create trigger zz_noted after insert or update or delete on public."{name}"'
                " for each row execute function noted.note(%s)",
                [texts],
            )
        cursor.execute("vacuum analyze")
    return tables


def _read(base: Ground, tables: dict[str, _Table]) -> list[_Transaction]:
    """What was noted as statements; the triggers and the notes are gone afterwards."""
    with contextlib.closing(base.administrator()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select transaction::text, place, act, old, new from noted.writing"
            " order by min(nth) over (partition by transaction), nth"
        )
        rows = cursor.fetchall()
        cursor.execute("drop schema noted cascade")
    result = []
    for _number, written in itertools.groupby(rows, key=lambda row: row[0]):
        one = _Transaction()
        for (place, act, names), group in itertools.groupby(written, key=lambda row: _alike(tables[row[1]], row)):
            together = list(group)
            one.statements.append(_statement(place, tables[place], act, names, together))
            one.rows += len(together)
        result.append(one)
    return result


def _alike(table: _Table, row: tuple[Any, ...]) -> tuple[str, str, tuple[int, ...]]:
    """What one statement does: to which table, what, and to which columns."""
    _number, place, act, old, new = row
    if act == "UPDATE":
        changed = tuple(nth for nth in range(len(table.columns)) if old[nth] != new[nth])
        return place, act, changed or tuple(table.key)
    return place, act, tuple(range(len(table.columns)) if act == "INSERT" else table.key)


def _statement(
    place: str, table: _Table, act: str, written: tuple[int, ...], rows: Sequence[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    """One statement for rows that are alike: values where there is one of them, arrays where there are more."""
    names = [f'"{table.columns[nth]}"' for nth in written]
    values = [[row[3 if act == "DELETE" else 4][nth] for nth in written] for row in rows]
    key = [f'"{table.columns[nth]}"' for nth in table.key]
    before = [[row[3][nth] for nth in table.key] for row in rows] if act == "UPDATE" else []
    if act == "INSERT":
        head = f'insert into "{place}" ({", ".join(names)})'
        if len(rows) == 1:
            return f"{head} values ({', '.join(['%s'] * len(names))})", values[0]
        source, columns = _arrays(table, list(written), values)
        return f"{head} select {source}", columns
    if act == "DELETE":
        source, columns = _arrays(table, list(written), values)
        return f'delete from "{place}" where ({", ".join(names)}) in (select {source})', columns
    if len(rows) == 1:
        sets = ", ".join(f"{name} = %s" for name in names)
        return f'update "{place}" set {sets} where {" and ".join(f"{name} = %s" for name in key)}', values[0] + before[
            0
        ]
    source, columns = _arrays(
        table, [*table.key, *written], [[*keys, *row] for keys, row in zip(before, values, strict=True)]
    )
    sets = ", ".join(f"{name} = v.c{len(key) + nth}" for nth, name in enumerate(names))
    where = " and ".join(f"t.{name} = v.c{nth}" for nth, name in enumerate(key))
    named = ", ".join(f"c{nth}" for nth in range(len(columns)))
    return f'update "{place}" t set {sets} from (select {source}) v({named}) where {where}', columns


def _arrays(table: _Table, places: list[int], values: Sequence[list[Any]]) -> tuple[str, list[str]]:
    """Columns from arrays, a literal each. An array of arrays would be taken apart whole, so such columns are texts."""
    kinds = [table.types[nth] for nth in places]
    shown = ", ".join(f"c{nth}::{kind}" if kind.endswith("[]") else f"c{nth}" for nth, kind in enumerate(kinds))
    arrays = ", ".join(f"%s::{'text' if kind.endswith('[]') else kind}[]" for kind in kinds)
    names = ", ".join(f"c{nth}" for nth in range(len(kinds)))
    return f"{shown} from unnest({arrays}) as u({names})", [_literal(column) for column in zip(*values, strict=True)]


def _literal(values: Sequence[str | None]) -> str:
    quoted = (
        "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values
    )
    return "{" + ",".join(quoted) + "}"
