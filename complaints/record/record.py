"""The record: entries become hashed rows, chained per case and audience. What is hashed is the exact text kept in
``body``; names and personal texts stand beside it under their person's key and only their salted digests go in."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from accounts.keys import ciphers, keyring, sealing, tags
from accounts.keys.ciphers import CannotOpen
from accounts.keys.sealed_fields import stored_columns
from complaints.models import Complaint, HandlingStep, PersonalText, RecordedName
from complaints.models.record import SALT_BYTES, with_salt
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Audience
from complaints.record import bulk, person_digests
from database.prepared import statement_of

_PREFIX = b"\x00"
_MARK = "recorded name"
#: The form of new entries: their texts name the key that each lies under, and a tag stands beside their hash. Entries
#: without a form are older.
FORM = 2
TAG_KIND = "odr entry"


@dataclass(slots=True)
class Entry:
    """One entry before it is numbered. ``texts``: (kind, text, whose key). ``state``: the delta that it carries
    (complaints/record/state.py). ``told``: for whom a notice of it is written (consumer, enterprise, authority)."""

    complaint: Complaint
    step: str
    actor: Actor
    happened_at: datetime
    written_at: datetime
    from_status: str
    to_status: str
    outcome: str = ""
    reason: str = ""
    audience: Audience = Audience.PARTIES
    tells: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    texts: list[tuple[str, str, UUID]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    state: dict[str, Any] | None = None
    told: Sequence[str] = ()
    sequence: int = 0


def stamp(moment: datetime) -> str:
    """UTC to the microsecond, always in one form, so that a digest never depends on a zone."""
    if moment.tzinfo is UTC and moment.year > 999:
        # The same, and three times as fast.
        return moment.isoformat(timespec="microseconds")[:26] + "Z"
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=4096)
def stored_stamp(text: str) -> str:
    """``stamp`` of what PostgreSQL writes for the zone UTC (most rows of a flush have one time); raises ValueError for
    what Python has no moment for."""
    if text[4] != "-" or text[-3:] != "+00":
        raise ValueError(text)
    return f"{text[:10]}T{text[11:-3]}Z" if len(text) == 29 else stamp(datetime.fromisoformat(text))


def canonical(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_decode = msgspec.json.Decoder().decode


def said_in(text: str | bytes) -> Any:
    """What a JSON text says, exactly as ``json.loads`` reads it, in less than half the time. The few texts that only
    that takes (NaN, a lone surrogate) are left to it, and so are its errors: ValueError, RecursionError."""
    try:
        return _decode(text)
    except (ValueError, RecursionError):
        return json.loads(text)


def chained(previous: bytes, body: str) -> bytes:
    return hashlib.sha256(_PREFIX + previous + body.encode()).digest()


def salted(salt: bytes, text: str) -> bytes:
    return hashlib.sha256(salt + text.encode()).digest()


def close_state(delta: dict[str, Any], *, number: str, audience: str, sequence: int) -> bytes:
    """The delta closed with the newest entry key, for this entry alone: version of the key, suite, nonce, ciphertext,
    tag. Its digest stands in the hashed text."""
    keys = keyring.keys()
    head = bytes([keys.entry_version, keyring.suite()])
    bound = _bound(head, number, audience, sequence)
    secret = keys.entry[keys.entry_version]
    return head + ciphers.encrypt(canonical(delta).encode(), suite=head[1], secret=secret, bound=bound)


def open_state(closed: bytes, *, number: str, audience: str, sequence: int) -> dict[str, Any]:
    """What ``close_state`` was given; raises CannotOpen."""
    head = closed[:2]
    secret = keyring.keys().entry.get(head[0]) if len(head) == 2 else None
    if secret is None:
        raise CannotOpen
    bound = _bound(head, number, audience, sequence)
    clear = ciphers.decrypt(closed[2:], suite=head[1], secret=secret, bound=bound)
    return dict(said_in(clear))


def _bound(head: bytes, number: str, audience: str, sequence: int) -> bytes:
    return b"odr state\x00" + head + f"{number}|{audience}|{sequence}".encode()


@dataclass(slots=True)
class Composed:
    """Entries as rows, numbered and hashed; a new case need not have its id yet."""

    steps: list[HandlingStep]
    texts: list[PersonalText]

    def insertion(self) -> bulk.Writes:
        """What writes the rows; by now every case has an id."""
        for rows in (self.texts, self.steps):
            for row in rows:
                row.complaint_id = row.complaint.pk
        digests = person_digests.digest_rows(self.texts)
        return [*bulk.insertion(self.texts), *bulk.insertion(self.steps), *bulk.insertion(digests)]


def compose(entries: Sequence[Entry]) -> Composed:
    """Number and hash the entries of locked or new cases; sets ``entry.sequence``. The heads of the parties' chain move
    on the complaint objects; the caller writes those."""
    names = _names(entries)
    heads = _other_heads(entries)
    steps: list[HandlingStep] = []
    texts: list[PersonalText] = []
    for entry in entries:
        complaint = entry.complaint
        if entry.audience == Audience.PARTIES:
            sequence, previous = complaint.last_sequence, bytes(complaint.last_hash)
        else:
            sequence, previous = heads.get((complaint.number, entry.audience), (0, b""))
        entry.sequence = sequence + 1
        digests: list[list[str]] = []
        for kind, text, key in entry.texts:
            salt = secrets.token_bytes(SALT_BYTES)
            digest = salted(salt, text)
            digests.append([kind, digest.hex(), str(key)])
            texts.append(
                PersonalText(
                    complaint=complaint,
                    key_id=key,
                    audience=entry.audience,
                    sequence=entry.sequence,
                    kind=kind,
                    sealed=with_salt(salt, text),
                    digest=digest,
                )
            )
        name = _name_of(entry.actor, names)
        writer = _name_of(entry.actor.recorded_by, names)
        closed = b""
        if entry.state is not None:
            at = entry.sequence if entry.audience == Audience.PARTIES else complaint.last_sequence
            closed = close_state(
                entry.state | {"at": at}, number=complaint.number, audience=str(entry.audience), sequence=entry.sequence
            )
        body = canonical(
            {
                "form": FORM,
                "case": complaint.number,
                "audience": entry.audience,
                "sequence": entry.sequence,
                "step": entry.step,
                "happened": stamp(entry.happened_at),
                "written": stamp(entry.written_at),
                "role": entry.actor.role,
                "organisation": entry.actor.organisation,
                "channel": entry.actor.channel,
                "person": str(entry.actor.person_key) if entry.actor.person_key else "",
                "name": bytes(name.digest).hex() if name else "",
                "recorded_by": bytes(writer.digest).hex() if writer else "",
                "recorder": str(writer.person_key) if writer else "",
                "from": entry.from_status,
                "to": entry.to_status,
                "outcome": entry.outcome,
                "reason": entry.reason,
                "data": entry.data,
                "texts": digests,
                "files": entry.files,
                "told": list(entry.told),
                "state": hashlib.sha256(closed).hexdigest() if closed else "",
            }
        )
        digest = chained(previous, body)
        steps.append(
            HandlingStep(
                complaint=complaint,
                audience=entry.audience,
                sequence=entry.sequence,
                step=entry.step,
                happened_at=entry.happened_at,
                written_at=entry.written_at,
                actor_role=entry.actor.role,
                organisation=entry.actor.organisation,
                name=name,
                recorded_by=writer,
                from_status=entry.from_status,
                to_status=entry.to_status,
                outcome=entry.outcome,
                reason=entry.reason,
                data=entry.data,
                state=closed,
                body=body,
                previous_hash=previous,
                hash=digest,
                tag=tags.tag_of(TAG_KIND, digest),
            )
        )
        if entry.audience == Audience.PARTIES:
            complaint.last_sequence, complaint.last_hash = entry.sequence, digest
        else:
            heads[complaint.number, entry.audience] = (entry.sequence, digest)
    return Composed(steps, texts)


def _other_heads(entries: Sequence[Entry]) -> dict[tuple[str, str], tuple[int, bytes]]:
    """Heads of the chains that are not the parties': rare, so they are looked up."""
    wanted = {e.complaint.pk for e in entries if e.audience != Audience.PARTIES} - {None}
    if not wanted:
        return {}
    others = HandlingStep.objects.filter(complaint_id__in=wanted).exclude(audience=Audience.PARTIES)
    newest = others.order_by("complaint_id", "audience", "-sequence").distinct("complaint_id", "audience")
    rows = newest.values_list("complaint__number", "audience", "sequence", "hash")
    return {(case, audience): (sequence, bytes(head)) for case, audience, sequence, head in rows}


#: The digests that the names of these people are kept with; those that nobody kept are kept now.
_KEPT = statement_of(
    """
    with given as (
        select * from unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[]) as g (person_key, mark, sealed, digest)
    ), known as (
        select k.* from given g join complaints_recordedname k on (k.person_key, k.mark) = (g.person_key, g.mark)
    ), made as (
        insert into complaints_recordedname (person_key, mark, sealed, digest)
        select * from given where (person_key, mark) not in (select person_key, mark from known)
        on conflict (person_key, mark) do nothing returning *
    )
    select id, mark, digest from known union all select id, mark, digest from made
    """,
    about="names",
)
_SEALED = RecordedName._meta.get_field("sealed")


def _names(entries: Sequence[Entry]) -> dict[tuple[UUID, str], RecordedName]:
    """The kept names of everybody in these entries, made where missing; without the name itself."""
    actors = [actor for entry in entries for actor in (entry.actor, entry.actor.recorded_by) if actor is not None]
    people = sorted({(actor.person_key, actor.name) for actor in actors if actor.person_key and actor.name}, key=str)
    if not people:
        return {}
    known = keyring.secrets_of({key for key, _ in people}, make=True)
    rows = []
    for key, name in people:
        salt = secrets.token_bytes(SALT_BYTES)
        # Of somebody who was erased nothing is kept, not even that two names are the same.
        mark = sealing.mark(name, secret=known[key], place=_MARK) if key in known else salt
        rows.append(RecordedName(person_key=key, mark=mark, sealed=with_salt(salt, name), digest=salted(salt, name)))
    columns = ([row.person_key for row in rows], [row.mark for row in rows], stored_columns(rows, _SEALED))
    values = [bulk.array(column) for column in (*columns, [row.digest for row in rows])]
    with connection.cursor() as cursor:
        kept = _KEPT.ask_by(cursor, values)
        if len(kept) < len(rows):
            # Somebody else kept the same name at this moment.
            kept = _KEPT.ask_by(cursor, values)
    found = {bytes(mark): (pk, bytes(digest)) for pk, mark, digest in kept}
    for row in rows:
        row.pk, row.digest = found[bytes(row.mark)]
    return dict(zip(people, rows, strict=True))


def _name_of(actor: Actor | None, names: dict[tuple[UUID, str], RecordedName]) -> RecordedName | None:
    if actor is None or actor.person_key is None:
        return None
    return names.get((actor.person_key, actor.name))
