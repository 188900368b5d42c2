"""What is heard in people's own words, counted on texts with their answers: said, right, missed, per field.

    python -m benchmarks.listening [--show] [FILE …]
    python -m benchmarks.listening --grounds FILE
    python -m benchmarks.listening --answers [FILE …]

Without a file: the made-up texts that the patterns were written on, which say nothing of others'. A file has lines of
JSON or of tabs in the columns of tests/complaints/listening/seen.tsv; JSON may have three more: ``kind`` (ordinary, or
one of KINDS), ``place`` and ``platform``. `--show` prints what went wrong. tests/complaints/listening/held.jsonl was
written by an author who knew no pattern, and is for counting only: nobody who works on the patterns reads it.

`--answers`: what is read in answers of enterprises, on texts that say which are good and which kind of poor: those on
which patterns and weights were made, most of them by authors who had not seen the patterns and counted once before they
became building material (docs/how-to/offers.md), and on four that are for counting only. Only totals are printed.

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
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, publish

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

SEEN = Path("tests/complaints/listening/seen.tsv")
COLUMNS = ("text", "firm", "problem", "demands", "day", "elsewhere", "circumstances", "kind", "place", "platform")
#: The day on which the made-up texts were written, and those that say which kind they are of.
TODAY, TODAY_OF_KINDS = date(2026, 11, 29), date(2026, 12, 1)
#: The city whose districts need no city beside them.
HOME = "350100"
#: Filings that need guidance; in words what is right of each.
KINDS = {
    "elsewhere": "asked about the body that takes it",
    "report": "asked where the report goes",
    "business": "asked whether it is for business",
    "old": "a day or year over three years ago is heard",
    "earlier": "asked about the earlier complaint",
    "platform": "the platform, or that it has to be named",
    "former": "asked, not filled in, whether the firm of today is meant",
}
#: What an ordinary complaint must not be asked about.
NOT_ASKED = ("elsewhere", "report", "business", "earlier", "old")
#: Fields that are offered, by which their share is counted over all of them.
OFFERED = ("firm, offered", "problem, one of three", "demand", "sum of a demand", "day", "region", "platform")

#: Answers of enterprises on which patterns and weights were made; those called held were written by others.
ANSWERS = tuple(
    Path(f"tests/complaints/listening/answers-{name}.jsonl")
    for name in (
        *("built", "built2", "built3", "held3", "held4", "built4"),
        *("built5", "built6", "built7", "held5", "held6", "built8"),
        *("held7", "held8", "built9", "built10"),
        *("held9", "held10", "held11", "held12", "held13", "held14", "held15", "held16"),
        *("held17", "held18", "held19", "held20", "held21", "held22"),
        *("held23", "held24", "held25", "held26"),
    )
)
#: Four more, by four authors who had seen nothing, for counting only: nothing is learnt from them.
COUNTED = tuple(Path(f"tests/complaints/listening/answers-unseen{number}.jsonl") for number in (27, 28, 29, 30))
#: The day on which those texts were written.
ANSWERED = date(2026, 12, 1)
MOST_GOOD_FLAGGED, LEAST_POOR_CAUGHT = 0.02, 0.90
NEVER_ALONE = ("threat", "condition")

Row = dict[str, str]
Count = dict[str, Counter[str]]


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


def judge(row: Row, count: Count, *, kinds: set[str]) -> list[str]:
    """Counts what was heard of one text; returns what was wrong, in words. ``kinds``: those of demands to judge."""
    from complaints.listening.hearing import CIRCUMSTANCES, heard

    today = TODAY_OF_KINDS if row["kind"] else TODAY
    values: dict[str, list[Any]] = defaultdict(list)
    for one in heard(row["text"], today, home=HOME):
        values[one.field].append(one)
    wrong: list[str] = []

    def note(field: str, truth: str, said: str) -> None:
        c = count[field]
        c["texts"] += 1
        c["there"] += bool(truth)
        c["said"] += bool(said)
        c["right"] += bool(said) and said == truth
        if said != truth:
            wrong.append(f"{field}: said {said or '-'}, is {truth or '-'}")

    def first(field: str) -> str:
        return str(values[field][0].value) if values[field] else ""

    firm = values["firm"][0] if values["firm"] else None
    is_sure, said = bool(firm and firm.sure), first("firm")
    if row["firm"] and row["firm"] in said.split("|"):
        said = row["firm"]
    note("firm, filled in" if is_sure else "firm, offered", row["firm"], said)
    # What is no whole date is not offered.
    note("day", *(day if _is_whole(day) else "" for day in (row["day"], first("day"))))
    body = first("elsewhere")
    note("elsewhere", row["elsewhere"], row["elsewhere"] if row["elsewhere"] in body.split("|") else body)
    told = {"another" if one == "joint" else one for one in filter(None, row["circumstances"].split(","))}
    for field in CIRCUMSTANCES:
        note(field, field if field in told else "", field if values[field] else "")
    if row["kind"]:
        note("region", row["place"], row["place"] if _is_place(first("region"), row["place"]) else first("region"))
        note("platform", {"unnamed": "?"}.get(row["platform"], row["platform"]), first("platform"))
        asked = {name for name in NOT_ASKED if values[name]} | ({"old"} if _is_old(first("day"), today) else set())
        is_asked = said == row["firm"] and not is_sure
        _judge_kind(row, asked, first("day"), is_former_asked=is_asked, wrong=wrong, count=count)
    if row["elsewhere"]:
        return wrong
    if row["problem"]:
        codes = [one.value for one in values["problem"]]
        # An author may name several that fit; a whole group stands for its kinds.
        fits = tuple(f"{one}." for one in row["problem"].split("|"))
        is_there = any(f"{code}.".startswith(fits) for code in codes)
        is_first = bool(codes) and f"{codes[0]}.".startswith(fits)
        note("problem, one of three", row["problem"], row["problem"] if is_there else (codes or [""])[0])
        note("problem, the first", row["problem"], row["problem"] if is_first else (codes or [""])[0])
    truth = _demands(row)
    demanded = dict(one.value.partition(":")[::2] for one in values["demand"])
    for kind in sorted({*truth, *demanded} & kinds):
        note("demand", kind if kind in truth else "", kind if kind in demanded else "")
        if kind in truth and (truth[kind] or demanded.get(kind)):
            note("sum of a demand", _yuan(truth[kind]), _yuan(demanded.get(kind, "")))
    return wrong


def _demands(row: Row) -> dict[str, str]:
    """Kind → its sum, or nothing."""
    return dict(part.partition(":")[::2] for part in filter(None, row["demands"].split(",")))


def _judge_kind(row: Row, asked: set[str], day: str, *, is_former_asked: bool, wrong: list[str], count: Count) -> None:
    """Whether a filing that needs guidance gets it, and an ordinary one no wrong question. ``day``: as it was heard."""
    kind = row["kind"]
    of_kind = count[f"kind: {kind}"]
    of_kind["texts"] += 1
    if kind == "ordinary":
        # A month or a year is only quoted beside the question for the day.
        quoted = set() if _is_whole(day) else {"old"}
        odd = asked - set(row["circumstances"].split(",")) - quoted
        of_kind["wrong"] += bool(odd)
        wrong += [f"asked about {name}" for name in sorted(odd)]
        return
    fits = {
        "former": is_former_asked,
        # What was noted of the field says it already.
        "elsewhere": not any(one.startswith("elsewhere: ") for one in wrong),
        "platform": not any(one.startswith("platform: ") for one in wrong),
    }
    is_right = fits.get(kind, kind in asked)
    of_kind["right"] += is_right
    if not is_right:
        wrong.append(f"as {kind} not met")


def _is_whole(day: str) -> bool:
    return len(day) == len("2026-12-01")


def _is_place(code: str, place: str) -> bool:
    """Whether the region of this code is called so, with or without its 市, 区 or 县."""
    from complaints.listening.regions import name_of

    return bool(code and place) and name_of(code).startswith(place)


def _is_old(day: str, today: date) -> bool:
    """Whether all of a day, month or year lies over three years back."""
    then = f"{today.year - 3}-{today:%m-%d}"
    return bool(day) and day < then[: len(day)]


def _yuan(text: str) -> str:
    return f"{float(text):.2f}" if text else ""


def table(rows: list[Row], *, show: bool = False) -> Count:
    """A kind of demand that no text of the set has is not judged: its author may have had no word for it."""
    count: Count = defaultdict(Counter)
    kinds = {kind for row in rows for kind in _demands(row)} - {"other"}
    for row in rows:
        wrong = judge(row, count, kinds=kinds)
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


def found_in(row: dict[str, Any]) -> set[str]:
    """Codes of what the portal would show beside the text: of its words and of the laws that it cites."""
    from authorities.law.citations import miscited
    from complaints.listening.answering import Known, read
    from complaints.listening.row_by_row import Said

    rows = [
        Said(kind=one["demand"], verdict=one["verdict"], amount=_sum(one["amount"]), asked=_sum(one["asked"]))
        for one in row["rows"]
    ]
    days = [date.fromisoformat(one["by"]) for one in row["rows"] if one["by"]]
    known = Known(
        today=ANSWERED,
        contact={True: "reached", False: "tried"}.get(row["reached"], "none"),
        has_enclosure=row["attachments"] > 0,
        last_day=max(days, default=None),
    )
    found = [*read(row["text"], rows, known), *miscited(row["text"])]
    return {one.code for one in found}


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


def answers_measured() -> list[Figure]:
    """The goals of the reading of answers, a line each."""
    figures = []
    for path in (*ANSWERS, *COUNTED):
        result, name = count(path), path.stem.removeprefix("answers-")
        goals = [("≤", MOST_GOOD_FLAGGED), ("≥", LEAST_POOR_CAUGHT), ("≥", 1.0)]
        never = [result["kinds"].get(kind, (0, 0)) for kind in NEVER_ALONE]
        shares = (
            ("good texts flagged", result["good_flagged"], result["good"]),
            ("poor texts caught", result["poor_caught"], result["poor"]),
            ("threats and conditions caught", sum(n for n, _ in never), sum(of for _, of in never)),
        )
        for (what, part, whole), goal in zip(shares, goals, strict=True):
            if not whole:  # a file may hold good texts alone
                continue
            more = {"part": part, "whole": whole}
            figures.append(
                Figure(
                    benchmark="listening",
                    what=f"answers: {what} ({name})",
                    value=part / whole,
                    unit="",
                    goal=goal,
                    more=more,
                )
            )
    return figures


def answers_told(path: Path) -> None:
    """The totals of one file of answers, and no text."""
    result = count(path)
    kinds = ", ".join(f"{kind} {n}/{of}" for kind, (n, of) in result["kinds"].items())
    print(f"{path.stem}: good flagged {result['good_flagged']}/{result['good']}", end=", ")
    print(f"poor caught {result['poor_caught']}/{result['poor']} ({kinds}), {result['ms']:.2f} ms a text")


def measure(*, quick: bool) -> list[Figure]:
    """For the whole run: how well the patterns fit what they were written on, and what a long text costs. ``quick``:
    fewer rounds."""
    import django

    django.setup()
    from complaints.listening.hearing import heard

    rows = list(read(SEEN))
    result = []
    for field, c in table(rows).items():
        more = {name: c[name] for name in ("said", "right", "there")}
        what = f"{field}, right of what was said (seen texts)"
        share = c["right"] / c["said"] if c["said"] else 0.0
        result.append(Figure(benchmark="listening", what=what, value=share, unit="", more=more))
    text = ("。".join(row["text"] for row in rows) * 5)[:20_000]
    times = []
    for _ in range(3 if quick else 11):
        begun = time.process_time()
        heard(text, TODAY)
        times.append(1000 * (time.process_time() - begun))
    cost = Figure(benchmark="listening", what="20,000 letters", value=min(times), unit="ms of CPU", goal=("≤", 50))
    return [*result, cost, *answers_measured()]


def told(path: Path, *, show: bool) -> None:
    """The table of one file."""
    rows = list(read(path))
    print(f"{path.name}: {len(rows)} texts" + (" (seen while the patterns were written)" if path == SEEN else ""))
    count = table(rows, show=show)
    for field, c in count.items():
        if not field.startswith("kind: "):
            print(f"  {field}: right {_part(c['right'], c['said'])}, heard {_part(c['right'], c['there'])}")
    offered = sum((count[field] for field in OFFERED if field in count), Counter[str]())
    print(f"  all that is offered: right {_part(offered['right'], offered['said'])}")
    if ordinary := count.get("kind: ordinary"):
        print(f"  ordinary complaints asked a wrong question: {_part(ordinary['wrong'], ordinary['texts'])}")
    kinds = {kind: count[f"kind: {kind}"] for kind in KINDS if f"kind: {kind}" in count}
    for kind, c in kinds.items():
        print(f"  {kind} ({KINDS[kind]}): {_part(c['right'], c['texts'])}")
    if kinds:
        every = sum(kinds.values(), Counter[str]())
        print(f"  of these kinds: {_part(every['right'], every['texts'])}")


def main() -> int:
    import django

    django.setup()
    from complaints.listening.patterns import patterns

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--show", action="store_true", help="what went wrong, text by text")
    parser.add_argument("--grounds", type=Path, metavar="FILE", help="the officer's hints, on a labelled file")
    parser.add_argument(
        "--answers", action="store_true", help="answers of enterprises: good ones flagged, poor ones caught"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    asked = parser.parse_args()
    if asked.answers:
        for path in asked.files or (*ANSWERS, *COUNTED):
            answers_told(path)
        return 0
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
