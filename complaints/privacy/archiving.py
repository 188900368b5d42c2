"""Moves the record of cases that were closed for years into the archive (ARCHIVE_DATABASE_URL), in batches.

A batch is verified here, written there, read there again, found equal and still sealed, named by an entry ``archived``
of the house chain, and only then dropped here: with that entry, in one transaction. Whoever is killed before its end
leaves copies there that the next run writes anew, and everything here. Any number may run."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from complaints.models import Leaf
from complaints.privacy import terms
from complaints.record import log, verification
from complaints.record.moved import named, rows
from complaints.record.tree import Tree, leaf_hash

#: So many cases are locked, copied and dropped at once.
BATCH = 100
#: Erased first: whose term is over by then has no words left to move.
AFTER_TERM = timedelta(days=30)
#: What still runs or waits stays, and what was sealed in the older form, which counts its entries here.
_CHOSEN = """
select c.id, c.number from complaints_complaint c
where c.id > %(after)s and c.status = 'closed' and c.closed_at <= %(before)s
    and not exists (select from complaints_archivedcase a where a.complaint_id = c.id and a.returned is null)
    and not exists (select from complaints_sealedhead h where h.complaint_id = c.id)
    and not exists (select from complaints_deadline d where d.complaint_id = c.id and d.state in ('running', 'paused'))
    and not exists (select from complaints_matter m
        where m.complaint_id = c.id and m.state = 'open' and (m.until_at is null or m.until_at > %(now)s))
    and not exists (select from complaints_notice n where n.complaint_id = c.id and n.state in ('queued', 'leased'))
order by c.id limit %(limit)s for no key update of c skip locked"""


class NotTheSame(Exception):
    """What was read in the archive is not what was written there; nothing was dropped."""


@dataclass(slots=True)
class Moved:
    """What one batch did: the last case that it looked at (0: there was none), how many it moved, and the numbers of
    those that stay since something of their record does not hold or has no leaf yet."""

    last: int = 0
    cases: int = 0
    left: list[str] = field(default_factory=list)


def before(now: datetime) -> datetime:
    """Cases closed until then are moved."""
    return now - max(terms.kept_for(now), named.OLD) - AFTER_TERM


def move_some(*, now: datetime, after: int = 0, limit: int = BATCH) -> Moved:
    """The next cases with ids above ``after``. Raises ArchiveAway, NotTheSame."""
    with rows.archive() as line, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '60s'; set local transaction_timeout = '5min'")
            cursor.execute(_CHOSEN, {"after": after, "before": before(now), "now": now, "limit": limit})
            numbers: dict[int, str] = dict(cursor.fetchall())
            if not numbers:
                return Moved()
            result = Moved(last=max(numbers))
            broken = verification.broken_among(numbers)
            ids = [pk for pk, number in numbers.items() if number not in broken]
            here = rows.read(cursor, ids)
            sealed = _sealed(here, numbers)
            ids = [pk for pk in ids if pk in sealed]
            result.left = sorted(number for pk, number in numbers.items() if pk not in sealed)
            if not ids:
                return result
            here = rows.read(cursor, ids)
        rows.prepare(line)
        rows.replace(line, ids, here)
        with line.cursor() as there:
            found = rows.read(there, ids)
        if found != here:
            raise NotTheSame
        named.write(rows.heads(found), numbers, cell=line.info.dbname, now=now)
        result.cases = len(ids)
    return result


def _sealed(here: rows.Rows, numbers: dict[int, str]) -> set[int]:
    """Cases of which each entry lies in the log, under its newest checkpoint."""
    last = log.newest_checkpoint()
    if last is None:
        return set()
    tree = Tree(last.size, log.tiles())
    every: dict[str, tuple[int, bytes]] = {}
    for case, audience, sequence, digest in rows.entries(here):
        every[f"{numbers[case]}|{audience}|{sequence}"] = (case, leaf_hash(numbers[case], audience, sequence, digest))
    places: dict[str, Any] = dict(Leaf.objects.filter(entry__in=every).values_list("entry", "place"))
    outside = {
        case
        for entry, (case, leaf) in every.items()
        if entry not in places or not log.is_in(tree, places[entry], leaf, bytes(last.root))
    }
    return {case for case, _leaf in every.values()} - outside
