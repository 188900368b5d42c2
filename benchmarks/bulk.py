"""What it costs to accept 500 cases of the queue at once, beside accepting them one by one.

`python -m benchmarks.bulk`: cases that were delivered to an enterprise, accepted as the page of the queue does it (each
judged for itself, an entry of the record and a notice each, marked as read), in slices that alternate with the same
step for single cases.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import STRIDE, multiply
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
ALONE = 25


def measure(*, quick: bool) -> list[Figure]:
    at_once, rounds = (100, 3) if quick else (500, 9)
    with ground.database("benchmark_bulk") as base:
        ground.set_up(base)
        now = datetime.now(ZONE)
        pattern = Pattern(now)
        pattern.forward(pattern.file())
        tell(f"bulk: making {(at_once + ALONE) * (rounds + 1)} delivered cases")
        multiply(base, (at_once + ALONE) * (rounds + 1))
        return _figures(pattern, at_once, rounds)


def _figures(pattern: Pattern, at_once: int, rounds: int) -> list[Figure]:
    from django.http import QueryDict

    from complaints import handling
    from complaints.desks.enterprise_workspace import workspace_for
    from complaints.handling.steps import enterprise
    from complaints.models import Complaint, HandlingStep
    from complaints.pages.enterprise import queue as enterprise_bulk
    from complaints.parties.actors import staff_member

    user = pattern.staff.user
    waiting = iter(
        Complaint.objects.filter(pk__gt=STRIDE, status="with_enterprise").order_by("pk").values_list("pk", flat=True)
    )
    given = QueryDict(f"do=accept&all=on&handler={pattern.staff.pk}")
    held: list[float] = []

    def many() -> None:
        workspace = workspace_for(user, now=datetime.now(ZONE))
        form = enterprise_bulk.BulkForm(given, workspace=workspace)
        if not form.is_valid():
            raise SystemExit(form.errors.as_text())
        cases = Complaint.objects.filter(pk__in=[next(waiting) for _ in range(at_once)])
        begun = time.perf_counter()
        run = enterprise_bulk.take_for_many(form, cases, workspace)
        held.append((time.perf_counter() - begun) * 1000)
        if len(run.done) != at_once:
            raise SystemExit(f"{len(run.refused)} were refused")

    def alone() -> None:
        for _ in range(ALONE):
            now = datetime.now(ZONE)
            move = enterprise.accept_case(handler_id=pattern.staff.pk)
            handling.take(move, [next(waiting)], actor=staff_member(pattern.staff), now=now)

    many()
    alone()
    held.clear()
    rates, floors = [], []
    for _ in range(rounds):
        rates.append(at_once / timed(many))
        floors.append(ALONE / timed(alone))
    entries = HandlingStep.objects.filter(step="accept_case").values("complaint").distinct().count()
    if entries != (rounds + 1) * (at_once + ALONE):
        raise SystemExit(f"{entries} entries of the record")
    return [
        compared(
            rates,
            floors,
            benchmark="bulk",
            what=f"accept {at_once} cases",
            unit="/s",
            floor_is="/s, one by one",
            goal=("≥", 8),
            more={"milliseconds": [min(held), max(held)]},
        )
    ]


if __name__ == "__main__":
    sys.exit(publish("bulk", measure(quick=arguments(__doc__).quick)))
