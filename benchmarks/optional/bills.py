"""What is read on photographed bills, counted field by field on bills that the tests draw
(tests/complaints/evidence/drawn_bills.py).

    python -m benchmarks.optional.bills [--first N] [--count N] [--keep FOLDER]

It needs the optional requirements (`make ocr`); without them nothing is measured, which is said, and the exit code
is 2.
Each picture goes the way of an uploaded one: looked into, copied, and the copy read by a process of its own."""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from benchmarks.measuring import Figure, publish, tell

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

#: After all days of the drawn bills.
TODAY = date(2026, 11, 29)
NOT_MEASURED = 2


def measure(numbers: range, *, keep: Path | None = None) -> list[Figure]:
    from complaints.evidence import examining
    from complaints.evidence.printed import pieces_of
    from complaints.listening.bills import FIELDS, read
    from tests.complaints.evidence.drawn_bills import drawn

    count: dict[str, Counter[str]] = defaultdict(Counter)
    seconds, cpu = [], []
    for number in numbers:
        content, truth, look = drawn(number)
        if keep:
            (keep / f"bill{number:03d}-{look}.jpg").write_bytes(content)
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as small:
            source.write(content)
            source.flush()
            seen = examining.look_into(source, "image/jpeg", copy=copy, thumbnail=small)
            begun, before = time.perf_counter(), _cpu_of_children()
            pieces = pieces_of(copy, seen.copy_type)
            seconds.append(time.perf_counter() - begun)
            cpu.append(_cpu_of_children() - before)
        found = {one.field: one.value for one in read(pieces, TODAY)}
        wrong = []
        for field in FIELDS:
            for key in (field, f"{field}, {look}"):
                c = count[key]
                c["there"] += field in truth
                c["said"] += field in found
                c["right"] += field in found and found[field] == truth.get(field)
            if field in found and found[field] != truth.get(field):
                wrong.append(f"{field}: read {found[field]}, is {truth.get(field, '-')}")
        missed = [field for field in truth if field not in found]
        if wrong or missed:
            tell(f"bill {number} ({look}): {'; '.join(wrong)} missed: {', '.join(missed) or 'nothing'}")
            if wrong:
                tell(json.dumps([(piece.text, piece.score) for piece in pieces], ensure_ascii=False))
    return [*_figures(count, len(numbers)), *_costs(seconds, cpu)]


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _figures(count: dict[str, Counter[str]], bills: int) -> list[Figure]:
    result = []
    for key, c in sorted(count.items()):
        wrong = c["said"] - c["right"]
        more = {"bills": bills, **c}
        goal = ("≤", 0.0) if key in ("day", "number", "total") else None
        result.append(
            Figure(benchmark="bills", what=f"{key}: read wrongly", value=wrong, unit="", goal=goal, more=more)
        )
        share = c["right"] / c["there"] if c["there"] else 0.0
        what = f"{key}: read rightly, of {c['there']} that have it"
        result.append(Figure(benchmark="bills", what=what, value=share, unit="", more=more))
    return result


def _costs(seconds: list[float], cpu: list[float]) -> list[Figure]:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    middle = len(seconds) // 2
    return [
        Figure(benchmark="bills", what="a picture, median", value=sorted(seconds)[middle], unit="s"),
        Figure(benchmark="bills", what="a picture, the longest", value=max(seconds), unit="s"),
        Figure(benchmark="bills", what="CPU of a picture, median", value=sorted(cpu)[middle], unit="s"),
        Figure(benchmark="bills", what="memory of the largest child", value=peak, unit="MB"),
    ]


def main() -> int:
    import django

    django.setup()
    from complaints.evidence import examining
    from tests.complaints.evidence.drawn_bills import BILLS

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one bill of each layout")
    parser.add_argument("--first", type=int, default=0, help="number of the first bill (other numbers, other bills)")
    parser.add_argument("--count", type=int, default=BILLS)
    parser.add_argument("--keep", type=Path, help="puts the pictures there")
    asked = parser.parse_args()
    if not examining.reads_text():
        print(
            "NOT MEASURED: the optional requirements that read bills are not installed here (make ocr).",
            file=sys.stderr,
        )
        return NOT_MEASURED
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    numbers = range(asked.first, asked.first + (asked.count // 5 if asked.quick else asked.count))
    return publish("bills", measure(numbers, keep=asked.keep))


if __name__ == "__main__":
    sys.exit(main())
