"""From a hot spot to its end: guidance on both sides, reminders, before and after, warnings."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage
from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Staff
from oversight.hot_spots import effects, guiding, warning
from oversight.hot_spots.effects import effect_of
from oversight.hot_spots.guiding import WantedMeasure
from oversight.models import ConsumerWarning, DayFacet, DayRegion, Guidance, HotSpot, HotSpotAction, MonthFacet
from tests import found_in, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import ahead, officer_of
from tests.oversight.counting import CHARGE, DAY, TODAY, received
from tests.oversight.looking import browser, cost, page_of, sent

pytestmark = pytest.mark.django_db


def a_spot(world: World, **columns: Any) -> HotSpot:
    """Mobile's unexplained charges rose in the week that ended yesterday."""
    now, last = timezone.now(), timezone.localdate() - DAY
    facts: dict[str, Any] = {"kind": "week", "enterprise": world.mobile, "facet": f"p:{CHARGE}", "found_at": now}
    facts |= {"place": world.region.pk, "first": last - 6 * DAY, "last": last, "observed": 40, "expected": 10}
    facts |= {"usual": [10] * 8, "around": [100, 90], "chance": 1e-7, "restless": 1.25, "detectable": 3.0}
    return HotSpot.objects.create(**(facts | {"rate": 0.001, "method": 1} | columns))


MEASURE = {"what": "账单逐项列明收费", "responsible": "客服部负责人"}


def a_guidance(world: World, *, sent_at: datetime | None = None, due: int = 20, **columns: Any) -> Guidance:
    by: Any = {"by": world.rui, "now": sent_at or timezone.now()}
    first = WantedMeasure(**MEASURE, due_on=timezone.localdate() + due * DAY)
    of: Any = {"enterprise_id": world.mobile.pk, "authority_id": world.gulou.pk, "causes": "账单没有列明"}
    made = guiding.open_guidance(a_spot(world, **columns).pk, first=first, **of, **by)
    return guiding.send(made.pk, **by)


def test_from_the_hot_spot_to_the_judgement(world: World) -> None:
    spot, officer, enterprise = a_spot(world), browser(world.rui), browser(world.lead)
    path = f"/authority/hot-spots/{spot.pk}/guidance/"
    url = sent(officer, path, enterprise=world.mobile.pk, causes="账单没有列明", due_on=ahead(20), **MEASURE).url
    guidance = Guidance.objects.get()
    assert url == f"/authority/guidance/{guidance.pk}/"
    # The enterprise sees nothing of a draft.
    own = f"/enterprise/guidance/{guidance.pk}/"
    assert enterprise.get(own).status_code == 404
    assert enterprise.get("/enterprise/guidance/").context["rows"] == []
    for what in ("给多扣费的用户退费", "错写的"):
        added = sent(officer, url, do="add", what=what, responsible="财务部负责人", due_on=ahead(30))
        assert added.status_code == 302
    assert sent(officer, url, do="drop", number="3").status_code == 302
    assert sent(officer, url, do="send").status_code == 302
    [letter] = OutgoingMessage.objects.all()
    assert (letter.address, own in letter.body) == ("lead@example.com", True)
    # Now it stands on the enterprise's pages, with measures, posts and dates.
    page = page_of(enterprise, own)
    texts = ("账单没有列明", "账单逐项列明收费", "客服部负责人", "给多扣费的用户退费", "财务部负责人")
    assert not missing_in(page, *texts)
    assert not found_in(page, "错写的", "瑞试")
    assert "报告措施1的进展" in page_of(enterprise, f"{own}?measure=1")
    refused = sent(enterprise, own, measure=1, state="done", text="")
    assert (refused.status_code, "请写明做了什么" in refused.content.decode()) == (422, True)
    assert sent(enterprise, own, measure=1, state="done", text="8月账单起已列明。").status_code == 302
    assert sent(world.ming, own, measure=2, state="under_way", text="已退一半。").status_code == 302
    assert not missing_in(page_of(officer, url), "8月账单起已列明。", "已经完成", "已退一半。", "正在做", "主管")
    assert sent(officer, url, do="close", verdict="", why="").status_code == 422
    assert sent(officer, url, do="close", verdict="unclear", why="时间太短，件数太少。").status_code == 302
    assert (reloaded(guidance).state, guidance.verdict) == ("closed", "unclear")
    assert "时间太短，件数太少。" in page_of(enterprise, own)
    assert sent(enterprise, own, measure=2, state="done", text="退完了。").status_code == 409
    kinds = list(HotSpotAction.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["opened", "added", "added", "added", "dropped", "sent", "reported", "reported", "closed"]
    assert not HotSpotAction.objects.filter(by=None).exists()


def test_only_the_enterprise_itself_and_the_officers_around_see_it(world: World) -> None:
    guidance = a_guidance(world)
    own, theirs = f"/enterprise/guidance/{guidance.pk}/", f"/authority/guidance/{guidance.pk}/"
    for person, status in ((world.hua, 404), (world.ming, 200), (world.chen, 404)):
        assert browser(person).get(own).status_code == status
    head, far = officer_of(world, "head"), officer_of(world, "far")
    for person, status in ((world.su, 200), (head, 200), (far, 404), (world.ming, 404)):
        assert browser(person).get(theirs).status_code == status
    # Whoever sits at the intake reads, and acts no more than a reviewer of the enterprise reports.
    assert sent(world.su, theirs, do="send").status_code == 405
    Staff.objects.create(user=world.otto, enterprise=world.mobile, role=Role.REVIEWER.post)
    assert browser(world.otto).get(f"{own}?measure=1").context["may_report"] is False
    assert sent(world.otto, own, measure=1, state="done", text="x").status_code == 405


def test_what_is_missing_is_named_and_what_was_typed_stays(world: World) -> None:
    spot = a_spot(world)
    for said, words in [
        ({"causes": ""}, "请写明投诉为什么增多"),
        ({"what": ""}, "请写明企业要做什么"),
        ({"responsible": ""}, "请写明由哪个岗位负责"),
        ({"due_on": "2020-01-01"}, "期限不能早于今天"),
        ({"due_on": "9999-01-01"}, "期限最长一年"),
        ({"due_on": "明天"}, "日期请按年-月-日填写"),
        ({"enterprise": "999999"}, "请选择一项"),
    ]:
        good = {"enterprise": str(world.mobile.pk), "causes": "独一无二的原因", "due_on": ahead(20), **MEASURE}
        answer = sent(world.rui, f"/authority/hot-spots/{spot.pk}/guidance/", **(good | said))
        page = answer.content.decode()
        assert (answer.status_code, words in page) == (422, True), words
        assert "causes" in said or "独一无二的原因" in page
        assert not Guidance.objects.exists()


def test_one_guidance_an_enterprise_and_hot_spot_and_a_measure_past_its_date_is_reminded_of_once(world: World) -> None:
    guidance = a_guidance(world, due=2)
    path = f"/authority/hot-spots/{guidance.hot_spot_id}/guidance/"
    again = sent(world.rui, path, enterprise=world.mobile.pk, causes="x", due_on=ahead(20), **MEASURE)
    assert (again.status_code, "已经就这个热点发起过" in again.content.decode()) == (409, True)
    gone = sent(world.rui, f"/authority/guidance/{guidance.pk}/", do="add", due_on=ahead(20), **MEASURE)
    assert gone.status_code == 409
    OutgoingMessage.objects.all().delete()
    now = timezone.now()
    assert [guiding.sweep_reminders(now=now + days * DAY) for days in (2, 3, 4)] == [0, 1, 0]
    letter = OutgoingMessage.objects.get()
    assert (letter.address, "账单逐项列明收费" in letter.body) == ("lead@example.com", True)
    action = HotSpotAction.objects.get(kind="reminded")
    assert (action.guidance, action.measure, action.by) == (guidance, 1, None)
    assert "系统" in page_of(world.lead, f"/enterprise/guidance/{guidance.pk}/")
    done = a_guidance(world, due=2, facet="")
    guiding.report(done.pk, 1, state="done", text="好了", by=world.lead, now=now)
    assert guiding.sweep_reminders(now=now + 5 * DAY) == 0, "a measure that is done is not reminded of"


def test_a_region_offers_the_enterprises_with_the_most_cases_of_it(world: World) -> None:
    spot = a_spot(world, enterprise=None, region=world.region)
    for enterprise, n in ((world.telecom, 2), (world.mobile, 5)):
        received({spot.last: n}, region=world.region.pk, enterprise=enterprise.pk, problem=CHARGE)
    received({spot.last - 30 * DAY: 9}, region=world.region.pk, enterprise=world.telecom.pk, problem=CHARGE)
    page = browser(world.rui).get(f"/authority/hot-spots/{spot.pk}/guidance/")
    expected = [str(world.mobile.pk), str(world.telecom.pk)]
    assert [pk for pk, _name in page.context["form"].fields["enterprise"].choices] == expected
    assert "（5件）" in page.content.decode()


def test_the_lists_cost_the_same_however_long_they_are(world: World) -> None:
    a_guidance(world)
    for person, url in ((world.rui, "/authority/guidance/"), (world.lead, "/enterprise/guidance/")):
        client = browser(person)
        few = cost(client, url)
        for back in range(100, 112):
            day = timezone.localdate() - back * DAY
            a_guidance(world, due=0, last=day, first=day, kind="day", facet=f"p:{person.pk}.{back}")
        assert cost(client, url) == few <= 16


def sums_of_the_country(world: World, counts: dict[date, int]) -> None:
    country = world.region
    while country.parent is not None:
        country = country.parent
    DayFacet.objects.bulk_create(DayFacet(day=day, facet=f"p:{CHARGE}", received=n) for day, n in counts.items())
    DayRegion.objects.bulk_create(DayRegion(day=day, region=country.pk, received=2 * n) for day, n in counts.items())


NOON = datetime(2026, 11, 26, 12, 0, tzinfo=SHANGHAI)


SENT = TODAY - 60 * DAY
#: The hot spot was found in a week that ended ten days before the sending.
LAST, FIRST = SENT - 10 * DAY, SENT - 16 * DAY
#: The usual days: those before the hot spot.
USUAL_DAYS = [FIRST - back * DAY for back in range(1, 183)]


def of_provinces(n: int = 6) -> None:
    """In so many other provinces there were such complaints in the usual months."""
    provinces = Region.objects.filter(level="province").exclude(code="350000").order_by("pk")[:n]
    for province in provinces:
        for facet in ("", f"p:{CHARGE}"):
            MonthFacet.objects.create(region=province.pk, facet=facet, month=date(2026, 5, 1), received=9)


def guided(world: World, *, after: int, usual: int = 5, sent_at: datetime | None = None, **columns: Any) -> Guidance:
    """``usual`` a day before, 20 while it was hot and until the sending, ``after`` a day since; the country stays at
    100 a day.
    """
    guidance = a_guidance(world, sent_at=sent_at or NOON - 60 * DAY, **{"first": FIRST, "last": LAST} | columns)
    days = [TODAY - back * DAY for back in range(1, 270)]
    own = {day: after if day > SENT else 20 if day >= FIRST else usual for day in days} | {TODAY: 99}
    received(own, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    received(own, region=world.region.pk, enterprise=world.mobile.pk, problem="goods.quality")
    sums_of_the_country(world, dict.fromkeys([*days, TODAY], 100))
    of_provinces()
    return guidance


def test_before_and_after_beside_everybody_else(world: World) -> None:
    guidance = guided(world, after=2)
    assert effects.sweep(now=NOON) == 1
    effect = effect_of(reloaded(guidance))
    assert effect is not None
    [first, second] = effect.looks
    assert (effect.days_before, first.before, first.after, second.after) == (182, 182 * 5, 28 * 2, 56 * 2)
    assert (second.control_before, second.control_after, second.units) == (182 * 95, 56 * 98, 6)
    assert (effect.days_after, effect.so_far.after) == (56, 56 * 2)
    assert (effect.verdict, effect.is_success) == ("below", True)
    page = page_of(world.lead, f"/enterprise/guidance/{guidance.pk}/")
    assert not missing_in(page, "低于平常61%（", "同类没有同样下降：起了作用", "方法2：之前是截至")
    # Counted once a day, as whole days are counted, and never after the end.
    assert effects.sweep(now=NOON + timedelta(hours=3)) == 0
    assert effects.sweep(now=NOON + DAY) == 1
    guiding.close(guidance.pk, verdict="effective", why="降了", by=world.rui, now=NOON)
    assert effects.sweep(now=NOON + 10 * DAY) == 0


def test_a_burst_that_went_by_itself_is_no_work_of_the_guidance(world: World) -> None:
    """After the sending there are as many as before the burst: a fourth of what it was while it was found."""
    guidance = guided(world, after=5)
    effects.sweep(now=NOON)
    page = page_of(world.rui, f"/authority/guidance/{guidance.pk}/")
    assert not missing_in(page, "已回到平常；自行回落也会这样，不算指导的作用。")
    assert "起了作用。" not in page
    refused = sent(world.rui, f"/authority/guidance/{guidance.pk}/", do="close", verdict="effective", why="降了很多")
    shown = refused.content.decode()
    assert (refused.status_code, missing_in(shown, "的，才能选“起了作用”", "降了很多")) == (409, [])
    assert sent(world.rui, f"/authority/guidance/{guidance.pk}/", do="close", verdict="not", why="x").status_code == 302


def test_between_the_looks_nothing_is_said_and_days_of_older_hot_spots_are_not_usual(world: World) -> None:
    guidance = guided(world, after=2, sent_at=NOON - 60 * DAY)
    a_spot(world, first=FIRST - 30 * DAY, last=FIRST - 24 * DAY)
    effects.sweep(now=NOON - 35 * DAY)
    effect = effect_of(reloaded(guidance))
    assert effect is not None
    assert (effect.days_before, effect.looks, effect.verdict) == (175, (), "early")
    assert "还不能下结论" in page_of(world.rui, f"/authority/guidance/{guidance.pk}/")


def test_what_was_shown_by_method_1_is_counted_anew_and_the_page_says_so(world: World) -> None:
    guidance = guided(world, after=5)
    old = {"counts": [500, 40, 9000, 9000], "days": [56, 56], "restless": 1.2, "control": {}}
    Guidance.objects.filter(pk=guidance.pk).update(
        state="closed", verdict="effective", closed_at=NOON, effect=old, counted_at=NOON
    )
    assert effect_of(reloaded(guidance)) is None
    assert [effects.sweep(now=NOON + n * DAY) for n in (1, 2)] == [1, 0]
    page = page_of(world.rui, f"/authority/guidance/{guidance.pk}/")
    assert not missing_in(page, "按方法2重新计算；以前按方法1显示的结论作废", "没有依据这样说", "已回到平常")


def control_of(world: World, **columns: Any) -> tuple[str, int, int, int]:
    """Of a guidance of Mobile: what it is compared with, that group's counts before and after, of how many units."""
    guidance = a_guidance(world, sent_at=NOON - 60 * DAY, **{"first": FIRST, "last": LAST} | columns)
    result = effects.counted(Guidance.objects.select_related("hot_spot__region").get(pk=guidance.pk), now=NOON)
    counts = result.judged
    return result.control_group.kind, counts.control_before, counts.control_after, counts.units


def spread_out(world: World, *, others: int) -> None:
    """One a day of Mobile; of ``others`` other enterprises one a day in this county and in as many others of the
    province; ten times as many in the country.
    """
    around = Region.objects.get(level="province", pk__lte=world.region.pk, last__gte=world.region.pk)
    counties = Region.objects.filter(level="county", pk__gt=around.pk, pk__lte=around.last).exclude(pk=world.region.pk)
    places = [world.region, *counties.order_by("pk")[:others]]
    days = dict.fromkeys([*USUAL_DAYS, *(SENT + n * DAY for n in range(1, 60))], 1)
    received(days, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE)
    for n, region in enumerate(places):
        received(days, region=region.pk, enterprise=9000 + n, problem=CHARGE)
    sums_of_the_country(world, dict.fromkeys(days, 10 * (others + 2)))
    of_provinces()


def test_a_cell_is_compared_with_what_lies_around_it(world: World) -> None:
    spread_out(world, others=5)
    assert control_of(world, enterprise=None, region=world.region) == ("counties", 5 * 182, 5 * 56, 5)
    assert control_of(world) == ("firms", 6 * 182, 6 * 56, 6)


def test_the_page_says_with_what_it_is_compared_and_why(world: World) -> None:
    """Two other counties are too few units; the country is taken, without the county and the enterprise."""
    spread_out(world, others=2)
    assert control_of(world, enterprise=None, region=world.region) == ("country", (40 - 2) * 182, (40 - 2) * 56, 6)
    guidance = Guidance.objects.get()
    effects.sweep(now=NOON)
    page = page_of(world.rui, f"/authority/guidance/{guidance.pk}/")
    assert not missing_in(page, "对照：全国其他地方、其他企业的同类投诉", "福建省不足，所以用全国")
    assert "所以用全国" in page_of(world.lead, f"/enterprise/guidance/{guidance.pk}/")
    MonthFacet.objects.all().delete()
    effects.sweep(now=NOON + DAY)
    assert "没有足够的对照" in page_of(world.rui, f"/authority/guidance/{guidance.pk}/")


def test_a_fall_that_came_everywhere_is_said_to_be_none(world: World) -> None:
    guidance = guided(world, after=2)
    DayFacet.objects.filter(day__gt=SENT).update(received=42)
    effects.sweep(now=NOON)
    effect = effect_of(reloaded(guidance))
    assert effect is not None
    assert effect.judged.control_after == 56 * 40
    assert (effect.is_success, effect.ratio and effect.ratio.high > 0.9) == (False, True)


def test_nothing_can_be_compared_on_the_first_day_and_of_a_region_only_the_guided_one_counts(world: World) -> None:
    guidance = a_guidance(world, sent_at=NOON, first=TODAY - 9 * DAY, last=TODAY - 3 * DAY)
    effects.sweep(now=NOON)
    effect = effect_of(reloaded(guidance))
    assert effect is not None
    assert (effect.days_after, effect.ratio, effect.verdict) == (0, None, "early")
    assert "还不能下结论" in page_of(world.rui, f"/authority/guidance/{guidance.pk}/")
    of_a_region = {"enterprise": None, "region": world.region, "first": FIRST, "last": LAST}
    guidance = a_guidance(world, sent_at=NOON - 60 * DAY, **of_a_region)
    far = Officer.objects.get(user=officer_of(world, "far")).authority.region
    for region, enterprise in ((world.region, world.mobile), (far, world.mobile), (world.region, world.telecom)):
        received({FIRST - DAY: 4, SENT + 2 * DAY: 3}, region=region.pk, enterprise=enterprise.pk, problem=CHARGE)
    result = effects.counted(Guidance.objects.select_related("hot_spot").get(pk=guidance.pk), now=NOON)
    assert (result.judged.before, result.judged.after) == (4, 3)


def test_a_warning_is_drafted_approved_by_another_published_and_withdrawn(world: World) -> None:
    spot, officer, head = a_spot(world), browser(world.rui), browser(officer_of(world, "head"))
    url = sent(officer, f"/authority/hot-spots/{spot.pk}/warning/").url
    result = ConsumerWarning.objects.get()
    # From the numbers, and without naming the enterprise.
    assert not missing_in(result.text, "的投诉较多，约为平时同样长的时间的4倍", "投诉不等于违法")
    assert "40" not in result.text, "a week beside the published month would tell the rest of it"
    assert "移动" not in result.title + result.text
    assert sent(officer, f"/authority/hot-spots/{spot.pk}/warning/")["Location"] == url
    public = f"/open/warnings/{result.pk}/"
    assert Client().get(public).status_code == 404
    assert sent(officer, url, do="edit", title="", text="").status_code == 422
    assert sent(officer, url, do="edit", title="当心宽带乱收费", text="请核对账单。").status_code == 302
    assert sent(officer, url, do="propose").status_code == 302
    assert sent(officer, url, do="edit", title="x", text="y").status_code == 409
    # A handler does not publish; a head sends it back, and publishes what another one submits.
    assert sent(officer, url, do="approve").status_code == 404
    assert sent(head, url, do="send_back", why="写明时间。").status_code == 302
    assert "写明时间。" in page_of(officer, url)
    assert sent(officer, url, do="propose").status_code == 302
    assert Client().get("/open/warnings/").context["rows"] == []
    assert sent(head, url, do="approve").status_code == 302
    assert "当心宽带乱收费" in page_of(None, "/open/warnings/")
    page = Client().get(public)
    assert ("请核对账单。" in page.content.decode(), "瑞试" in page.content.decode()) == (True, False)
    assert page["Cache-Control"] == "public, no-cache", "a warning that is withdrawn is gone at once"
    assert sent(head, url, do="withdraw", why="").status_code == 422
    assert sent(head, url, do="withdraw", why="情况已经改正。").status_code == 302
    assert Client().get("/open/warnings/").context["rows"] == []
    gone = page_of(None, public)
    assert ("情况已经改正。" in gone, "请核对账单。" in gone) == (True, False)
    kinds = list(HotSpotAction.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["drafted", "edited", "proposed", "sent_back", "proposed", "published", "withdrawn"]
    # Nobody publishes what they submitted.
    by: Any = {"by": officer_of(world, "head"), "now": timezone.now()}
    made = warning.propose(warning.draft(a_spot(world, facet="").pk, authority_id=world.gulou.pk, **by).pk, **by)
    answer = sent(head, f"/authority/warnings/{made.pk}/", do="approve")
    assert (answer.status_code, "须由另一位人员办理" in answer.content.decode()) == (409, True)
    published = {"state": "published", "decided_by": by["by"], "published_at": by["now"]}
    with pytest.raises(IntegrityError, match="published_by_a_second_person"), transaction.atomic():
        ConsumerWarning.objects.filter(pk=made.pk).update(**published)


def test_the_menus_lead_there_and_english_pages_mark_what_stays_chinese(world: World) -> None:
    page = page_of(world.rui, "/authority/")
    assert not missing_in(page, 'href="/authority/hot-spots/"', 'href="/authority/guidance/"')
    assert 'href="/enterprise/guidance/"' in page_of(world.lead, "/enterprise/queue/")
    assert 'href="/open/warnings/"' in page_of(None, "/")
    client, spot = browser(world.rui), a_spot(world)
    sent(client, f"/authority/hot-spots/{spot.pk}/warning/")
    for path in ("hot-spots/", f"hot-spots/{spot.pk}/", "guidance/", "warnings/?view=draft"):
        page = page_of(client, f"/authority/{path}", **{"accept-language": "en"})
        assert "Hot spots" in page
    assert 'lang="zh-Hans"' in page


def test_a_warning_counts_no_multiples_of_almost_nothing(world: World) -> None:
    _title, text = warning.drafted_texts(reloaded(a_spot(world, usual=[0, 1, 0, 0, 1, 0, 1, 0])))
    assert ("的投诉较多，比平时明显增多" in text, "倍" in text) == (True, False)
