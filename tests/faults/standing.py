"""What stands in the database, read in one snapshot for the checker. It only reads."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.keys import keys, sealing
from complaints.models import PersonalText
from complaints.models.record import FREE_KINDS, salted_text
from tests.faults import checker
from tests.faults.checker import Case, ClockRow, Entry, Reminded, Rows, Text
from tests.faults.clients import MARK
from tests.faults.history import History
from tests.faults.portal import RunningPortal, crowded

_MARKER = re.compile(MARK + "([0-9a-f]{16})")
_CASES = """
select c.id, c.number, c.status, (select count(*) from complaints_demand d where d.complaint_id = c.id)
from complaints_complaint c where c.id > %s and c.external_source = ''
"""
_TEXTS = """
select complaint_id, kind, audience, sequence, digest, sealed, k.wrapped, k.person
from complaints_personaltext t left join accounts_personkey k
  on octet_length(sealed) > 17 and k.person = encode(substring(sealed from 2 for 16), 'hex')::uuid
where complaint_id > %s
"""
_CLOCKS = """
select id, complaint_id, clock, state, due_at, chase_at, lapsed_at, lapse_written_at, ended_at
from complaints_deadline where complaint_id > %s
"""
_ENTRIES = """
select id, complaint_id, audience, sequence, step, from_status, to_status,
  coalesce(data ->> 'clock', ''), coalesce(data ->> 'mark', ''), coalesce(data ->> 'last_day', '')
from complaints_handlingstep where complaint_id > %s
"""
_REMINDED = """
select r.deadline_id, r.mark from complaints_reminder r
join complaints_deadline d on d.id = r.deadline_id where d.complaint_id > %s
"""
_WAITING = """
select (select count(*) from complaints_complaint where status = 'filed')
  + (select count(*) from complaints_deadline where due_at <= now() and lapsed_at is null and chase_at <= now())
"""
_LEFT_OPEN = """
select pid, application_name, now() - xact_start, query from pg_stat_activity
where state like 'idle in transaction%' and xact_start < now() - interval '15 seconds'
"""


def newest_case(portal: RunningPortal) -> int:
    """Where a scenario begins: what stood before is none of its business."""
    return int(portal.query("select coalesce(max(id), 0) from complaints_complaint")[0][0])


def _opened(portal: RunningPortal, since: int) -> Iterator[tuple[int, str, str]]:
    """What people said, opened with the keys of that portal."""
    known = keys.read(portal.local / "vault" / "keys")
    field: Any = PersonalText._meta.get_field("sealed")
    for case, kind, audience, sequence, digest, sealed, wrapped, person in portal.query(_TEXTS, [since]):
        if wrapped is not None and kind in FREE_KINDS:
            secret = sealing.unwrap(bytes(wrapped), person=UUID(str(person)), keys=known)
            place = field.place_with([case, audience, sequence, kind, digest])
            yield case, kind, salted_text(sealing.open_sealed(bytes(sealed), secret=secret, place=place))[1]


def rows_since(portal: RunningPortal, since: int) -> Rows:
    texts = [
        Text(case, kind, result[1], text)
        for case, kind, text in _opened(portal, since)
        if (result := _MARKER.search(text))
    ]
    return Rows(
        at=portal.query("select now()")[0][0],
        cases=[Case(*row) for row in portal.query(_CASES, [since])],
        texts=texts,
        clocks=[ClockRow(*row) for row in portal.query(_CLOCKS, [since])],
        entries=[Entry(*row) for row in portal.query(_ENTRIES, [since])],
        reminded=[Reminded(*row) for row in portal.query(_REMINDED, [since])],
    )


def until_swept(portal: RunningPortal, seconds: float = 60) -> None:
    portal.until(lambda: portal.query(_WAITING) == [(0,)], "everything that is due was swept", seconds * crowded())


def judge(
    portal: RunningPortal, history: History, first: int, *, late: float | None = None, recover: bool = True
) -> list[str]:
    """Wait until all is well again by itself, then say what is broken. Late: seconds, outages included."""
    results: list[str] = []
    if recover:
        try:
            history.event(f"all is well after {portal.recover():.1f} s")
            until_swept(portal)
        except AssertionError as error:
            results.append(f"STUCK {error}")
    rows = rows_since(portal, first)
    lateness = timedelta(seconds=late * crowded()) if late is not None else None
    results += checker.violations(history, rows, late=lateness, longest=checker.LONGEST_REQUEST * crowded())
    results += [
        f"LEAKED a transaction is open for {since}: {query[:80]}" for _, _, since, query in portal.query(_LEFT_OPEN)
    ]
    verified = portal.manage("verify_record")
    given = verified.communicate(timeout=300)[0]
    if verified.returncode:
        results.append(f"TORN the record does not verify: {given[-1500:]}")
    history.event(
        f"{len(rows.cases)} cases, {history.acks()} promises, {len(rows.clocks)} clocks, {len(results)} broken"
    )
    return results
