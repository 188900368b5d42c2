"""Who gets a leaf: entries that follow the entry before them, whose text has its hash, whose tag needs a key that the
database has not, and whose time is possible. What is not admitted is named at once, and is never signed; two
persons may say that it was looked into and counts for nothing. It stays in the database then, and alarms no more."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.keys import tags
from accounts.models import User
from accounts.sign_in import persons
from complaints.models import NotAdmitted, Seal
from complaints.record import house, log, notes, tree
from complaints.record.record import TAG_KIND

logger = logging.getLogger(__name__)

#: Sealers wait for each other, and keys are handed over between two seals.
SEALERS = 0x10C
#: So many entries are taken at a time, and so many refused ones are kept a time.
BATCH, MOST_REFUSED = 4096, 1000
_WRITTEN = re.compile(r'"written":"([0-9T:.-]{26}Z)"}')

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
class Rules:
    """By which an entry is admitted: times as the bodies write them. ``ceiling``: transactions up to it may have been
    under way when the newest checkpoint was made. ``is_first``: entries of the older form, which have no tag, are
    taken in."""

    latest: str
    earliest: str
    ceiling: int
    is_first: bool


def begin(cursor: Any) -> None:
    """No other sealer works meanwhile. At first, after a restore, after days without a watch there are so many entries
    that it takes longer than a page may: else each seal would be cut short, and none would be made any more."""
    cursor.execute("set local statement_timeout = 0; set local transaction_timeout = 0")
    cursor.execute("select pg_advisory_xact_lock(%s)", [SEALERS])


def admitted(cursor: Any, horizon: int, rules: Rules, *, now: datetime) -> Iterator[list[tuple[str, bytes]]]:
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
            for rows in _chunks(cursor, sql, values):
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
    if taken := tried - refused.keys():
        NotAdmitted.objects.filter(entry__in=taken).delete()
    keep(refused, now=now)


def judged(cursor: Any, entries: list[str], rules: Rules) -> dict[str, tuple[str, bytes]]:
    """Of those of these entries that stand: why it is not admitted or "", and the hash of its leaf."""
    found, numbers = {}, sorted({entry.split("|")[0] for entry in entries})
    for select, name, number in _KINDS:
        cursor.execute((select + _AGAIN).format(name=name, number=number), [entries, numbers])
        for row in cursor.fetchall():
            entry, code = _judged(row, rules)
            found[entry] = code, notes.leaf_of(f"{entry}|{row[5]}".encode())
    return found


def _chunks(cursor: Any, sql: str, values: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
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
        begin(cursor)
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
        keep(found, now=now)
        return len(found)


#: In one snapshot: entries below the horizon that stand, and those that ought to stand.
_COUNTED = f"""
select
    (select count(*) from complaints_handlingstep where transaction < %(horizon)s)
        + (select count(*) from complaints_houseentry where transaction < %(horizon)s),
    (select coalesce(max(place) + 1, 0) from complaints_leaf)
        - (select count(*) from complaints_leaf where place = 0 and entry like 'seal|%%')
        - (select coalesce(sum(entries), 0) from complaints_archivedcase where returned is null)
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


def _judged(row: tuple[Any, ...], rules: Rules) -> tuple[str, str]:
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


def keep(refused: dict[str, str], *, now: datetime) -> None:
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


@dataclass(frozen=True, slots=True)
class Refused:
    """``entry`` and ``code`` as in NotAdmitted; ``digest``: the hash of the entry as it stands, or "" where it is gone;
    ``agreed``: the keys of who set it aside so far."""

    entry: str
    code: str
    found_at: datetime
    digest: str
    agreed: frozenset[str]

    @property
    def matter(self) -> str:
        """What setting it aside is called where two persons are told apart."""
        return f"set_aside {self.entry} {self.digest[:16]}"


def refused_entries() -> list[Refused]:
    """What somebody must see to, the oldest first."""
    said = [(entry.data["entry"], entry.data["hash"], entry.by) for entry in house.proven("set_aside")]
    results = []
    for row, digest in log.not_admitted():
        agreed = frozenset(by for entry, seen, by in said if (entry, seen) == (row.entry, digest))
        results.append(Refused(row.entry, row.code, row.found_at, digest, agreed))
    return results


def agree(entry: str, digest: str, *, by: User, now: datetime) -> None:
    """``by`` sets aside what was shown. Raises LookupError where that waits no more, or is another one by now, and
    NotTwoPersons where that is no other person than who set it aside before."""
    refused = next((one for one in refused_entries() if (one.entry, one.digest) == (entry, digest)), None)
    if refused is None:
        raise LookupError(entry)
    if str(by.person_key) not in refused.agreed:
        same_device = persons.join(refused.matter, by, before=refused.agreed, now=now)
        data = {"entry": entry, "hash": digest, "code": refused.code} | persons.beside(same_device)
        house.write("set_aside", data, by=by.person_key, now=now)
