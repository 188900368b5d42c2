"""What a due date costs, beside the least that any date arithmetic costs and beside a day loop.

`python -m benchmarks.due_date` prints one JSON line a result. Floor: day → ordinal → day. Slices
of floor and product alternate within each round; a ratio is taken per round, then the median
(min–max). Goals: `Calendar.after` at +10 ≤ 3 × floor, +60 ≤ 1.2 × +7. A whole `Due` with its derivation and
its words are given beside it, without a goal.
"""

from __future__ import annotations

import csv
import json
import random
import statistics
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter_ns, process_time_ns

from complaints.deadlines import Calendar, explain, working_days

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


def say(**result: object) -> None:
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


def main() -> int:
    chance = random.Random(7)
    calendar = china()
    days = [date(2025, 1, 1) + timedelta(days=chance.randrange(640)) for _ in range(DAYS)]
    few = days[:2000]
    after = calendar.after
    if any(after(day, number) != by_loop(calendar, day, number) for day in few for number in (1, 7, 10, 60)):
        say(benchmark="due_date", error="the tables differ from the loop")
        return 1
    floor = (lambda: [date.fromordinal(day.toordinal() + 10) for day in days], DAYS)
    stored = [working_days(day, 10, calendar).derivation for day in few]
    work: dict[str, tuple[Callable[[], object], int]] = {
        "after +7": (lambda: [after(day, 7) for day in days], DAYS),
        "after +10": (lambda: [after(day, 10) for day in days], DAYS),
        "after +60": (lambda: [after(day, 60) for day in days], DAYS),
        "day loop +10": (lambda: [by_loop(calendar, day, 10) for day in few], len(few)),
        "whole Due with derivation +10": (lambda: [working_days(day, 10, calendar) for day in few], len(few)),
        "words of a derivation": (lambda: [explain(row, "zh-hans") for row in stored], len(few)),
    }
    floors: list[tuple[float, float]] = []
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in work}
    flat = []
    for _ in range(ROUNDS):
        for name, (run, count) in work.items():
            base, cost = ns(*floor), ns(run, count)
            floors.append(base)
            seen[name].append((cost[0], cost[1], cost[0] / base[0]))
        flat.append(seen["after +60"][-1][0] / seen["after +7"][-1][0])
    wall, cpu = (round(statistics.median(column)) for column in zip(*floors, strict=True))
    say(benchmark="due_date", what="floor: day → ordinal → day", ns=wall, cpu_ns=cpu)
    for name, costs in seen.items():
        ratios = [cost[2] for cost in costs]
        say(
            benchmark="due_date",
            what=name,
            ns=round(statistics.median(cost[0] for cost in costs)),
            cpu_ns=round(statistics.median(cost[1] for cost in costs)),
            times_floor=round(statistics.median(ratios), 2),
            min_max=[round(min(ratios), 2), round(max(ratios), 2)],
        )
    ratio, steady = statistics.median(cost[2] for cost in seen["after +10"]), statistics.median(flat)
    say(
        benchmark="due_date",
        goal="after +10 ≤ 3 × floor; +60 ≤ 1.2 × +7",
        times_floor=round(ratio, 2),
        flat=round(steady, 2),
        met=ratio <= 3 and steady <= 1.2,
        rounds=ROUNDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
