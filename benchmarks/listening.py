"""What is heard in people's own words, counted on texts with their answers: said, right, missed, per field.

    python -m benchmarks.listening [--show] [FILE …]
    python -m benchmarks.listening --grounds FILE

Without a file: the made-up texts that the patterns were written on, which say nothing of others'. A file has lines of
JSON or of tabs in the columns of tests/complaints/listening/seen.tsv; `--show` prints what went wrong.

`--grounds`: how well words point the officer to grounds 1, 2 and 5 (complaints/acceptance/review_advice.py). FILE: a
list of {"id": "…_001", "problem_text": …, "expected_reason_type": "ARTICLE16_1_…" or absent}; it is not kept here. The
patterns were written on the even ids; what the odd ones said when nobody had read them stands in docs/real-data.md.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, publish

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

SEEN = Path("tests/complaints/listening/seen.tsv")
COLUMNS = ("text", "firm", "problem", "demands", "day", "elsewhere", "circumstances")
#: The day on which the made-up texts were written.
TODAY = date(2026, 11, 29)

Row = dict[str, str]


def read(path: Path) -> Iterator[Row]:
    """A row a line: the columns by name, empty where nothing is to be heard."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("{"):
            raw = json.loads(line)
            yield {name: _text(raw.get(name)) for name in COLUMNS}
        else:
            yield dict(zip(COLUMNS, [*line.split("\t"), *[""] * len(COLUMNS)], strict=False))


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or "")


def judge(row: Row, count: dict[str, Counter[str]]) -> list[str]:
    """Counts what was heard of one text; returns what was wrong, in words."""
    from complaints.listening.hearing import CIRCUMSTANCES, heard

    found = heard(row["text"], TODAY)
    values: dict[str, list[Any]] = defaultdict(list)
    for one in found:
        values[one.field].append(one)
    wrong: list[str] = []

    def note(field: str, truth: str, said: str, *, sure: bool = False) -> None:
        c = count[field]
        c["texts"] += 1
        c["there"] += bool(truth)
        c["said"] += bool(said)
        c["right"] += bool(said) and said == truth
        if sure:
            c["filled"] += 1
            c["filled_right"] += said == truth
        if said != truth:
            wrong.append(f"{field}: said {said or '-'}, is {truth or '-'}")

    firm = values["firm"][0] if values["firm"] else None
    said = firm.value if firm else ""
    if row["firm"] and row["firm"] in said.split("|"):
        said = row["firm"]
    note("firm", row["firm"], said, sure=bool(firm and firm.sure))
    note("day", row["day"], values["day"][0].value if values["day"] else "")
    note("elsewhere", row["elsewhere"], values["elsewhere"][0].value if values["elsewhere"] else "")
    told = set(filter(None, row["circumstances"].split(",")))
    for field in CIRCUMSTANCES:
        note(field, field if field in told else "", field if values[field] else "")
    if row["elsewhere"]:
        return wrong
    if row["problem"]:
        codes = [one.value for one in values["problem"]]
        is_there = any(code == row["problem"] or code.startswith(f"{row['problem']}.") for code in codes)
        note("problem, one of three", row["problem"], row["problem"] if is_there else (codes or [""])[0])
        note("problem, the first", row["problem"], codes[0] if codes else "")
    truth = dict(part.partition(":")[::2] for part in filter(None, row["demands"].split(",")))
    asked = dict(one.value.partition(":")[::2] for one in values["demand"])
    for kind in sorted({*truth, *asked} - {"other"}):
        note("demand", kind if kind in truth else "", kind if kind in asked else "")
        if kind in truth and (truth[kind] or asked.get(kind)):
            note("sum of a demand", _yuan(truth[kind]), _yuan(asked.get(kind, "")))
    return wrong


def _yuan(text: str) -> str:
    return f"{float(text):.2f}" if text else ""


def table(rows: list[Row], *, show: bool = False) -> dict[str, Counter[str]]:
    count: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        wrong = judge(row, count)
        if wrong and show:
            print(f"  {row['text'][:70]}\n     " + "; ".join(wrong))
    return count


def _part(right: int, of: int) -> str:
    return f"{right}/{of} = {right / of:.2f}" if of else "-"


GROUNDS = {"outside_duty": "ARTICLE16_1_", "already_handled": "ARTICLE16_2_", "material_missing": "ARTICLE16_5_"}


def grounds(path: Path) -> None:
    """Precision and recall of the officer's hints on a labelled file."""
    from complaints.acceptance.review_advice import advise

    rows = json.loads(path.read_text(encoding="utf-8"))
    for part, name in ((0, "even ids"), (1, "odd ids")):
        asked = [row for row in rows if int(row["id"].rpartition("_")[2]) % 2 == part]
        print(f"{name}: {len(asked)} texts")
        for ground, label in GROUNDS.items():
            hits = [
                (
                    any(one.ground == ground for one in advise(row["problem_text"])),
                    str(row.get("expected_reason_type") or "").startswith(label),
                )
                for row in asked
            ]
            right = sum(said and is_so for said, is_so in hits)
            said_, so = sum(said for said, _ in hits), sum(is_so for _, is_so in hits)
            print(f"  {ground}: precision {_part(right, said_)}, recall {_part(right, so)}")


def measure(*, quick: bool) -> list[Figure]:
    """For the whole run: how well the patterns fit what they were written on, and what a long text costs. ``quick``:
    fewer rounds."""
    import django

    django.setup()
    from complaints.listening.hearing import heard

    rows = list(read(SEEN))
    result = []
    for field, c in table(rows).items():
        more = {name: c[name] for name in ("said", "right", "there", "filled", "filled_right")}
        what = f"{field}, right of what was said (seen texts)"
        share = c["right"] / c["said"] if c["said"] else 0.0
        result.append(Figure(benchmark="listening", what=what, value=share, unit="", more=more))
        if c["filled"]:
            share, what = c["filled_right"] / c["filled"], f"{field}, right of what was filled in (seen texts)"
            result.append(Figure(benchmark="listening", what=what, value=share, unit="", more=more))
    text = ("。".join(row["text"] for row in rows) * 5)[:20_000]
    times = []
    for _ in range(3 if quick else 11):
        begun = time.process_time()
        heard(text, TODAY)
        times.append(1000 * (time.process_time() - begun))
    cost = Figure(benchmark="listening", what="20,000 letters", value=min(times), unit="ms of CPU", goal=("≤", 50))
    return [*result, cost]


def told(path: Path, *, show: bool) -> None:
    """The table of one file."""
    rows = list(read(path))
    print(f"{path.name}: {len(rows)} texts" + (" (seen while the patterns were written)" if path == SEEN else ""))
    for field, c in table(rows, show=show).items():
        filled = f", filled in {_part(c['filled_right'], c['filled'])}" if c["filled"] else ""
        print(f"  {field}: right {_part(c['right'], c['said'])}, heard {_part(c['right'], c['there'])}{filled}")


def main() -> int:
    import django

    django.setup()
    from complaints.listening.patterns import patterns

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--show", action="store_true", help="what went wrong, text by text")
    parser.add_argument("--grounds", type=Path, metavar="FILE", help="the officer's hints, on a labelled file")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    asked = parser.parse_args()
    if asked.grounds:
        grounds(asked.grounds)
        return 0
    if not asked.files and not asked.show:
        return publish("listening", measure(quick=asked.quick))
    print(f"patterns, version {patterns().version}")
    for path in asked.files or [SEEN]:
        told(path, show=asked.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
