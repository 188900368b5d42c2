"""What is read in answers of enterprises, counted on texts that say which are good and which kind of poor.

    python -m benchmarks.answers [FILE …]

Without a file: the texts on which the patterns were written, and two sets of the same author, who had not seen the
patterns and whose texts whoever wrote the patterns has not seen (docs/how-to/offers.md). Only totals are printed, no
text. A line of a file is JSON: text, good, kind, rows [{demand, asked, verdict, amount, by}], attachments, reached
(true, false or null).
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, publish

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

HERE = Path("tests/complaints/listening")
FILES = tuple(HERE / f"answers-{name}.jsonl" for name in ("built", "held1", "held2"))
#: The day on which the texts were written.
TODAY = date(2026, 12, 1)
MOST_GOOD_FLAGGED, LEAST_POOR_CAUGHT = 0.02, 0.90
NEVER_ALONE = ("threat", "condition")


def found_in(row: dict[str, Any]) -> set[str]:
    from complaints.listening.answering import Known, Said, read

    rows = [
        Said(kind=one["demand"], verdict=one["verdict"], amount=_sum(one["amount"]), asked=_sum(one["asked"]))
        for one in row["rows"]
    ]
    days = [date.fromisoformat(one["by"]) for one in row["rows"] if one["by"]]
    known = Known(
        today=TODAY,
        contact={True: "reached", False: "tried"}.get(row["reached"], "none"),
        has_enclosure=row["attachments"] > 0,
        last_day=max(days, default=None),
    )
    return {found.code for found in read(row["text"], rows, known)}


def _sum(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def count(path: Path) -> dict[str, Any]:
    """Totals of one file: good, good flagged, poor, poor caught, and per kind (caught, all); threats and conditions
    count only where they were found as such."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    caught, every, good = Counter[str](), Counter[str](), Counter[bool]()
    begin = time.perf_counter()
    for row in rows:
        found = found_in(row)
        if row["good"]:
            good[bool(found)] += 1
            continue
        kind = row["kind"]
        every[kind] += 1
        caught[kind] += bool(found & set(NEVER_ALONE)) if kind in NEVER_ALONE else bool(found)
    return {
        "good": sum(good.values()),
        "good_flagged": good[True],
        "poor": sum(every.values()),
        "poor_caught": sum(caught.values()),
        "kinds": {kind: (caught[kind], every[kind]) for kind in sorted(every)},
        "ms": 1000 * (time.perf_counter() - begin) / max(len(rows), 1),
    }


def measure() -> list[Figure]:
    figures = []
    for path in FILES:
        result, name = count(path), path.stem.removeprefix("answers-")
        goals = [("≤", MOST_GOOD_FLAGGED), ("≥", LEAST_POOR_CAUGHT), ("≥", 1.0)]
        never = [result["kinds"].get(kind, (0, 0)) for kind in NEVER_ALONE]
        shares = (
            ("good texts flagged", result["good_flagged"], result["good"]),
            ("poor texts caught", result["poor_caught"], result["poor"]),
            ("threats and conditions caught", sum(n for n, _ in never), sum(of for _, of in never)),
        )
        for (what, part, whole), goal in zip(shares, goals, strict=True):
            more = {"part": part, "whole": whole}
            figures.append(
                Figure(benchmark="answers", what=f"{what} ({name})", value=part / whole, unit="", goal=goal, more=more)
            )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--quick", action="store_true", help="nothing is quicker; as the others take it")
    asked = parser.parse_args()
    for path in asked.files or FILES:
        result = count(path)
        kinds = ", ".join(f"{kind} {n}/{of}" for kind, (n, of) in result["kinds"].items())
        print(f"{path.stem}: good flagged {result['good_flagged']}/{result['good']}", end=", ")
        print(f"poor caught {result['poor_caught']}/{result['poor']} ({kinds}), {result['ms']:.2f} ms a text")
    return 0 if asked.files else publish("answers", measure())


if __name__ == "__main__":
    sys.exit(main())
