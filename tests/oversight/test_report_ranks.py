"""A report names nothing as first that a number which is not published could stand before; no share of under thirty."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from random import Random
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS
from enterprises.models import CustomerCount, Enterprise
from oversight.models import DataSet, MonthFacet, MonthlyReport
from oversight.published import indicator_making, league_making
from oversight.reports import keeping
from tests import missing_in, reloaded
from tests.cast import World
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.looking import page_of

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
MONTH = date(2026, 9, 1)
COUNTIES = ("350102", "350103", "350104", "350105")
OBJECTS, PROBLEMS = (
    [code for code in labels if "." in code or labels is PROBLEM_LABELS][:9]
    for labels in (OBJECT_LABELS, PROBLEM_LABELS)
)


def fill(seed: int) -> None:
    """Counties of every size, each with kinds of which many are rare."""
    dice = Random(seed)
    for code in COUNTIES:
        received = dice.choice((0, 3, 9, 20, 60, 140))
        counted(code, MONTH, received=received, closed=received, closed_settled=received)
        for letter, names in (("o", OBJECTS), ("p", PROBLEMS)):
            weights = [dice.paretovariate(0.8) for _ in names]
            for name in dice.choices(names, weights, k=received):
                counted(code, MONTH, f"{letter}:{name}", received=1)


def truth(region: int, letter: str) -> dict[str, int]:
    """What was counted, by code: read from the rows themselves."""
    rows = MonthFacet.objects.filter(region=region, month=MONTH, facet__startswith=f"{letter}:", received__gt=0)
    return {row.facet[2:]: row.received or 0 for row in rows if row.facet[2:] not in ("goods", "service")}


def ranked(lines: list[dict[str, Any]]) -> Iterator[tuple[str, int, int]]:
    for line in lines:
        if line.get("place"):
            yield line["code"], *line["place"]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_named_before_what_could_be_more(world: World, seed: int) -> None:
    fill(seed)
    issued(MONTH, now=NOW)
    named, left = 0, 0
    for authority in (world.gulou, world.city):
        MonthlyReport.objects.all().delete() if seed < 0 else None
        report = keeping.draft(authority=authority, month=MONTH, by=world.rui, now=NOW)
        for list_of, letter in (("objects", "o"), ("problems", "p")):
            counts, lines = truth(authority.region_id, letter), report.figures[list_of]
            told = {line["code"]: line["received"] for line in lines}
            for code, first, last in ranked(lines):
                more = sum(n > counts[code] for n in counts.values())
                same = sum(n == counts[code] for n in counts.values())
                assert first <= more + 1 <= more + same <= last, (list_of, code, counts)
                named += 1
            if sum(counts.values()) < 30:
                assert not list(ranked(lines))
            if any(not line.get("place") for line in lines):
                # Then all of them stand there, so that nobody takes those that are shown for the most frequent.
                assert told.keys() == counts.keys()
                left += 1
            labels = OBJECT_LABELS if letter == "o" else PROBLEM_LABELS
            for words in report.texts.values():
                for label, n in re.findall(r"([^、是。；“”]+)（(\d+)件）", words):
                    code = next((code for code, text in labels.items() if str(text) == label), None)
                    if code in counts:
                        assert sum(other > counts[code] for other in counts.values()) < 3, (label, n, counts)
    assert named + left


def told(world: World, report: MonthlyReport) -> MonthlyReport:
    keeping.submit(report)
    keeping.approve(report, by=world.head_officer.user, heads=[world.gulou], text="", now=NOW)
    return keeping.publish(report, now=NOW)


def test_a_report_that_ranked_too_far_is_named_and_corrected_with_the_counts_that_it_had(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(1)
    issued(MONTH, now=NOW)
    report = keeping.draft(authority=world.gulou, month=MONTH, by=world.rui, now=NOW)
    figures = {name: value for name, value in report.figures.items() if name != "method"}
    for lines in (figures["objects"], figures["problems"]):
        lines[:] = [{name: n for name, n in line.items() if name != "place"} for line in lines if line["received"]]
    old = {
        "overview": "平稳。",
        "problems": "反映较多的问题是甲。",
        "cases": "某公司退款。",
        "tips": "本月反映最多的是“甲”。",
    }
    MonthlyReport.objects.filter(pk=report.pk).update(figures=figures, texts=old)
    first = told(world, reloaded(report))
    with pytest.raises(SystemExit):
        call_command("check_open_data")
    assert f"BREAKS report {first.pk}" in capsys.readouterr().out
    assert "请不要引用这些名次和比率" in page_of(None, f"/open/reports/{first.pk}/")
    # The month was restated since; a correction of what was said keeps the counts that were published.
    counted("350102", MONTH, received=50)
    issued(MONTH, now=NOW)
    again: Any = {"authority": world.gulou, "month": MONTH, "by": world.rui, "now": NOW}
    second = told(world, keeping.draft(**again, what_changed="更正名次和比率，件数不变。"))
    assert (second.data_set, second.figures["summary"]) == (first.data_set, figures["summary"])
    assert (second.texts["cases"], second.texts["tips"]) == ("某公司退款。", second.texts["tips"])
    assert "甲" not in "".join(second.texts.values())
    page = page_of(None, f"/open/reports/{second.pk}/")
    assert ("更正名次和比率，件数不变。" in page, "请不要引用这些名次和比率" in page) == (True, False)
    cache.clear()
    assert "请看最新的一版" in page_of(None, f"/open/reports/{first.pk}/")
    call_command("check_open_data")


#: What no page of a country with under thirty of everything says: a share. These two are of no cases.
SHARE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?\s*%")
METHOD = {"95%", "100%"}


def few_of_everything(world: World) -> Enterprise:
    """Two months of a county and a shop with under thirty of everything, issued and published."""
    shop = a_shop(world)
    for month, n in ((date(2026, 8, 1), 9), (MONTH, 10)):
        many: Any = {"ended_settled": n, "ended_failed": 4, "in_time": n, "ran_out": 4, "promise_due": n}
        many |= {"promise_kept": n - 4, "delivered": n + 4, "again": 2, "rated": n, "marks": 4 * n}
        stages(shop, month, at="350102", **many)
        counted("350102", month, received=n + 4, closed=n, closed_mediated=5, closed_mediation_terminated=5)
        counted("350102", month, review_met=n, recovered_n=n, recovered=12_300 * n)
        counted("350102", month, "p:quality", received=n + 4)
        counted("350102", month, "o:goods.food", received=n + 4)
    customers: Any = {"counted_on": date(2026, 3, 1), "number": 70_000, "source": "年报", "noted_at": NOW}
    CustomerCount.objects.create(enterprise=shop, **customers)
    issued(date(2026, 8, 1), MONTH, now=NOW)
    indicator_making.publish(now=NOW)
    league_making.publish(now=NOW)
    told(world, keeping.draft(authority=world.gulou, month=MONTH, by=world.rui, now=NOW))
    cache.clear()
    return shop


def test_where_there_are_under_thirty_no_page_and_no_file_tells_a_share_a_rate_or_a_place(world: World) -> None:
    shop = few_of_everything(world)
    waiting, seen = ["/open/", f"/open/enterprises/{shop.code}/", "/open/league/"], set[str]()
    files = 0
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = Client().get(address)
        assert answer.status_code == 200, address
        if not answer["Content-Type"].startswith(("text/html", "text/csv", "application/json")):
            continue
        text = unescape(answer.getvalue().decode())
        files += not answer["Content-Type"].startswith("text/html")
        shares = set(SHARE.findall(re.sub(r"<[^>]*>", " ", text)))
        assert shares <= METHOD, (address, shares)
        if answer["Content-Type"].startswith("text/html"):
            links = {href.partition("#")[0] for href in re.findall(r'href="([^"]+)"', text)}
            waiting += [
                href if href.startswith("/") else address.partition("?")[0] + href
                for href in links
                if href.startswith(("/open/", "?"))
            ]
    assert not missing_in(seen, "/open/reports/", f"/open/data/{DataSet.objects.latest('month')}/", "/open/league/")
    assert files > 10
    page = page_of(None, f"/open/reports/{MonthlyReport.objects.get().pk}/")
    assert "件数不足30，不列比率" in page
    assert "每10万用户投诉" not in page_of(None, f"/open/enterprises/{shop.code}/")
