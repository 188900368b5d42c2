"""The least that filing costs on this machine: the same seven rows by hand, without a portal around them.

These tables have the keys and indexes without which no complaint could be found again, and nothing
else: no walls, no words, no clocks. (The seventh row is a counter's, which the portal derives from the record instead.)
`file_one` is the floor of filing, `file_many` that of an import.
"""

import hashlib
import json
import random
import secrets
from datetime import UTC, datetime
from typing import Any

SCHEMA = """
create schema floor;
create table floor.complaint (
    id bigint generated always as identity primary key, number text not null unique, request_key text not null unique,
    consumer bigint not null, enterprise int not null, region int not null, category smallint not null,
    status text not null, filed_at timestamptz not null, due_at timestamptz, amount numeric(14,2),
        statement text not null);
create index on floor.complaint (enterprise, status, due_at, id);
create index on floor.complaint (region, status, id);
create index on floor.complaint (consumer, id);
create table floor.demand (
    id bigint generated always as identity primary key, complaint bigint not null references floor.complaint,
    kind text not null, amount numeric(14,2));
create index on floor.demand (complaint);
create table floor.file (
    id bigint generated always as identity primary key, complaint bigint not null references floor.complaint,
    name text not null, digest bytea not null, size int not null);
create index on floor.file (complaint);
create table floor.entry (
    complaint bigint not null references floor.complaint, sequence int not null, at timestamptz not null,
    step text not null, who text not null, data jsonb not null, previous bytea not null, digest bytea not null,
    primary key (complaint, sequence));
create table floor.notice (
    id bigint generated always as identity primary key, complaint bigint not null references floor.complaint,
    kind text not null, whom text not null, send_at timestamptz not null, sent_at timestamptz);
create index on floor.notice (send_at) where sent_at is null;
create table floor.count_delta (
    id bigint generated always as identity primary key, day date not null, region int not null, enterprise int not null,
    category smallint not null, measure text not null, change int not null);
"""
STATEMENT = (
    "9月起每个月账单多出一项“智家体验包”，我没有开通过。打过两次客服电话，到现在没有结果，要求退还多扣的费用。" * 4
)
_DATA = json.dumps({"channel": "web", "demands": 2})

_COMPLAINT = """insert into floor.complaint
 (number, request_key, consumer, enterprise, region, category, status, filed_at, due_at, amount, statement)"""


def _said() -> dict[str, Any]:
    now = datetime.now(UTC)
    number = f"{now:%Y%m%d}-{secrets.token_hex(8)}"
    return {
        "number": number,
        "key": secrets.token_hex(16),
        "consumer": random.randrange(1_000_000),
        "enterprise": random.randrange(3000),
        "region": 350102000 + random.randrange(900),
        "category": random.randrange(60),
        "now": now,
        "day": now.date(),
        "text": STATEMENT,
        "data": _DATA,
        "digest": hashlib.sha256(f"{number}|{now}|{_DATA}".encode()).digest(),
    }


def file_one(cursor: Any) -> None:
    """Seven statements; the caller commits."""
    given = _said()
    cursor.execute(
        _COMPLAINT + " values (%(number)s, %(key)s, %(consumer)s, %(enterprise)s, %(region)s, %(category)s, 'filed',"
        " %(now)s, %(now)s, 128.50, %(text)s) returning id",
        given,
    )
    given["id"] = cursor.fetchone()[0]
    for kind in ("refund", "cancel_service"):
        cursor.execute(
            "insert into floor.demand (complaint, kind, amount) values (%(id)s, %(kind)s, 128.50)",
            {**given, "kind": kind},
        )
    cursor.execute(
        "insert into floor.file (complaint, name, digest, size) values (%(id)s, '账单.jpg', %(digest)s, 9)", given
    )
    cursor.execute(
        "insert into floor.entry values (%(id)s, 1, %(now)s, 'file', 'consumer', %(data)s, '', %(digest)s)", given
    )
    cursor.execute(
        "insert into floor.notice (complaint, kind, whom, send_at) values (%(id)s, 'file', 'consumer', %(now)s)", given
    )
    cursor.execute(
        "insert into floor.count_delta (day, region, enterprise, category, measure, change)"
        " values (%(day)s, %(region)s, %(enterprise)s, %(category)s, 'received', 1)",
        given,
    )


def file_many(cursor: Any, count: int) -> None:
    """The same rows for many complaints, a statement a table."""
    rows = [_said() for _ in range(count)]

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    cursor.execute(
        _COMPLAINT + " select n, k, c, e, r, g, 'filed', a, a, 128.50, t from unnest(%s::text[], %s::text[],"
        " %s::bigint[], %s::int[], %s::int[], %s::smallint[], %s::timestamptz[], %s::text[]) v(n, k, c, e, r, g, a, t)"
        " returning id",
        [column(name) for name in ("number", "key", "consumer", "enterprise", "region", "category", "now", "text")],
    )
    ids = [row[0] for row in cursor.fetchall()]
    digests, moments = column("digest"), column("now")
    cursor.execute(
        "insert into floor.demand (complaint, kind, amount) select i, k, 128.50"
        " from unnest(%s::bigint[]) i, unnest(array['refund', 'cancel_service']) k",
        [ids],
    )
    cursor.execute(
        "insert into floor.file (complaint, name, digest, size) select i, '账单.jpg', d, 9"
        " from unnest(%s::bigint[], %s::bytea[]) v(i, d)",
        [ids, digests],
    )
    cursor.execute(
        "insert into floor.entry select i, 1, a, 'file', 'consumer', %s::jsonb, '', d"
        " from unnest(%s::bigint[], %s::timestamptz[], %s::bytea[]) v(i, a, d)",
        [_DATA, ids, moments, digests],
    )
    cursor.execute(
        "insert into floor.notice (complaint, kind, whom, send_at) select i, 'file', 'consumer', a"
        " from unnest(%s::bigint[], %s::timestamptz[]) v(i, a)",
        [ids, moments],
    )
    cursor.execute(
        "insert into floor.count_delta (day, region, enterprise, category, measure, change)"
        " select %s, r, e, g, 'received', 1 from unnest(%s::int[], %s::int[], %s::smallint[]) v(r, e, g)",
        [rows[0]["day"], *(column(name) for name in ("region", "enterprise", "category"))],
    )
