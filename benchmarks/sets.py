"""What a set of 500 offers costs beside the same offers one by one, and what a table of 10,000 lines costs its worker.

`python -m benchmarks.sets`: offers in one flush of `take_each` with one measure, floor: `take` for each, in slices that
alternate. Then a table of 10,000 lines (a call logged on each case), read, tried out and carried out by the sweep as
the worker runs it: lines a second of each part, and how far the memory of the process rises above what it was before.
"""

import os
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import STRIDE, multiply
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
SET, ALONE = 500, 40


def measure(*, quick: bool) -> list[Figure]:
    rounds, lines = (3, 1_000) if quick else (8, 10_000)
    with ground.standing(), ground.database("benchmark_sets") as base:
        ground.set_up(base)
        pattern = Pattern(datetime.now(ZONE))
        pattern.negotiate(pattern.file())
        tell("sets: making cases")
        multiply(base, rounds * (SET + ALONE) + lines + SET)
        base.settle()
        # The table first: what the offers took would hide what it takes.
        table = _table(lines)
        return [_offers(rounds), *table]


def _cases() -> list[int]:
    from complaints.models import Complaint

    return list(
        Complaint.objects.filter(status="negotiating", pk__gte=STRIDE).order_by("pk").values_list("pk", flat=True)
    )


def _staff() -> Any:
    from complaints.models import Complaint

    case = (
        Complaint.objects.select_related("handler__user", "handler__enterprise")
        .filter(status="negotiating", handler__isnull=False)
        .first()
    )
    assert case is not None
    assert case.handler is not None
    return case.handler


def _offers(rounds: int) -> Figure:
    from complaints import handling
    from complaints.handling.steps import offers
    from complaints.parties.actors import staff_member
    from complaints.tables.many_cases import ShortAnswer, offer_of, open_demands

    actor, now, ids = staff_member(_staff()), datetime.now(ZONE), _cases()
    together, alone = [], []

    def moves(cases: list[int]) -> list[Any]:
        measure, demands = uuid4(), open_demands(cases)
        results = []
        for case in cases:
            answers, promises = offer_of(
                [
                    ShortAnswer(
                        demand=d, verdict="grant", by="bill_credit" if d.amount else "service_change", due_on=now.date()
                    )
                    for d in demands[case]
                ]
            )
            results.append(
                (
                    case,
                    offers.make_offer(answers=answers, promises=promises, message="统一答复。", measure_id=measure),
                    actor,
                )
            )
        return results

    def at_once(cases: list[int]) -> None:
        assert all(one.is_done for one in handling.take_each(moves(cases), now=now))

    def one_by_one(cases: list[int]) -> None:
        for case in cases:
            handling.take_each(moves([case]), now=now)

    at_once(ids[-SET:])
    for number in range(rounds):
        first = number * (SET + ALONE)
        together.append(SET / timed(lambda first=first: at_once(ids[first : first + SET])))
        alone.append(ALONE / timed(lambda first=first: one_by_one(ids[first + SET : first + SET + ALONE])))
    return compared(
        together,
        alone,
        benchmark="sets",
        what="a set of 500 offers in one flush",
        unit="/s",
        floor_is="/s, one by one",
        goal=("≥", 8),
    )


def _table(lines: int) -> list[Figure]:
    from django.conf import settings

    from complaints.models import Complaint, RoundTrip
    from complaints.parties.actors import staff_member
    from complaints.tables.round_trip import asking, working

    staff, now = _staff(), datetime.now(ZONE)
    numbers = list(
        Complaint.objects.filter(status="negotiating", enterprise=staff.enterprise)
        .order_by("-pk")
        .values_list("number", flat=True)[:lines]
    )
    assert len(numbers) == lines, len(numbers)
    heading = "number,step,contact_channel,contact_reached,contact_note\n"
    raw = (
        heading + "\n".join(f"{number},log_contact,phone,yes,已告知退费办法和到账时间。" for number in numbers)
    ).encode()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        settings.EXPORT_ROOT = folder
        trip = asking.take_in(
            [raw], name="table.csv", user=staff.user, actor=staff_member(staff), language="zh-hans", now=now
        )
        before, longest, highest = _resident(), [], 0.0
        spent: dict[str, float] = {}
        while trip.state not in ("done", "failed"):
            if trip.state == "checked":
                asking.decide(trip, "good", now=now)
            state, begun = trip.state, time.perf_counter()
            visibility = working.visibility_of_person(
                staff.user, enterprise_id=staff.enterprise_id, authority_id=None, now=now
            )
            working._Worker(trip, visibility, now).go_on()
            longest.append(time.perf_counter() - begun)
            spent[state] = spent.get(state, 0) + longest[-1]
            highest = max(highest, _resident() - before)
            trip = RoundTrip.objects.get(pk=trip.pk)
        assert asking.counts_of(trip)["done"] == lines, asking.counts_of(trip)
    for state, text in (("reading", "read"), ("checking", "tried out"), ("applying", "carried out")):
        figures.append(
            Figure(
                benchmark="sets",
                what=f"a table of {lines:,} lines, {text}",
                value=lines / spent[state],
                unit="lines/s",
                more={"seconds": round(spent[state], 1)},
            )
        )
    pieces = sorted(longest)
    figures.append(
        Figure(
            benchmark="sets",
            what=f"a table of {lines:,} lines, median piece",
            value=statistics.median(pieces) * 1000,
            unit="ms",
        )
    )
    figures.append(
        Figure(
            benchmark="sets",
            what=f"a table of {lines:,} lines, memory beyond the start",
            value=highest,
            unit="MiB",
            goal=("≤", 100),
        )
    )
    return figures


def _resident() -> float:
    """MiB of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(publish("sets", measure(quick=arguments(__doc__).quick)))
