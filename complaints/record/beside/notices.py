"""The notices that entries name: one for each side that is told. It waits, or its tag says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from accounts.keys import row_tags
from complaints.models import Notice
from complaints.record.findings import Finding
from complaints.record.walking import Range, Read, Table

#: The columns that a tag covers, in their order, and the tag.
_NOTICES = Table(
    "complaints_notice t",
    "complaint_id",
    "t.complaint_id, t.audience, t.sequence, t.addressee, t.channel, t.user_id, t.state, t.tag",
    "t.complaint_id, t.audience, t.sequence, t.addressee",
)


def check(among: Range, entries: Iterable[Read], names: dict[int, str], found: Callable[[Finding], None]) -> None:
    """Codes ``row_missing``, ``foreign``, ``column``, ``unreadable``; the row is ``notice <addressee>``. Entries from
    before they said who is told are passed over, and so are their notices."""
    telling = {(one.case_id, one.audience, one.sequence): one for one in entries if one.said.told is not None}
    if not telling:
        return
    rows, unreadable = _NOTICES.rows(among)
    there = set()
    for row in unreadable:
        if len(row) == 1:
            found(Finding("unreadable", row=f"notice {row[0]}"))
        else:
            there.add(row)
            found(Finding("unreadable", names.get(row[0], str(row[0])), row[1], row[2], f"notice {row[3]}"))
    for row in rows:
        entry = telling.get(row[:3])
        if entry is None:
            continue
        what, state = f"notice {row[3]}", row[6]
        if row[3] not in (entry.said.told or ()):
            found(entry.finding("foreign", what))
        elif state not in Notice.WAITING and not row_tags.is_of(Notice, row[:7], bytes(row[7])):
            found(entry.finding("column", what, "state"))
        # One that came back is followed by another.
        if state != "bounced":
            there.add(row[:4])
    for place, entry in telling.items():
        for addressee in entry.said.told or ():
            if (*place, addressee) not in there:
                found(entry.finding("row_missing", f"notice {addressee}"))
