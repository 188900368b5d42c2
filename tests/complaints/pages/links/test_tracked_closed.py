"""The page of the receipt after a case is closed: what ended, what can still be done until when, and the undo while it
works; nobody is signed in."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import found_in, given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import SOON, place, redirected, unconfirmed, withdrawn
from tests.complaints.pages.at_the_desk import shown, signed_in
from tests.complaints.pages.consumer.test_ending import ways_of
from tests.complaints.pages.links.test_track import KEY, opened, prove_phone, with_token


@pytest.fixture
def rested(world: World) -> Complaint:
    case = given.step(given.refused_in_full(world), consumer.let_rest(), world.consumer, SOON)
    return with_token(case)


def test_it_says_what_ended_and_what_can_still_be_done(client: Client, world: World, rested: Complaint) -> None:
    with time_machine.travel(SOON, tick=False):
        page = opened(client, rested)
    assert not missing_in(
        page, "全部拒绝，未再坚持", "不算和解成功", "不同意；企业说：系统记录显示由本人办理", "还没完？"
    )
    # Each way stands once, with its last day.
    doors = ways_of(page)
    here = f"/track/{rested.number}"
    assert not missing_in(
        doors, f'href="{here}/undo/"', f'href="{here}/refer/"', "点错了？撤销“", "11月12日", "最晚2029年"
    )
    assert page.count(f'href="{here}/refer/"') == 1
    # Nothing of it leads to where one has to be signed in; nothing waits for anybody.
    assert not found_in(doors, "/cases/")
    assert not found_in(page, "没有人需要办理")


def test_the_undo_stands_there_as_long_as_it_works_and_works(client: Client, world: World, rested: Complaint) -> None:
    # Let rest on a Wednesday: until the end of Thursday in Shanghai, 16:00 UTC.
    last = SOON.replace(hour=15, minute=59) + timedelta(days=1)
    undo = f"/track/{rested.number}/undo/"
    with time_machine.travel(last + timedelta(minutes=2), tick=False):
        assert not found_in(opened(Client(), rested), undo)
    with time_machine.travel(last, tick=False):
        assert undo in opened(client, rested)
        prove_phone(client, rested.number, undo)
        assert client.post(undo, KEY)["Location"] == f"/track/{rested.number}/"
        assert reloaded(rested).status == S.AWAITING_CONSUMER
        assert not found_in(shown(client.get(f"/track/{rested.number}/")), "还没完？", undo)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (withdrawn, ["您已撤回投诉", "交市场监管局", "最晚2029年"]),
        (unconfirmed, ["您未答复", "现在仍可以答复企业的方案", "最晚12月"]),
        (redirected, ["由其他部门办理", "12345", "对处理结果提出异议"]),
    ],
)
def test_the_same_ways_as_in_an_account_with_the_same_last_days(world: World, made: Any, said: list[str]) -> None:
    case = with_token(made(world))
    with time_machine.travel(max(SOON, case.closed_at + timedelta(hours=1)), tick=False):
        page = opened(Client(), case)
        assert missing_in(page, *said) == []
        english = opened(Client(headers={"accept-language": "en"}), case)
        assert not missing_in(english, "Not over yet?")
        account = ways_of(shown(signed_in(world.chen).get(place(case))))
    here = [line for line in ways_of(page).replace(f"/track/{case.number}/", place(case)).splitlines() if line.strip()]
    assert [line for line in here if line not in account.splitlines()] == []


def test_what_was_done_stands_line_by_line(client: Client, world: World) -> None:
    case = given.a_complaint(world, status=S.PERFORMING)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水 8842"), world.handler, WEDNESDAY)
    case = with_token(given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY))
    with time_machine.travel(SOON, tick=False):
        page = opened(client, case)
    assert not missing_in(
        page, "和解成功", "退还多扣费用", "¥128.50", "不再要求；企业说：", f"/track/{case.number}/rate/"
    )
