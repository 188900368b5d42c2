"""The sealer: each minute it gives new entries a leaf and signs a checkpoint over all of them. Only `watch` can read
the key that signs.

No writer waits for it. It takes what is committed and has no leaf yet, from the horizon of the checkpoint before on:
below it every transaction had ended and was seen (pg_snapshot_xmin), so what commits late gets a later leaf and nothing
is passed over. A lock is held among sealers alone.

Before a leaf each entry is admitted: it follows the entry before it, its text has its hash, its tag needs a key that
the database has not, and its time is possible. What is not admitted is named at once, and never signed."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from accounts.keys import tags
from complaints.models import Checkpoint, Leaf, NotAdmitted, Seal
from complaints.record import bulk, house, log, log_checks, notes, record, seal_keys, tree
from complaints.record.findings import Report
from complaints.record.notes import COSIGNS, SIGNS, NoteKey, raw_key
from complaints.record.record import TAG_KIND
from complaints.record.seal_checks import sealed_heads, seals
from complaints.record.seal_keys import SealKeys, UnusableKey
from web import environment

logger = logging.getLogger(__name__)

#: Sealers wait for each other, and keys are handed over between two seals.
SEALERS = 0x10C
#: With nothing new a checkpoint is signed so often: it says that nothing was new, and that the clock went on.
QUIET = timedelta(minutes=10)
#: So far may an entry be dated after the sealer's clock, and before the checkpoint that stood when it was begun.
AHEAD, BEHIND = timedelta(seconds=30), timedelta(minutes=15)
#: So many entries are taken at a time, and so many refused ones are kept a time.
BATCH, MOST_REFUSED = 4096, 1000
_WRITTEN = re.compile(r'"written":"([0-9T:.-]{26}Z)"}')


class CannotSeal(Exception):
    """The log cannot go on; the sentence says why. Nothing was written but ``refused``: name of an entry → code."""

    def __init__(self, why: str, refused: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(why)
        self.refused = refused


# What is unreadable must stop nobody else, so nothing is cast: texts are compared and hashed as the bytes they are.
_COLUMNS = """
    {entry}, s.previous_hash = {before} as follows, s.sequence > 1 and p.hash is null as is_alone,
    sha256('\\x00'::bytea || s.previous_hash || b.body) = s.hash as is_hashed, encode(s.hash, 'hex'), s.tag,
    encode(substring(b.body from greatest(octet_length(b.body) - 39, 1)), 'escape'),
    s.tag = '' and {has_form}, s.transaction"""
#: Read once a row and not once a use.
_BODY = "cross join lateral (select textsend(s.body) as body offset 0) b"
_BEFORE = "(case when s.sequence = 1 then ''::bytea else p.hash end)"
#: The form of the entry itself, between "files" and "from": what an entry tells of documents has forms as well.
_HAS_FORM = """position('],"form":2,"from":"'::bytea in b.body) > 0"""
_NAME = "c.number || '|' || s.audience || '|' || s.sequence"
_STEPS = f"""
select s.id, {_COLUMNS.format(entry=f"textsend({_NAME})", before=_BEFORE, has_form=_HAS_FORM)}
from complaints_handlingstep s
join complaints_complaint c on c.id = s.complaint_id {_BODY}
left join complaints_handlingstep p
    on p.complaint_id = s.complaint_id and p.audience = s.audience and p.sequence = s.sequence - 1"""  # noqa: S608
_HOUSE_NAME = "'house|house|' || s.sequence"
_HOUSE = f"""
select s.id, {_COLUMNS.format(entry=f"textsend({_HOUSE_NAME})", before=_BEFORE, has_form="true")}
from complaints_houseentry s {_BODY}
left join complaints_houseentry p on p.sequence = s.sequence - 1"""  # noqa: S608
#: (entries, their names, the first part of the name) of cases and of the house.
_KINDS = ((_STEPS, _NAME, "c.number"), (_HOUSE, _HOUSE_NAME, "'house'"))
#: Which entries are looked at: those that were refused before, then those of the horizon on.
_AGAIN = " where {name} = any(%s) and {number} = any(%s)"
_NEW = " where s.transaction >= %s"
#: By the index for each entry, however large the log is: the offset keeps it from being read as a whole.
_WITHOUT_LEAF = " and not exists (select from complaints_leaf l where l.entry = {name} offset 0) order by s.id"


@dataclass(frozen=True, slots=True)
class _Rules:
    """By which an entry is admitted: times as the bodies write them. ``ceiling``: transactions up to it may have been
    under way when the newest checkpoint was made. ``is_first``: entries of the older form,
    which have no tag, are taken in."""

    latest: str
    earliest: str
    ceiling: int
    is_first: bool


def seal(*, now: datetime, key: Ed25519PrivateKey | None = None) -> Checkpoint | None:
    """Admit what is new and sign a checkpoint over the whole log; None where nothing is new and the last one is not ten
    minutes old. Another watch adds its signature to a checkpoint that is there. Raises CannotSeal, UnusableKey."""
    signer, recovery = (key, b"") if key else seal_keys.read(Path(settings.SEAL_KEY_FILE))
    try:
        return _seal(signer, recovery, now=now)
    except CannotSeal as wrong:
        _keep(dict(wrong.refused), now=now)
        raise


def _seal(signer: Ed25519PrivateKey, recovery: bytes, *, now: datetime) -> Checkpoint | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEALERS])
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
            cursor.execute("select pg_advisory_xact_lock(%s)", [SEALERS])
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
    if last is not None and at < last.at:
        raise CannotSeal(f"The newest checkpoint is of {last.at}, which is after this clock.")
    size, number, tiles = _end_of_log(last, newest)
    cursor.execute(
        "select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint"
        " from complaints_event_era"
    )
    era, horizon, ceiling = cursor.fetchone()
    # A restore begins another life: its transactions are counted anew.
    is_same = last is not None and last.era == era
    rules = _Rules(
        latest=record.stamp(now + AHEAD),
        earliest=record.stamp(last.at - BEHIND) if last is not None and is_same and not settings.DEMO else "",
        ceiling=last.ceiling if last else 0,
        is_first=last is None,
    )
    if last is not None:
        _judge_again(cursor, last.size, size, rules)
    begun = size
    # A horizon of the future is none of ours: whatever has no leaf is looked for.
    since = last.horizon if last and is_same and last.horizon <= horizon else 0
    for chunk in _admitted(cursor, since, rules, now=now):
        grown = tree.grown(size, tiles, [digest for _, digest in chunk])
        _write(cursor, size, [entry for entry, _ in chunk], grown)
        size += len(chunk)
        tiles = {**tiles, **grown}
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
    """The log begins: its first key is named, and what was sealed before stands under it (many entries take long)."""
    for name in ("transaction_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"set local {name} = 0")
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


def _judge_again(cursor: Any, start: int, size: int, rules: _Rules) -> None:
    """Leaves above the newest checkpoint that holds: one over them is gone or does not hold, or whoever has the
    database put them there. Each entry must be admitted, and be what its tile says. Raises CannotSeal."""
    tiles: tree.Tiles = {
        (level, place): digests[: (start >> (tree.HEIGHT * level)) % tree.WIDTH * tree.HASH]
        for (level, place), digests in log.stored(tree.edge(start)).items()
    }
    while start < size:
        rows = Leaf.objects.filter(place__gte=start, place__lt=start + BATCH).order_by("place")
        entries = list(rows.values_list("entry", flat=True))
        judged: dict[str, tuple[str, bytes]] = {}
        numbers = sorted({entry.split("|")[0] for entry in entries})
        for select, name, number in _KINDS:
            cursor.execute((select + _AGAIN).format(name=name, number=number), [entries, numbers])
            for row in cursor.fetchall():
                entry, code = _judged(row, rules)
                judged[entry] = code, notes.leaf_of(f"{entry}|{row[5]}".encode())
        refused = {entry: code for entry in entries if (code := judged.get(entry, ("entry_missing", b""))[0])}
        if refused:
            raise CannotSeal(f"The log has {len(refused)} leaves of entries that are not admitted.", refused)
        grown = tree.grown(start, tiles, [judged[entry][1] for entry in entries])
        there = log.stored(grown)
        if len(entries) < min(BATCH, size - start) or any(
            not there.get(place, b"").startswith(digests) for place, digests in grown.items()
        ):
            raise CannotSeal(f"The log is damaged above {start} leaves. Run `manage.py verify_record`.")
        start, tiles = start + len(entries), {**tiles, **grown}


def _admitted(cursor: Any, horizon: int, rules: _Rules, *, now: datetime) -> Iterator[list[tuple[str, bytes]]]:
    """(name, hash of the leaf) of each new entry that is admitted, in chunks; what is refused is kept."""
    if rules.is_first and (old := Seal.objects.order_by("-number").first()):
        # Under the last seal of the older form lie all before it.
        yield [(f"seal||{old.number}", tree.leaf_hash("seal", "", old.number, bytes(old.root)))]
    refused: dict[str, str] = {}
    again = [row.entry for row, _ in log.not_admitted() if row.code != log.OUT_OF_TURN][:MOST_REFUSED]
    aside = log.set_aside()
    numbers = sorted({entry.split("|")[0] for entry in again})
    tried = set()
    for where, values in ((_AGAIN, [again, numbers]), (_NEW, [horizon])):
        if where is _AGAIN and not again:
            continue
        for select, name, number in _KINDS:
            sql = (select + where + _WITHOUT_LEAF).format(name=name, number=number)
            for rows in chunks(cursor, sql, values):
                chunk = []
                for row in rows:
                    entry, code = _judged(row, rules)
                    if entry in tried or (entry, row[5]) in aside:
                        continue
                    if where is _AGAIN:
                        tried.add(entry)
                    if code:
                        refused[entry] = code
                    else:
                        chunk.append((entry, notes.leaf_of(f"{entry}|{row[5]}".encode())))
                if chunk:
                    yield chunk
    admitted = tried - refused.keys()
    if admitted:
        NotAdmitted.objects.filter(entry__in=admitted).delete()
    _keep(refused, now=now)


def chunks(cursor: Any, sql: str, values: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by a server-side cursor: nothing is held but one chunk."""
    cursor.execute("set local cursor_tuple_fraction = 1")
    cursor.execute(f"declare log_walk no scroll cursor for {sql}", values)
    while rows := _fetched(cursor):
        yield rows
    cursor.execute("close log_walk")


def _fetched(cursor: Any) -> list[tuple[Any, ...]]:
    cursor.execute(f"fetch {BATCH} from log_walk")
    return list(cursor.fetchall())


def find_out_of_turn(*, now: datetime) -> int:
    """Entries that were put among old ones (with an old id, as if an old transaction had written them), which no sealer
    looks at: found by counting, then named. How many are new."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEALERS])
        last = log.newest_checkpoint()
        cursor.execute("select last_value from complaints_event_era")
        if last is None or cursor.fetchone()[0] != last.era:
            return 0
        cursor.execute(_COUNTED, {"horizon": last.horizon})
        standing, expected = cursor.fetchone()
        if standing == expected:
            return 0
        if standing < expected:
            logger.error("%s entries that lie in the log are gone: run `manage.py verify_record`", expected - standing)
        cursor.execute(_OUT_OF_TURN, [last.horizon, last.horizon, MOST_REFUSED])
        found = {_named(row[0])[0]: log.OUT_OF_TURN for row in cursor.fetchall()}
        _keep(found, now=now)
        return len(found)


#: In one snapshot: entries below the horizon that stand, and those that ought to stand.
_COUNTED = f"""
select
    (select count(*) from complaints_handlingstep where transaction < %(horizon)s)
        + (select count(*) from complaints_houseentry where transaction < %(horizon)s),
    (select coalesce(max(place) + 1, 0) from complaints_leaf)
        - (select count(*) from complaints_leaf where place = 0 and entry like 'seal|%%')
        - (select count(*) from complaints_handlingstep s join complaints_complaint c on c.id = s.complaint_id
           where s.transaction >= %(horizon)s
               and exists (select from complaints_leaf l where l.entry = {_NAME} offset 0))
        - (select count(*) from complaints_houseentry s
           where s.transaction >= %(horizon)s
               and exists (select from complaints_leaf l where l.entry = {_HOUSE_NAME} offset 0))
        + (select count(*) from complaints_notadmitted n
           join complaints_complaint c on c.number = split_part(n.entry, '|', 1)
           join complaints_handlingstep s on s.complaint_id = c.id and {_NAME} = n.entry
           where s.transaction < %(horizon)s)
        + (select count(*) from complaints_notadmitted n join complaints_houseentry s on {_HOUSE_NAME} = n.entry
           where s.transaction < %(horizon)s)"""  # noqa: S608
_OUT_OF_TURN = f"""
select name from (
    select textsend({_NAME}) as name, {_NAME} as entry from complaints_handlingstep s
    join complaints_complaint c on c.id = s.complaint_id where s.transaction < %s
    union all
    select textsend({_HOUSE_NAME}), {_HOUSE_NAME} from complaints_houseentry s where s.transaction < %s) old
where not exists (select from complaints_leaf l where l.entry = old.entry)
    and not exists (select from complaints_notadmitted n where n.entry = old.entry)
limit %s"""  # noqa: S608


def _named(raw: Any) -> tuple[str, bool]:
    """(name of an entry, whether it can be read)."""
    try:
        return bytes(raw).decode(), True
    except UnicodeDecodeError:
        return bytes(raw).decode("ascii", "backslashreplace"), False


def _judged(row: tuple[Any, ...], rules: _Rules) -> tuple[str, str]:
    """(name of the entry, why it gets no leaf or "")."""
    _, raw, follows, is_alone, is_hashed, digest, tag, tail, has_form, transaction_id = row
    entry, is_readable = _named(raw)
    if not is_readable:
        return entry, "unreadable"
    written = _WRITTEN.search(tail)
    if is_alone:
        return entry, "entry_missing"
    if not follows:
        return entry, "not_in_order"
    if not is_hashed:
        return entry, "hash"
    if not tags.is_tagged(TAG_KIND, bytes.fromhex(digest), bytes(tag)) and (tag or has_form or not rules.is_first):
        return entry, "tag"
    if written is None:
        return entry, "unreadable"
    if written[1] > rules.latest:
        return entry, "dated_ahead"
    if written[1] < rules.earliest and transaction_id > rules.ceiling:
        return entry, "dated_back"
    return entry, ""


def _keep(refused: dict[str, str], *, now: datetime) -> None:
    """What was refused is named, at once and until somebody sees to it."""
    if not refused:
        return
    kept = dict(NotAdmitted.objects.filter(entry__in=refused).values_list("entry", "code"))
    new = {entry: code for entry, code in refused.items() if entry not in kept}
    first = dict(list(new.items())[:MOST_REFUSED])
    NotAdmitted.objects.bulk_create(
        [NotAdmitted(entry=entry, code=code, found_at=now) for entry, code in first.items()], ignore_conflicts=True
    )
    if new:
        logger.error("%s entries are not admitted to the record: %s", len(new), list(first.items())[:10])


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
