"""Verification: stream through the whole record and name what was touched. It believes only digests. Columns must say
what the hashed text says, chains must have no gap, heads of cases and seals must still stand where they stood."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain as joined
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction
from django.db.models import Model

from accounts.keys import keyring, sealing
from accounts.keys.ciphers import CannotOpen
from complaints.models import PersonalText, RecordedName, Seal
from complaints.models.record import salted_text
from complaints.record.record import chained, salted
from complaints.record.sealing import Head, heads_of, listed_root_of, root_of, tree_root

_CHUNK = 5000
#: So many broken texts are named; more say nothing more.
_MOST = 100

# offset 0: the body is parsed once an entry and not once a comparison.
_ENTRIES = """
select s.complaint_id, c.number, s.audience, s.sequence, s.previous_hash, s.hash, s.body,
       c.last_sequence, c.last_hash,
       b ->> 'case' = c.number and b ->> 'audience' = s.audience
       and (b ->> 'sequence')::int = s.sequence and b ->> 'step' = s.step
       and b ->> 'from' = s.from_status and b ->> 'to' = s.to_status
       and b ->> 'outcome' = s.outcome and b ->> 'reason' = s.reason
       and b ->> 'role' = s.actor_role and b ->> 'organisation' = s.organisation
       and b -> 'data' = s.data
       and (b ->> 'happened')::timestamptz = s.happened_at
       and (b ->> 'written')::timestamptz = s.written_at
       and b ->> 'name' = coalesce(encode(n.digest, 'hex'), '')
       and b ->> 'recorded_by' = coalesce(encode(w.digest, 'hex'), '')
from complaints_handlingstep s
join complaints_complaint c on c.id = s.complaint_id
cross join lateral (select s.body::jsonb as b offset 0) parsed
left join complaints_recordedname n on n.id = s.name_id
left join complaints_recordedname w on w.id = s.recorded_by_id
{where}
order by s.complaint_id, s.audience, s.sequence
"""

_TEXTS = """
select c.number, t.audience, t.sequence, t.kind, t.complaint_id, t.digest, t.sealed,
       s.id is null or position(encode(t.digest, 'hex') in s.body) = 0
from complaints_personaltext t
join complaints_complaint c on c.id = t.complaint_id
left join complaints_handlingstep s on s.complaint_id = t.complaint_id
  and s.audience = t.audience and s.sequence = t.sequence
{where}
"""

_NAMES = "select person_key, digest, sealed from complaints_recordedname"

_EMPTY = """
select c.number from complaints_complaint c
where c.last_sequence > 0 and not exists (
    select from complaints_handlingstep s where s.complaint_id = c.id and s.audience = 'parties')
{also} limit 100
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken place of one chain: case, chain, sequence, and what is wrong."""

    case: str
    audience: str
    sequence: int
    what: str


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found; ``broken`` empty means unbroken."""

    entries: int = 0
    chains: int = 0
    seals: int = 0
    sealed_size: int = 0
    sealed_root: str = ""
    broken: list[Broken] = field(default_factory=list)

    @property
    def is_unbroken(self) -> bool:
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        return {"unbroken": self.is_unbroken, **asdict(self)}


def verify(*, number: str = "", public_key: bytes = b"") -> Report:
    """Verify one case or everything; memory stays flat whatever the size. ``public_key``: the raw Ed25519 key that the
    seals must carry, known from outside."""
    report = Report()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = 0")
            cursor.execute("set local transaction_timeout = 0")
            cursor.execute("set local idle_in_transaction_session_timeout = 0")
        _chains(report, number)
        _without_entries(report, number)
        _texts(report, number)
        _sealed_heads(report, number)
        if not number:
            _seals(report, public_key)
    return report


def _chunks(sql: str, parameters: list[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by a server-side cursor: nothing is held but one chunk."""
    with connection.cursor() as cursor:
        cursor.execute(f"declare record_walk no scroll cursor for {sql}", parameters)
        try:
            while True:
                cursor.execute(f"fetch {_CHUNK} from record_walk")
                rows = cursor.fetchall()
                if not rows:
                    return
                yield rows
        finally:
            cursor.execute("close record_walk")


def _chains(report: Report, number: str) -> None:
    where, parameters = ("where c.number = %s", [number]) if number else ("", [])
    chain: tuple[int, str] | None = None
    sequence, previous, name, head = 0, b"", "", (0, b"")
    skip = False

    def end_of_chain() -> None:
        if chain is None or skip or chain[1] != "parties":
            return
        if (sequence, previous) != head:
            at = min(sequence, head[0]) + 1 if sequence != head[0] else sequence
            report.broken.append(Broken(name, chain[1], at, "the case says the chain ends elsewhere"))

    for case, case_number, audience, nth, before, digest, body, last, last_hash, faithful in joined.from_iterable(
        _chunks(_ENTRIES.format(where=where), parameters)
    ):
        if (case, audience) != chain:
            end_of_chain()
            chain, sequence, previous, skip = (case, audience), 0, b"", False
            name, head = case_number, (last, bytes(last_hash))
            report.chains += 1
        report.entries += 1
        if skip:
            continue
        what = ""
        if nth != sequence + 1:
            what = f"entry {sequence + 1} is missing"
        elif bytes(before) != previous:
            what = "it does not follow the entry before it"
        elif chained(previous, body) != bytes(digest):
            what = "its text does not match its digest"
        elif not faithful:
            what = "its columns do not say what was hashed"
        if what:
            report.broken.append(Broken(case_number, audience, sequence + 1, what))
            skip = True
            continue
        sequence, previous = nth, bytes(digest)
    end_of_chain()


def _without_entries(report: Report, number: str) -> None:
    also, parameters = ("and c.number = %s", [number]) if number else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY.format(also=also), parameters)
        for (case,) in cursor.fetchall():
            report.broken.append(Broken(case, "parties", 1, "every entry is missing"))


def _texts(report: Report, number: str) -> None:
    where, parameters = ("where c.number = %s", [number]) if number else ("", [])
    wrong: list[Broken] = []
    for rows in _chunks(_TEXTS.format(where=where), parameters):
        places = ((row[4], row[1], row[2], row[3], row[5]) for row in rows)
        whole = _open_whole(PersonalText, [(row[6], place, row[5]) for row, place in zip(rows, places, strict=True)])
        wrong += [
            Broken(row[0], row[1], row[2], f"the text “{row[3]}” is not the one that was recorded")
            for row, is_whole in zip(rows, whole, strict=True)
            if row[7] or not is_whole
        ]
    report.broken += sorted(wrong, key=lambda broken: (broken.case, broken.sequence))[:_MOST]
    changed = sum(
        not is_whole
        for rows in _chunks(_NAMES, [])
        for is_whole in _open_whole(RecordedName, [(row[2], (row[0], row[1]), row[1]) for row in rows])
    )
    if changed:
        report.broken.append(Broken("", "", 0, f"{changed} recorded names were changed"))


def _open_whole(model: type[Model], values: list[tuple[Any, tuple[Any, ...], Any]]) -> list[bool]:
    """Whether each (sealed, place, digest) opens to what was digested; what was erased is whole."""
    field: Any = model._meta.get_field("sealed")
    sealed = [bytes(value) for value, _, _ in values]
    persons = [_person_of(value) for value in sealed]
    secrets = keyring.secrets_of({person for person in persons if isinstance(person, UUID)}, hold=False)
    return [
        _is_whole(
            value, secrets.get(person) if isinstance(person, UUID) else b"", field.place_with(place), bytes(digest)
        )
        if person is not False
        else False
        for value, person, (_, place, digest) in zip(sealed, persons, values, strict=True)
    ]


def _person_of(sealed: bytes) -> UUID | bool | None:
    try:
        return sealing.person_of(sealed)
    except CannotOpen:
        return False


def _is_whole(sealed: bytes, secret: bytes | None, place: bytes, digest: bytes) -> bool:
    if not sealed or secret is None:
        return True
    try:
        salt, text = salted_text(sealing.open_sealed(sealed, secret=secret, place=place))
    except (CannotOpen, ValueError):
        return False
    return salted(salt, text) == digest


def _sealed_heads(report: Report, number: str) -> None:
    """Every chain must still hold the last entry that was sealed: a cut tail shows here."""
    also, parameters = ("where c.number = %s", [number]) if number else ("", [])
    known = {(b.case, b.audience) for b in report.broken}
    sql = f"""
        select coalesce(c.number, h.complaint_id::text), h.audience, h.sequence
        from (select distinct on (complaint_id, audience) complaint_id, audience, sequence, hash
              from complaints_sealedhead order by complaint_id, audience, sequence desc) h
        left join complaints_complaint c on c.id = h.complaint_id
        left join complaints_handlingstep s on s.complaint_id = h.complaint_id
          and s.audience = h.audience and s.sequence = h.sequence and s.hash = h.hash
        {also} {"and" if also else "where"} s.id is null limit 100
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for case, audience, sequence in cursor.fetchall():
            if (case, audience) not in known:
                report.broken.append(Broken(case, audience, sequence, "the sealed entry is gone or is another one"))


def _seals(report: Report, public_key: bytes) -> None:
    previous, number, size, through, first_key = b"", 0, 0, 0, public_key
    for seal in Seal.objects.order_by("number").iterator(chunk_size=500):
        first_key = first_key or bytes(seal.public_key)
        what = ""
        if seal.number != number + 1 or bytes(seal.previous_root) != previous:
            what = f"seal {number + 1} is missing"
        elif not _seals_its_heads(seal, previous):
            what = f"seal {seal.number} does not match what it seals"
        elif bytes(seal.public_key) != first_key or not _is_signed(seal):
            what = f"seal {seal.number} is not signed by the known key"
        if what:
            report.broken.append(Broken("", "seal", seal.number, what))
            return
        previous, number, size = bytes(seal.root), seal.number, seal.size
        through = seal.through_id
        report.seals += 1
        report.sealed_size, report.sealed_root = seal.size, previous.hex()
    _count_sealed(report, number, size, through)


def _seals_its_heads(seal: Seal, previous: bytes) -> bool:
    if not seal.heads_root:
        return listed_root_of(previous, seal.number, seal.size, seal.at, _heads(seal)) == bytes(seal.root)
    root = tree_root(_heads(seal))
    return root == bytes(seal.heads_root) and root_of(previous, seal.number, seal.size, seal.at, root) == bytes(
        seal.root
    )


def _heads(seal: Seal) -> Iterator[Head]:
    for complaint_id, audience, sequence, head in heads_of(seal).iterator(chunk_size=_CHUNK):
        yield complaint_id, audience, sequence, bytes(head)


def _count_sealed(report: Report, number: int, size: int, through: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from complaints_handlingstep where id <= %s", [through])
        stored = cursor.fetchone()[0]
    if stored != size:
        report.broken.append(Broken("", "seal", number, f"{size} entries were sealed, {stored} stand there"))


def _is_signed(seal: Seal) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes(seal.public_key)).verify(bytes(seal.signature), bytes(seal.root))
    except InvalidSignature:
        return False
    return True
