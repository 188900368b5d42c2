"""A filing begins with a story: what is understood is asked, nothing goes on unasked, and no script is needed."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.filing import heard_counts, story
from complaints.listening.patterns import patterns
from complaints.models import Complaint, FilingDraft, HeardAnswer
from enterprises.directory.finding import find
from enterprises.directory.naming import write_names
from enterprises.models import Alias, Enterprise
from tests import missing_in
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import screen, send, url
from tests.complaints.filing.test_submit import file, prove

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
    said = {name: "yes" for name in lines(client, draft) if name.startswith("line_")}
    return said | {"asked": "1", "note": ""} | more


def full(client: Client, draft: FilingDraft, **more: Any) -> dict[str, Any]:
    """Whatever the second screen needs, against nobody who is known."""
    parts = ("purchase", "problem", "demands")
    given = {name: value for part in parts for name, value in answers.OF_STEP[part].items()}
    given |= {"service_region": "350102000", "respondent": "authority", "problem": "none", "firm": "no"}
    said = {name: "no" for name in lines(client, draft) if name.startswith("line_")}
    return given | said | {"asked": "1"} | more


def problem_of(draft: FilingDraft) -> dict[str, list[str]]:
    draft.refresh_from_db()
    return dict(draft.data.get("problem", {}))


def test_the_first_page_is_one_box_and_one_button(client: Client) -> None:
    page = client.get("/file/").content.decode().partition("<main")[2].partition("</main>")[0]
    assert "发生了什么事？想要什么结果？" in page
    assert len(re.findall("<textarea", page)) == len(re.findall('<button class="btn is-big', page)) == 1
    # Whoever comes by an old link, or would go on step by step, begins here too.
    assert "发生了什么事？想要什么结果？" in client.get("/file/?form=1").content.decode()


def test_a_story_is_said_back_with_its_words_and_only_the_blamed_carrier_is_filled_in(client: Client) -> None:
    draft = tell(client)
    page = heard(client, draft)
    assert not missing_in(page, "我们这样理解，对吗？", "投诉中国移动？", "<q>中国移动</q>", "9月1日？", "都不是")
    assert not missing_in(page, "退还货款或服务费", 'value="60.00"', "退订业务", "<q>要求退还60元</q>")
    checked = re.findall(r'<input\s+type="(?:radio|checkbox)"[^>]*name="(\w+)"[^>]*value="(\w+)"[^>]*checked', page)
    assert checked == [("line_0", "yes")], "demands are offered, not ticked"
    assert page.count("<q>") <= 6
    for question in ("替别人，或一起投诉", "为单位或做生意用", "以前投诉过", "也想举报"):
        assert question in page
    assert not {"enterprise", "demands"} & set(draft.data), "nothing goes into a step before it is confirmed"


def test_four_screens_lead_from_the_story_to_the_receipt_without_a_script(client: Client, town: Town) -> None:
    draft = tell(client)
    kind = "telecom.extras.without_consent"
    page = heard(client, draft)
    assert f'value="{kind}"' in page
    for gone in ("is_online", "item_name", "bought_on", "noticed_on", "contacted_on", "object_category", "behalf"):
        assert f'name="{gone}"' not in page
    wanted = {"demand": ["refund", "cancel_service"], "amount_refund": "60.00"}
    said = all_yes(client, draft, service_region=town.gulou, problem=kind, **wanted)
    assert send(client, url(draft, "heard"), said).headers["Location"] == url(draft, "you")
    assert 'name="behalf"' not in screen(client, draft, "you")
    assert send(client, url(draft, "you"), answers.YOU).headers["Location"] == url(draft, "check")
    page = screen(client, draft, "check")
    # Other tests may have left the demonstration's carrier of that name.
    firm = find("中国移动", on=timezone.localdate(), region_id=town.gulou)[0]
    assert firm.branch is not None
    assert not missing_in(page, "未经同意开通", "退订业务", firm.branch.name, "9月1日", STORY)
    agreed = {"share_with_enterprise": "yes", "pass_to_regulator": "no"}
    assert "/receipt/" in send(client, url(draft, "check"), agreed).headers["Location"]
    case = Complaint.objects.get()
    assert (case.problem_category, str(case.disputed_on)[5:]) == (kind, "09-01")
    assert (case.picked_enterprise_id, case.object_category) == (firm.enterprise.pk, "service.telecom")
    assert {(demand.kind, str(demand.amount or "")) for demand in case.demands.all()} == {
        ("refund", "60.00"),
        ("cancel_service", ""),
    }
    given = {name: value for name, value in case.consents.items() if name != "named_entity"}
    assert given == {"share_with_enterprise": True, "pass_to_regulator": False}, "what was not asked is not answered"
    assert not HeardAnswer.objects.exists(), "nobody proved a phone"


def test_what_is_denied_or_not_answered_is_asked_for_and_what_is_to_be_changed_is_typed_there(client: Client) -> None:
    draft = tell(client)
    names = lines(client, draft)
    firm, day = (next(name for name, text in names.items() if part in text) for part in ("投诉", "发生在"))
    response = send(client, url(draft, "heard"), {firm: "no", day: "", "asked": "1", "note": ""})
    page = response.content.decode()
    assert response.status_code == 422
    assert not missing_in(page, "请搜索并选择企业", "请选一个", "请至少选一项要求", "请选一类；都不像就选“都不是”")
    assert "请填发生的日期" not in page, "the line asks for it"
    changed = {firm: "change", day: "change", "query": "街角小店", "respondent": "named", "disputed_on": "2026-08-02"}
    changed |= {"service_region": "350102000", "problem": "none", "problem_category": "telecom.other"}
    changed |= {"demand": ["apology"], "note": "", "asked": "1"}
    assert send(client, url(draft, "heard"), changed).headers["Location"] == url(draft, "you")
    draft.refresh_from_db()
    assert draft.data["enterprise"]["named"] == ["街角小店"]
    assert problem_of(draft)["disputed_on"] == ["2026-08-02"]
    assert problem_of(draft)["statement"] == [STORY]
    assert set(story.counted(draft)) == {
        *(("firm", "changed"), ("day", "changed"), ("problem", "denied"), ("demand", "denied"))
    }


def test_what_was_said_counts_once_it_is_filed_by_somebody_whose_phone_is_proven(client: Client, town: Town) -> None:
    draft = tell(client)
    said = all_yes(client, draft, service_region=town.gulou, problem="telecom.extras.without_consent")
    send(client, url(draft, "heard"), said | {"demand": ["refund"], "amount_refund": "50"})
    assert not HeardAnswer.objects.exists()
    prove(client, draft)
    assert file(client, draft).status_code == 302
    counted = sorted(HeardAnswer.objects.values_list("field", "answer"))
    assert counted == sorted(
        [*((name, "confirmed") for name in ("firm", "day", "problem")), ("demand", "changed"), ("demand", "denied")]
    )


def test_a_report_that_was_heard_is_asked_about_and_never_reaches_the_firm_unasked(client: Client, town: Town) -> None:
    draft = tell(client, REPORTED)
    refused = send(client, url(draft, "heard"), {})
    assert refused.status_code == 422
    assert "请选要不要举报" in refused.content.decode()
    assert "statement" not in FilingDraft.objects.get().data.get("problem", {})
    response = send(client, url(draft, "heard"), full(client, draft, report="both"))
    assert response.headers["Location"] == url(draft, "guide")
    page = screen(client, draft, "guide")
    assert not missing_in(page, "企业看得到", "企业看不到", ">\n移动乱扣我60元，要求退还60元。</textarea>")
    split = {"statement": "移动乱扣我60元，要求退还60元。", "report": "我要举报他们虚假宣传，请依法查处"}
    assert send(client, url(draft, "guide"), split | {"report": ""}).status_code == 422
    assert send(client, url(draft, "guide"), split).headers["Location"] == url(draft, "you")
    assert problem_of(draft)["statement"] == [split["statement"]]
    assert problem_of(draft)["report"] == [split["report"]]


def test_who_does_not_report_sends_the_firm_no_word_of_it(client: Client, town: Town) -> None:
    draft = tell(client, REPORTED)
    assert "不举报，删去这些话" in heard(client, draft)
    response = send(client, url(draft, "heard"), full(client, draft, report="none"))
    assert response.headers["Location"] == url(draft, "you")
    assert (problem_of(draft)["statement"], problem_of(draft)["report"]) == (["移动乱扣我60元，要求退还60元。"], [""])
    draft = tell(client, "移动乱扣我60元。我不想举报，只要退钱。")
    assert "<q>不想举报</q>" in heard(client, draft), "it is asked, whatever stands before the word"
    send(client, url(draft, "heard"), full(client, draft, report="none"))
    assert problem_of(draft)["statement"] == ["移动乱扣我60元。只要退钱。"]
    draft = tell(client, "我要举报移动")
    response = send(client, url(draft, "heard"), full(client, draft, report="none"))
    assert response.headers["Location"] == url(draft, "story")
    assert "除了举报的话，没有写要投诉什么" in screen(client, draft, "story")


def test_only_a_report_and_other_bodies_are_told_with_a_number_and_filing_stays_open(client: Client) -> None:
    draft = tell(client, REPORTED)
    send(client, url(draft, "heard"), full(client, draft, report="only"))
    assert not missing_in(screen(client, draft, "guide"), "举报和投诉分开办理", "12315", "仍在这里投诉")
    draft = tell(client, "公司拖欠我三个月工资共18000元，一直不发")
    names = lines(client, draft)
    assert "劳动监察" in names["line_0"]
    send(client, url(draft, "heard"), full(client, draft, line_0="yes", ask=["business", "earlier"]))
    page = screen(client, draft, "guide")
    assert not missing_in(page, "tel:12333", "不是为生活消费的争议", "不再重复受理")
    assert send(client, url(draft, "guide"), {}).headers["Location"] == url(draft, "you")
    send(client, url(draft, "heard"), full(client, draft, line_0="no"))
    assert not story.guides(FilingDraft.objects.get(pk=draft.pk), today=timezone.localdate())
    assert "只是想问一问" in heard(client, tell(client, "请问携号转网需要什么条件"))


def test_who_says_otherwise_later_takes_back_what_was_put_and_keeps_what_was_typed(client: Client, town: Town) -> None:
    draft = tell(client)
    kind = "telecom.fees.unexplained_charge"
    send(client, url(draft, "heard"), all_yes(client, draft, service_region=town.gulou, problem=kind))
    send(client, url(draft, "heard"), {"service_number": "19900000001"})
    draft.refresh_from_db()
    assert draft.data["enterprise"]["respondent"], draft.data["problem"]["disputed_on"]
    names = {name: "no" for name in lines(client, draft) if name.startswith("line_")}
    assert send(client, url(draft, "heard"), names).status_code == 422
    draft.refresh_from_db()
    assert not {"respondent", "query"} & set(draft.data["enterprise"])
    assert "disputed_on" not in problem_of(draft)
    assert problem_of(draft)["service_number"] == ["19900000001"]


def test_a_report_that_is_decided_anew_leaves_nothing_of_it_with_the_firm(client: Client) -> None:
    draft = tell(client, REPORTED)
    send(client, url(draft, "heard"), {"report": "none"})
    assert "举报" not in problem_of(draft)["statement"][0]
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


def test_a_story_sent_to_a_draft_that_is_gone_begins_a_new_one(client: Client) -> None:
    draft = tell(client)
    gone = url(draft, "story")
    draft.delete()
    assert client.get(gone).headers["Location"] == "/file/?lost=1"
    assert send(client, gone, {}).headers["Location"] == "/file/?lost=1"
    assert send(client, gone, {"story": " "}).headers["Location"] == "/file/?lost=1"
    response = send(client, gone, {"story": STORY})
    new = FilingDraft.objects.get()
    assert response.headers["Location"] == url(new, "heard")
    page = heard(client, new)
    assert not missing_in(page, "投诉中国移动？", "您填的都保存在新的草稿里了")


def test_an_answer_to_a_story_that_was_told_anew_meanwhile_is_not_taken(client: Client) -> None:
    draft = tell(client)
    told = re.search(r'name="mark" value="(\w+)"', heard(client, draft))
    assert told
    send(client, url(draft, "story"), {"story": "电信宽带一直断，要求修好"})
    response = send(client, url(draft, "heard"), {"mark": told[1], "line_0": "yes"})
    assert response.headers["Location"] == url(draft, "heard")
    assert story.OUTCOME not in FilingDraft.objects.get().data
    assert "您在别处重新写过了" in heard(client, draft)


def test_for_somebody_else_opens_what_is_asked_of_others(client: Client) -> None:
    draft = tell(client, "我替我妈投诉，移动乱扣她钱")
    assert "<q>替我妈</q>" in heard(client, draft)
    assert 'name="principal_name"' not in screen(client, draft, "you")
    send(client, url(draft, "heard"), {"ask": ["another"]})
    page = screen(client, draft, "you")
    assert not missing_in(page, 'name="principal_name"', 'name="behalf"', 'name="is_declared"')
    response = send(client, url(draft, "you"), answers.YOU | {"behalf": "guardian"})
    assert not missing_in(response.content.decode(), "请填“对方的姓名”", "请勾选确认")
    send(client, url(draft, "heard"), {"asked": "1"})
    assert send(client, url(draft, "you"), answers.YOU | {"behalf": "guardian"}).status_code == 302
    assert FilingDraft.objects.get(pk=draft.pk).data["you"]["behalf"] == ["self"], "what is not asked is not taken"


@pytest.mark.parametrize("text", ["13800000000", "😀😀😀", "你好", "退" * 1200, "妈的什么垃圾电信，乱扣老子钱，退！"])
def test_whatever_is_written_leads_on(client: Client, text: str) -> None:
    draft = tell(client, text)
    response = send(client, url(draft, "heard"), full(client, draft))
    assert response.headers["Location"] == url(draft, "you")
    assert problem_of(draft)["statement"] == [text]


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


def test_two_firms_are_a_question_and_a_platform_without_a_name_is_asked_for(client: Client, town: Town) -> None:
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
    draft = tell(client, "网购的鞋穿一天就坏了，要求退货")
    number = next(name for name, text in lines(client, draft).items() if "网上买的" in text)
    refused = send(client, url(draft, "heard"), {number: "yes"})
    assert "请写平台的名称" in refused.content.decode()
    send(client, url(draft, "heard"), {number: "yes", "platform": "某某商城"})
    data = FilingDraft.objects.get(pk=draft.pk).data
    assert (data["purchase"]["is_online"], data["problem"]["place"]) == (["yes"], ["某某商城"])


def test_a_shop_that_the_directory_has_is_chosen_from_its_list(client: Client, town: Town) -> None:
    shop = Enterprise.objects.create(name="又再来鞋城", enrolment="not_enrolled")
    write_names([shop.pk])
    draft = tell(client, "我在叫又再来鞋城的店买的鞋穿一天就坏了，要求退货")
    page = heard(client, draft)
    assert not missing_in(page, "<q>又再来鞋城</q>", f'value="{shop.pk}--"')
    assert not re.search(r'name="respondent"[^>]*checked', page), "which one it is, the person says"


def test_a_draft_with_codes_that_the_tables_no_longer_have_is_shown(client: Client) -> None:
    draft = tell(client)
    old = ['["demand", "magic:60", "退", false]', '["elsewhere", "nobody", "楼下", false]']
    draft.data["heard"]["line"] = [*old, *draft.data["heard"]["line"]]
    draft.data["heard"]["problem"] = ["telecom.gone"]
    draft.save()
    assert "投诉中国移动？" in heard(client, draft)


def test_a_field_that_people_seldom_confirm_is_no_longer_filled_in(client: Client) -> None:
    now, here = timezone.now(), patterns().version
    heard_counts.note([("firm", HeardAnswer.Answer.DENIED)] * 41, version=here, now=now)
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)] * 158, version=here, now=now)
    assert heard_counts.doubted(["firm", "day"], version=here, now=now) == set(), "fewer than 200 say nothing"
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)], version=here, now=now)
    assert heard_counts.doubted(["firm", "day"], version=here, now=now) == {"firm"}
    assert heard_counts.doubted(["firm"], version=here + 1, now=now) == set(), (
        "another version is judged by its own answers"
    )
    page = heard(client, tell(client))
    assert "投诉中国移动？" not in page or not re.search(r'name="line_0" value="yes"[^>]*checked', page)
    heard_counts.note([("firm", HeardAnswer.Answer.CONFIRMED)] * 900, version=here, now=now + timedelta(days=1))
    assert heard_counts.doubted(["firm"], version=here, now=now) == set()
    assert heard_counts.forget(limit=500) == 100
    assert HeardAnswer.objects.count() == heard_counts.KEPT
