"""Due dates found by walking day by day: slow, plain, and sharing nothing with the product.

`python -m tests.complaints.procedure.oracle` writes generated.csv anew; the test compares both the
product and this walk with the committed file. The days off stand here once more, typed from the
two decrees, so that a slip in the product's CSV does not go unseen.
"""

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

GENERATED = Path(__file__).with_name("generated.csv")
DAY = timedelta(days=1)

#: year → spans off "month/day-month/day" and weekend days worked.
DECREES = {
    2025: ("1/1-1/1 1/28-2/4 4/4-4/6 5/1-5/5 5/31-6/2 10/1-10/8", "1/26 2/8 4/27 9/28 10/11"),
    2026: ("1/1-1/3 2/15-2/23 4/4-4/6 5/1-5/5 6/19-6/21 9/25-9/27 10/1-10/7", "1/4 2/14 2/28 5/9 9/20 10/10"),
}


def _days() -> tuple[set[date], set[date]]:
    off, on = set(), set()
    for year, (spans, worked) in DECREES.items():
        for span in spans.split():
            first, last = (date(year, *map(int, end.split("/"))) for end in span.split("-"))
            while first <= last:
                off.add(first)
                first += DAY
        on |= {date(year, *map(int, day.split("/"))) for day in worked.split()}
    return off, on


OFF, ON = _days()


def works(day: date) -> bool:
    if day in ON:
        return True
    return day not in OFF and day.isoweekday() not in (6, 7)


def due(event: date, unit: str, length: int, *, roll: bool = True) -> date:
    day = event
    if unit == "WD":
        counted = 0
        while counted < length:
            day += DAY
            counted += works(day)
        return day
    for _ in range(length):
        day += DAY
    while day in OFF:
        day += DAY
    while roll and not works(day):
        day += DAY
    return day


def vectors() -> list[tuple[str, str, int, str, str]]:
    """Each day named by a decree and its neighbours, then days in between; fixed by the seed."""
    chance = random.Random(45)
    edges = sorted({day + shift * DAY for day in OFF | ON for shift in (-1, 0, 1)})
    days = edges + [date(2025, 1, 1) + chance.randrange(700) * DAY for _ in range(40)]
    rows = []
    for event in sorted(days):
        length = chance.choice((1, 2, 3, 5, 7, 10, 15, 30, 60))
        rows.append((event, "WD", length, ""))
        rows.append((event, "CD", chance.choice((1, 2, 7, 15, 30, 60)), chance.choice(("yes", "no"))))
    return [
        (str(event), unit, length, roll, str(due(event, unit, length, roll=roll != "no")))
        for event, unit, length, roll in rows
    ]


if __name__ == "__main__":
    with GENERATED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("event", "unit", "length", "weekend_roll", "due"))
        writer.writerows(vectors())
    sys.stdout.write(f"{GENERATED.name} written\n")
