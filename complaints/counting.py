"""What a transaction changes in the counts, as rows that are appended, never updated.

The one rule: a delta is the difference between a case before and after, so an undo or a
reopening counts itself back without a special case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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


def deltas(changes: Iterable[tuple[Counted | None, Complaint, date]]) -> list[CountDelta]:
    """Rows that turn the old counts of a flush into the new ones: one for each key that moved.

    ``changes``: (where the case counted before, the case as it is now, the day).
    """
    moved: Counter[tuple[date, Key]] = Counter()
    for before, complaint, day in changes:
        after = counted(complaint)
        for key in after - (before or frozenset()):
            moved[day, key] += 1
        for key in (before or frozenset()) - after:
            moved[day, key] -= 1
    return [
        CountDelta(day=day, region=region, enterprise=enterprise, category=category,
                   measure=measure, change=number)
        for (day, (region, enterprise, category, measure)), number in moved.items() if number
    ]
