"""降诉行动 from the call to the end: both desks, the second person, the public page, what is counted."""

import re
from datetime import date
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import OutgoingMessage
from accounts.roles import Role
from authorities.models import Officer
from enterprises.models import Staff
from oversight.hot_spots import campaign, campaign_effects, campaign_minutes, guiding, undertakings
from oversight.hot_spots.campaign_counts import Cell
from oversight.hot_spots.guiding import ReductionRefusal, WantedMeasure
from oversight.models import Campaign, CampaignControl, CampaignEffect, Guidance, GuidanceMeasure, HotSpotAction
from tests import found_in, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import ahead, officer_of
from tests.oversight.counting import CHARGE, DAY, a_shop, received, weeks
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.looking import browser, page_of, sent

pytestmark = pytest.mark.django_db

UNDERTAKING = {"what": "账单逐项列明收费", "responsible": "客服部负责人"}


def complaints(world: World, *, days: int = 60) -> None:
    """Of Mobile two a day, of Telecom one, in the last days."""
    today = timezone.localdate()
    for enterprise, n in ((world.mobile, 2), (world.telecom, 1)):
        counts = {today - back * DAY: n for back in range(1, days + 1)}
        received(counts, region=world.region.pk, enterprise=enterprise.pk, problem=CHARGE)


def begun(world: World, **values: Any) -> Campaign:
    complaints(world)
    cell = Cell(world.region.pk, problem=CHARGE)
    return campaign.begin(
        title="资费降诉行动",
        why="资费投诉多。",
        cell=cell,
        spot=None,
        authority_id=world.gulou.pk,
        by=world.rui,
        now=timezone.now(),
        **values,
    )


def called(world: World, *, now: Any = None) -> Campaign:
    made, day = begun(world), timezone.localdate() + 3 * DAY
    firms = [world.mobile.pk, world.telecom.pk]
    return campaign.call(made.pk, firms=firms, meets_on=day, where="局里", by=world.rui, now=now or timezone.now())


def running(world: World, *, due: int = 20, **measure: Any) -> Campaign:
    made, by = called(world), {"by": world.rui, "now": timezone.now()}
    wanted = WantedMeasure(**UNDERTAKING, due_on=timezone.localdate() + due * DAY, **measure)
    guiding.add_measure(made.guidances.get(enterprise=world.mobile).pk, wanted, **by)
    today = timezone.localdate()
    return campaign.meet(made.pk, met_on=today, firms=[world.mobile.pk], attended="鼓楼局", minutes="都答应了。", **by)


def published(world: World, **values: Any) -> Campaign:
    made = running(world, **values)
    campaign.ask_to_publish(made.pk, by=world.rui, now=timezone.now())
    return campaign.publish(made.pk, by=officer_of(world, "head"), now=timezone.now())


def test_from_the_first_page_to_the_public_one(world: World) -> None:
    complaints(world)
    officer, head, enterprise = browser(world.rui), browser(officer_of(world, "head")), browser(world.lead)
    new = {"title": "资费降诉行动", "why": "资费投诉多。", "region": world.region.pk, "sector": "", "problem": CHARGE}
    url = sent(officer, "/authority/campaigns/new/", **new).url
    made = Campaign.objects.get()
    assert url == f"/authority/campaigns/{made.pk}/"
    # What chose it: eight weeks, and what was before them.
    assert made.figures == [[world.mobile.pk, 112, 8], [world.telecom.pk, 56, 4]]
    firms = [world.mobile.pk, world.telecom.pk]
    assert sent(officer, url, do="call", firms=firms, meets_on=ahead(5), where="福州会议中心").status_code == 302
    letter = next(one for one in OutgoingMessage.objects.all() if one.address == "lead@example.com")
    guidance = Guidance.objects.get(campaign=made, enterprise=world.mobile)
    own = f"/enterprise/guidance/{guidance.pk}/"
    assert not missing_in(letter.subject + letter.body, "召集降诉行动会议", "福州会议中心", own)
    # The enterprise writes down what it promises; nobody meets without.
    meet = {"do": "meet", "met_on": timezone.localdate(), "firms": [world.mobile.pk], "attended": "鼓楼局、消委会"}
    refused = sent(officer, url, **meet, minutes="都答应了。")
    assert (refused.status_code, "还没有措施" in refused.content.decode()) == (409, True)
    assert sent(enterprise, own, do="add", due_on=ahead(20), figure="", target="", **UNDERTAKING).status_code == 302
    assert sent(enterprise, own, do="add", due_on=ahead(20), figure="", target="", what="错写的", responsible="x").url
    assert sent(enterprise, own, do="drop", number=2).status_code == 302
    assert sent(officer, url, **meet, minutes="都答应了。").status_code == 302
    # From the meeting on nothing of it is changed.
    late = sent(enterprise, own, do="add", due_on=ahead(20), figure="", target="", **UNDERTAKING)
    assert (late.status_code, "不能再改" in late.content.decode()) == (409, True)
    said = sent(enterprise, own, measure=1, state="done", text="账单已改。", evidence="公告〔2026〕3号")
    assert said.status_code == 302
    assert not missing_in(
        page_of(officer, f"/authority/guidance/{guidance.pk}/"), "账单已改。", "公告〔2026〕3号", "主管"
    )
    # Each act of the page can be sent by a browser.
    main = page_of(officer, url).partition("<main")[2].partition("</main>")[0]
    forms = re.findall(r'<form[^>]*method="post".*?</form>', main, re.DOTALL)
    assert not [one for one in forms if missing_in(one, "csrfmiddlewaretoken", "idempotency_key", 'name="do"')]
    assert sorted(re.findall(r'name="do"\s+value="(\w+)"', " ".join(forms))) == ["ask", "judge"]
    # Nobody reads it before a second person agreed.
    public, framed = f"/open/campaigns/{made.pk}/", f"/embed/campaigns/{made.pk}/"
    assert browser(None).get(public).status_code == browser(None).get(framed).status_code == 404
    assert sent(officer, url, do="ask").status_code == 302
    assert browser(None).get(public).status_code == 404
    assert sent(officer, url, do="publish").status_code == 404
    assert sent(head, url, do="publish").status_code == 302
    page = page_of(None, public)
    assert not missing_in(
        page, "资费降诉行动", "企业答应1项措施：1项做到，0项逾期", "账单逐项列明收费", "做到", "没有到会"
    )
    assert not found_in(page, "都答应了。", "112", "账单已改。", "瑞试", "错写的")
    # For a frame on another site: the sum of it, and the way to the page.
    shown = browser(None).get(framed)
    assert ("X-Frame-Options" in shown, "frame-ancestors *" in shown["Content-Security-Policy"]) == (False, True)
    frame = shown.content.decode()
    assert not missing_in(frame, "资费降诉行动", "企业答应1项措施：1项做到，0项逾期", f'{public}"', "投诉不等于违法")
    assert not found_in(frame, "<form", "账单逐项列明收费", "瑞试")
    assert f"{framed}&quot;" in page or f'{framed}"' in page
    # Its published figures are a link away, and there.
    assert f"/open/enterprises/{world.mobile.code}/" in page
    assert browser(None).get(f"/open/enterprises/{world.mobile.code}/").status_code == 200
    assert "资费降诉行动" in page_of(None, "/open/campaigns/")
    table = browser(None).get(f"{public}undertakings.csv")
    assert "账单逐项列明收费" in table.content.decode()
    kinds = list(HotSpotAction.objects.filter(campaign=made, guidance=None).values_list("kind", flat=True))
    assert kinds == ["begun", "called", "met", "asked", "public"]


def test_nobody_publishes_what_they_proposed_themselves(world: World) -> None:
    made, head = running(world), officer_of(world, "head")
    campaign.ask_to_publish(made.pk, by=head, now=timezone.now())
    with pytest.raises(ReductionRefusal):
        campaign.publish(made.pk, by=head, now=timezone.now())
    again = sent(head, f"/authority/campaigns/{made.pk}/", do="publish")
    assert (again.status_code, reloaded(made).publicity) == (409, "proposed")


def test_what_was_withdrawn_says_so_and_why(world: World) -> None:
    made, head = published(world), officer_of(world, "head")
    url = f"/authority/campaigns/{made.pk}/"
    assert sent(head, url, do="withdraw", why="").status_code == 422
    assert sent(head, url, do="withdraw", why="企业名称写错了。").status_code == 302
    page = page_of(None, f"/open/campaigns/{made.pk}/")
    assert not missing_in(page, "已经撤下", "企业名称写错了。")
    assert "账单逐项列明收费" not in page
    assert "账单逐项列明收费" not in browser(None).get(f"/open/campaigns/{made.pk}/undertakings.csv").content.decode()
    frame = page_of(None, f"/embed/campaigns/{made.pk}/")
    assert ("已经撤下" in frame, "项措施" in frame) == (True, False)


def test_an_enterprise_replies_and_an_officer_looks_before_everybody_reads_it(world: World) -> None:
    made = published(world)
    guidance, public = made.guidances.get(enterprise=world.mobile), f"/open/campaigns/{made.pk}/"
    assert (
        sent(world.lead, f"/enterprise/guidance/{guidance.pk}/", do="reply", reply="我们已经整改。").status_code == 302
    )
    assert not found_in(page_of(None, public), "我们已经整改。")
    assert "正在核对" in page_of(None, public)
    seen = made.firms.get(enterprise=world.mobile).replied_at.isoformat()
    url, shown = f"/authority/campaigns/{made.pk}/", {"do": "show_reply", "enterprise": world.mobile.pk}
    # What was changed while the officer read is not shown unread.
    assert sent(world.rui, url, **shown, seen="2020-01-01").status_code == 409
    assert sent(world.rui, url, **shown, seen=seen).status_code == 302
    assert "我们已经整改。" in page_of(None, public)


def test_strangers_see_nothing_and_readers_do_nothing(world: World) -> None:
    made = running(world)
    url, guidance = f"/authority/campaigns/{made.pk}/", made.guidances.get(enterprise=world.mobile)
    for person, status in ((world.su, 200), (officer_of(world, "far"), 404), (world.ming, 404), (world.chen, 404)):
        assert browser(person).get(url).status_code == status
    assert sent(world.su, url, do="ask").status_code == 405
    own = f"/enterprise/guidance/{guidance.pk}/"
    assert browser(world.hua).get(own).status_code == 404
    Staff.objects.create(user=world.otto, enterprise=world.mobile, role=Role.REVIEWER.post)
    assert sent(world.otto, own, do="reply", reply="x").status_code == 405
    # A handler proposes, a head alone decides.
    assert Officer.objects.filter(user=world.rui, role=Role.OFFICER.post).exists()
    assert sent(world.rui, url, do="withdraw", why="x").status_code == 404


def test_what_is_missing_is_named_and_what_was_typed_stays(world: World) -> None:
    made, enterprise = called(world), browser(world.lead)
    own = f"/enterprise/guidance/{made.guidances.get(enterprise=world.mobile).pk}/"
    good = {"do": "add", "what": "独一无二的措施", "responsible": "客服部", "due_on": ahead(60), "figure": "in_time"}
    for said, words in [
        ({"target": ""}, "请写目标的数字"),
        ({"target": "九成"}, "目标请写数字"),
        ({"target": "120"}, "不能超过100"),
        ({"due_on": ahead(10)}, "至少在召集后28天"),
        ({"what": ""}, "请写明企业要做什么"),
    ]:
        answer = sent(enterprise, own, **(good | {"target": "95"} | said))
        page = answer.content.decode()
        assert (answer.status_code, words in page) == (422, True), words
        assert "what" in said or "独一无二的措施" in page
    assert not GuidanceMeasure.objects.exists()
    url = f"/authority/campaigns/{made.pk}/"
    for said, words in [
        ({"minutes": ""}, "请写会议纪要"),
        ({"met_on": ahead(3)}, "还没有到"),
        ({"met_on": "2020-01-01"}, "开会不能早于召集那天"),
        ({"firms": []}, "请至少选一家到会的企业"),
    ]:
        meet = {"do": "meet", "met_on": timezone.localdate(), "firms": [world.mobile.pk], "attended": "x"}
        answer = sent(world.rui, url, **(meet | {"minutes": "独一无二的纪要"} | said))
        assert (answer.status_code, words in answer.content.decode()) == (422, True), words


def test_where_no_enterprise_has_a_complaint_there_is_nobody_to_call(world: World) -> None:
    new = {"title": "x", "why": "x", "region": world.region.pk, "sector": "", "problem": CHARGE}
    answer = sent(world.rui, "/authority/campaigns/new/", **new)
    assert (answer.status_code, "没有可以召集的企业" in answer.content.decode()) == (409, True)


def test_from_a_hot_spot_it_has_its_days_and_its_problem(world: World) -> None:
    complaints(world)
    spot = a_spot(world)
    assert f"?spot={spot.pk}" in page_of(world.rui, f"/authority/hot-spots/{spot.pk}/")
    sent(world.rui, f"/authority/campaigns/new/?spot={spot.pk}", title="扣费降诉", why="x")
    made = Campaign.objects.get()
    assert (made.hot_spot, made.problem, made.chose_first, made.chose_last) == (spot, CHARGE, spot.first, spot.last)
    assert "扣费降诉" in page_of(world.rui, f"/authority/hot-spots/{spot.pk}/")
    assert browser(officer_of(world, "far")).get(f"/authority/campaigns/new/?spot={spot.pk}").status_code == 404


def test_an_undertaking_past_its_day_is_reminded_of_once_and_stands_as_late(world: World) -> None:
    made = published(world, due=2)
    OutgoingMessage.objects.all().delete()
    now = timezone.now()
    assert [guiding.sweep_reminders(now=now + days * DAY) for days in (2, 3, 4)] == [0, 1, 0]
    assert OutgoingMessage.objects.get().address == "lead@example.com"
    GuidanceMeasure.objects.update(due_on=timezone.localdate() - 5 * DAY)
    assert not missing_in(page_of(None, f"/open/campaigns/{made.pk}/"), "逾期5天", "0项做到，1项逾期")


def test_a_figure_is_counted_by_the_portal_and_by_nobody_else(world: World) -> None:
    made = running(world, due=70, figure="received", target=100.0)
    measure = GuidanceMeasure.objects.get()
    # 60 days with two a day before the call.
    assert (measure.baseline, measure.baseline_n) == (120, 120)
    own = f"/enterprise/guidance/{measure.guidance_id}/"
    refused = sent(world.lead, own, measure=1, state="done", text="做到了")
    assert (refused.status_code, "由平台到期计算" in refused.content.decode()) == (409, True)
    today = timezone.localdate()
    received(
        {today + n * DAY: 1 for n in range(1, 71)}, region=world.region.pk, enterprise=world.mobile.pk, problem=CHARGE
    )
    assert undertakings.sweep(now=timezone.now() + 11 * DAY) == 1
    assert reloaded(measure).counted is None, "ten days tell nothing"
    assert undertakings.sweep(now=timezone.now() + 41 * DAY) == 1
    assert undertakings.sweep(now=timezone.now() + 41 * DAY) == 0
    # Forty in forty days are 91 in thirteen weeks.
    assert (round(reloaded(measure).counted), measure.counted_n, measure.state) == (91, 40, "open")
    assert guiding.sweep_reminders(now=timezone.now() + 71 * DAY) == 0, "it is not counted to its end yet"
    assert undertakings.sweep(now=timezone.now() + 71 * DAY) == 1
    assert (reloaded(measure).state, measure.done_on, measure.told) == ("done", measure.due_on, 10)
    assert HotSpotAction.objects.get(kind="counted").by is None
    assert undertakings.sweep(now=timezone.now() + 90 * DAY) == 0
    # An officer reads the count, the public how far it is.
    assert "91件" in page_of(world.rui, f"/authority/guidance/{measure.guidance_id}/")
    campaign.ask_to_publish(made.pk, by=world.rui, now=timezone.now())
    campaign.publish(made.pk, by=officer_of(world, "head"), now=timezone.now())
    page = page_of(None, f"/open/campaigns/{made.pk}/")
    assert not missing_in(page, "走了100%", "目标100件")
    assert not found_in(page, "91件", "120件")


def test_without_a_control_group_the_page_says_progress_only(world: World) -> None:
    made = published(world)
    assert (made.controls_of, made.controls.count()) == ("", 0)
    assert "现在还不能说" in page_of(None, f"/open/campaigns/{made.pk}/")
    now = timezone.now()
    assert [campaign_effects.sweep(now=now + days * DAY) for days in (56, 57, 57, 92, 200)] == [0, 1, 0, 1, 0]
    assert set(CampaignEffect.objects.values_list("weeks", "verdict")) == {(8, "few"), (13, "few")}
    assert "不判断效果，只看进展" in page_of(None, f"/open/campaigns/{made.pk}/")
    # And nobody calls it a success.
    with pytest.raises(ReductionRefusal, match="起了作用"):
        campaign.judge(made.pk, verdict="effective", why="x", by=world.rui, now=now)
    answer = sent(world.rui, f"/authority/campaigns/{made.pk}/", do="judge", verdict="unclear", why="没有对照。")
    assert (answer.status_code, reloaded(made).state) == (302, "judged")
    assert set(made.guidances.values_list("state", flat=True)) == {"closed"}
    assert "没有对照。" in page_of(None, f"/open/campaigns/{made.pk}/")
    assert "看不出来" in page_of(world.lead, f"/enterprise/guidance/{made.guidances.get(enterprise=world.mobile).pk}/")


def test_what_was_frozen_stays(world: World) -> None:
    made = running(world)
    for column, value in (("figures", []), ("why", "x"), ("minutes", "x"), ("called_on", timezone.localdate() - DAY)):
        with pytest.raises(DatabaseError), transaction.atomic():
            Campaign.objects.filter(pk=made.pk).update(**{column: value})
    effect = CampaignEffect.objects.create(
        campaign=made, weeks=8, figure="received", verdict="few", controls=0, method=1, made_at=timezone.now()
    )
    for row in (effect, CampaignControl.objects.create(campaign=made, enterprise=world.telecom)):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).delete()


def a_sector(world: World, call: date, *, falls_to: int) -> None:
    """Ten enterprises beside two that will be called, 61 whole weeks before the call and nine after: ten complaints a
    week each, give or take; of the two so many a week after it.
    """
    random, long = Random(3), 71
    firms = [world.mobile, world.telecom, *(a_shop(world, f"对照商场{n}") for n in range(10))]
    for nth, firm in enumerate(firms):
        counts = [max(1, 10 + random.randint(-3, 3)) for _ in range(long)]
        if nth < 2:
            counts[-9:] = [falls_to + random.randint(-1, 1) for _ in range(9)]
        days = weeks(call + 63 * DAY, counts)
        received({day: n for day, n in days.items() if n}, region=world.region.pk, enterprise=firm.pk, problem=CHARGE)


def judged_after_eight_weeks(world: World, *, falls_to: int) -> Campaign:
    now = timezone.now() - 60 * DAY
    a_sector(world, timezone.localdate(now), falls_to=falls_to)
    by: Any = {"by": world.rui, "now": now}
    cell = Cell(world.region.pk, problem=CHARGE)
    made = campaign.begin(title="降诉", why="x", cell=cell, spot=None, authority_id=world.gulou.pk, **by)
    firms = [world.mobile.pk, world.telecom.pk]
    campaign.call(made.pk, firms=firms, meets_on=timezone.localdate(now), where="局里", **by)
    for guidance in made.guidances.all():
        first = WantedMeasure(**UNDERTAKING, due_on=timezone.localdate() + 20 * DAY)
        guiding.add_measure(guidance.pk, first, **by)
    on = timezone.localdate(now)
    campaign.meet(made.pk, met_on=on, firms=firms, attended="鼓楼局", minutes="x", **by)
    campaign.ask_to_publish(made.pk, **by)
    campaign.publish(made.pk, by=officer_of(world, "head"), now=now)
    assert campaign_effects.sweep(now=timezone.now()) == 1
    return made


def test_where_complaints_fell_by_half_beside_ten_others_it_helped(world: World) -> None:
    made = judged_after_eight_weeks(world, falls_to=5)
    found = CampaignEffect.objects.get(campaign=made, figure="received")
    assert (made.controls.count(), reloaded(made).controls_of, made.history) == (10, "region", 61)
    assert (found.weeks, found.verdict, found.controls) == (8, "better", 10)
    assert 0.35 < found.ratio < 0.65
    assert found.counts["after"][0] < found.counts["recent"][0]
    page = page_of(None, f"/open/campaigns/{made.pk}/")
    assert not missing_in(page, "召集后满8周", "同一地区10家", "比没有行动时好", "投诉比没有行动时少", "再判")
    # Of shares nobody knows anything here.
    assert set(CampaignEffect.objects.exclude(figure="received").values_list("verdict", flat=True)) == {"unclear"}
    # Now an officer may say so.
    campaign.judge(made.pk, verdict="effective", why="少了一半。", by=world.rui, now=timezone.now())
    assert "起了作用" in page_of(None, f"/open/campaigns/{made.pk}/")


def test_where_they_stayed_as_they_were_nobody_says_that_it_helped(world: World) -> None:
    made = judged_after_eight_weeks(world, falls_to=10)
    assert CampaignEffect.objects.get(campaign=made, figure="received").verdict == "unclear"
    assert "说不清：和没有行动时相比" in page_of(None, f"/open/campaigns/{made.pk}/")
    with pytest.raises(ReductionRefusal, match="起了作用"):
        campaign.judge(made.pk, verdict="effective", why="x", by=world.rui, now=timezone.now())


def test_the_minutes_are_a_signed_document_for_both_desks(world: World) -> None:
    made = running(world)
    url = f"/authority/campaigns/{made.pk}/"
    guidance = made.guidances.get(enterprise=world.mobile)
    own = f"/enterprise/guidance/{guidance.pk}/"
    assert browser(world.rui).get(f"{url}minutes.pdf").status_code == 404
    assert campaign_minutes.sweep(now=timezone.now()) == 1
    assert campaign_minutes.sweep(now=timezone.now()) == 0
    for person, address in ((world.rui, url), (world.lead, own)):
        assert f"{address}minutes.pdf" in page_of(person, address)
        answer = browser(person).get(f"{address}minutes.pdf")
        assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
        assert b"/ByteRange" in answer.content, "it is signed"
    assert browser(world.hua).get(f"{own}minutes.pdf").status_code == 404
    assert browser(officer_of(world, "far")).get(f"{url}minutes.pdf").status_code == 404
