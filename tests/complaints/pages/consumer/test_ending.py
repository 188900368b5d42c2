"""How it ends for the consumer: equal ways that say what they lead to, what was given up, what can still be done."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.handling import Answer
from complaints.handling.steps import consumer, enterprise, offers
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import SOON, at, place, redirected, unconfirmed, withdrawn
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in

pytestmark = pytest.mark.usefixtures("clock")
WAYS = re.compile(r'<ul class="ways.*?</ul>', re.S)


def ways_of(page: str) -> str:
    found = WAYS.search(page)
    return found.group() if found else ""


def settled_in_part(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.PERFORMING)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水 8842"), world.handler, WEDNESDAY)
    return given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY)


def test_each_way_says_what_it_leads_to_beside_itself(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.chen)
    page = shown(browser.get(f"{place(case)}offer/1/"))
    paths = re.findall(r'<div class="path">.*?</div>', page, re.S)
    assert "<h1>企业同意1项、不同意1项</h1>" in page
    said = [
        ("接受同意的部分", "没同意的（"),
        ("不接受，继续谈", "再提方案"),
        ("交市场监管局", "不作数"),
        ("先问一个问题", "1个工作日"),
    ]
    assert len(paths) == len(said)
    for path, (label, leads_to) in zip(paths, said, strict=True):
        assert label in path
        assert leads_to in path
    english = shown(browser.get(f"{place(case)}offer/1/", headers={"accept-language": "en"}))
    assert not missing_in(english, "Accept what it granted", "Decline, talk on", "To the market regulator")


def test_what_was_refused_needs_a_choice_and_is_read_back_by_name(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.chen)
    address = f"{place(case)}offer/1/"
    page = checked(
        send(browser, address, {"answer": "accept", "text": "一句话"}), 422, "请选没接受的怎么办。", "一句话"
    )
    assert "checked" in page
    answer = send(browser, address, {"answer": "accept", "rest": "give_up"})
    checked(browser.get(answer["location"]), 200, "您接受了方案", "不再要求的：", "撤销")
    checked(browser.get(place(case)), 200, "（不再要求）")


def test_an_offer_of_one_whole_says_that_the_rest_is_given_up(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.NEGOTIATING), signed_in(world.chen)
    answers = [Answer(demand=1, verdict="grant"), Answer(demand=2, verdict="refuse", reason=given.CANCELLED_BEFORE)]
    given.step(case, offers.make_offer(answers=answers, promises=given.promises()[:1]), world.handler, WEDNESDAY)
    page = checked(browser.get(f"{place(case)}offer/1/"), 200, "接受以后就不再要求")
    assert 'name="rest"' not in page
    assert send(browser, f"{place(case)}offer/1/", {"answer": "accept", "rest": "go_on"}).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.is_in_part) == (S.PERFORMING, True)


def test_from_an_offer_the_regulator_is_one_of_the_ways(world: World) -> None:
    case, browser = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.chen)
    assert send(browser, f"{place(case)}offer/1/", {"answer": "regulator"}).status_code == 302
    case.refresh_from_db()
    assert case.status == S.REVIEW


def test_the_closed_card_says_what_was_done_and_what_was_given_up(world: World) -> None:
    case, browser = settled_in_part(world), signed_in(world.chen)
    page = checked(
        browser.get(place(case)), 200, "和解成功", "退还多扣费用", "¥128.50", "不再要求；企业说：这项服务上月"
    )
    assert not found_in(page, "没有人需要办理")
    doors = ways_of(page)
    assert not missing_in(
        doors, "点错了？撤销“", f'href="{place(case)}undo/"', f'href="{place(case)}rate/"', "完整档案"
    )


def test_what_was_let_rest_is_read_back_with_the_undo_and_without_a_duty_of_nobody(world: World) -> None:
    case, browser = given.refused_in_full(world), signed_in(world.chen)
    answer = send(browser, f"{place(case)}offer/1/", {"answer": "rest"})
    page = checked(browser.get(answer["location"]), 200, "您不再坚持", "不算和解成功", f'href="{place(case)}undo/"')
    assert not found_in(page, "没有人需要办理", "没有期限")


def test_the_undo_stays_visible_as_long_as_it_works(world: World) -> None:
    case = given.refused_in_full(world)
    given.step(case, consumer.let_rest(), world.consumer, SOON)
    # Let rest on a Wednesday: until the end of Thursday in Shanghai, 16:00 UTC.
    last = SOON.replace(hour=15, minute=59) + timedelta(days=1)
    for moment, is_open in ((SOON, True), (last, True), (last + timedelta(minutes=2), False)):
        with time_machine.travel(moment, tick=False):
            browser = signed_in(world.chen)
            page = shown(browser.get(place(case)))
            assert ("撤销“" in ways_of(page)) is is_open
            assert not missing_in(
                page, "全部拒绝，未再坚持", "不同意；企业说：系统记录显示由本人办理", f'href="{place(case)}refer/"'
            )
            assert browser.get(f"{place(case)}undo/").status_code == (200 if is_open else 302)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (withdrawn, ["您已撤回投诉", "交市场监管局", "最晚2029年"]),
        (unconfirmed, ["您未答复", "现在仍可以答复企业的方案", "最晚12月"]),
        (redirected, ["由其他部门办理", "12345", "对处理结果提出异议"]),
    ],
)
def test_every_open_way_stands_with_its_last_day(world: World, made: Any, said: list[str]) -> None:
    case = made(world)
    with time_machine.travel(max(SOON, case.closed_at + timedelta(hours=1)), tick=False):
        page = shown(signed_in(world.chen).get(place(case)))
        assert missing_in(page, *said) == []
        english = shown(signed_in(world.chen).get(place(case), headers={"accept-language": "en"}))
        assert not missing_in(english, "Not over yet?", "Get the whole file of the case")


def test_an_open_case_has_no_closed_card(world: World) -> None:
    page = shown(signed_in(world.chen).get(place(at(S.NEGOTIATING)(world))))
    assert not found_in(page, "还没完？", 'class="outcome"')
