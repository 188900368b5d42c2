"""What others than the consumers wrote in a case is sealed anew under the key of the case, which ends with its last
consumer. Before, it lay under the key of whoever wrote it, so erasing a consumer left it readable.

Entries, digests and salts stay as they are. Texts whose entry names the key (form 2) stay under that key.

Of cases whose consumers were erased before, what others wrote ends now: the key of the case is destroyed before it is
made, the texts are emptied, and the house chain says so; the daily sweep deletes the files that it names."""

import hashlib
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.db import connection, migrations, models
from django.utils import timezone

from accounts.keys import keyring, sealing, tags
from accounts.keys.sealed_fields import SealedJSON, SealedText, place_of
from complaints.procedure.numbering import case_key_of
from complaints.record.record import FORM, TAG_KIND, canonical, chained, stamp

former = import_module("complaints.migrations.0015_erasures_of_former_times")
BATCH = 2000
#: Model, column, what a value is bound to, whether it is free text, its field, whether it may be empty.
COLUMNS: tuple[tuple[str, str, tuple[str, ...], bool, type[Any], bool], ...] = (
    ("contact", "note", ("complaint_id", "at"), True, SealedText, True),
    ("documentversion", "content", ("complaint_id", "public_id"), False, SealedJSON, True),
    ("forwardingdecision", "note", ("complaint_id", "at", "verdict"), True, SealedText, True),
    ("internalnote", "text", ("complaint_id", "at"), True, SealedText, False),
    ("matter", "data", ("complaint_id", "kind", "opened_at"), False, SealedJSON, True),
    ("obligation", "what", ("complaint_id", "ordinal"), True, SealedText, False),
    ("obligation", "proof", ("complaint_id", "ordinal"), True, SealedText, True),
    ("obligation", "reported_proof", ("complaint_id", "ordinal"), True, SealedText, True),
    ("offer", "message", ("complaint_id", "number"), True, SealedText, True),
    ("offeranswer", "reason", ("offer_id", "demand_id"), True, SealedText, True),
    ("offerdraft", "typed", ("complaint_id", "user_id"), False, SealedJSON, False),
)
#: Whose words of former entries stay where they are.
CONSUMERS = ("consumer", "party")
#: Their triggers allow a text to be emptied only.
KEPT = ("complaints_personaltext", "complaints_forwardingdecision")


def seal_anew(apps: Any, schema_editor: Any) -> None:
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"alter table {table} disable trigger user")
        for case, number in _without_consumers(cursor):
            _end(cursor, case, number)
        for model, column, place, _free, _kind, _blank in COLUMNS:
            _column(cursor, f"complaints_{model}", column, place)
        _texts(cursor)
        for table in KEPT:
            cursor.execute(f"alter table {table} enable trigger user")


def _without_consumers(cursor: Any) -> list[tuple[int, str]]:
    cursor.execute(
        "select c.id, c.number from complaints_complaint c join accounts_personkey k on k.person = c.consumer_key"
        " where k.destroyed_at is not null and not exists (select from complaints_participant p"
        " join accounts_personkey o on o.person = p.person_key"
        " where p.complaint_id = c.id and p.state = 'joined' and o.destroyed_at is null) order by c.id"
    )
    return list(cursor.fetchall())


def _end(cursor: Any, case: int, number: str) -> None:
    now, key = timezone.now(), case_key_of(number)  # noqa: TID251
    cursor.execute(
        "update complaints_personaltext t set sealed = '', key_id = %s from complaints_handlingstep s"
        " where t.complaint_id = %s and s.complaint_id = t.complaint_id and s.audience = t.audience"
        " and s.sequence = t.sequence and s.tag = '' and s.actor_role <> all (%s) and t.kind not like 'consumer\\_%%'"
        " returning t.digest",
        [str(key), case, list(CONSUMERS)],
    )
    digests = [bytes(row[0]) for row in cursor.fetchall()]
    cursor.execute(
        "insert into accounts_personkey (person, wrapped, made_at, destroyed_at) values (%s, '', %s, %s)"
        " on conflict do nothing",
        [str(key), now, now],
    )
    cursor.execute("select sha256 from complaints_evidence where complaint_id = %s order by id", [case])
    files = [[number, row[0]] for row in cursor.fetchall()]
    root = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
    data = {"key": str(key), "reason": "before_the_house", "texts": len(digests), "root": root, "files": files}
    cursor.execute(former._LAST)
    sequence, previous = cursor.fetchone() or (0, b"")
    head = {"form": FORM, "case": "house", "audience": "house", "sequence": sequence + 1}
    body = canonical(head | {"step": "erased", "written": stamp(now), "by": "migration", "data": data})
    digest = chained(bytes(previous), body)
    tag = tags.tag_of(TAG_KIND, digest)
    cursor.execute(former._WRITE, [sequence + 1, now, body, bytes(previous), digest, tag])


def _column(cursor: Any, table: str, column: str, place: Sequence[str]) -> None:
    through = "join complaints_offer o on o.id = t.offer_id " if table == "complaints_offeranswer" else ""
    case = "o.complaint_id" if through else "t.complaint_id"
    last = 0
    while True:
        cursor.execute(
            f"select t.id, c.number, t.{column}, {', '.join(f't.{name}' for name in place)}"
            f" from {table} t {through}join complaints_complaint c on c.id = {case}"
            f" where t.id > %s and t.{column} <> '' order by t.id limit %s",
            [last, BATCH],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        values = [(row[0], row[1], bytes(row[2]), place_of(table, column, row[3:])) for row in rows]
        sealed = _anew(values)
        cursor.execute(
            f"update {table} t set {column} = v.sealed from unnest(%s::bigint[], %s::bytea[]) as v (id, sealed)"
            " where t.id = v.id",
            [list(sealed), list(sealed.values())],
        )


def _texts(cursor: Any) -> None:
    """The texts of entries of form 1 that no consumer said; also where they are readable, by setting or by erasure."""
    last = 0
    while True:
        cursor.execute(
            "select t.id, c.number, t.sealed, t.complaint_id, t.audience, t.sequence, t.kind, t.digest"
            " from complaints_personaltext t join complaints_complaint c on c.id = t.complaint_id"
            " join complaints_handlingstep s on s.complaint_id = t.complaint_id and s.audience = t.audience"
            " and s.sequence = t.sequence"
            " where t.id > %s and t.sealed <> '' and s.tag = '' and t.key_id <> c.consumer_key"
            " and s.actor_role <> all (%s) order by t.id limit %s",
            [last, list(CONSUMERS), BATCH],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        table, column = "complaints_personaltext", "sealed"
        sealed = _anew([(row[0], row[1], bytes(row[2]), place_of(table, column, row[3:])) for row in rows])
        keys = {row[0]: str(case_key_of(row[1])) for row in rows}
        cursor.execute(
            "update complaints_personaltext t set sealed = v.sealed, key_id = v.key"
            " from unnest(%s::bigint[], %s::bytea[], %s::uuid[]) as v (id, sealed, key) where t.id = v.id",
            [list(sealed), list(sealed.values()), [keys[pk] for pk in sealed]],
        )


def _anew(rows: list[tuple[int, str, bytes, bytes]]) -> dict[int, bytes]:
    """(id, number, sealed, place) → the same text under the key of the case. Plain text stays as it is; of whoever was
    erased nothing is among the answer."""
    suite = keyring.suite()
    owners = {pk: sealing.person_of(sealed) for pk, _, sealed, _ in rows}
    secrets = keyring.secrets_of({owner for owner in owners.values() if owner is not None}, hold=False)
    keys = keyring.secrets_of({case_key_of(number) for _, number, _, _ in rows}, make=True, hold=False)
    result = {}
    for pk, number, sealed, place in rows:
        owner, person = owners[pk], case_key_of(number)
        if owner is None:
            result[pk] = sealed
        elif owner in secrets and person in keys:
            text = sealing.open_sealed(sealed, secret=secrets[owner], place=place)
            result[pk] = sealing.seal(text, person=person, secret=keys[person], place=place, suite=suite)
    return result


def _altered(model: str, column: str, place: tuple[str, ...], is_free: bool, kind: type[Any], blank: bool) -> Any:
    whose = "offer.complaint.case_key" if model == "offeranswer" else "complaint.case_key"
    field: models.Field[Any, Any] = kind(blank=blank, free_text=is_free, place=list(place), whose=whose)
    return migrations.AlterField(model, column, field)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0016_worst_hour"), ("accounts", "0004_restricted_keys")]

    operations = [
        *[_altered(*column) for column in COLUMNS],
        migrations.RunPython(seal_anew, migrations.RunPython.noop),
    ]
