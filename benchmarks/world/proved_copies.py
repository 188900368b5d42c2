"""Copies of settled cases that verify as their patterns do, states and all, at a fraction of what settling costs.

Each copy has its own number, and its own chains with tags; states, texts and words are sealed anew for their own place.
The key of its case is another person with the same secret, so that digests and marks stay as they are. Ids follow each
other as if every case had been filed. `copies.py` is faster, and makes cases whose state nobody asks for.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from benchmarks.ground import Ground

#: So many cases are copied in one transaction.
AT_ONCE = 2_000
#: Values of the columns that a copy has of its own, by (id of the pattern's row, which copy).
Made = Iterator[tuple[int, int, list[str]]]


@dataclass
class _Rows:
    """The rows of all patterns in one table: each with its place among them; the id with which the copies begin."""

    table: str
    places: dict[int, int]
    begin: int

    def id_of(self, pk: int, nth: int) -> int:
        return self.begin + nth * len(self.places) + self.places[pk]


@dataclass
class _Pattern:
    """A case that is copied: its number and the key of the case; the same of each copy."""

    number: str
    key: str
    copies: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Copies:
    """``every``: the rows of the patterns by their model. ``ends``: the last hash of each copied case."""

    every: dict[Any, _Rows]
    patterns: dict[int, _Pattern]
    ends: dict[tuple[int, int], bytes] = field(default_factory=dict)


def multiply(ground: Ground, cases: Sequence[Any], times: int) -> None:
    """So many copies of each of these closed cases, which have no files and no documents."""
    patterns = {case.pk: _Pattern(case.number, str(case.case_key)) for case in cases}
    with ground.administrator() as connection, connection.cursor() as cursor:
        # Past the triggers, and past the foreign keys: what is copied fits already.
        cursor.execute("set session_replication_role = replica")
        copies = _Copies(_patterns(cursor, list(patterns)), patterns)
        _name(cursor, patterns, times, cases[0].filed_at)
        for rows in copies.every.values():
            places = ((str(pk), str(place)) for pk, place in rows.places.items())
            _fill(cursor, f"of_{rows.table} (old bigint primary key, place bigint)", places)
        step = max(1, AT_ONCE // len(cases))
        makers = _makers(copies)
        for first in range(0, times, step):
            cursor.execute("begin")
            for model, (columns, make) in makers.items():
                _copy(cursor, model, copies.every, columns, make, range(first, min(times, first + step)))
            cursor.execute("commit")
        for rows in copies.every.values():
            cursor.execute(
                f"select setval(pg_get_serial_sequence('{rows.table}', 'id'), (select max(id) from {rows.table}))"
            )
    connection.close()


def _patterns(cursor: Any, ids: list[int]) -> dict[Any, _Rows]:
    """Every table whose rows hang on these cases, or on rows that do."""
    from django.apps import apps
    from django.db.models import BigAutoField

    from complaints.models import Complaint

    models = [one for one in apps.get_app_config("complaints").get_models() if isinstance(one._meta.pk, BigAutoField)]
    found: dict[Any, list[int]] = {Complaint: sorted(ids)}
    is_growing = True
    while is_growing:
        is_growing = False
        for model in models:
            keys = [one for one in model._meta.concrete_fields if one.related_model in found]
            if keys and model not in found:
                asked = " or ".join(f"{one.column} = any(%s)" for one in keys)
                given = [found[one.related_model] for one in keys]
                cursor.execute(f"select id from {model._meta.db_table} where {asked} order by id", given)
                found[model], is_growing = [pk for (pk,) in cursor.fetchall()], True
    every = {}
    for model, pks in found.items():
        if pks:
            cursor.execute(f"select max(id) + 1 from {model._meta.db_table}")
            every[model] = _Rows(
                model._meta.db_table, {pk: place for place, pk in enumerate(pks)}, cursor.fetchone()[0]
            )
    return every


def _name(cursor: Any, patterns: dict[int, _Pattern], times: int, filed_at: Any) -> None:
    """A number for each copy, and the key of its case."""
    from accounts.keys import keyring, sealing
    from complaints.procedure.numbering import case_key_of, new_number

    secrets = keyring.secrets_of([UUID(pattern.key) for pattern in patterns.values()])

    def keys() -> Iterator[tuple[str, str]]:
        for pattern in patterns.values():
            for _ in range(times):
                key = case_key_of(number := new_number(filed_at))
                pattern.copies.append((number, str(key)))
                secret = secrets[UUID(pattern.key)]
                wrapped = sealing.wrap(secret, person=key, keys=keyring.keys(), suite=keyring.suite())
                yield str(key), _bytes(wrapped)

    _fill(cursor, "keys_of_copies (person uuid, wrapped bytea)", keys())
    cursor.execute(
        "insert into accounts_personkey (person, wrapped, made_at) select person, wrapped, now() from keys_of_copies"
    )


def _makers(copies: _Copies) -> dict[Any, tuple[list[str], Callable[[range], Made] | None]]:
    """By table, what a copy has of its own and who makes it; entries before cases, which say where their chains end."""
    from accounts.keys.sealed_fields import SealedText
    from complaints.models import Complaint, HandlingStep, PersonalText

    makers: dict[Any, Any] = {
        HandlingStep: (["body", "state", "previous_hash", "hash", "tag"], _Chains(copies).made),
        Complaint: (["number", "last_hash"], lambda among: _cases(copies, among)),
    }
    for model in copies.every:
        sealed = [one for one in model._meta.concrete_fields if isinstance(one, SealedText)]
        if model not in makers:
            names = [one.column for one in sealed] + (["key_id"] if model is PersonalText else [])
            makers[model] = (names, _Sealed(copies, model, sealed).made if sealed else None)
    return makers


def _cases(copies: _Copies, among: range) -> Made:
    for pk, pattern in copies.patterns.items():
        for nth in among:
            yield pk, nth, [pattern.copies[nth][0], _bytes(copies.ends.pop((pk, nth)))]


class _Chains:
    """The entries of the patterns, their states opened."""

    def __init__(self, copies: _Copies) -> None:
        from complaints.models import HandlingStep
        from complaints.record.record import canonical, open_state

        self.copies = copies
        rows = HandlingStep.objects.filter(complaint__in=copies.patterns)
        self.entries = [
            (one, canonical(open_state(bytes(one.state), number=number, audience=one.audience, sequence=one.sequence)))
            for one in rows.order_by("complaint_id", "audience", "sequence")
            for number in [copies.patterns[one.complaint_id].number]
        ]

    def made(self, among: range) -> Made:
        from accounts.keys import tags
        from complaints.record.record import TAG_KIND, chained, close_state

        for (case, audience), chain in groupby(self.entries, key=lambda one: (one[0].complaint_id, one[0].audience)):
            pattern, entries = self.copies.patterns[case], list(chain)
            for nth in among:
                number, key = pattern.copies[nth]
                previous = b""
                for entry, state in entries:
                    delta = json.loads(state.replace(pattern.key, key))
                    closed = close_state(delta, number=number, audience=audience, sequence=entry.sequence)
                    body = entry.body.replace(pattern.number, number).replace(pattern.key, key)
                    body = body.replace(_digest(entry.state), _digest(closed))
                    digest = chained(previous, body)
                    tag = tags.tag_of(TAG_KIND, digest)
                    yield entry.pk, nth, [_text(body), *map(_bytes, (closed, previous, digest, tag))]
                    previous = digest
                if audience == "parties":
                    self.copies.ends[case, nth] = previous


class _Sealed:
    """The rows of one table of the patterns, what is sealed in them opened."""

    def __init__(self, copies: _Copies, model: Any, fields: list[Any]) -> None:
        from complaints.models import PersonalText

        self.copies, self.fields, self.is_text = copies, fields, model is PersonalText
        self.rows = []
        for row in model._default_manager.filter(pk__in=copies.every[model].places):
            sealed = [bytes(row.__dict__[one.attname]) for one in fields]
            clear = [one._open(row, there) for one, there in zip(fields, sealed, strict=True)]
            offer = getattr(row, "offer", None)
            case = row.complaint_id if hasattr(row, "complaint_id") else offer.complaint_id
            self.rows.append((row, case, sealed, clear))

    def made(self, among: range) -> Made:
        from accounts.keys import keyring, sealing

        secrets = keyring.secrets_of(
            {key for row in self.rows for one in row[2] if (key := sealing.person_of(one)) is not None}
        )
        for row, case, sealed, clear in self.rows:
            pattern = self.copies.patterns[case]
            for nth in among:
                values: list[str] = []
                for one, there, text in zip(self.fields, sealed, clear, strict=True):
                    person = sealing.person_of(there)
                    if person is None:
                        values.append(_bytes(there))
                        continue
                    secret, place = secrets[person], one.place_with([self._value(row, name, nth) for name in one.place])
                    if str(person) == pattern.key:
                        person = UUID(pattern.copies[nth][1])
                    values.append(_bytes(sealing.seal(text, person=person, secret=secret, place=place, suite=there[0])))
                if self.is_text:
                    values.append(str(person))
                yield row.pk, nth, values

    def _value(self, row: Any, name: str, nth: int) -> Any:
        """A value that the text is bound to, as the copy has it."""
        given = next(one for one in row._meta.concrete_fields if name in (one.attname, one.name))
        value = getattr(row, name)
        rows = self.copies.every.get(given.related_model)
        return value if rows is None else rows.id_of(value, nth)


def _copy(
    cursor: Any, model: Any, every: dict[Any, _Rows], own: list[str], make: Callable[[range], Made] | None, among: range
) -> None:
    rows = every[model]
    values = {}
    for one in model._meta.concrete_fields:
        pointed = every.get(model if one.primary_key else one.related_model)
        values[one.column] = f't."{one.column}"'
        if pointed is not None:
            place = f'(select place from of_{pointed.table} where old = t."{one.column}")'
            values[one.column] = f"{pointed.begin} + g.n * {len(pointed.places)} + {place}"
    values |= {name: f"m.{name}" for name in own}
    if "transaction" in values:
        values["transaction"] = "pg_current_xact_id()::text::bigint"
    joined = ""
    if make is not None:
        kinds = {"key_id": "uuid", "body": "text", "number": "text"}
        columns = ", ".join(f"{name} {kinds.get(name, 'bytea')}" for name in own)
        made = ((str(pk), str(nth), *given) for pk, nth, given in make(among))
        _fill(cursor, f"made (old bigint, n bigint, {columns})", made)
        joined = "join made m on m.old = t.id and m.n = g.n"
    cursor.execute(
        f"insert into {rows.table} ({', '.join(map(_quoted, values))}) select {', '.join(values.values())}"
        f" from {rows.table} t join of_{rows.table} o on o.old = t.id"
        f" cross join generate_series(%s::bigint, %s::bigint) as g(n) {joined} order by g.n, o.place",
        [among.start, among.stop - 1],
    )


def _fill(cursor: Any, table: str, rows: Iterable[tuple[str, ...]]) -> None:
    """A temporary table of these rows."""
    name = table.partition(" ")[0]
    cursor.execute(f"drop table if exists pg_temp.{name}")
    cursor.execute(f"create temp table {table}")
    written = io.StringIO("".join("\t".join(row) + "\n" for row in rows))
    cursor.copy_expert(f"copy {name} from stdin", written)
    cursor.execute(f"analyze {name}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _digest(closed: bytes) -> str:
    return hashlib.sha256(closed).hexdigest()


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
