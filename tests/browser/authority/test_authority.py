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
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
PAYLOAD = {"ground": "not_consumption", "facts": "三份订单都是批发给下级商户的，有对账单为证。"}


def cases_of(world: World) -> dict[str, Complaint]:
    """One case in each state that an officer meets, a suggestion of routing, a proposal."""
    now = timezone.now()
    made = {
        str(status): given.a_complaint(world, status=status, now=now)
        for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING, S.PERFORMING)
    }
    ForwardingDecision.objects.create(
        complaint=made["triage"],
        at=now,
        verdict="triage",
        explanation={
            "rule": "",
            "version": None,
            "confidence": "",
            "is_match": False,
            "why": [{"code": "contact_unverified"}],
            "candidates": [
                {
                    "enterprise_id": world.mobile.pk,
                    "branch_id": world.fuzhou.pk,
                    "score": 90,
                    "why": [
                        {
                            "code": "serves",
                            "branch": "中国移动福州分公司",
                            "branch_en": "China Mobile Fuzhou Branch",
                            "region": "鼓楼区",
                            "region_en": "Gulou",
                        }
                    ],
                },
                {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []},
            ],
        },
    )
    made["proposed"] = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(made["proposed"], proposals.propose(move=authority.refuse(**PAYLOAD)), world.officer, now)
    # What only the authority reads has a section of its own.
    given.step(made["performing"], enterprise.flag_concern(text="同一号码一个月内提交了七件。"), world.handler, now)
    given.step(made["performing"], violations.split_report(text="消费者还反映该门店虚构优惠价格。"), world.officer, now)
    return made


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_pages_hold_before_axe_and_fit(world: World, visit: Any, width: int, language: str) -> None:
    made = cases_of(world)
    proposal = Matter.objects.get(complaint=made["proposed"], kind="proposal")
    look = f"{width}-{language}"
    city = visit(width=width, language=language, user=world.su)
    county = visit(width=width, language=language, user=world.rui)
    head = visit(width=width, language=language, user=world.head_officer.user)
    for visitor, path, name in (
        (city, "/authority/", "day"),
        (city, "/authority/triage/", "triage"),
        (city, f"/authority/triage/{made['triage'].number}/", "triage-case"),
        (city, f"/authority/triage/{made['triage'].number}/?q=电信", "triage-search"),
        (city, f"/authority/cases/{made['triage'].number}/forward/", "forward"),
        (county, "/authority/cases/", "cases"),
        (county, f"/authority/cases/{made['review'].number}/", "case-review"),
        (county, f"/authority/cases/{made['mediating'].number}/", "case-mediating"),
        (county, f"/authority/cases/{made['performing'].number}/", "case-performing"),
        (county, f"/authority/cases/{made['mediating'].number}/agreement/", "agreement"),
        (county, f"/authority/cases/{made['review'].number}/refuse/", "refuse"),
        (head, "/authority/approvals/", "approvals"),
        (head, f"/authority/approvals/{proposal.pk}/", "approval"),
    ):
        visitor.go(path)
        visitor.check()
        visitor.shot(f"{name}-{look}")


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (1280, "en")])
def test_a_refusal_with_mistakes_points_at_them(world: World, visit: Any, width: int, language: str) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    visitor = visit(width=width, language=language, user=world.rui, javascript=True)
    page = visitor.go(f"/authority/cases/{case.number}/refuse/")
    page.get_by_role("radio").first.check()
    page.locator("#id_facts").fill("太短")
    page.locator("form.panel button.btn").first.click()
    visitor.check()
    visitor.shot(f"refuse-error-{width}-{language}")
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
        page.get_by_role("button", name=f"去掉要做到的事{place}").click()
    page.locator("form.panel button.btn").last.click()
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, "mediated")


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_an_officer_writes_down_what_a_consumer_says_and_looks_at_a_power(
    world: World, visit: Any, width: int, language: str
) -> None:
    """Without scripts: words, read back, written down; and the representative who may not accept reads why."""
    now, look = timezone.now(), f"{width}-{language}"
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
    county = visit(width=width, language=language, user=world.rui, javascript=False)
    page = county.go(f"/authority/cases/{case.number}/power/")
    county.shot(f"power-{look}")
    for path, name in (
        ("", "choose-who"),
        ("?for=1", "choose"),
        ("offer/?for=1", "offer"),
        ("statement/?for=0", "statement"),
    ):
        page = county.go(f"/authority/cases/{case.number}/on-behalf/{path}")
        county.shot(f"on-behalf-{name}-{look}")
    page = county.go(f"/authority/cases/{case.number}/on-behalf/offer/?for=1")
    page.locator('input[name=answer][value="accept"]').check()
    page.locator("form.panel button.btn").click()
    assert page.locator("#main .error-summary, .error-summary").count()
    page.locator('input[name=by_how][value="phone"]').check()
    page.locator("#id_by_proof").fill("LY-2026-0815")
    page.locator("form.panel button.btn").click()
    county.shot(f"on-behalf-read-{look}")
    page.locator("#id_by_read").check()
    page.locator("form.panel button.btn").click()
    case.refresh_from_db()
    assert case.status == S.PERFORMING
    county.shot(f"on-behalf-done-{look}")
    other = given.a_complaint(world, status=S.AWAITING_CONSUMER, now=now, on_behalf=power)
    chen = visit(width=width, language=language, user=world.chen, javascript=False)
    for path, name in (("", "case"), ("offer/1/", "offer"), ("dossier/", "dossier")):
        chen.go(f"/cases/{other.number}/{path}")
        chen.shot(f"representative-{name}-{look}")
    # The same pages before axe, which needs scripts.
    looked = visit(width=width, language=language, user=world.rui)
    for path in ("power/", "on-behalf/?for=1", "on-behalf/offer/?for=1"):
        looked.go(f"/authority/cases/{other.number}/{path}")
        looked.check()
    seen = visit(width=width, language=language, user=world.chen)
    seen.go(f"/cases/{other.number}/offer/1/")
    seen.check()
