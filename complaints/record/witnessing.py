"""Each new checkpoint is shown to the witnesses (C2SP tlog-witness), the first of each hour to the authority for time
stamps; what they sign is kept with the checkpoint. What a witness says against us counts only where it shows a
checkpoint that our own key signed.

Codes of a holder: ``away`` no answer · ``odd`` an answer that is not of the protocol, or a claim without proof ·
``unknown`` it does not know our record or key · ``saw_more`` it saw a longer record than this · ``saw_other`` it saw
another record."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from complaints.models import Checkpoint, OutsideHolder
from complaints.record import log, notes, seal_keys, stamps
from complaints.record.notes import Note, OddNote, Witness
from web import safe_http

logger = logging.getLogger(__name__)

WITHIN = 5.0
#: Seconds between two questions to one holder, whatever it answers.
ASK_EVERY = timedelta(seconds=20)
#: A checkpoint that is older must have its cosignatures; one hour in three its stamp.
LAG, STAMP_LAG = timedelta(minutes=10), timedelta(hours=3)
COSIGNED, AWAY, ODD, UNKNOWN, SAW_MORE, SAW_OTHER = "", "away", "odd", "unknown", "saw_more", "saw_other"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a witness answered: a code, its signature and time where it signed, or what it holds against us."""

    code: str
    lines: tuple[tuple[str, bytes], ...] = ()
    at: int = 0
    shown: str = ""


def sweep_witnesses(*, now: datetime) -> int:
    """How many signatures came in. Nothing to ask: 0. No transaction is open while somebody is asked."""
    newest = Checkpoint.objects.order_by("-number").first()
    if newest is None or not (settings.WITNESSES.all or stamps.is_on()):
        return 0
    known = {row.name: row for row in OutsideHolder.objects.all()}
    note = notes.parse(newest.note)
    signed = 0
    for witness in settings.WITNESSES.all:
        row = known.get(witness.key.name)
        if _was_just_asked(row, now) or note.cosigned_at(witness.key) is not None:
            continue
        heard = show(witness, note, old=row.size if row else 0)
        if heard.code == COSIGNED:
            signed += log.add_lines(newest, heard.lines)
        _keep(row, witness.key.name, heard, newest.size, now=now)
    return signed + _stamp(known.get(OutsideHolder.STAMPS), now=now)


def _was_just_asked(row: OutsideHolder | None, now: datetime) -> bool:
    # A time to come was written by a clock that was wrong.
    return row is not None and timedelta(0) <= now - row.asked_at < ASK_EVERY


def _keep(before: OutsideHolder | None, name: str, heard: Heard, size: int, *, now: datetime) -> None:
    values: dict[str, object] = {"asked_at": now, "code": heard.code, "shown": heard.shown}
    if heard.code == COSIGNED:
        values |= {"size": size, "at": datetime.fromtimestamp(heard.at, UTC)}
    elif before is None or before.code != heard.code:
        # Once, and not with each question.
        logger.error("%s did not sign the record of %s entries: %s", name, size, heard.code)
    OutsideHolder.objects.update_or_create(name=name, defaults=values)


def _stamp(row: OutsideHolder | None, *, now: datetime) -> int:
    """Stamp the first checkpoint of this hour, once."""
    if not stamps.is_on() or _was_just_asked(row, now):
        return 0
    begun = now.replace(minute=0, second=0, microsecond=0)
    hour = Checkpoint.objects.filter(at__gte=begun, at__lt=begun + timedelta(hours=1))
    first = hour.order_by("number").first()
    if first is None or hour.exclude(stamp=b"").exists():
        return 0
    body = notes.parse(first.note).body.encode()
    try:
        answer = stamps.stamp(body)
        at = stamps.stamped_at(answer, body)
    except stamps.NoStamp as error:
        code = ODD if error.code == "odd_stamp" else AWAY
        _keep(row, OutsideHolder.STAMPS, Heard(code), first.size, now=now)
        return 0
    Checkpoint.objects.filter(pk=first.pk, stamp=b"").update(stamp=answer)
    _keep(row, OutsideHolder.STAMPS, Heard(COSIGNED, at=int(at.timestamp())), first.size, now=now)
    return 1


def show(witness: Witness, note: Note, *, old: int) -> Heard:
    """Show a checkpoint of ours to a witness that signed ``old`` entries last, as far as we know."""
    for _ in range(2):
        old = min(old, note.size)
        proof = log.consistency_proof(old, note.size) if 0 < old < note.size else []
        try:
            status, answer = _ask(witness, f"/{ADD}", request_of(old, proof, note))
            said = answer.decode()
        except (safe_http.Refused, safe_http.NoAnswer):
            return Heard(AWAY)
        except UnicodeDecodeError:
            return Heard(ODD)
        if status == 200:
            return _signature(witness, note, said)
        if status in (403, 404):
            return Heard(UNKNOWN)
        seen = int(said) if status == 409 and said.strip().isdecimal() and len(said) < 20 else -1
        if status == 422 or seen > note.size or seen == old:
            return _accused(witness, note)
        if seen < 0:
            return Heard(AWAY if status >= 500 or status == 429 else ODD)
        # It saw more or less than we thought: the proof begins there.
        old = seen
    return Heard(ODD)


ADD = "add-checkpoint"


def request_of(old: int, proof: list[bytes], note: Note) -> bytes:
    """The body of add-checkpoint: what was seen, the proof from there, and the checkpoint with our own signatures."""
    return f"old {old}\n{notes.proof_lines(proof)}\n{note.own_text}".encode()


def _signature(witness: Witness, note: Note, said: str) -> Heard:
    try:
        lines = notes.parse_lines(said)
    except OddNote:
        return Heard(ODD)
    mine = [(name, blob) for name, blob in lines if (name, blob[:4]) == (witness.key.name, witness.key.id)]
    at = note.with_lines(mine).cosigned_at(witness.key)
    if at is None:
        return Heard(ODD)
    return Heard(COSIGNED, lines=tuple(mine[-1:]), at=at)


def times() -> Iterator[datetime]:
    """What each witness says that the time is: it signs the newest checkpoint once more. Nothing of one that does not
    sign. No transaction should be open: each may take five seconds."""
    newest = log.newest_checkpoint() if settings.WITNESSES.all else None
    if newest is None:
        return
    try:
        note = notes.parse(newest.note)
    except OddNote:
        return
    for witness in settings.WITNESSES.all:
        heard = show(witness, note, old=note.size)
        if heard.code == COSIGNED:
            yield datetime.fromtimestamp(heard.at, UTC)


def newest_of(witness: Witness, origin: str) -> Note | None:
    """The newest checkpoint that a witness signed, with its signature checked; None where it shows none. Raises
    safe_http.NoAnswer, safe_http.Refused."""
    status, answer = _ask(witness, f"/checkpoint/{hashlib.sha256(origin.encode()).hexdigest()}")
    try:
        note = notes.parse(answer.decode()) if status == 200 else None
    except ValueError:
        return None
    return note if note is not None and note.origin == origin and note.cosigned_at(witness.key) is not None else None


def _accused(witness: Witness, note: Note) -> Heard:
    """It says that it saw another record, or more of this one. It counts where it shows what our own key signed."""
    try:
        held = newest_of(witness, note.origin)
    except (safe_http.Refused, safe_http.NoAnswer):
        return Heard(ODD)
    if held is None or not seal_keys.may_have_signed(held):
        return Heard(ODD)
    if held.size > note.size:
        return Heard(SAW_MORE, shown=held.text)
    return Heard(ODD) if log.root_at(held.size) == held.root else Heard(SAW_OTHER, shown=held.text)


def _ask(witness: Witness, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    return safe_http.ask(
        witness.url + path,
        body=body,
        headers={} if body is None else {"Content-Type": "text/plain; charset=utf-8"},
        rule=safe_http.OPERATOR,
        within=WITHIN,
        keep=notes.LONGEST,
    )


def alarms(*, now: datetime) -> list[str]:
    """What somebody must see to: ``witness_saw_more``, ``witness_saw_other``, ``witness_lag`` (fewer cosignatures than
    are needed on all checkpoints of the last ten minutes and before), ``stamp_lag``."""
    rows = {row.name: row for row in OutsideHolder.objects.all()}
    codes = {rows[witness.key.name].code for witness in settings.WITNESSES.all if witness.key.name in rows}
    found = [f"witness_{code}" for code in (SAW_MORE, SAW_OTHER) if code in codes]
    due = Checkpoint.objects.filter(at__lte=now - LAG).order_by("-number").first()
    if due is not None and settings.WITNESSES.all:
        held = [rows[one.key.name].size for one in settings.WITNESSES.all if one.key.name in rows]
        recent = [size for size in held if size >= due.size]
        if len(recent) < settings.WITNESSES.needed:
            found.append("witness_lag")
    if stamps.is_on() and Checkpoint.objects.filter(at__lte=now - STAMP_LAG).exists():
        row = rows.get(OutsideHolder.STAMPS)
        if row is None or row.at is None or now - row.at > STAMP_LAG:
            found.append("stamp_lag")
    return found
