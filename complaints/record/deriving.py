"""Columns that follow from others and from entries, recomputed and compared: next dates, who spoke last, where a case
is handled, whether a stage is past, in which entry a document stands; and the last number of a series of documents.

Written anew from what each column means, not with the code that fills it. Only cases with a proved state are asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from complaints.models import Complaint, Deadline, DocumentVersion, Engagement
from complaints.procedure.workflow import HAS_RESPONDENT, HIDDEN_CLOCKS, LOOK, Audience, Clock
from complaints.record.findings import Finding
from complaints.record.record import stamp
from complaints.record.state import among

_PLACES = """
with recursive up (of, at, parent, level) as (
    select id, id, parent_id, level from authorities_region where id = any(%s)
    union all
    select up.of, r.id, r.parent_id, r.level from up join authorities_region r on r.id = up.parent
)
select of, max(at) filter (where level = 'province'), max(at) filter (where level = 'city'),
       max(at) filter (where level = 'county')
from up group by of
"""


@dataclass(slots=True)
class Told:
    """What the entries of one case tell: when the parties' record went on last, whose word was last, and which entry
    holds the words of which document (digest → audience, sequence)."""

    last_event_at: datetime | None = None
    last_word: str = ""
    documents: dict[str, tuple[str, int]] = field(default_factory=dict)

    def read(self, audience: str, sequence: int, step: str, role: str, written_at: datetime, data: Any) -> None:
        """The entries of a chain in their order."""
        for given in data.get("documents", ()) if isinstance(data, dict) else ():
            self.documents[given["digest"]] = (audience, sequence)
        if audience != Audience.PARTIES or step == LOOK:
            return
        self.last_event_at = written_at
        if role != "system" and step != "file":
            self.last_word = role


_SERIES = """
select authority_id, year, form
from (select authority_id, year, form, max(number) as last from complaints_officialdocument group by 1, 2, 3) d
full join complaints_documentseries s using (authority_id, year, form)
where d.last is distinct from s.last
order by 1, 2, 3
"""


def series() -> Iterator[Finding]:
    """The last number of each series of documents, by the documents: every number is given with one. The row is
    ``series <id of the authority>/<year>/<form>``."""
    with connection.cursor() as cursor:
        cursor.execute(_SERIES)
        for authority, year, form in cursor.fetchall():
            yield Finding("column", row=f"series {authority}/{year}/{form}", column="last")


@dataclass(slots=True)
class _Live:
    """A clock that runs or is overdue, and that the parties know of."""

    due_at: datetime
    owed_by: str
    state: str


def differences(cases: Mapping[int, tuple[str, Told]]) -> Iterator[Finding]:
    """``cases``: id → (number, what its entries tell). Code ``column``."""
    ids = list(cases)
    clocks, stages = _clocks(ids), _stages(ids)
    rows = Complaint.objects.filter(**among("pk", ids)).order_by("pk")
    columns = ("status", "enterprise_id", "branch_id", "handling_region_id")
    derived = ("next_due_at", "enterprise_due_at", "is_overdue", "last_event_at", "last_word")
    places = ("handling_province", "handling_city", "handling_county")
    found = [row for row in rows.values_list("pk", *columns, *derived, *places) if row[0] in cases]
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [list({row[4] for row in found})])
        where = {of: tuple(levels) for of, *levels in cursor.fetchall()}
    for pk, status, enterprise, branch, region, *stands in found:
        number, told = cases[pk]
        live = clocks[pk]
        wanted = (
            min((one.due_at for one in live), default=None),
            min((one.due_at for one in live if one.owed_by == "enterprise"), default=None),
            any(one.state == "lapsed" for one in live),
            told.last_event_at,
            told.last_word,
            *where.get(region, (None, None, None)),
        )
        for name, value, is_now in zip((*derived, *places), wanted, stands, strict=True):
            if value != is_now:
                yield Finding("column", number, row="case", column=name)
        here = (enterprise, branch) if status in HAS_RESPONDENT else None
        newest = {(one[0], one[1]): place for place, one in enumerate(stages[pk])}
        for place, (of, at, until, from_at, is_past) in enumerate(stages[pk]):
            if is_past != (until is not None and (of, at) != here and newest[of, at] == place):
                yield Finding("column", number, row=f"engagement/{stamp(from_at)}", column="is_past")
    versions = DocumentVersion.objects.filter(**among("complaint_id", ids)).order_by("pk")
    for pk, digest, nth, sequence, reference, audience, first in versions.values_list(
        "complaint_id",
        "digest",
        "number",
        "sequence",
        "document__reference",
        "document__audience",
        "document__sequence",
    ):
        if pk not in cases:
            continue
        number, told = cases[pk]
        entry = told.documents.get(bytes(digest).hex())
        if entry != (audience, sequence):
            yield Finding("column", number, row=f"version/{reference}/{nth}", column="sequence")
        if nth == 1 and entry != (audience, first):
            yield Finding("column", number, row=f"document/{reference}", column="sequence")


def _clocks(ids: list[int]) -> Mapping[int, list[_Live]]:
    result: dict[int, list[_Live]] = defaultdict(list)
    rows = Deadline.objects.filter(**among("complaint_id", ids), ended_at=None, state__in=["running", "lapsed"])
    for pk, clock, owed_by, state, due_at, audience in rows.values_list(
        "complaint_id", "clock", "owed_by", "state", "due_at", "matter__audience"
    ):
        is_order = clock == Clock.INSTRUCTION and owed_by == "authority" and audience == Audience.AUTHORITY
        if clock not in HIDDEN_CLOCKS and not is_order:
            result[pk].append(_Live(due_at, owed_by, state))
    return result


def _stages(ids: list[int]) -> Mapping[int, list[tuple[Any, ...]]]:
    result: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    rows = Engagement.objects.filter(**among("complaint_id", ids)).order_by("pk")
    for pk, *stage in rows.values_list("complaint_id", "enterprise_id", "branch_id", "until_at", "from_at", "is_past"):
        result[pk].append(tuple(stage))
    return result
