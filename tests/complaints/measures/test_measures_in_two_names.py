"""A set of offers in two names: proposed and approved as a whole, each case judged anew, time running on."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep, Matter, Measure, Offer
from complaints.procedure.workflow import Status as S
from enterprises.models import Staff
from enterprises.models.team import TwoPersons
from tests import given
from tests.cast import World
from tests.complaints.measures.conftest import cases, filled
from tests.complaints.measures.test_measures import BY_TABLE, HOME, RULE, drafted, numbers, place, sent, why
from tests.complaints.pages.at_the_desk import signed_in

pytestmark = pytest.mark.django_db
LIST = "/enterprise/approvals/"
MOVED, UNANSWERED = "案件已有变化，这份请示已失效。", "还没有答复第9项诉求，每一项都要答复。"
SMALL = BY_TABLE | {"source-refund": "fixed", "fixed-refund": "20"}


@pytest.fixture
def guarded(world: World) -> TwoPersons:
    columns = {"enterprise": world.mobile, "set_by": world.lead, "set_at": timezone.now()}
    return TwoPersons.objects.create(offers_above=Decimal(100), **columns)


@pytest.fixture
def reviewer(world: World) -> User:
    user = User.objects.create_user(email="rev@example.com", password="x" * 20, name="审试")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role="reviewer")
    return user


def proposed(world: World, browser: Client, ours: list[Complaint]) -> Measure:
    measure = drafted(browser, lines=numbers(ours))
    page = browser.post(place(measure), filled(preview="1", **RULE)).content.decode()
    assert f"试办：{len(ours)}件可以提请批准" in page
    assert "期限不停" in page
    assert not Matter.objects.exists()
    answer = browser.post(place(measure), filled(send="1", **RULE), follow=True)
    assert f"已把{len(ours)}件方案提请批准" in answer.content.decode()
    measure.refresh_from_db()
    return measure


def decide(browser: Client, measure: Measure, decision: str, text: str = "", **fields: Any) -> Any:
    return browser.post(f"{place(measure)}approval/", filled(decision=decision, text=text) | fields)


def test_the_whole_is_proposed_and_another_person_sends_it(world: World, guarded: TwoPersons, reviewer: User) -> None:
    ming, ours = signed_in(world.ming), cases(world, 3)
    due = list(Complaint.objects.order_by("pk").values_list("next_due_at", flat=True))
    measure = proposed(world, ming, ours)
    assert not Offer.objects.exists()
    assert HandlingStep.objects.filter(step="propose", complaint__in=ours).count() == 3
    assert list(Complaint.objects.order_by("pk").values_list("next_due_at", flat=True)) == due
    # Whoever proposed it reads it, and cannot decide.
    assert ming.get(place(measure))["Location"] == f"{place(measure)}approval/"
    page = ming.get(f"{place(measure)}approval/").content.decode()
    assert "不能批准自己提请的" in page
    assert "¥385.50" in page
    assert decide(ming, measure, "grant").status_code == 409
    assert "等第二人批准" in ming.get(HOME).content.decode()
    # Sent again it is one proposal.
    assert ming.post(place(measure), filled(send="1", **RULE)).status_code == 302
    assert Matter.objects.filter(state="open").count() == 3
    for stranger in (world.hua, world.rui, world.chen):
        assert signed_in(stranger).get(f"{place(measure)}approval/").status_code == 404
        assert decide(signed_in(stranger), measure, "grant").status_code == 404
    other = User.objects.create_user(email="other@example.com", password="x" * 20, name="另试")
    Staff.objects.create(user=other, enterprise=world.mobile, branch=world.fuzhou, role="handler")
    assert "由审核人员或者管理员批准" in signed_in(other).get(f"{place(measure)}approval/").content.decode()
    assert decide(signed_in(other), measure, "grant").status_code == 409
    assert not Offer.objects.exists()
    browser = signed_in(reviewer)
    listed = browser.get(LIST).content.decode()
    assert "1项等您批准" in listed
    assert "批量方案，3件" in listed
    # A letter about one of its cases leads to the whole.
    one = Matter.objects.filter(measure_id=measure.public_id).earliest("pk")
    assert browser.get(f"{LIST}{one.pk}/")["Location"] == f"{place(measure)}approval/"
    form = filled(decision="grant", text="")
    for _turn in range(2):
        answer = browser.post(f"{place(measure)}approval/", form)
        assert (answer.status_code, answer["Location"]) == (302, LIST)
    offers = Offer.objects.filter(measure_id=measure.public_id)
    assert {offer.complaint_id: offer.made_by_name for offer in offers} == {case.pk: "审试" for case in ours}
    steps = ["propose", "approve", "make_offer"]
    for case in ours:
        taken = HandlingStep.objects.filter(complaint=case, step__in=steps).order_by("pk")
        assert list(taken.values_list("step", flat=True)) == steps
    measure.refresh_from_db()
    assert (measure.sent, measure.left_out) == (3, [])
    assert "审试批准" in signed_in(world.ming).get(place(measure)).content.decode()
    assert "没有待批准的事项" in browser.get(LIST).content.decode()
    assert decide(browser, measure, "grant")["Location"] == place(measure)


def test_each_case_is_judged_anew_and_the_rest_is_named(world: World, guarded: TwoPersons) -> None:
    ours = cases(world, 4)
    measure = proposed(world, signed_in(world.ming), ours)
    # One leaves, one asks for something else meanwhile.
    given.step(ours[0], consumer.stop_negotiating(), world.consumer, timezone.now())
    ours[1].demands.create(ordinal=9, kind="apology")
    lead = signed_in(world.lead)
    assert "1件已有变化，不会发送" in lead.get(f"{place(measure)}approval/").content.decode()
    assert decide(lead, measure, "grant").status_code == 302
    measure.refresh_from_db()
    assert sorted(Offer.objects.values_list("complaint_id", flat=True)) == [ours[2].pk, ours[3].pk]
    assert why(measure) == {ours[0].number: MOVED, ours[1].number: UNANSWERED}
    # Nothing half done: no approval without its offer, and nothing goes on waiting.
    proposals = Matter.objects.filter(kind="proposal").order_by("complaint_id")
    states = zip(ours, ("fallen", "refused", "granted", "granted"), strict=True)
    assert list(proposals.values_list("complaint_id", "state")) == [(case.pk, state) for case, state in states]
    assert not HandlingStep.objects.filter(complaint=ours[1], step="approve").exists()
    # What stayed behind is chosen anew with one press.
    assert ours[1].number in signed_in(world.ming).get(f"{HOME}new/?again={measure.public_id}").content.decode()


def test_nothing_left_is_said_and_nothing_is_done(world: World, guarded: TwoPersons) -> None:
    ours = cases(world, 2)
    measure = proposed(world, signed_in(world.ming), ours)
    for case in ours:
        given.step(case, consumer.stop_negotiating(), world.consumer, timezone.now())
    lead = signed_in(world.lead)
    assert "没有一件还可以发送" in lead.get(f"{place(measure)}approval/").content.decode()
    assert decide(lead, measure, "grant").status_code == 409
    assert decide(lead, measure, "refuse", "这些案件都已离开。").status_code == 302


def test_sent_back_it_is_a_draft_with_the_reason_and_goes_on(world: World, guarded: TwoPersons, reviewer: User) -> None:
    ming, ours = signed_in(world.ming), cases(world, 2)
    waiting = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    measure = drafted(ming, lines=numbers([*ours, waiting]))
    assert ming.post(place(measure), filled(send="1", **RULE)).status_code == 302
    measure.refresh_from_db()
    assert set(why(measure)) == {waiting.number}
    browser = signed_in(reviewer)
    assert decide(browser, measure, "refuse").status_code == 422
    assert decide(browser, measure, "refuse", "金额请与计费部门核对。").status_code == 302
    measure.refresh_from_db()
    assert (measure.proposed_at, measure.sent_at, measure.left_out) == (None, None, [])
    assert set(Matter.objects.values_list("state", flat=True)) == {"refused"}
    page = ming.get(place(measure)).content.decode()
    for text in ("退回修改", "金额请与计费部门核对。", "审试"):
        assert text in page
    # A smaller one needs nobody else.
    assert sent(ming, measure, **SMALL).sent == 2
    assert set(why(measure)) == {waiting.number}


def test_one_case_above_the_amount_makes_the_whole_wait(world: World, guarded: TwoPersons) -> None:
    ming, ours = signed_in(world.ming), cases(world, 2)
    measure = drafted(ming, lines=f"{ours[0].number},20\n{ours[1].number},120")
    assert ming.post(place(measure), filled(send="1", **RULE | BY_TABLE)).status_code == 302
    assert Matter.objects.filter(measure_id=measure.public_id, state="open").count() == 2
    assert not Offer.objects.exists()
