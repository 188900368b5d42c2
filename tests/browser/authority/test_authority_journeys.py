"""Journeys that come before the authority: an agreement, a refusal by two, a consent and an end of mediation.

Nobody calls a verb; people use pages, and the sweep stands for the worker.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.models import Complaint
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from tests.browser.journey_people import Consumer, Officer, Staff
from tests.browser.journey_stage import Stage, accepted, officer_of, opened, stage, status_of, stop, stopped, tells_all

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
S = Status


def test_mediation_ends_in_an_agreement_that_is_kept(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer = people.consumer
    case, staff = stopped(people)
    officer = officer_of(people, "rui")
    officer.open(case.number)
    officer.take("accept")
    assert status_of(case) == S.MEDIATING
    agree_to_mediation(case, consumer, staff)
    officer.open(case.number)
    agreement(officer)
    assert status_of(case) == S.PERFORMING
    opened(case, staff)

    def performed() -> None:
        staff.page.locator("main input[name=obligations]").check()
        staff.type("proof", "退款流水 0002")

    staff.take("performed", performed)
    opened(case, consumer)
    consumer.take("performed", lambda: consumer.choose("answer-", "done"))
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.MEDIATED)
    for person in (consumer, officer):
        opened(case, person)
        tells_all(
            person,
            case,
            [
                "file",
                "forward",
                "accept_case",
                "stop_negotiating",
                "accept",
                "agree_to_mediation",
                "agree_to_mediation",
                "record_agreement",
                "report_performed",
                "confirm_performed",
            ],
        )


def agree_to_mediation(case: Complaint, consumer: Consumer, staff: Staff) -> None:
    opened(case, consumer)
    consumer.take("mediation", lambda: consumer.choose("answer", "yes"))
    opened(case, staff)
    staff.take("mediation", lambda: staff.choose("answer", "agree"))


def agreement(officer: Officer) -> None:
    officer.follow("/agreement/")
    page = officer.page
    officer.type("message", "企业退还三个月的体验包费用，双方没有其他争议。")
    if not page.locator("#id_promise-1-what").count():
        page.locator('main button[name="add"]').click()
    officer.type("promise-1-what", "退还体验包费用")
    page.locator("#id_promise-1-kind").select_option("original_channel")
    page.locator("#id_promise-1-amount").fill("128.50")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    officer.look("agreement")
    page.locator('main form[method="post"] .btn:not([name])').click()
    officer.look("agreed")


def sent_to_triage(people: Stage, *, against: str) -> Complaint:
    case = people.filed(against=against)
    assert status_of(case) == S.TRIAGE
    opened(case, people.consumer)
    return case


def test_intake_forwards_with_consent_and_mediation_ends_with_a_ground(stage: Callable[..., Stage]) -> None:
    people = stage(width=1280, language="en")
    consumer, world = people.consumer, people.world
    people.typed.append("福州移动营业厅")
    case = sent_to_triage(people, against="福州移动营业厅")
    intake = officer_of(people, "su")
    intake.visitor.go("/authority/triage/")
    intake.look("triage")
    intake.follow(f"/authority/triage/{case.number}/")
    intake.look("triage-case")
    intake.type("q", "中国电信")
    intake.page.locator('main form[role="search"] button').click()
    intake.look("triage-found")
    assert intake.page.locator("main li.target").count() >= 1
    assert intake.page.locator('main a[href*="/ask-consent/?"]').count() >= 1
    intake.press("main li.target.is-first form .btn")
    intake.look("asked")

    opened(case, consumer)
    consumer.take("consent", lambda: consumer.choose("answer", "yes"))
    intake.visitor.go(f"/authority/triage/{case.number}/")
    intake.look("consented")
    intake.press("main li.target.is-first form .btn")
    intake.look("forwarded")
    assert status_of(case) == S.WITH_ENTERPRISE

    staff = people.staff()
    accepted(staff, case, world)
    stop(consumer, case)
    officer = officer_of(people, "rui")
    officer.open(case.number)
    officer.take("accept")
    opened(case, consumer)
    consumer.take("mediation", lambda: consumer.choose("answer", "no"))
    officer.open(case.number)

    def termination() -> None:
        officer.choose("ground", "party_absent")
        officer.type("facts", "消费者在受理后表示不同意调解，当面确认。")

    officer.take("terminate", termination)
    assert status_of(case) == S.MEDIATING
    approved(people, case)
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.MEDIATION_TERMINATED)
    opened(case, consumer)
    assert consumer.page.locator('a[href$="/objection/"]').count()
    opened(case, officer)


def approved(people: Stage, case: Complaint) -> None:
    """By another person: the head of the county's authority."""
    head = officer_of(people, "head")
    head.visitor.go("/authority/approvals/")
    head.look("approvals")
    head.page.locator("main table th a").first.click()
    head.look("approval")
    head.choose("decision", "grant")
    head.press()
    head.look("approved")


def test_what_is_no_case_for_the_county_is_refused_by_two(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer = people.consumer
    case = sent_to_triage(people, against="authority")
    intake = officer_of(people, "su")
    intake.visitor.go("/authority/triage/")
    intake.follow(f"/authority/triage/{case.number}/")
    intake.look("triage-case")
    intake.take("authority", lambda: intake.page.locator("#id_authority").select_option(str(people.world.gulou.pk)))
    assert status_of(case) == S.REVIEW

    officer = officer_of(people, "rui")
    officer.open(case.number)

    def what() -> None:
        officer.type("what", "请补充发票或者合同。")

    officer.take("material", what)
    assert status_of(case) == S.AWAITING_MATERIAL
    opened(case, consumer)
    consumer.take("material", lambda: consumer.type("text", "没有发票，只有账单截图。"))
    assert status_of(case) == S.REVIEW
    officer.open(case.number)

    def refusal() -> None:
        officer.choose("ground", "outside_duty")
        officer.page.locator("#id_body").select_option("12300")
        officer.type("facts", "这是电信资费争议，由通信管理部门处理。")

    officer.take("refuse", refusal)
    assert status_of(case) == S.REVIEW
    officer.visitor.go("/authority/approvals/")
    officer.look("own-approval")
    assert not officer.page.locator("main table th a").count()
    approved(people, case)
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.REFUSED)
    opened(case, consumer)
    assert consumer.says("这是电信资费争议，由通信管理部门处理。")
    assert consumer.page.locator("main .banner").filter(has_text="12300电信用户申诉").count() == 1
    for person in (consumer, officer):
        opened(case, person)
        tells_all(
            person,
            case,
            ["file", "refer_to_triage", "assign_authority", "request_material", "supply_material", "refuse"],
        )
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
