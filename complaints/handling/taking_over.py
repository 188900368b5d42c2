"""Cases that were filed before entries carried a state: each gets an entry that carries the whole of it, once what
stands was compared with what its old entries say."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Exists, OuterRef

from complaints import handling
from complaints.handling.steps import keeping
from complaints.models import Complaint, HandlingStep
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Audience
from complaints.record.findings import Finding

#: Cases of one transaction.
BATCH = handling.BATCH


def left(after: int = 0) -> list[int]:
    """The next cases behind this id whose state no entry carries from its beginning on."""
    mine = HandlingStep.objects.filter(complaint=OuterRef("pk"))
    before = Exists(mine.filter(audience=Audience.PARTIES, sequence=1, state=b""))
    taken = Exists(mine.filter(step="keep_state", data__whole=True))
    return list(
        Complaint.objects.filter(before, ~taken, pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    )


def take_over(ids: Collection[int], *, now: datetime) -> int:
    """Write the entries; of how many cases."""
    moves = [(pk, keeping.keep_state(), SYSTEM) for pk in ids]
    return sum(result.is_done for result in handling.take_each(moves, now=now, conditions=Conditions.at(now)))


def told_otherwise(ids: Collection[int]) -> Iterator[Finding]:
    """Columns that say something else than the old entries: status, outcome, and the demands as they were filed."""
    newest = HandlingStep.objects.filter(complaint__in=ids).order_by("complaint_id", "-pk").distinct("complaint_id")
    for row in newest.select_related("complaint"):
        case = row.complaint
        for column, said, stands in (("status", row.to_status, case.status), ("outcome", row.outcome, case.outcome)):
            if said != stands:
                yield Finding("column", case.number, row="case", column=column)
    filed = HandlingStep.objects.filter(complaint__in=ids, audience=Audience.PARTIES, sequence=1, step="file")
    for row in filed.select_related("complaint").prefetch_related("complaint__demands"):
        told = json.loads(row.body)["data"].get("demands", ())
        rows = {demand.ordinal: demand for demand in row.complaint.demands.all()}
        for ordinal, one in enumerate(told, 1):
            demand = rows.get(ordinal)
            if demand is None:
                yield Finding("row_missing", row.complaint.number, row=f"demand/{ordinal}")
            elif demand.kind != one["kind"] or demand.amount != _amount(one["amount"]):
                column = "kind" if demand.kind != one["kind"] else "amount"
                yield Finding("column", row.complaint.number, row=f"demand/{ordinal}", column=column)


def _amount(told: Any) -> Decimal | None:
    try:
        return None if told is None else Decimal(str(told))
    except InvalidOperation:
        return Decimal(-1)
