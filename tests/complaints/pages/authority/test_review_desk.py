"""The review desk: what an officer reads, chooses, sends; what stays shut; objections; who signs."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.handling import Promise
from complaints.handling.steps import authority, both, enterprise, mediation, proposals, violations
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.procedure.workflow import Outcome, Status
from complaints.reading.mediation_facts import sixty_days
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_authority import TEXT, S, ahead, case_at, now, one_person_suffices, step_url
from tests.complaints.pages.at_the_desk import (
    an_officer,
    approval,
    checked,
    costs_the_same,
    key,
    officer_of,
    shown,
    signed_in,
)
from tests.server import A_REQUEST

DESK, MEDIATION = "/authority/review/", "/authority/mediation/"
REFUSAL = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}


def listed(client: Any, view: str = "") -> set[str]:
    return {row.complaint.number for row in client.get(f"{DESK}?view={view}").context["rows"]}


def test_the_list_holds_what_waits_here_and_costs_the_same(world: World, django_assert_num_queries: Any) -> None:
    review, asked = case_at(world, S.REVIEW), case_at(world, S.AWAITING_MATERIAL)
    old = given.a_complaint(world, status=S.REVIEW, now=now() - timedelta(days=30))
    _, mediating = case_at(world, S.TRIAGE), case_at(world, S.MEDIATING)
    given.step(review, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now())
    client = signed_in(world.rui)
    assert (listed(client), listed(client, "mine")) == ({review.number, asked.number, old.number}, {review.number})
    assert (listed(client, "late"), listed(client, "material")) == ({old.number}, {asked.number})
    assert listed(signed_in(officer_of(world, "superior"))) == set(), "the city handles none of them"
    assert client.get(f"{DESK}?view=odd&after=x").status_code == 200
    # What is not under review any more is on its case page.
    assert client.get(f"{DESK}{mediating.number}/")["Location"] == f"/authority/cases/{mediating.number}/"
    for _ in range(3):
        case_at(world, S.REVIEW)
    client.get(DESK)
    with django_assert_num_queries(7 + A_REQUEST):
        client.get(DESK)


def chosen_of(page: str) -> set[str]:
    """What a form would send of what is ticked when the page is opened, by name."""
    boxes = re.findall(r"<input[^>]*\schecked\b[^>]*>", page)
    return {found[1] for box in boxes if (found := re.search(r'\sname="([^"]*)"', box))}


def test_the_desk_shows_what_is_there_what_is_missing_and_what_only_the_authority_knows(world: World) -> None:
    case = case_at(world, S.REVIEW, consumer_address="", statement="消协已经调解过，我不满意，再次投诉。")
    page = shown(signed_in(world.rui).get(f"{DESK}{case.number}/"))
    for text in ("缺1项", "缺：通讯地址", "提示：写有“消协已经调解”", "不满三年", "受理时会发出", "向人民法院起诉"):
        assert text in page, text
    assert 'value="over_three_years"' not in page, "no button for what the facts do not allow"
    assert 'value="already_handled"' in page
    assert not chosen_of(page), "nothing is chosen beforehand"
    case = case_at(world, S.NEGOTIATING)
    given.step(case, enterprise.flag_concern(text="同一号码一个月七件。"), world.handler, now())
    given.step(case, violations.split_report(text="另外反映门店无照经营。"), world.officer, now())
    given.step(case, authority.recall(text="企业没有处理。"), world.officer, now())
    checked(signed_in(world.rui).get(f"{DESK}{case.number}/"), 200, "同一号码一个月七件。", "另外反映门店无照经营。")


def test_what_was_noticed_under_article_17_stands_beside_ground_three(world: World) -> None:
    for _ in range(4):
        given.filed(world, now=now())
    case = case_at(world, S.REVIEW)
    page = signed_in(world.rui).get(f"{DESK}{case.number}/")
    third = page.context["grounds"][2]["ground"]
    assert any("第十七条第二项" in line for line in third.shows), third.shows
    assert not chosen_of(shown(page))


def test_strangers_find_nothing_and_another_authority_of_the_region_does_not_read_the_register(world: World) -> None:
    case = case_at(world, S.REVIEW)
    given.step(case, violations.split_report(text=TEXT), world.officer, now())
    matter = Matter.objects.get(complaint=case, kind="report")
    for who in ("chen", "ming", "otto", "far"):
        client = signed_in(officer_of(world, "far") if who == "far" else getattr(world, who))
        for path in (f"{DESK}{case.number}/", f"/authority/violations/{matter.pk}/"):
            assert client.get(path).status_code == 404
    superior = signed_in(officer_of(world, "superior"))
    assert superior.get("/authority/violations/").context["rows"] == []
    assert superior.get(f"/authority/violations/{matter.pk}/").status_code == 404


def test_the_very_words_are_read_before_anything_is_sent_and_name_the_consumer_to_who_said_why(world: World) -> None:
    case = case_at(world, S.REVIEW)
    client, url = signed_in(world.rui), f"{step_url(case, 'refuse')}?from=review"
    looked = client.post(url, REFUSAL | {"look": "1"} | key())
    assert looked.status_code == 200
    letters = {letter["to"]: letter for letter in looked.context["letters"]}
    assert [paper["title"] for paper in looked.context["papers"]] == ["投诉不予受理决定书"]
    assert f"事实和理由：{TEXT}" in shown(looked)
    assert "陈试" not in shown(looked), "a name is seen after saying why, here as elsewhere"
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()
    assert not HandlingStep.objects.filter(complaint=case, step__in=["propose", "refuse"]).exists()
    assert client.post(url, REFUSAL | key())["Location"] == DESK
    head = signed_in(officer_of(world, "head"))
    assert [letter["lines"] for letter in head.get(approval(case)).context["letters"]]
    assert head.post(approval(case), {"decision": "grant"} | key()).status_code == 302
    sent = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer")
    # Only the number of the document is not known before it is issued.
    assert [line for line in sent.body.split("\n") if "#documents" not in line] == letters["消费者"]["lines"]
    assert sent.subject == letters["消费者"]["subject"]
    case = case_at(world, S.REVIEW)
    text = REFUSAL | {"facts": "陈试来电，已经说明这件事。", "look": "1"}

    def read() -> str:
        sent = client.post(step_url(case, "refuse"), text | key()).context
        return str(sent["papers"]) + str([letter["lines"] for letter in sent["letters"]])

    masked = read()
    assert ("陈**来电" in masked, "陈试" in masked) == (True, False)
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, now())
    assert "陈试来电" in read()
    answer = client.post(step_url(case, "refuse"), {"ground": "over_three_years", "facts": TEXT, "look": "1"} | key())
    assert (answer.status_code, "不满三年" in str(answer.context["form"].errors["ground"])) == (422, True)
    assert shown(answer).count("不满三年") >= 2


def test_a_wrong_refusal_points_at_its_field(world: World) -> None:
    one_person_suffices()
    case = case_at(world, S.REVIEW)
    for said, field in (
        ({"ground": "already_handled"}, "body"),
        ({"ground": "outside_duty"}, "body"),
        ({"ground": "outside_duty", "body": "association"}, "body"),
        ({"ground": "identity_refused"}, "ground"),
        ({"ground": "other_law", "facts": "短"}, "facts"),
    ):
        answer = signed_in(world.rui).post(step_url(case, "refuse"), {"facts": TEXT} | said | key())
        assert (answer.status_code, field in answer.context["form"].errors) == (422, True), said
        assert not HandlingStep.objects.filter(complaint=case, step="refuse").exists()


def test_the_head_signs_what_the_policy_leaves_to_the_head_and_the_police_page_goes_round_three(world: World) -> None:
    case = case_at(world, S.REVIEW)
    given.step(case, proposals.propose(move=authority.refuse(**REFUSAL)), world.officer, now())
    other, head = signed_in(an_officer(world).user), signed_in(officer_of(world, "head"))
    url, grant = approval(case), {"decision": "grant"}
    assert "这一步由负责人批准" in shown(other.get(url))
    assert (other.post(url, grant | key()).status_code, head.post(url, grant | key()).status_code) == (409, 302)
    assert reloaded(case).outcome == Outcome.REFUSED
    case = case_at(world, S.REVIEW)
    assert signed_in(world.rui).post(step_url(case, "police"), {"text": TEXT} | key()).status_code == 302
    url = approval(case)
    assert other.post(url, grant | key()).status_code == 302
    assert not HandlingStep.objects.filter(complaint=case, step="refer_to_police").exists()
    assert "已签署：林试" in shown(head.get(url))
    assert head.post(url, grant | key()).status_code == 302
    assert HandlingStep.objects.get(complaint=case, step="refer_to_police").audience == "authority"
    assert reloaded(case).status == S.REVIEW
    assert "公安" not in shown(signed_in(world.chen).get(f"/cases/{case.number}/"))


def test_material_is_asked_for_with_what_is_missing_and_comes_late(world: World) -> None:
    case, client = case_at(world, S.REVIEW, consumer_address=""), signed_in(world.rui)
    assert "投诉人的姓名、电话、通讯地址" in client.get(step_url(case, "material")).context["form"]["what"].value()
    asked = client.post(f"{step_url(case, 'material')}?from=review", {"what": TEXT, "is_identity": "on"} | key())
    assert asked["Location"] == DESK
    given.step(case, both.supply_material(text="身份证复印件"), world.consumer, now())
    assert client.post(step_url(case, "accept"), key()).status_code == 302
    assert reloaded(case).status == S.MEDIATING


def test_objections_are_listed_and_answered_by_somebody_else(world: World) -> None:
    one_person_suffices()
    case = case_at(world, S.REVIEW)
    given.step(case, authority.refuse(ground="other_law", facts=TEXT), world.officer, now())
    given.step(case, both.object_to_decision(text="我不同意。"), world.consumer, now())
    assert listed(signed_in(world.rui), "objections") == {case.number}
    head, grant = signed_in(officer_of(world, "head")), {"decision": "grant", "text": TEXT}
    assert signed_in(world.rui).post(step_url(case, "objection"), grant | key()).status_code == 409
    assert head.post(step_url(case, "objection"), grant | key()).status_code == 302
    assert listed(head, "objections") == set()
    assert head.post(step_url(case, "reopen"), {"ground": "objection_upheld", "text": TEXT} | key()).status_code == 302
    assert reloaded(case).status == Status.REVIEW


def test_a_report_is_registered_checked_and_closed_in_two_names_and_no_party_sees_a_sign(world: World) -> None:
    case, client = given.a_complaint(world, status=S.REVIEW, now=now()), signed_in(world.rui)
    assert client.post(step_url(case, "split"), {"text": "门店无照经营。"} | key()).status_code == 302
    matter = Matter.objects.get(complaint=case, kind="report")
    assert (matter.subject[:2], matter.deadlines.get().clock) == ("JB", "lead")
    page = client.get("/authority/violations/")
    assert [row["number"] for row in page.context["rows"]] == [matter.subject]
    one = checked(client.get(f"/authority/violations/{matter.pk}/"), 200, "门店无照经营。")
    assert "延长核查期限" not in one, "that is for the head"
    head, before = signed_in(officer_of(world, "head")), matter.deadlines.get().last_day
    extend = {"matter": str(matter.pk), "text": TEXT}
    assert client.post(step_url(case, "lead-extend"), extend | key()).status_code == 409
    assert head.post(step_url(case, "lead-extend"), extend | key()).status_code == 302
    assert matter.deadlines.get().last_day > before + timedelta(days=15)
    assert head.post(step_url(case, "lead-extend"), extend | key()).status_code == 409, "once"
    done = {"matter": str(matter.pk), "result": "case_opened", "text": TEXT}
    for second, status in ((world.rui_officer, 422), (world.head_officer, 302)):
        typed = done | {"second_officer": str(second.pk)}
        assert client.post(step_url(case, "lead-close"), typed | key()).status_code == status
    rows = client.get("/authority/violations/?view=done").context["rows"]
    assert [(row["result"], row["officers"]) for row in rows] == [("已立案查处", "瑞试、长试")]
    assert matter.deadlines.get().state == "met"
    plain, case = given.filed(world, now=now()), given.filed(world, now=now(), report="门店无照经营。")
    matter = Matter.objects.get(complaint=case, kind="report")
    assert matter.deadlines.get().last_day > timezone.localdate() + timedelta(days=15)
    assert case.next_due_at is not None
    assert (case.next_due_at, case.last_sequence) == (plain.next_due_at, plain.last_sequence)
    assert not Notice.objects.filter(complaint=case, body__contains="举报").exists()


@pytest.fixture
def case(world: World) -> Complaint:
    return case_at(world, S.MEDIATING)


def url(case: Complaint) -> str:
    return f"/authority/mediation/{case.number}/"


def text(client: Client, address: str) -> str:
    return " ".join(checked(client.get(address), 200).split())


def test_every_list_opens_says_what_each_waits_for_and_costs_no_more_when_longer(world: World) -> None:
    client = signed_in(world.rui)

    def listed(view: str) -> str:
        return text(client, f"{MEDIATION}?view={view}")

    views = ("all", "session", "suggestion", "recusal", "appraisal", "delegated", "short", "late", "agreed")
    for view in (*views, "nonsense"):
        assert "没有" in listed(view), view
    listed("notice")
    case = case_at(world, S.MEDIATING)
    assert not missing_in(text(client, MEDIATION), case.number, "第0日，共60日", "可以安排调解")
    assert case.number not in listed("consent")
    Complaint.objects.filter(pk=case.pk).update(consents={"mediation_consumer": True})
    assert case.number in listed("consent"), "the other side was never asked"
    given.step(case, both.decline_mediation(), world.consumer, now())
    assert "消费者不同意调解" in listed("consent")
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, now())
    assert (case.number in listed("recusal"), case.number in listed("late")) == (True, False)
    costs_the_same(client, MEDIATION, lambda: [case_at(world, S.MEDIATING) for _ in range(2)], at_most=9 + A_REQUEST)


def test_a_consent_that_is_missing_is_named_and_written_down_on_one_page(world: World, case: Complaint) -> None:
    client = signed_in(world.rui)
    Complaint.objects.filter(pk=case.pk).update(consents={"mediation_enterprise": True})
    session = {"at": f"{ahead(1)}T10:00", "place": "三楼", "mode": "site"}
    for slug in ("session", "session-record", "suggestion", "agreement", "delegate"):
        checked(client.get(step_url(case, slug)), 409, "消费者还没有同意调解（第十八条）", "请先在调解页上记录意见")
    checked(client.post(step_url(case, "session"), session | key()), 409, "消费者还没有同意调解（第十八条）")
    place = f"/authority/cases/{case.number}/on-behalf/mediation/?for=0"
    assert place in text(client, url(case)), "straight to the page that asks"
    said = {"answer": "yes", "by_how": "phone", "by_proof": "LY-2026-0815", "by_stage": "read", "by_read": "on"}
    assert client.post(place, said | key()).status_code == 302
    checked(client.get(step_url(case, "session")), 200)


def test_resting_days_are_left_out_of_the_count(world: World) -> None:
    case, days = given.a_complaint(world, status=S.MEDIATING), timedelta(days=1)
    move = mediation.order_appraisal(laboratory="某中心", until=(WEDNESDAY + 30 * days).date(), cost_borne_by="shared")
    given.step(case, move, world.officer, WEDNESDAY + 10 * days)
    given.step(case, mediation.end_appraisal(result=TEXT), world.officer, WEDNESDAY + 25 * days)
    count = sixty_days(case.deadlines.get(clock="mediation"), (WEDNESDAY + 30 * days).date())
    assert (count.day, count.rested, count.left, str(count.strict)) == (15, 15, 45, "2027-01-25")


def test_the_session_goes_into_a_calendar_and_the_desk_tells_what_counts(world: World, case: Complaint) -> None:
    client = signed_in(world.rui)
    assert client.get(f"{url(case)}session.ics").status_code == 404
    move = mediation.schedule_session(at=now() + timedelta(days=2), place="所里201室，二楼", mode="site")
    given.step(case, move, world.officer, now())
    response = client.get(f"{url(case)}session.ics")
    body = checked(response, 200, "LOCATION:所里201室，二楼")
    assert (response["Content-Type"][:13], body[-15:]) == ("text/calendar", "END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))
    move = mediation.schedule_session(at=now() + timedelta(days=2), place="所里201室", mode="online")
    given.step(case, move, world.officer, now())
    assert not missing_in(text(signed_in(world.chen), f"/cases/{case.number}/"), "调解会：", "网上，所里201室")
    assert not missing_in(text(client, url(case)), "本人在网上办理", "还剩60日")
    move = mediation.order_appraisal(laboratory="某中心", until=ahead(20), cost_borne_by="shared")
    given.step(case, move, world.officer, now())
    assert not missing_in(text(client, url(case)), "暂停计算", "60日，鉴定、检测结束的次日起接着算", "某中心")


def test_a_suggestion_agreed_by_both_fills_the_agreement(world: World, case: Complaint) -> None:
    client = signed_in(world.rui)
    values: dict[str, Any] = {"message": "退还多扣的钱。", "rows": "1", "promise-1-kind": "original_channel"}
    values |= {"promise-1-what": "退还多扣费用", "promise-1-amount": "128.50", "promise-1-due_on": ahead(10)}
    values |= {"promise-1-owed_by": "enterprise"}
    done = client.post(step_url(case, "suggestion"), values | key())
    assert (done.status_code, done["Location"]) == (302, url(case))
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, now())
    matter = Matter.objects.get(complaint=case, kind="suggestion")
    matter.data = {**matter.data, "answers": {"consumer": True, "enterprise": True}}
    matter.save(update_fields=["data"])
    assert "双方都同意" in text(client, url(case))
    assert not missing_in(text(client, step_url(case, "agreement")), "退还多扣的钱。", 'value="128.50"', ahead(10))
    done = client.post(step_url(case, "agreement"), values | key())
    assert (done.status_code, reloaded(case).status) == (302, S.PERFORMING)
    assert case.number in text(client, "/authority/mediation/?view=agreed")


def test_only_grounds_with_their_facts_can_be_chosen(world: World, case: Complaint) -> None:
    one_person_suffices()
    client = signed_in(world.rui)
    page = text(client, step_url(case, "terminate"))
    assert not missing_in(page, "还没有调解过", 'value="other_law"')
    assert 'value="no_agreement_possible"' not in page
    typed = {"ground": "no_agreement_possible", "facts": TEXT}
    assert client.post(step_url(case, "terminate"), typed | key()).status_code == 422
    given.step(case, mediation.record_session(minutes=TEXT), world.officer, now())
    assert client.post(step_url(case, "terminate"), typed | key()).status_code == 302
    assert reloaded(case).outcome == "mediation_terminated"
    assert case.number in text(client, "/authority/mediation/?view=notice")
    assert "告知期限" in text(client, url(case))


def test_the_consumer_answers_a_suggestion(world: World, case: Complaint) -> None:
    refund = Promise(kind="original_channel", what="退还多扣费用", amount="128.50", due_on=ahead(10))
    given.step(case, mediation.suggest_settlement(text="退还多扣的钱。", promises=[refund]), world.officer, now())
    client = signed_in(world.chen)
    assert "轮到您了：工作人员提出了调解方案" in text(client, f"/cases/{case.number}/")
    page = f"/cases/{case.number}/suggestion/"
    assert not missing_in(text(client, page), "退还多扣的钱。", "企业：退还多扣费用 ¥128.50")
    matter = Matter.objects.get(complaint=case, kind="suggestion")
    same = {"answer": "yes", "matter_id": matter.pk} | key()
    for unread in ("", str(matter.pk - 1)):
        late = client.post(page, {"answer": "yes", "text": "这样可以。", "matter_id": unread} | key())
        checked(late, 422, "换了调解方案", "这样可以。")
    # Sent twice: the first result again.
    assert [client.post(page, same).status_code for _ in range(2)] == [302, 302]
    assert HandlingStep.objects.filter(complaint=case, step="answer_suggestion").count() == 1
    assert "轮到您了：工作人员提出了调解方案" not in text(client, f"/cases/{case.number}/")


def test_neither_another_region_nor_a_case_never_accepted_has_a_desk(world: World, case: Complaint) -> None:
    far = signed_in(world.far_officer.user)
    for address in (url(case), f"{url(case)}session.ics", step_url(case, "suggestion")):
        assert far.get(address).status_code == 404
    assert signed_in(world.chen).get(url(case)).status_code == 404
    case = case_at(world, S.REVIEW)
    response = signed_in(world.rui).get(url(case))
    assert (response.status_code, response["Location"]) == (302, f"/authority/cases/{case.number}/")
