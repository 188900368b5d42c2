"""What a transaction changes in the counts, as rows that are appended, never updated.

The one rule: a delta is the difference between a case before and after, so an undo or a
reopening counts itself back without a special case.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from complaints.models import Complaint, CountDelta

#: (region, enterprise, category, measure)
Key = tuple[int, int | None, str, str]
Counted = frozenset[Key]


def counted(complaint: Complaint) -> Counted:
    """Where this case counts now."""
    where = (complaint.handling_region_id, complaint.enterprise_id, complaint.problem_category)
    measures = ["received", f"status:{complaint.status}"]
    if complaint.outcome:
        measures.append(f"outcome:{complaint.outcome}")
    return frozenset((*where, measure) for measure in measures)


def deltas(before: Counted | None, complaint: Complaint, day: date) -> list[CountDelta]:
    """Rows that turn the old counts into the new ones; none when nothing moved."""
    change: Counter[Key] = Counter(counted(complaint))
    change.subtract(before or frozenset())
    return [
        CountDelta(day=day, region=region, enterprise=enterprise, category=category,
                   measure=measure, change=number)
        for (region, enterprise, category, measure), number in change.items() if number
    ]
