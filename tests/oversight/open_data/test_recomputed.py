"""Whoever has the files has the pages: the script makes what /open/, the league and the monthly report show."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from authorities.models import Region
from enterprises.models import CustomerCount, LeagueLine, LeagueSet
from oversight.models import DataSet, MonthlyReport
from oversight.models.published_models import OpenIndicators
from oversight.published import indicator_making, league_making
from oversight.reports import keeping
from tests import found_in, missing_in
from tests.cast import World, standing
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.looking import page_of
from tests.oversight.open_data.test_open_data import SCRIPT, load, written
from tests.oversight.test_reports import rows_of

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
MONTHS = [date(2025, month, 1) for month in (11, 12)] + [date(2026, month, 1) for month in range(1, 11)]


@pytest.fixture(scope="module")
def year_issued(directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Twelve months with what is plenty, what is small and what is not there; the folders of their files."""
    folder = tmp_path_factory.mktemp("year")
    with standing(django_db_blocker, lambda world: issue_year(world, folder)) as stands:
        yield stands


@pytest.fixture
def world(year_issued: tuple[World, Path], db: None) -> World:
    return deepcopy(year_issued[0])


@pytest.fixture
def year(year_issued: tuple[World, Path], db: None, tmp_path: Path) -> dict[str, Path]:
    """Its own copy for each test: one writes into it."""
    return {folder.name: Path(copytree(folder, tmp_path / folder.name)) for folder in year_issued[1].iterdir()}


def issue_year(world: World, to: Path) -> Path:
    enterprises = [a_shop(world, f"测试{n}号商场") for n in range(4)]
    customers: Any = {"counted_on": date(2026, 3, 1), "number": 70_000, "source": "年报", "noted_at": NOW}
    CustomerCount.objects.create(enterprise=enterprises[0], **customers)
    for at, month in enumerate(MONTHS):
        for n, enterprise in enumerate(enterprises):
            many, place = (60, 22, 9, 2)[n] + at, "350102" if n < 3 else "350200"
            ended = {"ended_settled": many if n < 3 else 1, "ended_unconfirmed": (at + n) % 5}
            ended |= {"ended_failed": many // 3 + at % 3, "ended_settled_elsewhere": at % 2}
            kept = {"promise_due": many // 2, "promise_kept": many // 2 - at % 3, "rated": many // 2}
            kept |= {"marks": 4 * (many // 2), "in_time": many, "ran_out": many // 3}
            kept |= {"answered": many // 3, "ended_last_day": many // 12}
            stages(enterprise, month, at=place, **ended, **kept, delivered=many + 5, again=at % 7)
            closed = {"closed": many, "closed_settled": many - at % 4, "closed_mediated": at % 4}
            closed |= {"review_met": many, "review_late": at % 6, "recovered_n": many, "recovered": 12_345 * many}
            counted(place, month, received=many + 9, **closed)
            for facet, received in (("o:service.telecom", many), ("o:goods.food", 9 - n), ("p:quality", many)):
                counted(place, month, facet, received=received)
    issued(*MONTHS, now=NOW)
    assert indicator_making.publish(now=NOW) > 0
    assert league_making.publish(now=NOW) == 5
    cache.clear()
    for one in DataSet.objects.all():
        written(one, to / f"{one.month:%Y-%m}")
    return to


@pytest.fixture
def script() -> ModuleType:
    return load(SCRIPT)


def test_the_first_page(year: dict[str, Path], script: ModuleType) -> None:
    result = script.indicators(year)
    shown = {row: row.data for row in OpenIndicators.objects.all()}
    assert len(shown) >= 4
    codes = dict(Region.objects.values_list("pk", "code"))
    assert {codes[row.region] for row in shown} == result.keys()
    withheld = 0
    for row, data in shown.items():
        told = result[codes[row.region]]
        assert (told["received"], list(told["months"].items())) == (data["received"], [*map(tuple, data["months"])])
        assert dict(told["categories"]) == dict(data["categories"])
        assert told["problems"] == data["problems"]
        for name in ("settled", "on_time", "kept"):
            assert told[name]["numbers"] == data[name], (name, codes[row.region])
        assert (told["response"], told["recovered"]) == (data["response"], data["recovered"])
        withheld += sum(n is None for _name, n in data["months"]) + sum(n is None for n in data["settled"])
    assert withheld, "a year of which nothing is withheld proves little"
    page = Client().get("/open/")
    cards = {card["title"]: card["value"] for card in page.context["cards"]}
    country = result["CN"]
    assert cards["收到的投诉"] == f"{country['received']:,}"
    assert cards["按时办结率"] == f"{100 * country['on_time']['share']:.0f}%"
    assert cards["ODR和解成功率"] == f"{100 * country['settled']['share']:.0f}%"
    assert cards["挽回经济损失"] == f"¥{country['recovered']:,}"


def test_every_line_of_every_league_table(year: dict[str, Path], script: ModuleType) -> None:
    codes = dict(Region.objects.values_list("pk", "code"))
    result = {(*one["table"], one["enterprise"]): one for one in script.league(year)}
    shown = {
        (f"{line.of.first:%Y-%m}", f"{line.of.last:%Y-%m}", codes[line.region], line.sector, line.code): line
        for line in LeagueLine.objects.select_related("of")
    }
    assert result.keys() == shown.keys()
    for key, line in shown.items():
        told = result[key]
        assert [told[name] for name in ("n", "low", "high", "received")] == [line.n, line.low, line.high, line.received]
        assert (told["last_day"], told["again"]) == (line.last_day_share, line.again_share), key
        assert (told["place_first"], told["place_last"]) == (line.place_first, line.place_last), key
        assert told["settled"] == [line.settled_least, line.settled_most]
        assert told["unconfirmed"] == [line.unconfirmed_least, line.unconfirmed_most]
        assert told["let_rest"] == line.let_rest
        assert (told["per_customers"] is None) == (line.per_customers is None)
        if line.per_customers is not None:
            assert abs(told["per_customers"] - float(line.per_customers)) <= 0.05
    assert any(line.place_first for line in shown.values())
    ranges = [line for line in shown.values() if line.settled_least != line.settled_most]
    assert ranges, "a league without ranges proves little"
    # And the page shows these lines.
    text = page_of(None, "/open/league/")
    whole = LeagueSet.objects.order_by("-last", "first", "-version")[0]
    for line in LeagueLine.objects.filter(of=whole, region=whole.country, sector=""):
        assert ("不公布" if line.n is None else f"{line.n:,}") in text


@pytest.mark.parametrize("month", [date(2026, 9, 1), date(2026, 10, 1)])
def test_the_report_of_a_county(world: World, year: dict[str, Path], script: ModuleType, month: date) -> None:
    """Its numbers of the month, those of the quarter, and the table of its enterprises."""
    report = keeping.draft(authority=world.gulou, month=month, by=world.rui, now=NOW)
    keeping.approve(keeping.submit(report), by=world.head_officer.user, heads=[world.gulou], text="", now=NOW)
    keeping.publish(MonthlyReport.objects.get(), now=NOW)
    at = f"/open/reports/{report.pk}/"
    result = script.figures_of(year, "350102", f"{month:%Y-%m}")
    summary = {row["figure"]: row for row in rows_of(Client().get(f"{at}summary.csv"))}
    star = lambda n: "*" if n is None else str(n)  # noqa: E731
    assert summary["received"]["part"] == star(result["received"])
    assert summary["closed"]["part"] == star(result["closed"])
    assert result["shares"].keys() == {"settled", "on_time", "review_on_time", "mediated", "kept"}
    summary |= {row["figure"]: row for row in rows_of(Client().get(f"{at}stages.csv"))}
    for name, share in result["shares"].items():
        assert (summary[name]["part"], summary[name]["whole"]) == (star(share["part"]), star(share["whole"])), name
    enterprises = {row["enterprise"]: row for row in rows_of(Client().get(f"{at}firms.csv"))}
    assert (enterprises.keys(), len(enterprises)) == (result["firms"].keys(), 4)
    for code, row in enterprises.items():
        assert row["delivered"] == star(result["firms"][code]["delivered"])
        share = result["firms"][code]["shares"]["settled"]
        assert (row["settled"], row["ended"]) == (star(share["part"]), star(share["whole"]))
    page = page_of(None, at)
    assert not missing_in(page, "（2026-Q3）", "举报另行保密办理")
    # Beside each number of the period before stands whether that is a change.
    assert not found_in(page, "▲", "▼", "超出平常波动（")
    assert "波动常见，不能说有变化" in page


def run(*arguments: Path | str) -> tuple[int, str]:
    """The script by itself: how it ended, and what it said."""
    call = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout or done.stderr


def test_the_script_runs_by_itself_and_finds_what_is_wrong(year: dict[str, Path]) -> None:
    code, text = run(*year.values(), "--report", "350100")
    result = json.loads(text)
    assert (code, result["wrong_digests"], result["wrong_sums"]) == (0, {}, {})
    assert result["figures"]["units"].keys() == {"350102"}
    table = year["2026-09"] / "enterprise_quarters.csv"
    right = table.read_text(encoding="utf-8-sig")
    ended = next(csv.DictReader(io.StringIO(right)))["ended"]
    line = right.splitlines()[1]
    wrong = right.replace(line, line.replace(f",{ended},", ",999999,", 1))
    table.write_text(wrong, encoding="utf-8-sig")
    code, text = run(*year.values())
    result = json.loads(text)
    assert (code, result["wrong_digests"]) == (1, {"2026-09": ["enterprise_quarters.csv"]})
    assert result["wrong_sums"]


def test_it_reads_the_one_folder_into_which_a_browser_put_everything(year: dict[str, Path], tmp_path: Path) -> None:
    """Named as they come, an older version of a month beside the newer one, and a clear word where there is nothing."""
    for month, folder in year.items():
        for file in folder.iterdir():
            content = file.read_bytes()
            (tmp_path / f"{month}.2-{file.name}").write_bytes(content)
            if month == "2026-09":
                older = content.replace(b"1", b"2") if file.suffix == ".csv" else content
                (tmp_path / f"{month}.1-{file.name}").write_bytes(older)
    assert run(tmp_path) == run(*year.values())
    empty = tmp_path / "empty"
    empty.mkdir()
    code, given = run(empty)
    assert (code, "no datapackage.json" in given) == (1, True)
