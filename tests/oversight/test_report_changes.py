"""A report says that a number changed only beyond the swings of the months before, by the issued files alone."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from math import exp, lgamma, log, pi, sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from complaints.procedure.working_calendar import SHANGHAI, Calendar
from oversight.models import DataSet, MonthlyReport
from oversight.presenting.shifts import Change
from oversight.reports import keeping
from oversight.reports.changes import Run, frozen, span_of
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.counting import counted, issued
from tests.oversight.dashboard.test_chance import PROMISED, WORLDS, poisson, restless_days
from tests.oversight.looking import page_of
from tests.oversight.test_report_ranks import told

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
#: From the newest back.
MONTHS = [date(2026, month, 1) for month in range(9, 1, -1)]
USUAL = [195, 203, 188, 207, 196, 190, 205]
pytestmark = pytest.mark.django_db


def in_each(counts: list[int]) -> None:
    for month, n in zip(MONTHS, counts, strict=False):
        counted("350102", month, received=n, closed=n, closed_settled=n)
        counted("350102", month, "p:quality", received=n)
    issued(*reversed(MONTHS[: len(counts)]), now=NOW)


def published(world: World) -> MonthlyReport:
    return told(world, keeping.draft(authority=world.gulou, month=MONTHS[0], by=world.rui, now=NOW))


@pytest.mark.parametrize(
    ("now", "says", "never"),
    [
        (231, ["收到投诉231件，上月195件；", "不能说有变化"], ["比上月", "超出平常波动（", "▲"]),
        (420, ["收到投诉420件，比上月多225件，超出平常波动（多", "▲ 多225件，超出平常波动（多"], ["不能说有变化"]),
    ],
)
def test_a_month_is_said_to_be_more_only_beyond_the_swings_of_the_months_before(
    world: World, now: int, says: list[str], never: list[str]
) -> None:
    in_each([now, *USUAL])
    report = published(world)
    page = page_of(None, f"/open/reports/{report.pk}/")
    assert not missing_in(page, *says)
    assert not found_in(page, "环比", "上升", "持平", *never)


def test_of_too_few_months_nothing_is_said(world: World) -> None:
    in_each([420, *USUAL[:2]])
    page = page_of(None, f"/open/reports/{published(world).pk}/")
    assert "上月195件；历史不足17周，不作比较" in page
    assert not found_in(page, "比上月", "▲", "不能说有变化")


def student_beyond(t: float, df: float) -> float:
    """Both tails of Student's distribution, by Simpson's rule over its density."""
    factor = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * pi)
    n = 4000
    heights = [factor * (1 + (t * k / n) ** 2 / df) ** (-(df + 1) / 2) for k in range(n + 1)]
    inside = t / n / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))
    return 1 - 2 * inside


def test_whoever_has_the_files_finds_the_same_interval(world: World) -> None:
    """Worked out from the CSV files by the words of docs/figures.md, without a line of the program."""
    in_each([420, *USUAL])
    report = published(world)
    received = []
    for month in MONTHS:
        name = f"/open/data/{DataSet.objects.get(month=month)}/regions.csv"
        text = Client().get(name).getvalue().decode("utf-8-sig")
        [line] = [line for line in csv.DictReader(io.StringIO(text)) if line["region_code"] == "350102"]
        received.append(int(line["received"]))
    assert received == [420, *USUAL]
    lengths = [30, 31, 31, 30, 31, 30, 31, 28]
    squares = []
    for nth in range(2, len(MONTHS) - 1):
        after, before = received[nth], received[nth + 1]
        share = lengths[nth] / (lengths[nth] + lengths[nth + 1])
        squares.append((after - share * (after + before)) ** 2 / ((after + before) * share * (1 - share)))
    worth = 0.7 * len(squares)
    df = 4 + worth
    phi = max(1.0, (4 * 2.0 + worth * sum(squares) / len(squares)) / df)
    kept = report.figures["summary"]["changes"]["received"]
    middle = (kept["low"] + kept["high"]) / 2
    # September has 30 days against 31, and 22 working days against 21 (no decree is loaded here).
    assert exp(middle) * 195.5 * 22 / 21 == pytest.approx(420.5, rel=1e-3)
    half = (kept["high"] - kept["low"]) / 2 / sqrt(phi * (1 / 420.5 + 1 / 195.5))
    assert student_beyond(half, df) == pytest.approx(0.05, abs=0.001)


def test_what_was_published_before_is_named_and_keeps_its_counts(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of before: its words call every difference a change."""
    in_each([231, *USUAL])
    draft: Any = keeping.draft(authority=world.gulou, month=MONTHS[0], by=world.rui, now=NOW)
    figures = {**draft.figures, "method": 2}
    figures["summary"] = {name: n for name, n in figures["summary"].items() if name != "changes"}
    for name in ("channels", "kinds", "objects", "problems", "units"):
        figures[name] = [{key: n for key, n in line.items() if key != "change"} for line in figures[name]]
    texts = {**draft.texts, "overview": "收到投诉231件，环比上升18.5%（上月195件）。"}
    MonthlyReport.objects.filter(pk=draft.pk).update(figures=figures, texts=texts)
    draft.refresh_from_db()
    first = told(world, draft)
    page = page_of(None, f"/open/reports/{first.pk}/")
    assert "“环比”没有和平常的波动比较，请不要当作变化引用" in page
    assert not found_in(page, "▲", "不能说有变化")
    assert [one.pk for one in keeping.to_correct()] == [first.pk]
    again: Any = {"authority": world.gulou, "month": MONTHS[0], "by": world.rui, "now": NOW}
    second = told(world, keeping.draft(**again, what_changed="更正说法，件数不变。"))
    assert "环比" not in "".join(second.texts.values())
    same = {name: n for name, n in second.figures["summary"].items() if name not in ("changes", "quarter_changes")}
    assert same == {name: n for name, n in first.figures["summary"].items() if name != "quarter_changes"}
    cache.clear()
    assert keeping.to_correct() == []
    assert "不能说有变化" in page_of(None, f"/open/reports/{second.pk}/")


#: What says a change of a number of cases, and where it may: what the swings were measured for, what names reports of
#: before, and the backlog (what came in less what was closed is no estimate).
SAYS_A_CHANGE = re.compile(r"环比|同比|上升|下降|升高|降低|持平|在增加|在减少")
MAY = {
    "oversight/hot_spots/reduction_forms.py": "同类没有同样下降",
    "oversight/presenting/shifts.py": "积压在",
    "templates/oversight/reports/open_one.html": "“环比”没有和平常的波动比较",
    "complaints/dossier/README.txt": "落单的直接上升",
}


def test_no_page_letter_or_paper_calls_a_difference_a_change_by_itself() -> None:
    root = Path(__file__).parents[2]
    packages = "accounts access api authorities complaints enterprises odr_portal oversight routing templates web"
    wrong = []
    for package in packages.split():
        for path in (root / package).rglob("*"):
            if path.suffix not in (".py", ".html", ".txt", ".typ") or not path.is_file():
                continue
            about = str(path.relative_to(root))
            for line in path.read_text(encoding="utf-8").splitlines():
                if SAYS_A_CHANGE.search(line) and MAY.get(about, "\0") not in line:
                    wrong.append(f"{about}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


CALENDAR = Calendar.weekdays_only(SHANGHAI)
ENDS = date(2026, 11, 1)


def months_of(random: Random, *, week: float, phi: float, drift: float) -> tuple[list[date], list[int]]:
    """Sixteen months of days as restless as those of the dashboard, the newest first."""
    days = restless_days(random, week=week, phi=phi, drift=drift, days=520)
    sums: dict[date, int] = {}
    last = date(2026, 11, 27)
    for n, count in enumerate(reversed(days)):
        month = (last - n * DAY).replace(day=1)
        sums[month] = sums.get(month, 0) + count
    whole = [month for month in sums if date(2025, 7, 1) <= month < ENDS]
    return whole, [sums[month] for month in whole]


def judged(months: list[date], counts: list[int], *, multiple_of: int) -> Change:
    sets = [DataSet(month=month, version=1, multiple_of=multiple_of) for month in months]
    run = Run(sets, [span_of(one, 1) for one in sets], CALENDAR)
    change = run.of_counts(counts)
    assert change is not None
    return change


def rounded(random: Random, n: int) -> int:
    """To a neighbouring multiple of 5, up as often as the rest says."""
    return n - n % 5 + 5 * (random.random() < n % 5 / 5)


def false_and_seen(seed: int, runs: int, *, week: float, phi: float, drift: float) -> dict[str, tuple[float, float]]:
    """How often a report says a change where nothing changed, and where the later month has a quarter more."""
    random, hits = Random(seed), {name: [0, 0] for name in ("16 months", "5 months", "16 months, rounded")}
    for _run in range(runs):
        months, counts = months_of(random, week=week, phi=phi, drift=drift)
        more = poisson(random, counts[0] / 4)
        for name, hit in hits.items():
            n = 5 if name == "5 months" else len(months)
            multiple_of = 5 if "rounded" in name else 1
            for at, first in enumerate((counts[0], counts[0] + more)):
                numbers = [first, *counts[1:n]]
                if multiple_of > 1:
                    numbers = [rounded(random, one) for one in numbers]
                hit[at] += judged(months[:n], numbers, multiple_of=multiple_of).is_real
    return {name: (false / runs, seen / runs) for name, (false, seen) in hits.items()}


def test_reports_seldom_say_a_change_where_nothing_changed() -> None:
    for name, (false, _seen) in false_and_seen(2, 40, week=200, phi=1.94, drift=0).items():
        assert false <= 0.125, name


@pytest.mark.full
@pytest.mark.parametrize(("week", "phi", "drift"), WORLDS)
def test_false_changes_of_reports_at_length(
    week: float, phi: float, drift: float, capsys: pytest.CaptureFixture[str]
) -> None:
    result = false_and_seen(12315, 2000, week=week, phi=phi, drift=drift)
    with capsys.disabled():
        for name, (false, seen) in result.items():
            print(f"\n{week}/week φ {phi} drift {drift}, {name}: false {false:.1%}, a quarter more seen {seen:.0%}")
    assert all(false <= PROMISED for false, _seen in result.values())


@pytest.mark.full
def test_no_category_of_a_report_is_named_where_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve problems of a county, of 80 to 2 a week; in how many reports any of them is said to have changed."""
    random, sizes, runs, some = Random(7), (80, 40, 25, 16, 12, 8, 6, 5, 4, 3, 3, 2), 300, 0
    for _run in range(runs):
        changes = {}
        for nth, week in enumerate(sizes):
            months, counts = months_of(random, week=week, phi=2, drift=0)
            changes[str(nth)] = judged(months, counts, multiple_of=1)
        some += any(one["p"] <= 0.05 for one in frozen(changes).values())
    with capsys.disabled():
        print(f"\nsome problem of 12 named though nothing changed: {some / runs:.1%}")
    assert some / runs <= PROMISED


def test_a_shift_of_working_days_is_no_change() -> None:
    """A month with four working days less brings as much less as those days would have."""
    months, usual = [date(2026, 2, 1), date(2026, 1, 1), *[date(2025, month, 1) for month in range(12, 6, -1)]], 6000
    after, before = (len([1 for n in range(31) if is_worked(month, n)]) for month in months[:2])
    assert (after, before) == (20, 22)
    counts = [round(usual * after / before), usual, *[usual] * 6]
    assert not judged(months, counts, multiple_of=1).is_real
    assert judged(months, [round(counts[0] / 1.3), *counts[1:]], multiple_of=1).is_real
    assert log(counts[1] / counts[0]) > 0.09


def is_worked(month: date, n: int) -> bool:
    day = month + n * DAY
    return day.month == month.month and day.weekday() < 5
