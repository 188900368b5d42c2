"""A monthly report from its draft to everybody, and the figures that the public reads, in a real browser."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import both, casework, consumer, enterprise
from complaints.procedure.workflow import Status
from enterprises.enrolment import replying
from enterprises.models import Enterprise, Station
from oversight.counters import making
from oversight.models import DataFile, DataSet, MonthlyReport
from oversight.open_data import issuing, quarters, reading
from oversight.published import indicator_making, league_making
from oversight.reports import keeping
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.counting import counted, issued, stages
from tests.oversight.test_reports import last_month, month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


@pytest.mark.parametrize("look", LOOKS)
def test_from_the_draft_to_everybody(world: World, visit: Any) -> None:
    at = last_month()
    for number in range(12):
        problem = "telecom.fees.unexplained_charge" if number < 7 else "telecom.broadband.repair"
        then = at + timedelta(minutes=number)
        case = given.a_complaint(world, status=S.NEGOTIATING, now=then, problem_category=problem)
        if number < 7:
            given.step(case, consumer.withdraw(reason="mistake"), world.consumer, at + timedelta(days=1))
    making.rebuild(now=timezone.now())
    assert issuing.issue(month(), now=timezone.now()) is not None
    drafts = visit(user=world.rui)
    approves = visit(user=world.head_officer.user)
    reads = visit()

    page = drafts.look("/authority/reports/")
    page.locator("form.panel button.btn").click()
    page.wait_for_url("**/authority/reports/*/")
    drafts.look()
    page.locator("#id_cases").fill("一家营业厅多扣套餐费，核对账单后全额退还。")
    page.locator("button[value=save]").click()
    page.wait_for_load_state()
    assert "一家营业厅多扣套餐费" in page.locator("#id_cases").input_value()
    page.locator("button[value=submit]").click()
    page.wait_for_load_state()
    drafts.look()
    assert page.locator("form[action$='/decide/']").count() == 0

    pk = MonthlyReport.objects.get().pk
    page = approves.look(f"/authority/reports/{pk}/")
    page.locator("input[name=decision][value=grant]").check()
    page.locator("form[action$='/decide/'] button.btn").click()
    page.wait_for_load_state()
    page.locator("button[value=publish]").click()
    page.wait_for_load_state()
    assert MonthlyReport.objects.get().state == "published"

    page = reads.look("/open/reports/")
    page.locator(f"a[href='/open/reports/{pk}/']").click()
    page.wait_for_url(f"**/open/reports/{pk}/")
    reads.look()
    assert "一家营业厅多扣套餐费" in page.locator("main").inner_text()
    shown = [
        int(text.replace(",", ""))
        for text in page.locator("section:has(#h-channels) tbody td:nth-child(2)").all_inner_texts()
    ]
    table = Client().get(page.locator("section:has(#h-channels) a").get_attribute("href")).content.decode("utf-8-sig")
    assert [int(row["received"]) for row in csv.DictReader(io.StringIO(table, newline=""))] == shown
    assert sum(shown) == 12
    for address in ("/open/data/", f"/open/data/{month():%Y-%m}.1/", "/open/data/dictionary/"):
        reads.look(address)


@pytest.mark.parametrize("look", LOOKS)
def test_posters_and_letters(world: World, visit: Any) -> None:
    given.filed(world, now=timezone.now(), source=f"go-{world.mobile.uscc}.a6b{world.fuzhou.pk}")
    manager = visit(user=world.lead)
    manager.look("/enterprise/posters/")
    officer = visit(user=world.rui)
    page = officer.look("/authority/posters/")
    assert world.mobile.name in page.locator("main").inner_text() or officer.language == "en"
    page = officer.look("/oversight/letters/")
    page.locator("input[value=week]").check()
    page.locator("main form button.btn").click()
    page.wait_for_load_state()
    officer.look()
    assert page.locator("input[value=week]").is_checked()


def end_of_a_quarter(now: datetime) -> date:
    """The last month that is over and ends a quarter."""
    month = reading.back(timezone.localdate(now).replace(day=1), 1)
    while not quarters.ends_with(month):
        month = reading.back(month, 1)
    return month


def figures(world: World) -> None:
    now = timezone.now()
    month = end_of_a_quarter(now)
    enrolled = {"enrolled_by": world.gulou, "enrolment": "enrolled"}
    Enterprise.objects.filter(pk__in=[world.mobile.pk, world.telecom.pk]).update(**enrolled)
    # Long enough that its row would end beyond the table.
    long = "Minjiang Marketplace and After-sales Services (Fuzhou)"
    Enterprise.objects.filter(pk=world.telecom.pk).update(name_en=long)
    same = {"ended_unconfirmed": 20, "ended_failed": 30, "ran_out": 50, "delivered": 210, "again": 9}
    for firm, settled in ((world.mobile, 150), (world.telecom, 80)):
        stages(firm, month, ended_settled=settled, in_time=settled, **same)
    few = Enterprise.objects.create(name="小店一号", domicile=world.mobile.domicile, **enrolled)
    stages(few, month, ended_settled=8, ended_failed=2, delivered=10, in_time=10)
    for code, n in (("350100", 240), ("350200", 12)):
        counted(code, month, received=n)
        counted(code, month, "o:service.telecom", received=n - 7)
    issued(month, now=now)
    league_making.publish(now=now)
    indicator_making.publish(now=now)
    reply = replying.write(world.mobile, "我们已经改了话费提醒。", by=world.lead, now=now)
    replying.decide(reply, "", by=world.rui, on=timezone.localdate(now), now=now)
    case = given.a_complaint(world, status=Status.CLOSED, now=now)
    given.step(case, both.give_publication_consent(), world.consumer, now)
    given.step(case, enterprise.reply_publicly(text="已全部退还。"), world.handler, now)
    given.step(case, casework.publish(), world.officer, now)
    place = {"kind": "hall", "address": "八一七路1号", "authority": world.gulou}
    Station.objects.create(code="FZ001", name="东街口服务站", starts_on=date(2026, 1, 1), **place)
    cache.clear()


def a_report(world: World) -> MonthlyReport:
    """Of a county, with its enterprises of a quarter beside the quarter before; one month stands in an older shape."""
    now = timezone.now()
    month = end_of_a_quarter(now)
    old = DataSet.objects.create(month=month, version=1, made_at=now)
    content = b"enterprise,month,in_time,late\r\n"
    file = {"name": "enterprises.csv", "media_type": "text/csv", "sha256": "0" * 64}
    DataFile.objects.create(data_set=old, content=content, size=len(content), **file)
    Enterprise.objects.filter(pk__in=[world.mobile.pk, world.telecom.pk]).update(
        enrolled_by=world.gulou, enrolment="enrolled", domicile=world.region
    )
    for back, more in ((3, 0), (0, 20)):
        for firm, n in ((world.mobile, 150), (world.telecom, 80)):
            ended = {"ended_settled": n + more, "ended_unconfirmed": 20, "ended_failed": 3, "ran_out": 23 + more}
            other = {"in_time": n, "delivered": n + 40 + more, "rated": 60, "marks": 240}
            stages(firm, reading.back(month, back), at="350102", **ended, **other)
        closed = {"closed": 200, "closed_settled": 180, "closed_refused": 20, "review_met": 30, "review_late": 9}
        counted("350102", reading.back(month, back), received=240 + more, **closed)
        for facet, n in (("o:service.telecom", 200), ("p:quality", 33), ("c:web", 240 + more)):
            counted("350102", reading.back(month, back), facet, received=n)
        issued(reading.back(month, back), now=now)
    report = keeping.draft(authority=world.gulou, month=month, by=world.rui, now=now)
    keeping.approve(keeping.submit(report), by=world.head_officer.user, heads=[world.gulou], text="", now=now)
    return keeping.publish(MonthlyReport.objects.get(pk=report.pk), now=now)


@pytest.mark.parametrize("look", LOOKS)
def test_the_public_goes_from_a_county_report_to_the_files_behind_it(world: World, visit: Any) -> None:
    report = a_report(world)
    visitor = visit()
    page = visitor.go(f"/open/reports/{report.pk}/")
    assert page.locator("section:has(#h-firms) tbody tr").count() == 2
    firms = page.locator("section:has(#h-firms) tbody").inner_text()
    assert "说不清" in firms or "Too few to say" in firms
    assert "%" in page.locator("section:has(#h-stages) tbody tr").first.locator("td").nth(1).inner_text(), (
        "the quarter before"
    )
    visitor.look()
    page.locator(f"main a[href='/open/data/{report.data_set}/']").click()
    assert page.locator("main").inner_text().count("enterprise_quarters.csv") == 1
    assert "1到4" in page.locator("main .banner").first.inner_text()
    visitor.look()
    visitor.go(f"/open/data/{report.month:%Y-%m}.1/")
    page.locator(f"main a[href='/open/data/{report.data_set}/']").click()
    visitor.look("/open/data/")
    visitor.look("/open/data/dictionary/")


@pytest.mark.parametrize("look", LOOKS)
def test_the_public_finds_its_way_without_scripts(world: World, visit: Any) -> None:
    figures(world)
    visitor = visit()
    page = visitor.go("/open/")
    assert page.locator("svg rect").count() > 0
    page.locator("details summary").last.click()
    visitor.look()
    page.locator("main a[href='/open/league/']").click()
    assert page.locator("tbody tr").count() == 3
    visitor.look()
    page.locator("#id_sector").focus()
    page.locator("main form button").click()
    page.locator(f"main a[href='/open/enterprises/{world.mobile.code}/']").first.click()
    assert "我们已经改了话费提醒。" in page.locator("#reply").inner_text()
    visitor.look()
    page.locator("main a[href*='/open/complaints/']").click()
    assert "陈**" in page.locator("main").inner_text()
    visitor.look()
    visitor.go("/open/stations/")
    page.locator("main a[href='/open/stations/FZ001/']").click()
    visitor.look()
    visitor.look("/open/appraisal/")
    # How one reads is chosen on a page of its own and holds from there on.
    page.locator("header .bar-tools a").first.click()
    visitor.look()
    page.locator("main [name=display][value=elder]").click()
    assert page.locator("html").get_attribute("data-display") == "elder"
    visitor.look()
