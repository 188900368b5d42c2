"""What the public reads: indicators, published complaints, stations, replies of enterprises, grades; and who may change
them.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.handling.steps import both, casework, enterprise
from complaints.models import StationEntry
from complaints.procedure.workflow import Status
from enterprises.enrolment import replying
from enterprises.models import Appraisal, Enterprise, PublicReply, Station
from oversight.mirror import appraisals
from oversight.models.published_models import OpenIndicators
from oversight.published import indicator_making
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.oversight.counting import counted, issued, stages
from tests.oversight.looking import browser, page_of, sent

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
TEXT = "我们已经退还多收的费用，并取消了这个套餐。"


def read(url: str, **headers: str) -> str:
    """The page as it is now, which sets no cookie."""
    cache.clear()
    client = Client(headers=headers)
    page = page_of(client, url)
    assert not client.cookies
    return page


def test_without_figures_the_page_says_so_and_sums_are_those_of_the_counters_made_once_a_day(world: World) -> None:
    """福州 has many, 厦门 a few."""
    for query in ("", "?region=x", "?region=99999999999", "?region=-1"):
        assert "还没有公布过数字" in read(f"/open/{query}"), query
    for month, many, few in ((date(2026, 9, 1), 120, 3), (date(2026, 10, 1), 150, 20)):
        for code, n in (("350100", many), ("350200", few)):
            counted(code, month, received=n, ended_settled=n - n // 3, ended_failed=n // 3, in_time=n)
            counted(code, month, "o:service.telecom", received=n - n // 4)
    issued(date(2026, 9, 1), date(2026, 10, 1), now=NOW)
    indicator_making.publish(now=NOW)
    first, second = (Region.objects.get(code=code).pk for code in ("350100", "350200"))
    data = {row.region: row.data for row in OpenIndicators.objects.all()}
    country = OpenIndicators.objects.get(level="country").data
    assert country["received"] == 293
    assert dict(data[second]["months"])["2026-09"] is None
    assert data[second]["received"] == [20], "three more are not told, and so the sum is not"
    # The other city would lead to it, if the month of both together were shown.
    months = dict(data[first]["months"]), dict(country["months"])
    assert None in (months[0]["2026-09"], months[1]["2026-09"])
    assert dict(data[second]["months"])["2026-10"] == 20
    assert not missing_in(read("/open/"), "293", "福建省")
    assert not missing_in(read(f"/open/?region={second}"), "不公布", "至少20", "厦门市")
    assert "Complaints received" in read("/open/", **{"accept-language": "en"})
    assert indicator_making.publish(now=NOW) == 0
    assert indicator_making.publish(now=NOW.replace(day=27)) > 0


def test_a_complaint_is_published_by_decision_masked_with_the_reply_beside_it_and_gone_with_the_consent(
    world: World,
) -> None:
    case = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    given.step(case, both.give_publication_consent(), world.consumer, timezone.now())
    given.step(case, enterprise.reply_publicly(text="已全部退还。"), world.handler, timezone.now())
    assert "还没有公示的投诉" in read("/open/complaints/")
    assert read(f"/open/complaints/?enterprise={world.mobile.code}")
    assert Client().get("/open/complaints/?enterprise=nobody").status_code == 404
    given.step(case, casework.publish(), world.officer, timezone.now())
    text = read("/open/complaints/")
    assert not missing_in(text, "陈**", "已全部退还。")
    assert not found_in(text, "陈试", "13800000001", "某路1号", "我没有开通过")
    etag = Client().get("/open/complaints/")["ETag"]
    unchanged = Client().get("/open/complaints/", headers={"if-none-match": etag})
    assert (unchanged.status_code, "no-cache" in unchanged["Cache-Control"]) == (304, True)
    given.step(case, both.withdraw_publication_consent(), world.consumer, timezone.now())
    after = Client().get("/open/complaints/", headers={"if-none-match": etag})
    assert (after.status_code, "还没有公示的投诉" in after.content.decode()) == (200, True)


def test_a_station_says_whose_place_it_is_and_withholds_small_numbers(world: World) -> None:
    place: Any = {"kind": "hall", "address": "八一七路1号", "authority": world.gulou, "enterprise": world.mobile}
    station = Station.objects.create(code="FZ001", name="东街口服务站", starts_on=date(2026, 1, 1), **place)
    same: Any = {"station": station, "by": world.rui, "category": "service.repair", "how": "refund", "problem": "电池"}
    before, now = timezone.localtime().replace(day=1) - timedelta(days=2), timezone.now()
    # One of today is told when the month is over.
    for at, state, n in ((before, "confirmed", 6), (before, "unconfirmed", 3), (now, "confirmed", 1)):
        for _ in range(n):
            StationEntry.objects.create(at=at, state=state, answered_at=now, **same)
    assert "东街口服务站" in read("/open/stations/")
    text = read("/open/stations/FZ001/")
    assert not missing_in(text, "自己的场所", "<dd>6</dd>", "<dd>少于5</dd>", "/go/FZ001/")
    assert "电池" not in text
    assert Client().get("/open/stations/NONE/").status_code == 404
    Station.objects.filter(pk=station.pk).update(ends_on=date(2026, 2, 1))
    cache.clear()
    assert Client().get("/open/stations/FZ001/").status_code == 404


@pytest.fixture
def ours(world: World) -> World:
    Enterprise.objects.filter(pk=world.mobile.pk).update(enrolled_by=world.gulou, enrolment="enrolled")
    return world


OURS, CHECKED = "/enterprise/reply/", "/authority/replies/"


def test_a_reply_is_shown_when_an_officer_of_the_place_has_checked_it(ours: World) -> None:
    page, far = f"/open/enterprises/{ours.mobile.code}/", ours.far_officer.user
    assert browser(ours.ming).get(OURS).status_code == 404
    assert browser(ours.chen).get(CHECKED).status_code == 404
    assert sent(ours.lead, OURS, text=TEXT).status_code == 302
    assert (TEXT in read(page), "有一条新的说明正在核对" in read(page)) == (False, True)
    waiting = PublicReply.objects.get()
    assert TEXT not in page_of(far, CHECKED)
    sent(far, CHECKED, reply=str(waiting.public_id), do="show")
    assert reloaded(waiting).state == "waiting"
    assert TEXT in page_of(ours.rui, CHECKED)
    sent(ours.rui, CHECKED, reply=str(waiting.public_id), do="show")
    assert TEXT in read(page)
    sent(ours.lead, OURS, do="take_down")
    assert TEXT not in read(page)


def test_a_reply_is_refused_on_a_ground_only_and_what_is_too_long_is_kept_and_named(ours: World) -> None:
    answer = sent(ours.lead, OURS, text="长" * 501)
    assert (answer.status_code, "长" * 501 in answer.content.decode()) == (422, True)
    assert not PublicReply.objects.exists()
    sent(ours.lead, OURS, text=TEXT)
    waiting = PublicReply.objects.get()
    for ground, state in (("", "waiting"), ("names_somebody", "refused")):
        sent(ours.rui, CHECKED, reply=str(waiting.public_id), do="refuse", ground=ground)
        assert reloaded(waiting).state == state
    assert "写了消费者或者其他人的信息" in page_of(ours.lead, OURS)


def test_the_newest_reply_takes_the_place_of_the_one_before(ours: World) -> None:
    for text in ("第一条说明。", "第二条说明。"):
        row = replying.write(ours.mobile, text, by=ours.lead, now=timezone.now())
        replying.decide(row, "", by=ours.rui, on=timezone.localdate(), now=timezone.now())
    expected = [("第二条说明。", "shown"), ("第一条说明。", "replaced")]
    assert [(row.text, row.state) for row in replying.of_enterprise(ours.mobile.pk)] == expected


GOOD = {"settled": 90, "judged": 100, "in_time": 100, "timed": 100, "kept": 40, "promised": 40, "again": 0}
GOOD |= {"delivered": 100, "answered": 100, "last_day": 10}


def test_points_follow_the_published_formula() -> None:
    for changes, points, grade in (
        ({}, 27 + 25 + 20 + 15 + 9, "A"),
        ({"settled": 30}, 9 + 25 + 20 + 15 + 9, "B"),
        ({"settled": 0, "kept": 0}, 25 + 15 + 9, "C"),
    ):
        result = appraisals.points_of(GOOD | changes)
        assert (sum(result.values()), appraisals.grade_of(points, was_suspended=False)) == (points, grade)
    assert appraisals.grade_of(100, was_suspended=True) == "B"
    # Of fewer than thirty promises nothing is said: they are left out of the hundred.
    for promised in (0, 29):
        perfect = {**GOOD, "settled": 100, "last_day": 0, "kept": 0, "promised": promised}
        assert abs(sum(appraisals.points_of(perfect).values()) - 100) <= 1
        assert "kept" not in appraisals.points_of(perfect)
    assert appraisals.points_of(GOOD | {"kept": 0, "promised": 30})["kept"] == 0


def test_two_officers_make_a_grade_public(ours: World) -> None:
    year = timezone.localdate().year - 1
    stages(ours.mobile, date(year, 5, 1), ended_settled=95, ended_failed=5, in_time=100, delivered=100)
    issued(*(date(year, month, 1) for month in (3, 6, 9)), now=timezone.now())
    assert appraisals.computed([ours.mobile], year) == {}, "the last quarter is not issued"
    issued(date(year, 12, 1), now=timezone.now())
    head, grades = ours.head_officer.user, "/authority/appraisals/"
    page = f"/open/enterprises/{ours.mobile.code}/"
    propose = {"do": "propose", "which": str(ours.mobile.pk)}
    far = ours.far_officer.user
    assert str(ours.mobile) not in page_of(far, grades), "an officer from elsewhere grades nobody"
    assert sent(far, grades, **propose, grade="A").status_code == 404
    sent(ours.rui, grades, **propose, grade="C", reason="")
    assert not Appraisal.objects.exists()
    sent(ours.rui, grades, **propose, grade="A", reason="")
    row = Appraisal.objects.get()
    assert (row.computed, row.grade, row.decided_at) == ("A", "A", None)
    assert "年度评价" not in read(page).partition("<footer")[0].replace("年度评价</a>", "")
    # Neither the one who proposed nor who only handles cases.
    Officer.objects.create(user=ours.rui, authority=ours.gulou, role=Role.APPROVER.post)
    sent(ours.rui, grades, do="approve", which=str(row.pk))
    assert reloaded(row).decided_at is None
    sent(head, grades, do="approve", which=str(row.pk))
    assert reloaded(row).decided_by == head
    assert "A级" in read(page)
    assert str(ours.mobile) in read("/open/appraisal/")


def test_a_grade_is_made_of_what_is_published(ours: World) -> None:
    """Three that are withheld would follow from the points, if these were made of what was counted."""
    year = timezone.localdate().year - 1
    numbers = {"ended_settled": 97, "ended_failed": 3, "in_time": 90, "ran_out": 10, "delivered": 100, "again": 8}
    stages(ours.mobile, date(year, 2, 1), **numbers)
    issued(*(date(year, month, 1) for month in (3, 6, 9, 12)), now=timezone.now())
    result = appraisals.computed([ours.mobile], year)[ours.mobile.pk]
    expected = (0, 0, 90, 100, 8)
    assert (result["settled"], result["judged"], result["in_time"], result["timed"], result["again"]) == expected
    assert set(appraisals.points_of(result)) == {"on_time", "again"}


@pytest.mark.parametrize(
    ("answered", "last", "is_counted"),
    # Of the country one in five is on the last day: 29 say nothing, and 9 of 30 may be chance.
    [(29, 29, False), (30, 9, False), (40, 16, True), (60, 12, False)],
)
def test_the_last_day_costs_points_only_where_it_is_surely_more_than_elsewhere(
    ours: World, answered: int, last: int, is_counted: bool
) -> None:
    year = timezone.localdate().year - 1
    numbers = {"ended_settled": 100, "in_time": 100, "delivered": 100, "promise_due": 40, "promise_kept": 40}
    numbers |= {"answered": answered, "ended_last_day": last}
    stages(ours.mobile, date(year, 2, 1), **numbers)
    stages(
        ours.telecom, date(year, 2, 1), in_time=900, delivered=900, answered=500 - answered, ended_last_day=100 - last
    )
    issued(*(date(year, month, 1) for month in (3, 6, 9, 12)), now=timezone.now())
    result = appraisals.computed([ours.mobile], year)[ours.mobile.pk]
    expected = (answered, last) if is_counted else (0, 0)
    assert (result["answered"], result["last_day"]) == expected
    points = appraisals.points_of(result)
    assert points.get("last_day") == (10 * (answered - last) // answered if is_counted else None)


def test_how_one_reads_is_chosen_on_a_page_of_its_own(world: World) -> None:
    client = Client()
    assert 'value="/open/"' in page_of(client, "/display/?next=/open/")
    assert sent(client, "/display/", language="en", next="/open/").url == "/open/"
    assert 'lang="en"' in page_of(client, "/open/")
    assert 'href="//evil.example' not in page_of(client, "/display/?next=//evil.example/")
