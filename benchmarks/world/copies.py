"""Many cases out of a few: rows of walked cases are copied by SQL, so that 100,000 take seconds.

The pattern is a case that went through the real verbs; a copy has its own number and its own chain of
digests, so that the record of all copies verifies. Nothing that is timed is made here.
"""

from collections.abc import Sequence
from typing import Any

from benchmarks.ground import Ground
from benchmarks.world.sealing import seal_copies

#: Copy n of row r has the id r + n * STRIDE; the patterns are the first rows of an empty database.
STRIDE = 1000


def multiply(ground: Ground, count: int, *, first: int = 1) -> None:
    """Copies number `first` … `first + count - 1` of every case that lies below STRIDE."""
    from complaints.models import Complaint

    tables = [Complaint, *_children()]
    last = first + count - 1
    with ground.administrator() as connection, connection.cursor() as cursor:
        # Past the triggers, and past the foreign keys: what is copied fits already.
        cursor.execute("set session_replication_role = replica")
        _make_chains(cursor, first, last)
        for model in tables:
            _copy(cursor, model, tables, first, last)
        _tag(cursor, first, last)
        seal_copies(cursor, above=STRIDE)
        for model in tables:
            table = model._meta.db_table
            cursor.execute(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
                f" where exists (select from {table})"
            )
    connection.close()
    ground.settle()


def _tag(cursor: Any, first: int, last: int) -> None:
    """The copies of entries are tagged as the portal tags its own, and written by the transaction that copies them."""
    from accounts.keys import tags
    from complaints.record.record import TAG_KIND

    cursor.execute(
        "select id, hash from complaints_handlingstep where id >= %s and id < %s", [first * STRIDE, (last + 1) * STRIDE]
    )
    while rows := cursor.fetchmany(50_000):
        ids = [pk for pk, _ in rows]
        made = ["\\x" + tags.tag_of(TAG_KIND, bytes(digest)).hex() for _, digest in rows]
        with cursor.connection.cursor() as other:
            other.execute(
                "update complaints_handlingstep s set tag = v.tag, transaction = pg_current_xact_id()::text::bigint"
                " from unnest(%s::bigint[], %s::bytea[]) as v (id, tag) where s.id = v.id",
                [ids, made],
            )


def _children() -> list[Any]:
    """Every table whose rows hang on a case."""
    from django.apps import apps
    from django.db.models import BigAutoField

    from complaints.models import Complaint

    results = []
    for model in apps.get_app_config("complaints").get_models():
        targets = {f.related_model for f in model._meta.concrete_fields if f.related_model is not None}
        if not isinstance(model._meta.pk, BigAutoField):
            # Uploads on their way have a name instead of a number; a walked case has none.
            continue
        if Complaint in targets or any(target.__name__ == "Deadline" for target in targets):
            results.append(model)
    return results


_NUMBER = "left(c.number, 9) || upper(left(md5(c.id::text || '-' || g.n::text), 12)) || '-0'"


def _make_chains(cursor: Any, first: int, last: int) -> None:
    """The numbers of the copies, and their entries with digests that follow each other."""
    cursor.execute("drop table if exists pg_temp.copied_case, pg_temp.copied_entry, pg_temp.head")
    cursor.execute(
        f"create temp table copied_case as select c.id as pattern, g.n, c.number as old, {_NUMBER} as number"
        " from complaints_complaint c cross join generate_series(%s::bigint, %s::bigint) as g(n) where c.id < %s",
        [first, last, STRIDE],
    )
    cursor.execute("create temp table copied_entry (id bigint, n bigint, body text, previous bytea, digest bytea)")
    cursor.execute("select distinct audience from complaints_handlingstep where complaint_id < %s", [STRIDE])
    for (audience,) in cursor.fetchall():
        cursor.execute("drop table if exists pg_temp.head")
        cursor.execute("create temp table head as select pattern, n, old, number, ''::bytea as digest from copied_case")
        cursor.execute(
            "select max(sequence) from complaints_handlingstep where complaint_id < %s and audience = %s",
            [STRIDE, audience],
        )
        for sequence in range(1, cursor.fetchone()[0] + 1):
            cursor.execute(
                """insert into copied_entry
                   select s.id, h.n, b.body, h.digest, sha256('\\x00'::bytea || h.digest || convert_to(b.body, 'UTF8'))
                   from head h join complaints_handlingstep s
                     on s.complaint_id = h.pattern and s.audience = %s and s.sequence = %s
                   cross join lateral (select replace(s.body, h.old, h.number) as body) b""",
                [audience, sequence],
            )
            cursor.execute(
                "create temp table next_head as select h.pattern, h.n, h.old, h.number,"
                " coalesce(e.digest, h.digest) as digest from head h"
                " left join complaints_handlingstep s on s.complaint_id = h.pattern and s.audience = %s"
                " and s.sequence = %s left join copied_entry e on e.id = s.id and e.n = h.n",
                [audience, sequence],
            )
            cursor.execute("drop table head")
            cursor.execute("alter table next_head rename to head")
        if audience == "parties":
            cursor.execute("alter table copied_case add column digest bytea")
            cursor.execute(
                "update copied_case c set digest = h.digest from head h where h.pattern = c.pattern and h.n = c.n"
            )
    cursor.execute("create index on copied_entry (id, n)")
    cursor.execute("analyze copied_entry, copied_case")


def _copy(cursor: Any, model: Any, copied: Sequence[Any], first: int, last: int) -> None:
    columns, values = [], []
    for field in model._meta.concrete_fields:
        column = f't."{field.column}"'
        columns.append(f'"{field.column}"')
        if field.primary_key or field.related_model in copied:
            values.append(f"{column} + g.n * {STRIDE}")
        elif model.__name__ == "Complaint" and field.name in ("number", "last_hash"):
            values.append({"number": "c.number", "last_hash": "c.digest"}[field.name])
        elif model.__name__ == "Complaint" and field.name == "consumer_key":
            # Everybody complains once: who complains often goes to a person.
            values.append("md5(t.id::text || '-' || g.n::text)::uuid")
        elif model.__name__ == "HandlingStep" and field.name in ("body", "previous_hash", "hash"):
            values.append({"body": "c.body", "previous_hash": "c.previous", "hash": "c.digest"}[field.name])
        elif model.__name__ == "Complaint" and field.name == "external_id":
            values.append(f"case when {column} = '' then '' else {column} || '-' || g.n end")
        else:
            values.append(column)
    join = {
        "Complaint": "join copied_case c on c.pattern = t.id and c.n = g.n",
        "HandlingStep": "join copied_entry c on c.id = t.id and c.n = g.n",
    }.get(model.__name__, "")
    table = model._meta.db_table
    cursor.execute(
        f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table} t"
        f" cross join generate_series(%s::bigint, %s::bigint) as g(n) {join} where t.id < %s",
        [first, last, STRIDE],
    )
