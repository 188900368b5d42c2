"""Counted complaints of one's own making: rows of the tally, as a fold would leave them.

A row here is what one received complaint counts for; tests that need the case itself file it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import count

from django.db.models import Max

from oversight.models import Tally

DAY = timedelta(days=1)
#: A Thursday.
TODAY = date(2026, 11, 26)


def received(
    counts: Mapping[date, int], *, region: int, enterprise: int | None = None, problem: str = "", thing: str = ""
) -> None:
    """So many complaints on each day."""
    numbers = count((Tally.objects.aggregate(most=Max("complaint_id"))["most"] or 10_000_000) + 1)
    same = {"kind": "received", "ref": 0, "received": 1, "region": region, "enterprise": enterprise}
    same |= {"problem": problem, "object": thing}
    days = [day for day, n in counts.items() for _ in range(n)]
    Tally.objects.bulk_create((Tally(complaint_id=next(numbers), day=day, **same) for day in days), batch_size=5000)


def weeks(last: date, counts: list[int]) -> dict[date, int]:
    """So many complaints in each seven days, the last of which end with ``last``: spread evenly over their days."""
    result: dict[date, int] = {}
    for back, n in enumerate(reversed(counts)):
        for at in range(7):
            result[last - (7 * back + at) * DAY] = n // 7 + (at < n % 7)
    return result
