"""The rows of moved cases, here and in the archive.

What moves are the long tables: entries, texts, notices, clocks. Everything else of a case stays, so whoever sees a
case, finds it, or holds a key of it does so here. The archive is a database with the same tables and no others; it has
no keys, so what lies there sealed opens by the keys that are here, and no longer once they are destroyed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from complaints.record.record import chained
from web.errors import Refusal

log = logging.getLogger(__name__)
#: Table → the condition that finds the rows of cases, parents first.
TABLES = {
    "complaints_handlingstep": "t.complaint_id = any(%s)",
    "complaints_personaltext": "t.complaint_id = any(%s)",
    "complaints_notice": "t.complaint_id = any(%s)",
    "complaints_noticeorder": "t.notice_id in (select n.id from complaints_notice n where n.complaint_id = any(%s))",
    "complaints_deadline": "t.complaint_id = any(%s)",
    "complaints_reminder": "t.deadline_id in (select d.id from complaints_deadline d where d.complaint_id = any(%s))",
}
ENTRIES = "complaints_handlingstep"
#: Table → its rows as the database writes them in JSON, in the order of their ids.
Rows = dict[str, str]
#: Case → how many entries it has, and the digest over the last entry of each chain.
Heads = dict[int, tuple[int, bytes]]
_COLUMNS = """
select attname::text, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(d.adbin, d.adrelid)
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"""
#: What a row belongs to, by which it is looked for there.
_PARENT = {"complaints_noticeorder": "notice_id", "complaints_reminder": "deadline_id"}
# Numbers of transactions mean something on the server that counted them only.
_MADE_EVEN = {ENTRIES: """ || '{"transaction": 0}'"""}


class ArchiveAway(Refusal):
    """The archive does not answer, or is not set."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "archive_away", _("这个案件早已办结，它的记录存放在归档库，归档库现在没有应答。请过一会儿再试。")
        )


class ArchiveDiffers(Refusal):
    """What lies in the archive is not what was moved there."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "archive_differs", _("这个案件的记录存放在归档库，存放的内容与移入时的签名不符，因此不显示。请告诉平台。")
        )


@contextmanager
def archive() -> Iterator[Any]:
    """A connection to the archive, for one piece of work. Raises ArchiveAway where it cannot be reached or used."""
    if not settings.ARCHIVE_DATABASE_URL:
        raise ArchiveAway
    patient = "-c timezone=UTC -c statement_timeout=20s -c lock_timeout=5s"
    try:
        with closing(
            psycopg2.connect(settings.ARCHIVE_DATABASE_URL, connect_timeout=2, options=patient, tcp_user_timeout=5000)
        ) as line:
            yield line
    except psycopg2.Error as error:
        # Its words may hold values of rows.
        log.error("the archive did not answer: %s", type(error).__name__)
        raise ArchiveAway from error


def read(cursor: Any, ids: Collection[int]) -> Rows:
    """What moves of these cases, here or there."""
    result = {}
    for table, condition in TABLES.items():
        row = f"to_jsonb(t){_MADE_EVEN.get(table, '')}"
        cursor.execute(
            f"select coalesce(jsonb_agg({row} order by t.id), '[]')::text from {table} t where {condition}",  # noqa: S608
            [list(ids)],
        )
        [result[table]] = cursor.fetchone()
    return result


def insert(cursor: Any, rows: Rows) -> None:
    """The other way, into tables of this form."""
    for table, written in rows.items():
        if written != "[]":
            columns = ", ".join(f'"{name}"' for name, *_rest in _columns(cursor, table))
            cursor.execute(
                f"insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, %s)",  # noqa: S608
                [written],
            )


def replace(line: Any, ids: Collection[int], rows: Rows) -> None:
    """Into the archive, in place of what an earlier run left there of these cases."""
    with line.cursor() as cursor:
        for table, condition in reversed(TABLES.items()):
            cursor.execute(f"delete from {table} t where {condition}", [list(ids)])  # noqa: S608
        insert(cursor, rows)
    line.commit()


def prepare(line: Any) -> None:
    """Makes the tables of the archive, or adds the columns that came since: those of here, without keys to tables that
    are not there."""
    with connection.cursor() as here, line.cursor() as there:
        for table in TABLES:
            columns = _columns(here, table)
            there.execute("select to_regclass(%s) is not null", [table])
            if not there.fetchone()[0]:
                listed = ", ".join(
                    f'"{name}" {kind}{" not null" if is_needed else ""}' for name, kind, is_needed, _default in columns
                )
                parent = _PARENT.get(table, "complaint_id")
                there.execute(f"create table {table} ({listed}, primary key (id))")
                there.execute(f"create index on {table} ({parent})")
                continue
            known = {name for name, *_rest in _columns(there, table)}
            for name, kind, is_needed, default in columns:
                if name not in known:
                    filled = f" default {default}" if default else ""
                    needed = " not null" if is_needed and default else ""
                    there.execute(f'alter table {table} add column "{name}" {kind}{filled}{needed}')
    line.commit()


def _columns(cursor: Any, table: str) -> list[tuple[str, str, bool, str | None]]:
    """(name, type, whether it must be filled, what fills it)."""
    cursor.execute(_COLUMNS, [table])
    return list(cursor.fetchall())


def entries(rows: Rows) -> Iterator[tuple[int, str, int, bytes]]:
    """(case, audience, sequence, hash) of each entry."""
    for one in json.loads(rows[ENTRIES]):
        yield one["complaint_id"], one["audience"], one["sequence"], _bytes(one["hash"])


def heads(rows: Rows) -> Heads:
    """Of each case, from its entries alone; raises ArchiveDiffers where a chain of them is broken."""
    last: dict[tuple[int, str], tuple[int, bytes]] = {}
    every = json.loads(rows[ENTRIES])
    for entry in sorted(every, key=lambda one: (one["complaint_id"], one["audience"], one["sequence"])):
        chain = (entry["complaint_id"], entry["audience"])
        sequence, before = last.get(chain, (0, b""))
        digest, previous = _bytes(entry["hash"]), _bytes(entry["previous_hash"])
        if (entry["sequence"], previous) != (sequence + 1, before) or chained(previous, entry["body"]) != digest:
            raise ArchiveDiffers
        last[chain] = (entry["sequence"], digest)
    ends: dict[int, list[tuple[str, int, bytes]]] = {}
    for (case, audience), (sequence, digest) in last.items():
        ends.setdefault(case, []).append((audience, sequence, digest))
    return {case: (sum(one[1] for one in chains), digest_of(chains)) for case, chains in ends.items()}


def digest_of(chains: Iterable[tuple[str, int, bytes]]) -> bytes:
    """SHA-256 over ``audience|sequence|hash``, a line for each chain of a case, in order; the hash in hexadecimal."""
    lines = sorted(f"{audience}|{sequence}|{digest.hex()}\n" for audience, sequence, digest in chains)
    return hashlib.sha256("".join(lines).encode()).digest()


def root_of(cases: Mapping[str, tuple[int, bytes]]) -> str:
    """SHA-256 over ``number|entries|digest``, a line for each case, in the order of the numbers; in hexadecimal."""
    lines = (f"{number}|{entries}|{digest.hex()}\n" for number, (entries, digest) in sorted(cases.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _bytes(written: str) -> bytes:
    """As the database writes bytes in JSON."""
    return bytes.fromhex(written.removeprefix("\\x"))
