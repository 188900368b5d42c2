"""The review desk in a browser: a refusal with its notice by two people, ground 1 with 12300, late material, the
register.
"""

from typing import Any

import pytest
from django.utils import timezone

from complaints.handling.steps import authority, both, violations
from complaints.models import Matter, Notice
from complaints.procedure.workflow import Outcome, Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
WHY = "这是电信资费争议，由通信管理部门处理。"


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_a_refusal_with_its_notice_and_late_material(world: World, visit: Any, width: int, language: str) -> None:
    """Without scripts, but for axe; nothing is sent before its words were read."""
    now, look = timezone.now(), f"{width}-{language}"
    case = given.a_complaint(
        world, status=S.REVIEW, now=now, statement="物业收了两次电梯费，消协已经调解过，再次投诉。"
    )
    late = given.a_complaint(world, status=S.REVIEW, now=now, consumer_address="")
    given.step(late, violations.split_report(text="另外反映门店虚构优惠价格。"), world.officer, now)
    officer = visit(width=width, language=language, user=world.rui, javascript=False)
    seen = visit(width=width, language=language, user=world.rui)
    page = officer.go("/authority/review/")
    page.get_by_role("link", name=case.number).click()
    officer.shot(f"review-desk-{look}")
    assert page.locator('input[name=ground][value="over_three_years"]').count() == 0
    assert page.locator("input[name=ground]:checked").count() == 0
    page.locator('input[name=ground][value="outside_duty"]').check()
    page.locator("#id_facts").fill(WHY)
    page.locator('button[name="look"]').click()
    assert page.locator(".error-summary").count() == 1, "ground 1 names the body"
    officer.shot(f"review-no-body-{look}")
    page.locator("#id_body").select_option("12300")
    page.locator('button[name="look"]').click()
    officer.shot(f"review-notice-{look}")
    assert page.locator("section[aria-labelledby=h-letters]").inner_text().count("12300") >= 1
    assert page.locator("#id_facts").input_value() == WHY
    text = page.locator("section[aria-labelledby=h-letters]").inner_text()
    page.locator("form.panel button.btn").first.click()
    assert page.url.partition("#")[0].endswith("/authority/review/")
    assert not Notice.objects.filter(complaint=case, kind="refuse").exists()
    head = visit(width=width, language=language, user=world.head_officer.user, javascript=False)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    page = head.go(f"/authority/approvals/{matter.pk}/")
    head.shot(f"review-approval-{look}")
    page.locator('input[name=decision][value="grant"]').check()
    page.locator("form.panel button.btn").click()
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, Outcome.REFUSED)
    sent = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer")
    assert all(line in text for line in sent.body.split("\n") if "#documents" not in line)

    page = officer.go(f"/authority/review/{late.number}/")
    officer.shot(f"review-missing-{look}")
    page.locator('main a[href*="/material/"]').click()
    officer.shot(f"review-material-{look}")
    page.locator("form.panel button.btn").first.click()
    late.refresh_from_db()
    assert late.status == S.AWAITING_MATERIAL
    given.step(late, both.supply_material(text="地址：福州市鼓楼区某路1号"), world.consumer, timezone.now())
    page = officer.go(f"/authority/review/{late.number}/")
    page.locator('main form[action*="/accept/"] button').click()
    late.refresh_from_db()
    assert late.status == S.MEDIATING

    report = Matter.objects.get(complaint=late, kind="report")
    other = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(other, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now)
    for path, name in (
        ("/authority/review/", "review-list"),
        (f"/authority/review/{other.number}/", "review-desk-axe"),
        ("/authority/violations/", "violations"),
        (f"/authority/violations/{report.pk}/", "violation"),
        (f"/authority/cases/{late.number}/lead-close/?matter={report.pk}", "violation-close"),
        ("/authority/review/?view=late", "review-empty"),
    ):
        seen.go(path)
        seen.check()
        seen.shot(f"{name}-{look}")
