"""The demo mailbox shows what a case tells people, and what sign-in sends."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.models import Matter, Measure, Notice, Offer
from complaints.notices import delivery
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import DemandRequest
from complaints.procedure.workflow import Status
from demo.measures import MOST, make_sets
from enterprises.models import TwoPersons
from tests import given, missing_in
from tests.cast import WEDNESDAY, World

pytestmark = pytest.mark.django_db


def test_notices_of_a_case_are_in_the_mailbox_which_asks_two_questions(
    client: Client, world: Any, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.DEMO = True
    given.filed(world)
    notice = Notice.objects.order_by("-id")[0]
    with django_assert_num_queries(2):
        client.get("/demo/mail/")
    client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": "0f6c2a7e0f6c2a7e"})
    page = client.get("/demo/mail/").content.decode()
    assert missing_in(page, notice.subject, "+8619900001234") == []
    page = client.get("/demo/mail/?q=nothing-like-this").content.decode()
    assert ("没有找到" in page, notice.subject in page) == (True, False)


def test_what_was_sent_is_shown_as_it_arrived(client: Client, world: Any, settings: Any) -> None:
    settings.DEMO = True
    for _ in range(2):
        case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    assert "等待发送" in client.get("/demo/mail/").content.decode()
    delivery.sweep_notices(now=WEDNESDAY + timedelta(hours=5))
    page = client.get("/demo/mail/").content.decode()
    assert page.count("【12315】下午汇总：2件") == 1
    assert "等待发送" not in page
    assert f"【12315】已收到投诉{case.number}，11月12日24:00前有回应" in page
    chens = client.get("/demo/mail/?q=陈试").content.decode()
    assert ("汇总" in chens, case.number in chens) == (False, True)
    of_the_case = client.get(f"/demo/mail/?case={case.number}").content.decode()
    assert set(re.findall(r"2026\d{4}-\d\d-\w{12}-\w", of_the_case)) == {case.number}


def test_an_old_code_is_gone_and_outside_of_a_demo_there_is_no_mailbox(client: Client, settings: Any) -> None:
    settings.DEMO = True
    client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": "0f6c2a7e0f6c2a7e"})
    delivery.sweep_notices(now=timezone.now() + timedelta(minutes=10))
    page = client.get("/demo/mail/").content.decode()
    assert ("验证码已过期，内容已删除。" in page, "分钟内有效" in page) == (True, False)
    settings.DEMO = False
    assert client.get("/demo/mail/").status_code == 404


def test_what_waits_hides_no_code(client: Client, world: Any, settings: Any) -> None:
    settings.DEMO = True
    given.filed(world, now=timezone.now() - timedelta(minutes=1))
    Notice.objects.update(send_after=timezone.now() + timedelta(days=1))
    client.post("/account/sign-in/", {"address": "19900001234", "idempotency_key": "0f6c2a7e0f6c2a7e"})
    page = client.get("/demo/mail/").content.decode()
    assert 0 < page.index("分钟内有效") < page.index("已收到您的投诉")


#: As many as fill all three.
ENOUGH = MOST + 4 + 8


def test_where_nobody_negotiates_there_is_no_set_else_a_draft_one_in_two_names_and_one_that_was_sent(
    world: World,
) -> None:
    now = timezone.now()
    given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now)
    make_sets(now=now, conditions=Conditions.at(now))
    assert not Measure.objects.exists()
    TwoPersons.objects.create(enterprise=world.mobile, refusals=True, set_by=world.lead, set_at=now)
    demands = (DemandRequest(kind="refund", amount="20"), DemandRequest(kind="apology"))
    for _ in range(ENOUGH):
        given.a_complaint(world, status=Status.NEGOTIATING, now=now, demands=demands)
    make_sets(now=now, conditions=Conditions.at(now))
    draft, waiting, sent = Measure.objects.order_by("pk")
    shown = [(len(one.picks), one.proposed_at, one.sent_at) for one in (draft, waiting, sent)]
    assert shown == [(MOST, None, None), (4, now, None), (8, None, now)]
    assert Matter.objects.filter(kind="proposal", state="open", measure_id=waiting.public_id).count() == 4
    states = sorted(Offer.objects.filter(measure_id=sent.public_id).values_list("state", flat=True))
    assert states == ["accepted"] * 4 + ["open"] * 4
    cases = [pick["case"] for one in (draft, waiting, sent) for pick in one.picks]
    assert len(cases) == len(set(cases)) == ENOUGH
