"""The sealer: each minute it gives new entries a leaf and signs a checkpoint over all of them. Only `watch` can read
the key that signs.

No writer waits for it. It takes what is committed and has no leaf yet, from the horizon of the checkpoint before on:
below it every transaction had ended and was seen (pg_snapshot_xmin), so what commits late gets a later leaf and nothing
is passed over. A lock is held among sealers alone.

Before a leaf each entry is admitted (complaints/record/admission.py)."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from complaints.models import Checkpoint, Leaf
from complaints.record import admission, bulk, clock, house, log, log_checks, notes, record, seal_keys, tree
from complaints.record.findings import Report
from complaints.record.notes import COSIGNS, SIGNS, NoteKey, raw_key
from complaints.record.seal_checks import sealed_heads, seals
from complaints.record.seal_keys import SealKeys, UnusableKey
from web import environment

logger = logging.getLogger(__name__)

#: With nothing new a checkpoint is signed so often: it says that nothing was new, and that the clock went on.
QUIET = timedelta(minutes=10)
#: So far may an entry be dated after the sealer's clock, and before the checkpoint that stood when it was begun.
AHEAD, BEHIND = timedelta(seconds=30), timedelta(minutes=15)


class CannotSeal(Exception):
    """The log cannot go on; the sentence says why. Nothing was written but ``refused``: name of an entry → code."""

    def __init__(self, why: str, refused: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(why)
        self.refused = refused


def seal(*, now: datetime, key: Ed25519PrivateKey | None = None) -> Checkpoint | None:
    """Admit what is new and sign a checkpoint over the whole log; None where nothing is new and the last one is not ten
    minutes old. Another watch adds its signature to a checkpoint that is there. Raises CannotSeal, UnusableKey."""
    signer, recovery = (key, b"") if key else seal_keys.read(Path(settings.SEAL_KEY_FILE))
    try:
        return _seal(signer, recovery, now=now)
    except CannotSeal as wrong:
        admission.keep(dict(wrong.refused), now=now)
        raise


def _seal(signer: Ed25519PrivateKey, recovery: bytes, *, now: datetime) -> Checkpoint | None:
    with transaction.atomic(), connection.cursor() as cursor:
        admission.begin(cursor)
        last = log.newest_checkpoint()
        if last is None:
            if Leaf.objects.exists():
                raise CannotSeal("There are leaves and no checkpoint. Run `manage.py verify_record`.")
            _begin(cursor, signer, recovery, now=now)
        keys = seal_keys.known()
        before = last.size if last else 0
        if fault := keys.fault(raw_key(signer), before + 1 if last else 0):
            raise UnusableKey(
                f"This watch's key may not sign ({fault}): run `manage.py hand_over_seal_key` with a key that may."
            )
        return _sealed(cursor, _sound(last, keys), last, signer, _origin(keys), now=now)


def _sound(last: Checkpoint | None, keys: SealKeys) -> Checkpoint | None:
    """The newest checkpoint that says what a key of the record signed: a row of the database is no proof by itself."""
    if last is None:
        return None
    restored, older = log.restored_at(), Checkpoint.objects.filter(number__lt=last.number).order_by("-number")
    for row in chain([last], older.iterator(chunk_size=100)):
        if not any(log_checks.checkpoint_findings(row, keys, restored)):
            return row
    raise CannotSeal("No checkpoint is signed by a key that may sign it. Run `manage.py verify_record`.")


@contextmanager
def between_seals() -> Iterator[int]:
    """A transaction in which no checkpoint is made; gives the least size of the next one. Raises CannotSeal where there
    is none yet."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [admission.SEALERS])
        last = log.newest_checkpoint()
        if last is None:
            raise CannotSeal("Nothing is sealed yet: the first watch with a key begins.")
        yield last.size + 1


def _sealed(
    cursor: Any,
    last: Checkpoint | None,
    newest: Checkpoint | None,
    signer: Ed25519PrivateKey,
    origin: str,
    *,
    now: datetime,
) -> Checkpoint | None:
    """``last``: the newest that holds, on which the next one rests; ``newest``: the one with the highest number."""
    at = now.replace(microsecond=0)
    is_behind = last is not None and at < last.at
    if last is not None and is_behind and not clock.was_set_right(last, now=now):
        raise CannotSeal(f"The newest checkpoint is of {last.at}, which is after this clock.")
    size, number, tiles = _end_of_log(last, newest)
    cursor.execute(
        "select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint"
        " from complaints_event_era"
    )
    era, horizon, ceiling = cursor.fetchone()
    # A restore begins another life: its transactions are counted anew.
    is_same = last is not None and last.era == era
    # What a checkpoint that is dated ahead says of the time says nothing of what is new.
    has_time = last is not None and is_same and not is_behind and not settings.DEMO
    rules = admission.Rules(
        latest=record.stamp(now + AHEAD),
        earliest=record.stamp(last.at - BEHIND) if last is not None and has_time else "",
        ceiling=last.ceiling if last else 0,
        is_first=last is None,
    )
    if last is not None:
        _judge_again(cursor, last.size, size, rules)
    begun = size
    # A horizon of the future is none of ours: whatever has no leaf is looked for.
    since = last.horizon if last and is_same and last.horizon <= horizon else 0
    for chunk in admission.admitted(cursor, since, rules, now=now):
        grown = tree.grown(size, tiles, [digest for _, digest in chunk])
        _write(cursor, size, [entry for entry, _ in chunk], grown)
        size += len(chunk)
        tiles = tree.at_end(size, {**tiles, **grown})
    if last is not None and size == begun == last.size and at - last.at < QUIET:
        _add_signature(last, signer, origin)
        return None
    root = tree.Tree(size, lambda level, place: tiles[level, place]).root()
    lines = _lines(notes.body_of(origin, size, root), signer, origin, at=at)
    return Checkpoint.objects.create(
        number=number,
        size=size,
        root=root,
        at=at,
        note=f"{notes.body_of(origin, size, root)}\n{''.join(notes.signature_line(*line) for line in lines)}",
        horizon=horizon,
        ceiling=ceiling,
        era=era,
    )


def _begin(cursor: Any, signer: Ed25519PrivateKey, recovery: bytes, *, now: datetime) -> None:
    """The log begins: its first key is named, and what was sealed before stands under it."""
    cursor.execute("set local idle_in_transaction_session_timeout = 0")
    origin = f"{environment.host_of(settings.SITE_URL) or 'localhost'}/record"
    seal_keys.begin(signer, origin=origin, recovery=recovery, now=now, **_old_seals())


def _old_seals() -> dict[str, Any]:
    """What is said of the seals of the older form where the log begins: how many, and how much of them does not hold.
    They are looked at once more before anything is laid over them."""
    report = Report()
    seals(report, b"")
    sealed_heads(report, "")
    if report.findings:
        logger.error("%s findings in the seals of the older form: %s", len(report.findings), report.findings[:10])
    return {"old_seals": report.seals, "old_findings": len(report.findings)}


def _origin(keys: SealKeys) -> str:
    """The name of the log. After each restore it is another one: whoever saw more than was restored takes the log as it
    goes on by hand, and not as a continuation of what was seen."""
    restored = len(house.proven("restored"))
    return f"{keys.origin}/{restored + 1}" if restored else keys.origin


def _end_of_log(last: Checkpoint | None, newest: Checkpoint | None) -> tuple[int, int, tree.Tiles]:
    """(leaves, number of the next checkpoint, tiles at the end). Raises CannotSeal where the log is not what the last
    checkpoint says: what is damaged must not be signed again as if it were whole."""
    place = Leaf.objects.aggregate(last=Max("place"))["last"]
    size = 0 if place is None else place + 1
    tiles = log.stored(tree.edge(size))
    try:
        tree.grown(size, tiles, [])
        if last is None or newest is None:
            return 0, 1, tiles
        if log.root_at(last.size) != bytes(last.root):
            raise ValueError("the tiles do not have its root")
    except ValueError as error:
        name = f"checkpoint {last.number}" if last else "the log"
        raise CannotSeal(f"The log is damaged at {name}: {error}. Run `manage.py verify_record`.") from None
    if size < last.size:
        raise CannotSeal(f"The log has {size} leaves, checkpoint {last.number} {last.size}: leaves were removed.")
    # A checkpoint over more leaves stood here and is gone: its number stays free, so that it is missed for good.
    is_gone = newest == last and size > last.size
    return size, newest.number + (2 if is_gone else 1), tiles


def _judge_again(cursor: Any, start: int, size: int, rules: admission.Rules) -> None:
    """Leaves above the newest checkpoint that holds: one over them is gone or does not hold, or whoever has the
    database put them there. Each entry must be admitted, and be what its tile says. Raises CannotSeal."""
    tiles: tree.Tiles = {
        (level, place): digests[: (start >> (tree.HEIGHT * level)) % tree.WIDTH * tree.HASH]
        for (level, place), digests in log.stored(tree.edge(start)).items()
    }
    while start < size:
        rows = Leaf.objects.filter(place__gte=start, place__lt=start + admission.BATCH).order_by("place")
        entries = list(rows.values_list("entry", flat=True))
        judged = admission.judged(cursor, entries, rules)
        refused = {entry: code for entry in entries if (code := judged.get(entry, ("entry_missing", b""))[0])}
        if refused:
            raise CannotSeal(f"The log has {len(refused)} leaves of entries that are not admitted.", refused)
        grown = tree.grown(start, tiles, [judged[entry][1] for entry in entries])
        there = log.stored(grown)
        if len(entries) < min(admission.BATCH, size - start) or any(
            not there.get(place, b"").startswith(digests) for place, digests in grown.items()
        ):
            raise CannotSeal(f"The log is damaged above {start} leaves. Run `manage.py verify_record`.")
        start += len(entries)
        tiles = tree.at_end(start, {**tiles, **grown})


def _write(cursor: Any, size: int, entries: list[str], grown: tree.Tiles) -> None:
    """Leaves from place ``size`` on, and the tiles that hold them."""
    cursor.execute(
        "insert into complaints_leaf (place, entry)"
        " select %s + n - 1, entry from unnest(%s::text[]) with ordinality as v (entry, n)",
        [size, bulk.array(entries)],
    )
    levels, places = [level for level, _ in grown], [place for _, place in grown]
    cursor.execute(
        "insert into complaints_tile (level, place, digests)"
        " select * from unnest(%s::int[], %s::bigint[], %s::bytea[])"
        " on conflict (level, place) do update set digests = excluded.digests",
        [levels, places, bulk.array(grown.values())],
    )


def _lines(text: str, signer: Ed25519PrivateKey, origin: str, *, at: datetime) -> list[tuple[str, bytes]]:
    """A key of the log signs twice: the three lines, and the three lines with the time."""
    raw, seconds = raw_key(signer), int(at.timestamp())
    timed = seconds.to_bytes(8, "big") + signer.sign(notes.cosigned_message(text, seconds))
    return [
        (origin, NoteKey(origin, SIGNS, raw).id + signer.sign(text.encode())),
        (origin, NoteKey(origin, COSIGNS, raw).id + timed),
    ]


def _add_signature(last: Checkpoint, signer: Ed25519PrivateKey, origin: str) -> None:
    """Several watches, each with a key of its own: the one that came second signs what the first one made."""
    text = notes.parse(last.note).body
    log.add_lines(last, _lines(text, signer, origin, at=last.at))
