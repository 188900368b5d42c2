"""Which cases are moved: the rows of ArchivedCase, as far as a signed entry ``archived`` of the house chain names them.

Such an entry says how many ``cases`` it names, the ``root`` over their numbers, entries and heads (rows.root_of), and
the ``cell`` to which they went. An entry ``returned`` lists numbers of cases that were brought back."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from complaints.models import ArchivedCase, Complaint
from complaints.record import house
from complaints.record.findings import Finding, Report
from complaints.record.moved import rows
from complaints.record.walking import Range, fetched
from database.row_security import working_as_steps

#: A case that was closed, or filed, less long ago is never moved: of most nobody has to ask.
OLD = timedelta(days=3 * 365)


def is_here() -> bool:
    """A database from before there was an archive is verified before it is migrated."""
    return bool(fetched("select to_regclass('complaints_archivedcase') is not null")[0][0])


def of_number(number: str) -> int | None:
    """The id of a case that is moved; None where it is not."""
    case = Complaint.objects.filter(number=number).values("pk")
    return (
        ArchivedCase.objects.filter(complaint_id__in=case, returned=None).values_list("complaint_id", flat=True).first()
    )


def among(ids: Collection[int]) -> list[int]:
    """Those of these cases that are moved."""
    there = ArchivedCase.objects.filter(complaint_id__in=ids, returned=None)
    return list(there.order_by("complaint_id").values_list("complaint_id", flat=True))


def read_back(ids: Collection[int]) -> list[ArchivedCase]:
    """Puts the rows of those of these cases that are moved back into the tables, in the caller's transaction: whoever
    only reads takes that back. Raises ArchiveAway, ArchiveDiffers."""
    # Two that read the same case stand in line, and whoever reads while it is brought back finds it here.
    moved = list(ArchivedCase.objects.filter(complaint_id__in=ids, returned=None).select_for_update().order_by("pk"))
    if moved:
        with rows.archive() as line, line.cursor() as there:
            found = rows.read(there, [row.complaint_id for row in moved])
        heads = rows.heads(found)
        if any(heads.get(row.complaint_id) != (row.entries, bytes(row.heads)) for row in moved):
            raise rows.ArchiveDiffers
        with connection.cursor() as here:
            rows.insert(here, found)
    return moved


def bring_back(ids: Collection[int], *, now: datetime, by: UUID | str = "system") -> int:
    """Those of these cases that are moved stand here again; how many. For whoever writes to them."""
    with working_as_steps(), transaction.atomic():
        moved = read_back(ids)
        if moved:
            numbers = Complaint.objects.filter(pk__in=[row.complaint_id for row in moved]).values_list(
                "number", flat=True
            )
            entry = house.write("returned", {"cases": sorted(numbers)}, by=by, now=now)
            ArchivedCase.objects.filter(pk__in=[row.pk for row in moved]).update(returned=entry.sequence)
    return len(moved)


def write(moved: rows.Heads, numbers: dict[int, str], *, cell: str, now: datetime) -> None:
    """Name cases as moved, in the transaction that drops their rows here."""
    named = {numbers[pk]: one for pk, one in moved.items()}
    said = {"cases": len(named), "root": rows.root_of(named), "cell": cell}
    entry = house.write("archived", said, by="system", now=now)
    ArchivedCase.objects.bulk_create(
        ArchivedCase(complaint_id=pk, entry=entry.sequence, entries=entries, heads=digest)
        for pk, (entries, digest) in sorted(moved.items())
    )
    with connection.cursor() as cursor:
        cursor.execute("select drop_archived(%s)", [list(moved)])


# --- verification ---

Said = dict[int, dict[str, Any]]
_NAMED = """
select coalesce(c.number, a.complaint_id::text), a.entries, a.heads, a.returned
from complaints_archivedcase a left join complaints_complaint c on c.id = a.complaint_id where a.entry = %s"""
_NOT_NAMED = """
select coalesce(c.number, a.complaint_id::text)
from complaints_archivedcase a left join complaints_complaint c on c.id = a.complaint_id where a.entry <> all(%s)"""
_IN_RANGE = """
select a.complaint_id from complaints_archivedcase a
where a.complaint_id > %s and a.complaint_id <= %s and a.returned is null and a.entry = any(%s)"""


def differences(archived: Said, returned: Said) -> Iterator[Finding]:
    """What the rows say that the house chain does not; ``archived`` and ``returned``: what its entries say, by their
    sequence. Removes what does not hold from ``archived``: it names no case."""
    for sequence, said in list(archived.items()):
        named, back = {}, dict[str, int]()
        for number, entries, digest, came_back in fetched(_NAMED, [sequence]):
            named[number] = (entries, bytes(digest))
            if came_back is not None:
                back[number] = came_back
        if (said.get("cases"), said.get("root")) != (len(named), rows.root_of(named)):
            del archived[sequence]
            yield Finding("archived", house.NAME, house.NAME, sequence, "entry")
        for number in sorted(named):
            told = [at for at, one in returned.items() if at > sequence and number in one.get("cases", ())]
            if back.get(number) != (min(told) if told else None):
                yield Finding("column", number, row="archived", column="returned")
    for (number,) in fetched(_NOT_NAMED, [list(archived)]):
        yield Finding("foreign", number, row="archived")


def in_range(span: Range, archived: Iterable[int]) -> set[int]:
    """The cases of this range that are moved, by entries that hold."""
    return {pk for (pk,) in fetched(_IN_RANGE, [span.low, span.high, list(archived)])}


def differing_there(report: Report, archived: Said) -> Iterator[Finding]:
    """Moved cases whose chains do not end in the archive as they were moved. Counts those that were looked at; raises
    ArchiveAway."""
    with rows.archive() as line, line.cursor() as there:
        for sequence in archived:
            moved = ArchivedCase.objects.filter(entry=sequence, returned=None).values_list(
                "complaint_id", "entries", "heads"
            )
            wanted = {pk: (entries, bytes(digest)) for pk, entries, digest in moved}
            there.execute(_ENDS, [list(wanted)])
            ends: dict[int, list[tuple[str, int, bytes]]] = {}
            for case, audience, last, digest in there.fetchall():
                ends.setdefault(case, []).append((audience, last, bytes(digest)))
            numbers = dict(Complaint.objects.filter(pk__in=wanted).values_list("pk", "number"))
            for pk, (entries, digest) in sorted(wanted.items()):
                chains = ends.get(pk, [])
                if (sum(last for _audience, last, _hash in chains), rows.digest_of(chains)) != (entries, digest):
                    yield Finding("archive_differs", numbers.get(pk, str(pk)))
            report.read_there += len(wanted)


_ENDS = """
select distinct on (complaint_id, audience) complaint_id, audience, sequence, hash from complaints_handlingstep
where complaint_id = any(%s) order by complaint_id, audience, sequence desc"""


def names_there(ids: Collection[int]) -> Collection[int]:
    """Those of these names at which entries of moved cases point; all where the archive does not answer, since nobody
    can say so."""
    if not ids or not ArchivedCase.objects.filter(returned=None).exists():
        return ()
    try:
        with rows.archive() as line, line.cursor() as there:
            there.execute(
                "select name_id from complaints_handlingstep where name_id = any(%s)"
                " union select recorded_by_id from complaints_handlingstep where recorded_by_id = any(%s)",
                [list(ids)] * 2,
            )
            return [pk for (pk,) in there.fetchall()]
    except rows.ArchiveAway:
        return ids
