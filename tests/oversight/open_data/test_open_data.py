"""Open data: what the files say, that they say it validly, that nothing small is in them, and that a version stays."""

import csv
import hashlib
import importlib.util
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from authorities.models import Region
from complaints.handling.steps import consumer
from complaints.models import Heartbeat
from complaints.procedure.refusals import StepNotAllowed
from enterprises.enrolment import enrolled
from oversight.counters import making
from oversight.figures import suppression
from oversight.models import DataSet
from oversight.open_data import cells, issuing, reading
from oversight.open_data.quarters import CLASSES, HOURS, ends_with
from oversight.open_data.reading import OF_QUARTERS, TABLES, WITHHELD
from tests import ROOT, given, missing_in
from tests.audit.core import last_day
from tests.audit.core.counting import World as Slow
from tests.audit.core.record import local
from tests.cast import World
from tests.oversight import slow_count
from tests.oversight.counting import CHARGE, REPAIR
from tests.oversight.looking import page_of
from tests.oversight.test_reports import URL, drafted, issue, last_month, month, published, rows_of
from tests.oversight.worlds import Walk

SCRIPT = ROOT / "docs/how-to/recompute_figures.py"
_TYPES = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "string": r"(?s:.*)", "yearmonth": r"\d{4}-\d{2}"}


def lines(data_set: DataSet, name: str) -> list[dict[str, str]]:
    return list(reading.lines(data_set.files.get(name=f"{name}.csv")))


def line_of(data_set: DataSet, region: Region) -> dict[str, str]:
    return next(line for line in lines(data_set, "regions") if line["region_code"] == region.code)


def categories_of(data_set: DataSet, region: Region) -> dict[tuple[str, str], str]:
    """(by what, code) → how many were received there."""
    rows = [line for line in lines(data_set, "categories") if line["region_code"] == region.code]
    return {(line["by"], line["code"]): line["received"] for line in rows}


def load(path: Path) -> ModuleType:
    spec: Any = importlib.util.spec_from_file_location("recompute_figures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(data_set: DataSet, folder: Path) -> Path:
    """As somebody downloads it."""
    folder.mkdir()
    for file in data_set.files.all():
        got = Client().get(f"/open/data/{data_set}/{file.name}")
        assert got.status_code == 200
        (folder / file.name).write_bytes(got.content)
    return folder


@pytest.fixture
def issued(world: World) -> DataSet:
    return issue(world)


def test_each_region_above_a_case_has_its_line_and_the_digests_are_those_of_the_files(
    world: World, issued: DataSet
) -> None:
    county, city = line_of(issued, world.region), line_of(issued, world.city.region)
    expected = ("12", "7", "7", "county")
    assert (county["received"], county["closed"], county["closed_withdrawn"], county["level"]) == expected
    assert (city["received"], city["region_code"]) == ("12", county["parent_code"])
    assert {line["month"] for line in lines(issued, "regions")} == {f"{month():%Y-%m}"}
    by = categories_of(issued, world.region)
    assert by["problem", "telecom.fees.unexplained_charge"] == "7"
    assert by["object", "service"] == by["object", "service.telecom"] == "12"
    shown = [line.split("  ") for line in bytes(issued.files.get(name="SHA256SUMS").content).decode().splitlines()]
    files = issued.files.exclude(name="SHA256SUMS")
    sums = {file.name: hashlib.sha256(bytes(file.content)).hexdigest() for file in files}
    assert {name: digest for digest, name in shown} == sums


def test_the_package_describes_the_files_as_they_are(issued: DataSet) -> None:
    """What the Frictionless specifications ask of a tabular data package."""
    package = json.loads(bytes(issued.files.get(name="datapackage.json").content))
    assert (package["profile"], package["licenses"][0]["name"]) == ("tabular-data-package", "CC-BY-4.0")
    shown = [name for name in TABLES if name not in OF_QUARTERS or ends_with(month())]
    paths = {f"{name}.{form}" for name in shown for form in ("csv", "json")}
    assert {one["path"] for one in package["resources"]} == paths
    for resource in package["resources"]:
        content = bytes(issued.files.get(name=resource["path"]).content)
        schema, is_csv = resource["schema"], resource["format"] == "csv"
        digest = (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        assert (resource.get("bytes"), resource.get("hash")) == (digest if is_csv else (None, None))
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        types = {field["name"]: _TYPES[field["type"]] for field in schema["fields"]}
        assert set(schema["primaryKey"]) <= set(types)
        table = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        rows: list[dict[str, Any]] = list(table) if is_csv else json.loads(content)
        keys = [tuple(row[name] for name in schema["primaryKey"]) for row in rows]
        assert len(keys) == len(set(keys)) > 0
        for row in rows:
            assert list(row) == list(types)
            for name, value in row.items():
                text = value if is_csv else str(value)
                is_missing = text in schema["missingValues"] or value is None
                assert is_missing or re.fullmatch(types[name], text), (name, value)


def test_a_file_is_served_as_issued_for_ever_and_all_months_in_one_are_the_newest(issued: DataSet) -> None:
    address = f"/open/data/{issued}/regions.csv"
    got = Client().get(address)
    assert got.content == bytes(issued.files.get(name="regions.csv").content)
    assert "immutable" in got["Cache-Control"]
    assert Client().get(address, headers={"if-none-match": got["ETag"]}).status_code == 304
    assert hashlib.sha256(got.content).hexdigest() in page_of(None, f"/open/data/{issued}/")
    assert "promises_kept" in page_of(None, "/open/data/dictionary/")
    program = Client().get("/open/data/recompute_figures.py")
    links = (f"/open/data/{issued}/", f'href="{program.request["PATH_INFO"]}"')
    assert not missing_in(page_of(None, "/open/data/"), *links)
    assert b"".join(program.streaming_content) == SCRIPT.read_bytes()
    for odd in (f"{issued}x", "2026-10", "9999-99.1", "....", "2026-10.99999999999999", "２０２６-10.1", "2026-10.-1"):
        assert Client().get(f"/open/data/{odd}/").status_code == 404
    assert Client().get(f"/open/data/{issued}/nothing.csv").status_code == 404
    before = issuing.issue((month() - timedelta(days=1)).replace(day=1), now=timezone.now())
    assert before is not None
    got = Client().get("/open/data/all/categories.csv")
    result = rows_of(Client().get("/open/data/all/regions.csv"))
    assert result == [*lines(before, "regions"), *lines(issued, "regions")]
    assert Client().get("/open/data/all/categories.csv", headers={"if-none-match": got["ETag"]}).status_code == 304
    assert Client().get("/open/data/all/nothing.csv").status_code == 404


def test_a_version_stays_and_the_next_one_says_what_it_changes(world: World, issued: DataSet) -> None:
    assert issuing.issue(month(), now=timezone.now()) is None, "nothing changed"
    first = bytes(issued.files.get(name="regions.csv").content)
    for hours in range(1, 7):
        now = last_month() + timedelta(hours=hours)
        given.filed(world, now=now, problem_category="telecom.extras.auto_renewal")
    making.rebuild(now=timezone.now())
    second = issuing.issue(month(), now=timezone.now())
    assert (second.version, line_of(second, world.region)["received"]) == (2, "18")
    changed = {"key": f"{world.region.code} {month():%Y-%m}", "column": "received", "before": "12", "after": "18"}
    assert changed in next(change["lines"] for change in second.changes if change["file"] == "regions")
    assert Client().get(f"/open/data/{issued}/regions.csv").content == first
    assert "已有新的一版" in page_of(None, f"/open/data/{issued}/")
    assert "received" in page_of(None, f"/open/data/{second}/")


def test_a_month_is_issued_from_its_third_day_on_looked_at_once_and_not_drafted_before(world: World) -> None:
    assert not DataSet.objects.exists()
    with pytest.raises(StepNotAllowed) as refused:
        drafted(world)
    assert refused.value.code == "no_open_data"
    assert "还没有哪个月的公开数据" in page_of(world.rui, URL)
    assert "还没有公布过月报" in page_of(None, "/open/reports/")
    assert "还没有公开数据" in page_of(None, "/open/data/")
    making.rebuild(now=timezone.now())
    second = last_month().replace(day=2)
    assert issuing.sweep_open_data(now=second) == 0
    third = second + timedelta(days=1)
    rounds = [issuing.sweep_open_data(now=third) for _ in range(issuing.RESTATED + 2)]
    assert rounds == [1] * (issuing.RESTATED + 1) + [0]
    newest = DataSet.objects.order_by("-month")[0].month
    assert newest == (third.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    assert Heartbeat.objects.filter(name__startswith="open data of ").count() == issuing.RESTATED + 1
    count = DataSet.objects.count()
    later = third + timedelta(days=31)
    assert issuing.sweep_open_data(now=later.replace(day=4)) == 1
    assert DataSet.objects.count() == count + 1


def test_no_file_tells_a_small_number(world: World) -> None:
    for number in range(9):
        now, problem = last_month() + timedelta(minutes=number), CHARGE if number < 6 else REPAIR
        case = given.a_complaint(world, now=now, status=given.S.NEGOTIATING, problem_category=problem)
        if number < 2:
            given.step(case, consumer.withdraw(reason="mistake"), world.consumer, last_month() + timedelta(days=1))
    making.rebuild(now=timezone.now())
    data_set = issuing.issue(month(), now=timezone.now())
    assert data_set is not None
    assert issuing.wrong_in(data_set) == []
    county = line_of(data_set, world.region)
    assert (county["closed"], county["closed_withdrawn"]) == (WITHHELD, WITHHELD)
    by = categories_of(data_set, world.region)
    assert by["problem", REPAIR] == WITHHELD
    assert by["problem", CHARGE] == WITHHELD, "else the small one is the rest"


@pytest.fixture
def walked(world: World, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A random world of which nothing is withheld: October to December."""
    monkeypatch.setattr(cells, "published", lambda counts, axes, already=(): suppression.with_sums(counts, axes))
    walk = Walk(world, seed=7, cases=40, ticks=22)
    walk.now = datetime(2027, 1, 5, 4, 0, tzinfo=UTC)
    making.rebuild(now=walk.now)
    return walk


def made(walk: Walk, of: date) -> DataSet:
    result = issuing.issue(of, now=walk.now)
    assert result is not None
    return result


def test_what_is_shown_of_a_month_and_a_quarter_is_counted_slowly_and_parts_make_the_region(walked: Walk) -> None:
    compared = 0
    for last in (date(2026, 9, 30), date(2026, 10, 31)):
        for line in lines(made(walked, last.replace(day=1)), "regions"):
            region = Region.objects.get(code=line["region_code"])
            slow = slow_count.counted(last.replace(day=1), last, walked.now, (region.pk, region.last))
            truth = {"received": slow.received(), "closed": len(slow.closed())}
            assert {column: int(line[column]) for column in truth} == truth, region.code
            compared += sum(truth.values())
    assert compared > 50
    data_set, compared = made(walked, date(2026, 12, 1)), 0
    first, last = date(2026, 10, 1), date(2026, 12, 31)
    of_regions, of_enterprises = (lines(data_set, f"{whose}_quarters") for whose in ("region", "enterprise"))
    assert of_enterprises
    for line in (*of_regions, *of_enterprises):
        region = Region.objects.get(code=line.get("region_code", "CN"))
        enterprise = enrolled.of_code(line["enterprise"]).pk if "enterprise" in line else None
        truth = slowly(slow_count.counted(first, last, walked.now, (region.pk, region.last), enterprise=enterprise))
        assert {column: int(line[column]) for column in truth} == truth, next(iter(line.values()))
        assert int(line["due"]) == truth["in_time"] + truth["late"]
        compared += sum(truth.values())
    assert compared > 100
    result = {line["region_code"]: line for line in of_regions}
    counties = [line for line in of_regions if line["parent_code"] == "350100"]
    for column in ("ended", "due", "promised", "delivered", "again", "answered", "last_day"):
        assert int(result["CN"][column]) == sum(int(line[column]) for line in of_enterprises), column
        assert int(result["350100"][column]) == sum(int(line[column]) for line in counties), column


def slowly(slow: Slow) -> dict[str, int]:
    """A quarter as procedure.md, section 7, has it; what ran out counts where it ran out, whatever became of it
    later."""
    ended, late = slow.settled(), 0
    for stage in slow.stages:
        row, clocks = stage.row, stage.case.clocks
        clocks = [
            c for c in clocks if c.clock == "negotiation" and row.from_at <= c.due_at <= (row.until_at or slow.now)
        ]
        runs = [c for c in clocks if c.ended_at is None and (c.state == "running" or c.chase_at is not None)]
        moments = [c.due_at for c in clocks if c.lapsed_at is not None or c in runs]
        # The last day of the time limit is the one before the midnight that is late.
        late += bool(moments) and slow.first <= local(min(moments)).date() - timedelta(days=1) <= slow.last
    marks, answers = slow.marks(), slow.response_lengths()["minutes"]
    limits = [0, *(60 * hours for hours in HOURS), 10**9]
    wrong, mended = slow.misroutes(), slow.mending()
    return {
        "misrouted": wrong["misrouted"],
        "routed": wrong["ended"],
        "mended_24h": sum(hours <= 24 for hours in mended),
        "mended_72h": sum(24 < hours <= 72 for hours in mended),
        "mended_later": sum(hours > 72 for hours in mended),
        "mended": len(mended),
        **{name: ended.get(name, 0) for name in ("settled", "unconfirmed", "settled_elsewhere", "failed")},
        "other": ended.get("settled_elsewhere", 0) + ended.get("failed", 0),
        "in_time": slow.on_time()["in_time"],
        "late": late,
        **{name: len(stages) for name, stages in zip(("answered", "last_day"), last_day.answered(slow), strict=True)},
        "rated": len(marks),
        "marks": sum(marks),
        **{
            name: sum(low < n <= high or (low == 0 and n == 0) for n in answers)
            for name, low, high in zip(CLASSES, limits, limits[1:], strict=False)
        },
        "responded": len(answers),
    }


def test_the_script_says_what_the_report_says_and_finds_what_is_wrong(
    world: World, issued: DataSet, tmp_path: Path
) -> None:
    report = published(world)
    script, folder = load(SCRIPT), written(issued, tmp_path / "set")
    assert (script.wrong_digests(folder), script.wrong_sums(folder)) == ([], [])
    result = script.figures_of({script.month_of(folder): folder}, world.region.code, f"{month():%Y-%m}")
    at = f"/open/reports/{report.pk}/"
    summary = {row["figure"]: row for row in rows_of(Client().get(f"{at}summary.csv"))}
    assert (str(result["received"]), str(result["closed"])) == (summary["received"]["part"], summary["closed"]["part"])
    page = page_of(None, at)
    for name, share in result["shares"].items():
        shown = [WITHHELD if share[n] is None else str(share[n]) for n in ("part", "whole")]
        assert [summary[name]["part"], summary[name]["whole"]] == shown, name
        assert not share["value"] or f"{share['value'] * 100:.1f}" in page, name
    problems = {row["code"]: row["received"] for row in rows_of(Client().get(f"{at}problems.csv"))}
    assert problems == {code: str(n) for code, n in result["by"]["problem"].items() if n is not None and code != "none"}
    right = (folder / "regions.csv").read_text(encoding="utf-8-sig")
    (folder / "regions.csv").write_text(right.replace(",12,", ",11,", 1), encoding="utf-8-sig")
    assert script.wrong_sums(folder)
    assert script.wrong_digests(folder) == ["regions.csv"]
