"""The list of hot spots: the surest first, how old each is, who stands for it, and how many rows chance makes."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, OfficerAbsence
from enterprises.models import Enterprise
from oversight.hot_spots import cells, guiding
from oversight.models import HotSpot, HotSpotAction, HotSpotCells
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import DAY, NOW, TODAY
from tests.oversight.hot_spots.test_hot_spots import URL
from tests.oversight.looking import browser, cost, page_of, sent

pytestmark = pytest.mark.django_db


def test_the_list_costs_the_same_however_long_it_is(risen: World, spot: HotSpot) -> None:
    client = browser(risen.rui)
    few = cost(client, URL)
    for back in range(1, 30):
        spot.pk, spot.last = None, TODAY - back * DAY
        spot.first = spot.last - 6 * DAY
        spot.save()
    assert cost(client, URL) == few <= 16


def rows_of(who: Any, url: str = URL) -> list[dict[str, Any]]:
    return list(browser(who).get(url).context["rows"])


def test_the_surest_stand_first_page_by_page_and_what_may_be_chance_says_so(risen: World, spot: HotSpot) -> None:
    numbers = [0.4, 1.0, 1e-9, 0.1000001, 3e-12, 0.1, 0.0, *(0.5 + nth / 100 for nth in range(40))]
    HotSpot.objects.all().delete()
    for back, q in enumerate(numbers):
        spot.pk, spot.q, spot.last = None, q, TODAY - back * DAY
        spot.first = spot.last - 6 * DAY
        spot.save()
    wanted, listed, url = sorted(HotSpot.objects.values_list("q", flat=True)), [], URL
    while url:
        answer = browser(risen.rui).get(url)
        listed += [row["spot"].q for row in answer.context["rows"]]
        assert all(row["is_unsure"] is (row["spot"].q > 0.1) for row in answer.context["rows"])
        before, url = answer.context["previous_url"], answer.context["next_url"]
    assert (listed, len(listed)) == (wanted, 47)
    assert [row["spot"].q for row in rows_of(risen.rui, before)] == wanted[:25]
    assert [row["spot"].q for row in rows_of(risen.rui, f"{URL}?after=99999999999999999999.1")] == wanted[:25]
    assert "可能出于偶然" in page_of(risen.rui, URL)


def test_the_whole_list_comes_as_a_file_wherever_one_stands_in_it(risen: World, spot: HotSpot) -> None:
    HotSpot.objects.all().delete()
    for back in range(47):
        spot.pk, spot.last, spot.observed = None, TODAY - back * DAY, 1000 + back
        spot.first = spot.last - 6 * DAY
        spot.save()
    client = browser(risen.rui)
    page = client.get(client.get(URL).context["next_url"]).content.decode()
    for kind in ("csv", "xlsx"):
        link = next(url for url in re.findall(r'href="([^"]*sheet=[^"]*)"', page) if kind in url)
        file = client.get(URL + unescape(link))
        rows = [row for _name, rows in tables_in(file, kind) for row in rows]
        assert sorted(int(cell) for row in rows for cell in row if re.fullmatch("10[0-9]{2}", cell)) == [
            1000 + nth for nth in range(47)
        ]


@pytest.mark.parametrize("name", ["campaigns", "remedies", "guidance", "warnings"])
def test_the_other_lists_come_as_files_too(risen: World, name: str) -> None:
    """What a file holds is what the page shows (tests/oversight/dashboard/test_sheets.py)."""
    client = browser(risen.rui)
    assert client.get(f"/authority/{name}/?sheet=csv").headers["Content-Type"].startswith("text/csv")
    assert client.get(f"/authority/{name}/?sheet=exe").status_code == 404


def tables_in(file: Any, kind: str) -> list[tuple[str, list[list[str]]]]:
    if kind == "csv":
        return [("", list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")))))]
    book = openpyxl.load_workbook(io.BytesIO(file.content))
    return [(one.title, [[str(cell) for cell in row] for row in one.values]) for one in book.worksheets]


def test_what_nobody_judged_for_two_weeks_is_said_to_wait_too_long(risen: World, spot: HotSpot) -> None:
    now = timezone.now()
    HotSpot.objects.update(found_at=now - timedelta(days=14) + timedelta(minutes=5))
    assert "待判断已久" not in page_of(risen.rui, f"{URL}{spot.pk}/")
    assert rows_of(risen.rui, f"{URL}?view=long") == []
    HotSpot.objects.update(found_at=now - timedelta(days=15, minutes=5))
    page = page_of(risen.rui, URL)
    assert not missing_in(page, "15天", "待判断已久")
    assert len(rows_of(risen.rui, f"{URL}?view=long")) == len(rows_of(risen.rui)) > 0
    assert not missing_in(page_of(risen.su, "/oversight/"), "15天没判断", "待判断已久")
    assert not missing_in(page_of(risen.rui, f"{URL}{spot.pk}/"), "待判断已久", "15天前发现")
    shown = {one["title"]: one for one in browser(risen.rui).get("/authority/").context["groups"][0]["numbers"]}
    own = shown["待判断已久的热点"]
    assert (own["url"], own["value"]) == (f"{URL}?view=long", len(rows_of(risen.rui, f"{URL}?view=long")))
    sent(risen.rui, f"{URL}{spot.pk}/", why="已经核实。")
    assert "待判断已久" not in page_of(risen.rui, f"{URL}{spot.pk}/")


def test_the_first_page_has_the_oldest_first_with_how_long_each_waits(risen: World, spot: HotSpot) -> None:
    HotSpot.objects.all().delete()
    now, ages = timezone.now(), (3, 26, 0, 8, 14, 15, 1)
    for back, days in enumerate(ages):
        spot.pk, spot.q, spot.last = None, 1e-9, TODAY - back * DAY
        spot.first, spot.found_at = spot.last - 6 * DAY, now - timedelta(days=days, minutes=5)
        spot.save()
    hot = browser(risen.su).get("/oversight/").context["hot"]
    assert hot["title"] == "7个热点等判断，最久26天"
    assert [(row["waits"], row["tone"]) for row in hot["rows"]] == [
        *(("26天没判断", "bad"), ("15天没判断", "bad"), ("14天没判断", "bad"), ("8天没判断", "warn")),
        ("3天没判断", "neutral"),
    ]
    for row in hot["rows"]:
        assert page_of(risen.rui, row["url"]).count(f"{row['spot'].observed}") > 0
    HotSpot.objects.update(state="dismissed")
    assert browser(risen.su).get("/oversight/").context["hot"]["rows"] == []


def test_each_has_an_owner_who_is_there_and_one_press_takes_it_over(risen: World, spot: HotSpot) -> None:
    """Whoever took it up; the head of the nearest authority while nobody did or they are away."""
    url, head = f"{URL}{spot.pk}/", risen.head_officer
    rui = browser(risen.rui)

    def owner() -> tuple[str, bool]:
        [row] = [row for row in rows_of(risen.rui) if row["spot"].pk == spot.pk]
        return row["owner"], row["is_taken"]

    HotSpot.objects.exclude(pk=spot.pk).update(state="dismissed")
    HotSpot.objects.filter(pk=spot.pk).update(explained_by=[])
    assert owner() == (head.user.name, False)
    assert not missing_in(page_of(rui, url), "还没有人接手", "由我负责")
    assert sent(rui, url, take="1").status_code == 302
    assert sent(rui, url, take="1").status_code == 302
    assert owner() == (risen.rui.name, True)
    assert [(one.kind, one.by) for one in HotSpotAction.objects.filter(hot_spot=spot)] == [("taken", risen.rui)]
    assert not missing_in(page_of(rui, url), "接手负责")
    assert "由我负责" not in page_of(rui, url)
    today = timezone.localdate()
    leave = OfficerAbsence.objects.create(
        officer=risen.rui_officer, starts_on=today, ends_on=today, entered_by=risen.rui, entered_at=timezone.now()
    )
    assert owner() == (head.user.name, False)
    leave.delete()
    Officer.objects.filter(pk=risen.rui_officer.pk).update(role=Role.ANALYST.post)
    assert owner() == (head.user.name, False)
    Officer.objects.filter(pk=risen.rui_officer.pk).update(role=Role.OFFICER.post)
    # Somebody else takes it over; they are switched off, and so is the head: the authority above.
    assert sent(head.user, url, take="1").status_code == 302
    assert owner() == (head.user.name, True)
    type(head.user).objects.filter(pk=head.user_id).update(is_active=False)
    assert owner() == (risen.rui.name, False)
    # Whoever only reads takes nothing over.
    Officer.objects.create(user=risen.otto, authority=risen.gulou, role=Role.ANALYST.post)
    assert "由我负责" not in page_of(risen.otto, url)
    assert sent(risen.otto, url, take="1").status_code in (404, 405)


def test_what_somebody_took_over_stands_for_itself_and_the_list_says_how_many_were_looked_at(
    risen: World, spot: HotSpot
) -> None:
    before = {row["spot"].pk for row in rows_of(risen.rui)}
    hidden = HotSpot.objects.filter(region=risen.region).exclude(explained_by=[]).exclude(pk__in=before).first()
    assert hidden is not None
    guiding.take_over(hidden.pk, by=risen.rui, now=NOW)
    assert {row["spot"].pk for row in rows_of(risen.rui)} == before | {hidden.pk}
    # Of the county its own cells and those of enterprises that have their domicile in it; of the city also the city's.
    looked, numbers = cells.counted(TODAY), {}
    for region in (risen.region, risen.su.offices.get().authority.region):
        firms = set(
            Enterprise.objects.filter(domicile__in=range(region.pk, region.last + 1)).values_list("pk", flat=True)
        )
        numbers[region.pk] = [
            sum(
                number[kind]
                for (whose, of), number in looked.cells.items()
                if (of in firms if whose == "e" else region.covers(of))
            )
            for kind in (0, 1)
        ]
    for person, region in ((risen.rui, risen.region), (risen.su, risen.su.offices.get().authority.region)):
        page = browser(person).get(URL)
        weeks_, days = numbers[region.pk]
        assert page.context["looked"] == {"cells": f"{weeks_:,}", "chance": round(0.001 * (2 * weeks_ + days))}
        assert f"每周看{weeks_}个单元，纯属偶然的平均不到1行" in page.content.decode()
    HotSpotCells.objects.filter(place=risen.region.pk).update(weeks=4000, days=3000)
    HotSpotCells.objects.exclude(place=risen.region.pk).delete()
    HotSpot.objects.update(found_at=timezone.now())
    page = page_of(risen.rui, URL)
    assert f"每周看4,000个单元，约11行纯属偶然；最近七天列出{len(before) + 1}行。" in page
