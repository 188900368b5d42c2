"""Filings that need guidance, each through the screens as a consumer sees them: told before the contact is asked for,
and filed all the same."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.models import Complaint, FilingDraft, PersonalText
from enterprises.directory.naming import write_names
from enterprises.models import Alias, Brand, BrandHolding, Enterprise, Succession
from tests import found_in, missing_in
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import fill, screen, send, url
from tests.complaints.filing.test_story import full, heard, lines, problem_of, tell
from tests.complaints.filing.test_submit import file, prove, ready, signed_in, submitted

pytestmark = pytest.mark.django_db


def guided(client: Client, draft: FilingDraft, **more: Any) -> str:
    """What is told after the second screen; "" where nothing is."""
    to = send(client, url(draft, "heard"), full(client, draft, **more)).headers["Location"]
    return screen(client, draft, "guide") if to == url(draft, "guide") else ""


def goes_on_to_the_end(client: Client, draft: FilingDraft, **more: Any) -> Complaint:
    """Through the page that tells, and whatever is left."""
    assert send(client, url(draft, "guide"), more).headers["Location"] == url(draft, "you")
    assert send(client, url(draft, "you"), answers.YOU).headers["Location"] == url(draft, "check")
    response = file(client, draft, pause_for_settlement="no")
    assert response.status_code == 302, response.content.decode()
    return Complaint.objects.latest("pk")


def test_bought_for_business_is_told_where_it_belongs_and_filed_all_the_same(client: Client, town: Town) -> None:
    draft = tell(client, "我们公司的企业宽带专线断了两天，要求赔偿5万元")
    assert "<q>我们公司" in heard(client, draft), "quoted beside the question"
    assert not guided(client, draft), "not by the words alone"
    told = guided(client, draft, ask=["business"])
    assert not missing_in(told, "不是为生活消费的争议", "仍在这里投诉", "tel:12348")
    assert goes_on_to_the_end(client, draft).pk


def test_who_only_reports_is_told_where_though_no_other_words_are_left(client: Client, town: Town) -> None:
    draft = tell(client, "举报楼下小店无证经营，请查处")
    told = guided(client, draft, report="only")
    assert not missing_in(told, "举报和投诉分开办理", "举报楼下小店无证经营")
    # A complaint as well: of what, has to be written.
    response = send(client, url(draft, "heard"), full(client, draft, report="both"))
    assert response.headers["Location"] == url(draft, "story")


def test_over_three_years_is_told_and_when_it_was_noticed_is_asked(client: Client, town: Town) -> None:
    draft = tell(client, "大概2021年6月吧，移动宽带师傅把我家外墙打穿，要求赔偿500元")
    assert "<q>2021年6月</q>" in heard(client, draft), "a month is no date: quoted beside the question"
    told = guided(client, draft, disputed_on="2021-06-10", is_approximate="on")
    assert not missing_in(told, "超过3年的争议，监管部门通常不予受理", "仍在这里投诉", 'name="noticed_on"')
    refused = send(client, url(draft, "guide"), {"noticed_on": "2099-01-01"})
    assert (refused.status_code, "这一天还没有到" in refused.content.decode()) == (422, True)
    case = goes_on_to_the_end(client, draft, noticed_on="")
    assert str(case.disputed_on) == "2021-06-10"
    # Who noticed it later is in time, and told nothing more.
    draft = tell(client, "移动宽带师傅把我家外墙打穿，要求赔偿500元")
    noticed = timezone.localdate() - timedelta(days=90)
    assert guided(client, draft, disputed_on="2021-06-10", is_approximate="on")
    assert send(client, url(draft, "guide"), {"noticed_on": noticed.isoformat()}).status_code == 302
    assert problem_of(draft)["noticed_on"] == [noticed.isoformat()]
    assert "超过3年的争议" not in screen(client, draft, "guide")
    fill(client, draft, until="you", problem={"disputed_on": "2021-06-10"})
    send(client, url(draft, "you"), answers.YOU)
    assert "事情已经超过3年" not in screen(client, draft)
    draft = tell(client, "移动宽带师傅上个月把我家外墙打穿，要求赔偿500元")
    assert not guided(client, draft, disputed_on=noticed.isoformat())


def test_a_complaint_handled_before_is_told_where_it_goes_on(client: Client, town: Town) -> None:
    draft = tell(client, "上周我在这里投诉过移动乱扣费，到现在没有结果，退我158.5元")
    assert "<q>上周我在这里投诉过</q>" in heard(client, draft) or "投诉过" in heard(client, draft)
    assert not missing_in(guided(client, draft, ask=["earlier"]), "不再重复受理", "在原来受理的地方查进度")


def test_a_platform_has_to_be_named_and_stands_with_the_case(client: Client, town: Town) -> None:
    draft = tell(client, "直播间买的手镯是玻璃的，要求退一赔三")
    (line,) = (name for name, text in lines(client, draft).items() if "网上买的" in text)
    assert send(client, url(draft, "heard"), full(client, draft, **{line: "yes"})).status_code == 422
    given = full(client, draft, **{line: "yes"}, platform="某某直播")
    assert send(client, url(draft, "heard"), given).headers["Location"] == url(draft, "you")
    send(client, url(draft, "you"), answers.YOU)
    assert "/receipt/" in file(client, draft, pause_for_settlement="no").headers["Location"]
    case = Complaint.objects.get()
    place = PersonalText.objects.get(complaint=case, kind="consumer_place")
    assert (case.is_online, place.text) == (True, "某某直播")


@pytest.mark.parametrize(
    ("text", "quote", "firms"),
    [
        ("铁通宽带一直断，要求修好", "铁通", ["中国移动"]),
        ("小灵通余额86元一直没退给我，要求退回", "小灵通", ["中国电信", "中国联通"]),
        ("网通那时候的押金200一直没退", "网通", ["中国联通"]),
    ],
)
def test_a_former_name_is_asked_about_and_never_filled_in(
    client: Client, town: Town, text: str, quote: str, firms: list[str]
) -> None:
    draft = tell(client, text)
    page = heard(client, draft)
    assert not missing_in(page, f"<q>{quote}</q>", "这是以前的名称或业务", *firms)
    assert not re.search(r'name="(line_0|firm)"[^>]*checked', page)
    said = {"firm": firms[-1]} if len(firms) > 1 else {"line_0": "yes"}
    send(client, url(draft, "heard"), said)
    draft.refresh_from_db()
    assert draft.data["enterprise"]["query"] == [firms[-1]]


def test_the_region_is_offered_from_the_words_and_never_taken_unasked(client: Client, town: Town) -> None:
    draft = tell(client, "我在福州鼓楼区用移动宽带，一直断，要求修好")
    names = lines(client, draft)
    (line,) = (name for name, text in names.items() if "福州市鼓楼区" in text)
    page = heard(client, draft)
    assert "<q>鼓楼区</q>" in page
    assert f'<option value="{town.gulou}" selected' not in page
    refused = send(client, url(draft, "heard"), {})
    assert not missing_in(refused.content.decode(), f'href="#id_{line}', "请选一个")
    assert "service_region" not in FilingDraft.objects.get(pk=draft.pk).data["enterprise"]
    # Another one: the list opens.
    refused = send(client, url(draft, "heard"), full(client, draft, service_region="", **{line: "no"}))
    assert "请选择使用或购买的地区" in refused.content.decode()
    given = full(client, draft, service_region="", **{line: "yes"})
    assert send(client, url(draft, "heard"), given).headers["Location"] == url(draft, "you")
    assert FilingDraft.objects.get(pk=draft.pk).data["enterprise"]["service_region"] == [str(town.gulou)]
    # What a link handed over is not asked again; a town that nobody names is asked as ever.
    address = f"/file/?service_region={town.gulou}&pick={town.pick}"
    send(client, address, {"story": "我在福州鼓楼区用移动宽带，一直断，要求修好"})
    draft = FilingDraft.objects.latest("created_at")
    assert not found_in(heard(client, draft), "福州市鼓楼区？")
    asked = lines(client, tell(client, "移动宽带一直断，要求修好")).values()
    assert not [text for text in asked if text.startswith("在")]


def named_otherwise(town: Town) -> dict[str, dict[str, Any]]:
    """What a second complaint says of its firm: the one of the first is picked by its branch."""
    old = Enterprise.objects.create(name="老测试寻呼有限公司", enrolment="not_enrolled")
    Succession.objects.create(predecessor=old, successor=town.carrier, on_day="2020-01-01")
    brand = Brand.objects.create(name="测试全时通")
    BrandHolding.objects.create(brand=brand, enterprise=town.carrier)
    Alias.objects.create(enterprise=town.carrier, name="测试铁话", kind=Alias.Kind.FORMER)
    write_names([town.carrier.pk, old.pk])
    return {
        "its headquarters": {"respondent": f"{town.carrier.pk}--"},
        "whom it succeeded": {"respondent": f"{old.pk}--"},
        "its brand, written down": {"respondent": "named", "query": "测试全时通"},
        "a former name, written down": {"respondent": "named", "query": "测试铁话"},
        "its name with the town beside it": {"respondent": "named", "query": "福州测试铁话公司"},
    }


def test_the_same_firm_within_sixty_days_is_asked_about_however_it_is_named(client: Client, town: Town) -> None:
    submitted(client, town)
    earlier, again = Complaint.objects.get(), signed_in()
    other = "宽带装好以后一直掉线，报修三次都没有人上门。"
    for what, firm in named_otherwise(town).items():
        draft = ready(again, town, told=other, problem={"service_number": "059188880000"})
        draft.refresh_from_db()
        draft.data["enterprise"] |= {name: [value] for name, value in firm.items()}
        if firm["respondent"] == "named":
            draft.data["enterprise"]["named"] = [firm["query"]]
        draft.save()
        assert not missing_in(screen(again, draft), "是同一件事吗？", earlier.number, "，同一企业"), what
    # Somebody else: nothing is asked.
    write_down(draft, "街角修鞋铺")
    assert "是同一件事吗？" not in screen(again, draft)


def write_down(draft: FilingDraft, name: str) -> None:
    draft.refresh_from_db()
    draft.data["enterprise"] |= {"respondent": ["named"], "named": [name], "query": [name]}
    draft.save()


def test_a_firm_that_was_written_down_is_the_same_when_it_is_picked_or_written_otherwise(
    client: Client, town: Town
) -> None:
    named_otherwise(town)
    draft = ready(client, town)
    write_down(draft, "测试铁话")
    prove(client, draft)
    file(client, draft, pause_for_settlement="no")
    assert Complaint.objects.get().respondent_named == "测试铁话"
    again = signed_in()
    draft = ready(again, town, told="宽带一直掉线，报修三次。", problem={"service_number": "059188880000"})
    assert "，同一企业" in screen(again, draft), "picked from the directory"
    write_down(draft, "街角小店")
    assert file(again, draft, pause_for_settlement="no").status_code == 302
    draft = ready(again, town, told="买的鞋开胶，要求退货。", problem={"service_number": "059188880000"})
    write_down(draft, "福州市街角小店")
    assert "，同一企业" in screen(again, draft), "nobody in the directory: by the name without its place"
