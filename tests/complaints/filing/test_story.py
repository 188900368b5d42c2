"""A filing begins with a story: what is understood is asked, nothing goes on unasked, and no script is needed."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.filing import heard_counts, story
from complaints.models import Complaint, FilingDraft, HeardAnswer
from enterprises.directory.finding import find
from enterprises.directory.naming import write_names
from enterprises.models import Alias
from tests import missing_in
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import screen, send, url

pytestmark = pytest.mark.django_db
STORY = "中国移动从9月1日起每个月乱扣我20元，我没有开通过，要求退还60元，取消业务。"
REPORTED = "移动乱扣我60元，要求退还60元。我要举报他们虚假宣传，请依法查处。"


@pytest.fixture(autouse=True)
def _known_as_china_mobile(town: Town) -> None:
    Alias.objects.create(enterprise=town.carrier, name="中国移动", kind=Alias.Kind.ALIAS)
    write_names([town.carrier.pk])


def tell(client: Client, text: str = STORY) -> FilingDraft:
    response = send(client, "/file/", {"story": text})
    assert response.status_code == 302, response.content.decode()
    draft = FilingDraft.objects.order_by("-created_at")[0]
    assert response.headers["Location"] == url(draft, "heard")
    return draft


def heard(client: Client, draft: FilingDraft) -> str:
    return html.unescape(screen(client, draft, "heard"))


def lines(client: Client, draft: FilingDraft) -> dict[str, str]:
    """Name of the control → its question, of each line on the page."""
    page = heard(client, draft)
    parts = re.findall(r"<fieldset.*?</fieldset>", page, re.S)
    return {
        re.search(r'name="(\w+)"', part)[1]: re.search(r"<legend[^>]*>\s*(.*?)\s*</legend>", part, re.S)[1]  # type: ignore[index]
        for part in parts
    }


def all_yes(client: Client, draft: FilingDraft, **more: Any) -> dict[str, Any]:
    """对 to every line."""
    return {name: "yes" for name in lines(client, draft) if name.startswith("line_")} | more


def test_the_first_page_is_one_box_and_one_button(client: Client) -> None:
    page = client.get("/file/").content.decode().partition("<main")[2].partition("</main>")[0]
    assert "发生了什么事？想要什么结果？" in page
    assert len(re.findall("<textarea", page)) == len(re.findall('<button class="btn', page)) == 1
    assert 'href="/file/?form=1"' in page
    assert "id_service_region" in client.get("/file/?form=1").content.decode()


def test_a_story_is_said_back_with_its_words_and_only_the_blamed_carrier_is_filled_in(client: Client) -> None:
    draft = tell(client)
    page = heard(client, draft)
    assert not missing_in(page, "我们这样理解，对吗？", "投诉中国移动？", "<q>中国移动</q>", "9月1日？", "都不是")
    assert not missing_in(page, "想要：退还货款或服务费 ¥60.00？", "想要：退订业务？", "<q>要求退还60元</q>")
    checked = re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)" value="(\w+)"[^>]*checked', page)
    assert checked == [("line_0", "yes")]
    assert len([name for name in lines(client, draft) if name.startswith("line_")]) <= 6
    for question in ("替别人投诉", "为单位或做生意", "以前投诉过", "也想举报"):
        assert question in page
    assert not {"enterprise", "demands"} & set(draft.data), "nothing goes into a step before it is confirmed"


def test_what_is_confirmed_is_not_asked_again_and_the_complaint_is_filed_without_a_script(
    client: Client, town: Town
) -> None:
    draft = tell(client)
    kind = "telecom.extras.without_consent"
    assert f'value="{kind}"' in heard(client, draft)
    said = all_yes(client, draft, service_region=town.gulou, problem=kind)
    at = send(client, url(draft, "heard"), said).headers["Location"]
    asked = []
    purchase = {name: value for name, value in answers.PURCHASE.items() if name not in ("object_category", "amount")}
    shown = client.get(at).content.decode()
    assert "这一页有从您写的话里填的" in shown
    assert re.search(r'value="service.telecom"\s+selected', shown)
    assert 'value="60.00"' in shown
    given = answers.OF_STEP | {"purchase": purchase | {"object_category": "service.telecom", "amount": "60.00"}}
    while not at.endswith("/check/"):
        step = at.rstrip("/").rpartition("/")[2]
        asked.append(step)
        response = send(client, at, given.get(step, {}))
        assert response.status_code == 302, (step, response.content.decode())
        at = response.headers["Location"]
    assert asked == ["purchase", "evidence", "you", "consents"]
    page = screen(client, draft, "check")
    # Other tests may have left the demonstration's carrier of that name.
    firm = find("中国移动", on=timezone.localdate(), region_id=town.gulou)[0]
    assert firm.branch is not None
    assert not missing_in(page, "未经同意开通", "退订业务", firm.branch.name, "9月1日")
    assert send(client, at, {"truth": "on"}).status_code == 302
    case = Complaint.objects.get()
    assert (case.problem_category, str(case.disputed_on)[5:]) == (kind, "09-01")
    assert case.picked_enterprise_id == firm.enterprise.pk
    assert {(demand.kind, str(demand.amount or "")) for demand in case.demands.all()} == {
        ("refund", "60.00"),
        ("cancel_service", ""),
    }


def test_what_is_denied_or_not_answered_goes_nowhere_and_what_is_to_be_changed_is_shown(client: Client) -> None:
    draft = tell(client)
    names = lines(client, draft)
    firm, refund = (next(name for name, text in names.items() if part in text) for part in ("投诉", "退还"))
    response = send(client, url(draft, "heard"), {firm: "no", refund: "change"})
    assert response.headers["Location"] == url(draft, "enterprise")
    draft.refresh_from_db()
    assert "enterprise" not in draft.data
    assert draft.data["demands"]["demand"] == ["refund"]
    assert draft.data["problem"]["statement"] == [STORY]
    assert "disputed_on" not in draft.data["problem"]
    assert "这一页有从您写的话里填的" in screen(client, draft, "demands")
    counted = set(HeardAnswer.objects.values_list("field", "answer"))
    assert counted == {("firm", "denied"), ("demand", "changed")}
    send(client, url(draft, "heard"), {firm: "yes"})
    assert HeardAnswer.objects.count() == 2, "one filing counts once"


def test_a_report_that_was_heard_is_asked_about_and_never_reaches_the_firm_unasked(client: Client, town: Town) -> None:
    draft = tell(client, REPORTED)
    refused = send(client, url(draft, "heard"), {})
    assert refused.status_code == 422
    assert "请选要不要举报" in refused.content.decode()
    assert "statement" not in FilingDraft.objects.get().data.get("problem", {})
    response = send(client, url(draft, "heard"), {"report": "both"})
    assert response.headers["Location"] == url(draft, "guide")
    page = screen(client, draft, "guide")
    assert not missing_in(page, "企业看得到", "企业看不到", ">\n移动乱扣我60元，要求退还60元。</textarea>")
    split = {"statement": "移动乱扣我60元，要求退还60元。", "report": "我要举报他们虚假宣传，请依法查处"}
    assert send(client, url(draft, "guide"), split | {"report": ""}).status_code == 422
    assert send(client, url(draft, "guide"), split).headers["Location"] == url(draft, "enterprise")
    draft.refresh_from_db()
    assert draft.data["problem"]["statement"] == [split["statement"]]
    assert draft.data["problem"]["report"] == [split["report"]]


def test_only_a_report_and_other_bodies_are_told_with_a_number_and_filing_stays_open(client: Client) -> None:
    draft = tell(client, REPORTED)
    send(client, url(draft, "heard"), {"report": "only"})
    assert not missing_in(screen(client, draft, "guide"), "举报和投诉分开办理", "12315", "仍在这里投诉")
    draft = tell(client, "公司拖欠我三个月工资共18000元，一直不发")
    names = lines(client, draft)
    assert "劳动监察" in names["line_0"]
    send(client, url(draft, "heard"), {"line_0": "yes", "ask": ["business", "earlier"]})
    page = screen(client, draft, "guide")
    assert not missing_in(page, "tel:12333", "不是为生活消费的争议", "不再重复受理")
    assert send(client, url(draft, "guide"), {}).headers["Location"] == url(draft, "enterprise")
    send(client, url(draft, "heard"), {"line_0": "no"})
    assert not story.guides(FilingDraft.objects.get(pk=draft.pk))
    assert "只是想问一问" in heard(client, tell(client, "请问携号转网需要什么条件"))


def test_who_says_otherwise_later_takes_back_what_was_put_and_keeps_what_was_typed(client: Client, town: Town) -> None:
    draft = tell(client)
    kind = "telecom.fees.unexplained_charge"
    send(client, url(draft, "heard"), all_yes(client, draft, service_region=town.gulou, problem=kind))
    send(client, url(draft, "purchase"), answers.PURCHASE | {"amount": "75"})
    names = {name: "no" for name in lines(client, draft) if name.startswith("line_")}
    assert send(client, url(draft, "heard"), names).headers["Location"] == url(draft, "enterprise")
    draft.refresh_from_db()
    left = {
        step: {name for name, values in draft.data.get(step, {}).items() if values != [""]}
        for step in ("enterprise", "demands", "problem")
    }
    assert left["enterprise"] == left["demands"] == set()
    assert left["problem"] == {"statement"}
    assert draft.data["purchase"]["amount"] == ["75"]


def test_a_report_that_is_decided_anew_leaves_nothing_of_it_with_the_firm(client: Client) -> None:
    draft = tell(client, REPORTED)
    send(client, url(draft, "heard"), {"report": "none"})
    assert "举报" in FilingDraft.objects.get(pk=draft.pk).data["problem"]["statement"][0]
    send(client, url(draft, "heard"), {"report": "both"})
    split = {"statement": "移动乱扣我60元，改过的。", "report": "虚假宣传"}
    send(client, url(draft, "guide"), split)
    send(client, url(draft, "heard"), {"report": "both"})
    problem = FilingDraft.objects.get(pk=draft.pk).data["problem"]
    assert (problem["statement"], problem["report"]) == ([split["statement"]], [split["report"]])
    send(client, url(draft, "heard"), {"report": "only"})
    problem = FilingDraft.objects.get(pk=draft.pk).data["problem"]
    assert (problem["statement"], problem["report"]) == ([split["statement"]], [split["report"]])


def test_who_only_reports_and_complains_all_the_same_tells_the_firm_nothing_of_the_report(client: Client) -> None:
    draft = tell(client, REPORTED)
    send(client, url(draft, "heard"), {"report": "only"})
    problem = FilingDraft.objects.get(pk=draft.pk).data["problem"]
    assert problem["statement"] == ["移动乱扣我60元，要求退还60元。"]
    assert problem["report"] == ["我要举报他们虚假宣传，请依法查处"]
    page = screen(client, draft, "guide")
    assert not missing_in(page, "仍在这里投诉", "企业看不到", ">\n我要举报他们虚假宣传，请依法查处</textarea>")


def test_who_would_not_write_comes_to_the_first_screen_also_beside_an_unfinished_complaint(client: Client) -> None:
    tell(client)
    page = client.get("/file/?new=1&object_category=service.telecom").content.decode()
    (there,) = re.findall(r'href="(/file/\?[^"]*form=1)"', page)
    assert "object_category=service.telecom" in there
    assert "id_service_region" in client.get(html.unescape(there)).content.decode()


def test_a_story_sent_to_a_draft_that_is_gone_begins_a_new_one(client: Client) -> None:
    draft = tell(client)
    gone = url(draft, "story")
    draft.delete()
    assert client.get(gone).headers["Location"] == "/file/?lost=1"
    assert send(client, gone, {}).headers["Location"] == "/file/?lost=1"
    assert send(client, gone, {"story": " "}).status_code == 422
    response = send(client, gone, {"story": STORY})
    new = FilingDraft.objects.get()
    assert response.headers["Location"] == url(new, "heard")
    page = heard(client, new)
    assert not missing_in(page, "投诉中国移动？", "已经保存在新的草稿里")


def test_an_answer_to_a_story_that_was_told_anew_meanwhile_is_not_taken(client: Client) -> None:
    draft = tell(client)
    told = re.search(r'name="mark" value="(\w+)"', heard(client, draft))
    assert told
    send(client, url(draft, "story"), {"story": "电信宽带一直断，要求修好"})
    response = send(client, url(draft, "heard"), {"mark": told[1], "line_0": "yes"})
    assert response.headers["Location"] == url(draft, "heard")
    assert story.is_unanswered(FilingDraft.objects.get())
    assert "您在别处重新写过了" in heard(client, draft)


def test_for_somebody_else_opens_what_is_asked_of_others(client: Client) -> None:
    draft = tell(client, "我替我妈投诉，移动乱扣她钱")
    assert "<q>替我妈</q>" in heard(client, draft)
    closed = screen(client, draft, "you")
    send(client, url(draft, "heard"), {"ask": ["another"]})
    opened = screen(client, draft, "you")
    assert '<details class="section" >' in closed
    assert '<details class="section" open>' in opened


@pytest.mark.parametrize("text", ["13800000000", "😀😀😀", "你好", "退" * 1200, "妈的什么垃圾电信，乱扣老子钱，退！"])
def test_whatever_is_written_leads_on(client: Client, text: str) -> None:
    draft = tell(client, text)
    response = send(client, url(draft, "heard"), {})
    assert response.headers["Location"] == url(draft, "enterprise")
    assert FilingDraft.objects.get(pk=draft.pk).data["problem"]["statement"] == [text]


def test_an_empty_or_too_long_story_is_refused_in_words_and_kept(client: Client) -> None:
    refused = send(client, "/file/", {"story": " "})
    assert refused.status_code == 422
    assert "请写几句发生了什么" in refused.content.decode()
    long = "移动扣钱，" * 300
    page = send(client, "/file/", {"story": long}).content.decode()
    assert "最多1200字" in page
    assert long in page
    assert not FilingDraft.objects.exists()


def test_a_story_told_again_is_heard_again_and_other_peoples_drafts_are_not_there(client: Client) -> None:
    draft = tell(client)
    send(client, url(draft, "heard"), all_yes(client, draft))
    assert "中国移动从9月1日起" in screen(client, draft, "story")
    response = send(client, url(draft, "story"), {"story": "电信宽带一直断，要求修好"})
    assert response.headers["Location"] == url(draft, "heard")
    page = heard(client, draft)
    assert "投诉中国电信？" in page
    assert "中国移动" not in page
    for place in ("story", "heard", "guide"):
        assert Client().get(url(draft, place)).status_code in (302, 404)
    resumed = client.get("/file/").content.decode()
    assert f'href="{url(draft, "heard")}"' in resumed


def test_two_firms_are_a_question_and_a_platform_without_a_name_is_asked_for(client: Client) -> None:
    draft = tell(client, "联通和电信都多扣了我的钱")
    assert re.findall(r'name="firm" value="(\w+)"', heard(client, draft)) == ["中国联通", "中国电信", "no"]
    send(client, url(draft, "heard"), {"firm": "中国电信"})
    assert FilingDraft.objects.get(pk=draft.pk).data["enterprise"]["query"] == ["中国电信"]
    send(client, url(draft, "heard"), {"firm": "no"})
    assert not FilingDraft.objects.get(pk=draft.pk).data["enterprise"]
    draft = tell(client, "我在叫好再来鞋城的店买的鞋穿一天就坏了，要求退货")
    assert "投诉好再来鞋城？" in heard(client, draft)
    send(client, url(draft, "heard"), all_yes(client, draft))
    put = FilingDraft.objects.get(pk=draft.pk).data["enterprise"]
    assert put == {"query": ["好再来鞋城"], "respondent": ["named"], "named": ["好再来鞋城"]}, "nobody has that name"
    assert re.search(r'name="named"\s+value="好再来鞋城"', screen(client, draft, "enterprise"))
    draft = tell(client, "网购的鞋穿一天就坏了，要求退货")
    number = next(name for name, text in lines(client, draft).items() if "网上买的" in text)
    send(client, url(draft, "heard"), {number: "yes", "platform": "某某商城"})
    data = FilingDraft.objects.get(pk=draft.pk).data
    assert (data["purchase"]["is_online"], data["problem"]["place"]) == (["yes"], ["某某商城"])


def test_a_field_that_people_seldom_confirm_is_no_longer_filled_in(client: Client) -> None:
    now = timezone.now()
    heard_counts.note([("firm", HeardAnswer.Answer.DENIED)] * 41, version=1, now=now)
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)] * 158, version=1, now=now)
    assert heard_counts.doubted(["firm", "day"], version=1) == set(), "fewer than 200 say nothing"
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)], version=1, now=now)
    assert heard_counts.doubted(["firm", "day"], version=1) == {"firm"}
    assert heard_counts.doubted(["firm"], version=2) == set(), "another version is judged by its own answers"
    page = heard(client, tell(client))
    assert "投诉中国移动？" not in page or not re.search(r'name="line_0" value="yes"[^>]*checked', page)
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)] * 900, version=1, now=now + timedelta(days=1))
    assert heard_counts.doubted(["firm"], version=1) == set()
    assert heard_counts.forget(limit=500) == 100
    assert HeardAnswer.objects.count() == heard_counts.KEPT
