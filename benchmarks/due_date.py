"""What a due date costs, beside the least that any date arithmetic costs and beside a day loop.

`python -m benchmarks.due_date`. Floor: day → ordinal → day. Slices
of floor and product alternate within each round; a ratio is taken per round, then the median
(min–max). Goals: `Calendar.after` at +10 ≤ 3 × floor, +60 ≤ 1.2 × +7. A whole `Due` with its derivation and
its words are given beside it, without a goal.
"""

from __future__ import annotations

import csv
import random
import statistics
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter_ns, process_time_ns

from benchmarks.measuring import Figure, arguments, compared, publish
from complaints.procedure.deadlines import working_days
from complaints.procedure.derivation import explain
from complaints.procedure.working_calendar import Calendar

ROUNDS, DAYS = 15, 20_000
FOLDER = Path(__file__).parents[1] / "authorities" / "calendars"


def china() -> Calendar:
    days = []
    for year in (2025, 2026):
        with (FOLDER / f"cn_{year}.csv").open(encoding="utf-8", newline="") as file:
            days += [
                (date.fromisoformat(row["day"]), row["is_working"] == "1", row["name"], row["name_en"])
                for row in csv.DictReader(file)
            ]
    return Calendar.build(days, (2025, 2026), source="benchmark", version="1")


def by_loop(calendar: Calendar, day: date, number: int) -> date:
    one = timedelta(days=1)
    while number:
        day += one
        number -= calendar.is_working(day)
    return day


def ns(work: Callable[[], object], count: int) -> tuple[float, float]:
    """Wall and CPU nanoseconds a call."""
    wall, cpu = perf_counter_ns(), process_time_ns()
    work()
    return (perf_counter_ns() - wall) / count, (process_time_ns() - cpu) / count


def measure(*, quick: bool) -> list[Figure]:
    rounds = 9 if quick else ROUNDS
    chance = random.Random(7)
    calendar = china()
    days = [date(2025, 1, 1) + timedelta(days=chance.randrange(640)) for _ in range(DAYS)]
    few = days[:2000]
    after = calendar.after
    if any(after(day, number) != by_loop(calendar, day, number) for day in few for number in (1, 7, 10, 60)):
        raise SystemExit("the tables differ from the loop")
    floor = (lambda: [date.fromordinal(day.toordinal() + 10) for day in days], DAYS)
    stored = [working_days(day, 10, calendar).derivation for day in few]
    work: dict[str, tuple[Callable[[], object], int]] = {
        "after +7": (lambda: [after(day, 7) for day in days], DAYS),
        "after +10": (lambda: [after(day, 10) for day in days], DAYS),
        "after +60": (lambda: [after(day, 60) for day in days], DAYS),
        "day loop +10": (lambda: [by_loop(calendar, day, 10) for day in few], len(few)),
        "whole Due with derivation +10": (lambda: [working_days(day, 10, calendar) for day in few], len(few)),
        "words of a derivation": (lambda: [explain(row) for row in stored], len(few)),
    }
    floors: dict[str, list[float]] = {name: [] for name in work}
    seen: dict[str, list[float]] = {name: [] for name in work}
    cpu: dict[str, list[float]] = {name: [] for name in work}
    flat = []
    for _ in range(rounds):
        for name, (run, count) in work.items():
            base, cost = ns(*floor), ns(run, count)
            floors[name].append(base[0])
            seen[name].append(cost[0])
            cpu[name].append(cost[1])
        flat.append(seen["after +60"][-1] / seen["after +7"][-1])
    figures = [
        compared(
            costs,
            floors[name],
            benchmark="due_date",
            what=name,
            unit="ns",
            floor_is="ns, day → ordinal → day",
            goal=("≤", 3) if name == "after +10" else None,
            more={"cpu_ns": statistics.median(cpu[name])},
        )
        for name, costs in seen.items()
    ]
    steady = Figure(
        benchmark="due_date",
        what="after +60 ÷ after +7",
        value=statistics.median(flat),
        unit="×",
        goal=("≤", 1.2),
        rounds=rounds,
        more={"min_max": [min(flat), max(flat)]},
    )
    return [*figures, steady]


if __name__ == "__main__":
    sys.exit(publish("due_date", measure(quick=arguments(__doc__).quick)))
