"""The public reads the figures: from the home page to the league, an enterprise, its published complaints and a
station.
"""

from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from complaints.handling.steps import both, casework, enterprise
from complaints.procedure.workflow import Status
from enterprises.enrolment import replying
from enterprises.models import Enterprise, Station
from oversight.models import DataFile, DataSet, MonthlyReport
from oversight.open_data import quarters, reading
from oversight.published import indicator_making, league_making
from oversight.reports import keeping
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.oversight.counting import counted, issued, stages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def figures(world: World) -> None:
    now = timezone.now()
    month = reading.back(timezone.localdate(now).replace(day=1), 1)
    while not quarters.ends_with(month):
        month = reading.back(month, 1)
    Enterprise.objects.filter(pk__in=[world.mobile.pk, world.telecom.pk]).update(
        enrolled_by=world.gulou, enrolment="enrolled"
    )
    # Long enough that its row would end beyond the table.
    Enterprise.objects.filter(pk=world.telecom.pk).update(
        name_en="Minjiang Marketplace and After-sales Services (Fuzhou)"
    )
    for firm, settled in ((world.mobile, 150), (world.telecom, 80)):
        stages(
            firm,
            month,
            ended_settled=settled,
            ended_unconfirmed=20,
            ended_failed=30,
            in_time=settled,
            ran_out=50,
            delivered=210,
            again=9,
        )
    few = Enterprise.objects.create(
        name="小店一号", domicile=world.mobile.domicile, enrolment="enrolled", enrolled_by=world.gulou
    )
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
    Station.objects.create(
        code="FZ001",
        name="东街口服务站",
        kind="hall",
        address="八一七路1号",
        authority=world.gulou,
        starts_on=date(2026, 1, 1),
    )
    cache.clear()


def a_report(world: World) -> MonthlyReport:
    """Of a county, with its enterprises of a quarter beside the quarter before; one month was issued in an older shape
    first.
    """
    now = timezone.now()
    month = reading.back(timezone.localdate(now).replace(day=1), 1)
    while not quarters.ends_with(month):
        month = reading.back(month, 1)
    old = DataSet.objects.create(month=month, version=1, made_at=now)
    content = b"enterprise,month,in_time,late\r\n"
    DataFile.objects.create(
        data_set=old, name="enterprises.csv", media_type="text/csv", content=content, size=len(content), sha256="0" * 64
    )
    Enterprise.objects.filter(pk__in=[world.mobile.pk, world.telecom.pk]).update(
        enrolled_by=world.gulou, enrolment="enrolled", domicile=world.region
    )
    for back, more in ((3, 0), (0, 20)):
        for firm, n in ((world.mobile, 150), (world.telecom, 80)):
            stages(
                firm,
                reading.back(month, back),
                at="350102",
                ended_settled=n + more,
                ended_unconfirmed=20,
                ended_failed=3,
                in_time=n,
                ran_out=23 + more,
                delivered=n + 40 + more,
                rated=60,
                marks=240,
            )
        counted(
            "350102",
            reading.back(month, back),
            received=240 + more,
            closed=200,
            closed_settled=180,
            closed_refused=20,
            review_met=30,
            review_late=9,
        )
        for facet, n in (("o:service.telecom", 200), ("p:quality", 33), ("c:web", 240 + more)):
            counted("350102", reading.back(month, back), facet, received=n)
        issued(reading.back(month, back), now=now)
    report = keeping.draft(authority=world.gulou, month=month, by=world.rui, now=now)
    keeping.approve(keeping.submit(report), by=world.head_officer.user, heads=[world.gulou], text="", now=now)
    return keeping.publish(MonthlyReport.objects.get(pk=report.pk), now=now)


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_the_public_goes_from_a_county_report_to_the_files_behind_it(
    world: World, visit: Any, width: int, language: str
) -> None:
    report = a_report(world)
    visitor = visit(width=width, language=language)
    page = visitor.go(f"/open/reports/{report.pk}/")
    assert page.locator("section:has(#h-firms) tbody tr").count() == 2
    assert "▲" in page.locator("section:has(#h-firms) tbody").inner_text()
    assert "%" in page.locator("section:has(#h-stages) tbody tr").first.locator("td").nth(1).inner_text(), (
        "the quarter before"
    )
    visitor.check()
    visitor.shot(f"county-report-{width}-{language}")
    page.locator(f"main a[href='/open/data/{report.data_set}/']").click()
    assert page.locator("main").inner_text().count("enterprise_quarters.csv") == 1
    assert "1到4" in page.locator("main .banner").first.inner_text()
    visitor.check()
    visitor.shot(f"data-set-{width}-{language}")
    visitor.go(f"/open/data/{report.month:%Y-%m}.1/")
    page.locator(f"main a[href='/open/data/{report.data_set}/']").click()
    visitor.go("/open/data/")
    visitor.check()
    visitor.shot(f"data-{width}-{language}")
    visitor.go("/open/data/dictionary/")
    visitor.check()
    visitor.shot(f"dictionary-{width}-{language}")


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_the_public_finds_its_way_without_scripts(world: World, visit: Any, width: int, language: str) -> None:
    figures(world)
    visitor = visit(width=width, language=language)
    page = visitor.go("/open/")
    assert page.locator("svg rect").count() > 0
    page.locator("details summary").last.click()
    visitor.check()
    visitor.shot(f"open-home-{width}-{language}")
    page.locator("main a[href='/open/league/']").click()
    assert page.locator("tbody tr").count() == 3
    visitor.check()
    visitor.shot(f"open-league-{width}-{language}")
    page.locator("#id_sector").focus()
    page.locator("main form button").click()
    page.locator(f"main a[href='/open/enterprises/{world.mobile.code}/']").first.click()
    assert "我们已经改了话费提醒。" in page.locator("#reply").inner_text()
    visitor.check()
    visitor.shot(f"open-enterprise-{width}-{language}")
    page.locator("main a[href*='/open/complaints/']").click()
    assert "陈**" in page.locator("main").inner_text()
    visitor.check()
    visitor.shot(f"open-complaints-{width}-{language}")
    visitor.go("/open/stations/")
    page.locator("main a[href='/open/stations/FZ001/']").click()
    visitor.check()
    visitor.shot(f"open-station-{width}-{language}")
    visitor.go("/open/appraisal/")
    visitor.check()
    # How one reads is chosen on a page of its own and holds from there on.
    page.locator("header .bar-tools a").first.click()
    visitor.check()
    page.locator("main [name=display][value=elder]").click()
    assert page.locator("html").get_attribute("data-display") == "elder"
    visitor.shot(f"open-appraisal-elder-{width}-{language}")
    visitor.check()
