"""The authority's pages as an officer sees them, on a phone and at a desk, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints.handling.steps import authority, enterprise, proposals, violations
from complaints.models import Complaint, ForwardingDecision, Matter
from complaints.procedure.filing_request import OnBehalf
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS, in_look
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
PAYLOAD = {"ground": "not_consumption", "facts": "三份订单都是批发给下级商户的，有对账单为证。"}


def a_candidate(world: World) -> dict[str, Any]:
    """A suggestion of routing that is likely: the branch in the city serves the district."""
    branch = {"branch": "中国移动福州分公司", "branch_en": "China Mobile Fuzhou Branch"}
    why = {"code": "serves", **branch, "region": "鼓楼区", "region_en": "Gulou"}
    return {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 90, "why": [why]}


def cases_of(world: World) -> dict[str, Complaint]:
    """One case in each state that an officer meets, a suggestion of routing, a proposal."""
    now = timezone.now()
    made = {
        str(status): given.a_complaint(world, status=status, now=now)
        for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING, S.PERFORMING)
    }
    candidates = [a_candidate(world), {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []}]
    why = {"version": None, "confidence": "", "is_match": False, "why": [{"code": "contact_unverified"}]}
    ForwardingDecision.objects.create(
        complaint=made["triage"], at=now, verdict="triage", explanation={"rule": "", **why, "candidates": candidates}
    )
    made["proposed"] = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(made["proposed"], proposals.propose(move=authority.refuse(**PAYLOAD)), world.officer, now)
    # What only the authority reads has a section of its own.
    given.step(made["performing"], enterprise.flag_concern(text="同一号码一个月内提交了七件。"), world.handler, now)
    given.step(made["performing"], violations.split_report(text="消费者还反映该门店虚构优惠价格。"), world.officer, now)
    return made


@pytest.mark.parametrize("look", LOOKS)
def test_pages_hold_before_axe_and_fit(world: World, visit: Any) -> None:
    made = cases_of(world)
    proposal = Matter.objects.get(complaint=made["proposed"], kind="proposal")
    city, county, head = (visit(user=user) for user in (world.su, world.rui, world.head_officer.user))
    triage, review, mediating = (made[status].number for status in ("triage", "review", "mediating"))
    for visitor, path in (
        (city, ""),
        (city, "triage/"),
        (city, f"triage/{triage}/"),
        (city, f"triage/{triage}/?q=电信"),
        (city, f"cases/{triage}/forward/"),
        (county, "cases/"),
        *((county, f"cases/{made[status].number}/") for status in ("review", "mediating", "performing")),
        (county, f"cases/{mediating}/agreement/"),
        (county, f"cases/{review}/refuse/"),
        (head, "approvals/"),
        (head, f"approvals/{proposal.pk}/"),
    ):
        visitor.look(f"/authority/{path}")


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en", full=True)])
def test_a_refusal_with_mistakes_points_at_them(world: World, visit: Any) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    visitor = visit(user=world.rui)
    page = visitor.go(f"/authority/cases/{case.number}/refuse/")
    page.get_by_role("radio").first.check()
    page.locator("#id_facts").fill("太短")
    page.locator("form.panel button.btn").first.click()
    visitor.look()
    assert page.locator(".error-summary a").count() == 2
    assert page.locator("#id_facts").input_value() == "太短"
    page.locator(".error-summary a").first.click()
    assert page.locator(":focus").count() == 1


def test_without_a_script_a_case_goes_through_triage_review_and_agreement(world: World, visit: Any) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    case = given.a_complaint(world, status=S.TRIAGE, now=timezone.now())
    city = visit(width=1280, user=world.su, javascript=False)
    page = city.go("/authority/")
    page.get_by_role("link", name="待分送").click()
    page.get_by_role("link", name=case.number).click()
    page.get_by_role("link", name="分送其他监管部门").click()
    page.locator("form.panel button.btn").click()
    county = visit(width=360, user=world.rui, javascript=False)
    page = county.go(f"/authority/cases/{case.number}/")
    page.get_by_role("link", name="受理投诉").click()
    page.locator("form.panel button.btn").click()
    case.refresh_from_db()
    assert case.status == S.MEDIATING
    Complaint.objects.filter(pk=case.pk).update(
        consents={**case.consents, "mediation_consumer": True, "mediation_enterprise": True}
    )
    page = county.go(f"/authority/cases/{case.number}/agreement/")
    page.locator("#id_message").fill("双方同意退还多扣的费用。")
    page.get_by_role("button", name="增加一项").click()
    assert page.locator("#id_message").input_value() == "双方同意退还多扣的费用。"
    for place in (2, 1):
        page.get_by_role("button", name=f"去掉约定{place}").click()
    page.locator("form.panel button.btn").last.click()
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, "mediated")


@pytest.mark.parametrize("look", LOOKS)
def test_an_officer_writes_down_what_a_consumer_says_and_looks_at_a_power(world: World, visit: Any) -> None:
    """Without scripts: words, read back, written down; and the representative who may not accept reads why."""
    now = timezone.now()
    power = OnBehalf(
        kind="agent",
        principal_name="王试",
        principal_phone="+8619900000013",
        powers="投诉、代收退款",
        is_declared=True,
        valid_until=timezone.localdate() + timedelta(days=40),
        may_settle=False,
    )
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=now, on_behalf=power)
    county = visit(user=world.rui, javascript=False)
    for path in ("power/", *(f"on-behalf/{path}" for path in ("", "?for=1", "statement/?for=0", "offer/?for=1"))):
        page = county.look(f"/authority/cases/{case.number}/{path}")
    page.locator('input[name=answer][value="accept"]').check()
    page.locator('input[name=rest][value="give_up"]').check()
    page.locator("form.panel button.btn").click()
    assert page.locator("#main .error-summary, .error-summary").count()
    page.locator('input[name=by_how][value="phone"]').check()
    page.locator("#id_by_proof").fill("LY-2026-0815")
    page.locator("form.panel button.btn").click()
    county.look()
    page.locator("#id_by_read").check()
    page.locator("form.panel button.btn").click()
    case.refresh_from_db()
    assert case.status == S.PERFORMING
    county.look()
    other = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=now, on_behalf=power)
    chen = visit(user=world.chen, javascript=False)
    for path in ("", "offer/1/", "dossier/"):
        chen.look(f"/cases/{other.number}/{path}")
    # The same pages before axe, which needs scripts.
    looked = visit(user=world.rui)
    for path in ("power/", "on-behalf/?for=1", "on-behalf/offer/?for=1"):
        looked.look(f"/authority/cases/{other.number}/{path}")
    visit(user=world.chen).look(f"/cases/{other.number}/offer/1/")
