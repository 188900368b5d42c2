"""The main journeys in a real browser, from the first screen of filing to the closed case.

Nobody calls a verb; people use pages, and the sweep stands for the worker.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from complaints.models import Complaint, HandlingStep
from complaints.pages.authority import urls
from complaints.pages.authority.pages import PAGES as AUTHORITY_PAGES
from complaints.pages.consumer import urls as urls_consumer
from complaints.pages.consumer.pages import PAGES as CONSUMER_PAGES
from complaints.pages.enterprise import urls as urls_enterprise
from complaints.pages.filing import urls as urls_filing
from complaints.procedure.workflow import Outcome, Status
from complaints.record.verification import verify
from tests.browser.journey_stage import (
    Consumer,
    Officer,
    Staff,
    Stage,
    accepted,
    answer_offer,
    offered,
    officer_of,
    opened,
    promised,
    reported,
    stage,
    status_of,
    stop,
    taken_on,
    talked,
    tells_all,
)
from tests.browser.looks import in_look

__all__ = ["stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status

KEPT = (
    "file forward accept_case log_contact ask_consumer add_statement make_offer ask_about_offer "
    "answer_question decline_offer make_offer accept_offer report_performed confirm_performed"
)
MISSING = "20260101-AAAAAAAAAAAA-A"


def settled(people: Stage) -> Complaint:
    """File, routed, accepted, question, offer, asked, declined, second offer, accepted, done, confirmed."""
    world, consumer = people.world, people.consumer
    case = people.filed()
    assert status_of(case) == S.WITH_ENTERPRISE
    consumer.page.reload()
    answering = world.fuzhou.name_en if people.language == "en" else world.fuzhou.name
    assert consumer.says(answering), "the receipt does not say to whom it went"
    consumer.look("receipt")
    consumer.follow(f"/cases/{case.number}/")
    assert consumer.says(answering)
    consumer.look("routed")

    staff = people.staff()
    assert staff.page.url.endswith("/enterprise/mine/")
    accepted(staff, case, world)

    talked(people, staff, case)
    staff.open(case.number)
    assert staff.says("9月3日，账单第二页有。")
    offered(staff, refund="80.00")
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "ask", text="另外一个月为什么不退？")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    staff.take("answer", text="那个月的扣费还在核对。")
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "decline", text="三个月都是多扣的。", counter_demand="三个月一起退，共128.50元")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    assert staff.says("三个月一起退，共128.50元")
    offered(staff, refund="128.50", last_try=True)
    consumer.open(case.number)
    answer_offer(consumer, 2, "accept")
    assert consumer.page.url.endswith("/done/")
    assert consumer.says("128.50")
    assert status_of(case) == S.PERFORMING
    reported(staff, case, channel="原路退回", proof="退款流水 0001，今天 10:20")
    consumer.open(case.number)
    assert consumer.says("退款流水 0001，今天 10:20")
    consumer.take("performed", chosen="answer-=done")
    consumer.look("confirmed")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.SETTLED)
    for person in (consumer, staff):
        opened(case, person)
        tells_all(person, case, KEPT)
    opened(case, consumer)
    consumer.take("rate", chosen="overall=5")
    consumer.look("rated")
    assert HandlingStep.objects.filter(complaint=case, step="rate").exists()
    return case


@pytest.mark.parametrize(
    "look",
    [
        in_look(360),
        in_look(360, "en", full=True),
        in_look(1280, "en", full=True),
        in_look(360, javascript=False, full=True),
    ],
)
def test_a_complaint_is_settled(stage: Callable[..., Stage], look: dict[str, Any]) -> None:
    people = stage()
    case = settled(people)
    report = verify(number=case.number)
    assert report.is_unbroken, report.findings
    assert report.entries >= len(KEPT.split())
    # With each change strangers are met on every page by the sweep of the walls.
    if not look.get("javascript", True):
        nobody_else_sees(people, case)


def addresses(case: Complaint) -> list[str]:
    """Every address of a case, with every name that may stand in it."""
    offers = [str(offer.number) for offer in case.offers.all()]
    files = [str(pk) for pk in case.evidence.values_list("pk", flat=True)]
    names = {
        "name": list(CONSUMER_PAGES),
        "slug": list(AUTHORITY_PAGES),
        "offer": offers,
        "pk": files,
        "clock": sorted({row.clock for row in case.deadlines.all()}),
    }
    results = []
    for pattern in (
        *urls_filing.urlpatterns,
        *urls_consumer.urlpatterns,
        *urls_enterprise.urlpatterns,
        *urls.urlpatterns,
    ):
        route = "/" + str(pattern.pattern)
        if "<str:number>" not in route:
            continue
        part = re.search(r"<(?:\w+:)?(name|slug|offer|pk|clock)>", route)
        for value in names[part[1]] if part else [""]:
            results.append(route.replace("<str:number>", case.number).replace(part[0] if part else "//", value))
    return results


def nobody_else_sees(people: Stage, case: Complaint) -> None:
    """Hua's enterprise, another consumer, an officer of another county: no address differs from a missing one."""
    world, paths = people.world, addresses(case)
    assert len(paths) > 70
    for user in (world.hua, world.otto, User.objects.with_email("far@example.com").get()):
        client = Client()
        client.force_login(user)
        areas = {path.partition(case.number)[0] for path in paths}
        nothing = {area: client.get(f"{area}{MISSING}/") for area in areas}
        for path in paths:
            missing = nothing[path.partition(case.number)[0]]
            for response in (client.get(path), client.post(path, {"idempotency_key": uuid.uuid4().hex})):
                if response.status_code == 405:
                    assert not response.content, path
                    continue
                assert response.status_code == 404, (user.name, path)
                numbers = [page["Incident-Number"].encode() for page in (response, missing)]
                pages = {
                    page.content.replace(number, b"") for page, number in zip((response, missing), numbers, strict=True)
                }
                assert len(pages) == 1, (user.name, path)
                assert set(response.headers) == set(missing.headers), (user.name, path)


def test_a_mistaken_yes_is_taken_back_once(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, (case, staff) = people.consumer, taken_on(people)
    offered(staff, refund="80.00")
    before = clocks(case)
    consumer.open(case.number)
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    consumer.follow("/undo/")
    consumer.look("undo")
    consumer.press()
    consumer.look("undone")
    assert status_of(case) == S.AWAITING_CONSUMER
    assert clocks(case) == before
    answer_offer(consumer, 1, "accept")
    assert status_of(case) == S.PERFORMING
    assert not consumer.page.locator('a[href$="/undo/"]').count()
    opened(case, consumer)
    assert not consumer.page.locator('a[href$="/undo/"]').count()
    opened(case, staff)
    for person in (consumer, staff):
        tells_all(person, case, "file forward accept_case make_offer accept_offer undo accept_offer")


def clocks(case: Complaint) -> list[tuple[str, str, Any]]:
    rows = case.deadlines.filter(ended_at=None).order_by("clock", "due_at")
    return [(row.clock, row.state, row.due_at) for row in rows]


def test_stopping_leads_to_the_county_and_to_no_other(stage: Callable[..., Stage]) -> None:
    people = stage()
    case, _staff = taken_on(people)
    stop(people.consumer, case)
    far = officer_of(people, "far")
    for path in ("/authority/", "/authority/cases/?status=any", f"/authority/cases/{case.number}/"):
        far.visitor.go(path)
        assert not far.says(case.number), path
        assert not far.says("千兆宽带"), path
    officer = officer_of(people, "rui")
    officer.open(case.number)
    assert officer.page.locator('a[href$="/accept/"]').count()


@pytest.mark.full
def test_mediation_ends_in_an_agreement_that_is_kept(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer = people.consumer
    case, staff = taken_on(people)
    stop(consumer, case)
    officer = officer_of(people, "rui")
    officer.open(case.number)
    officer.take("accept")
    assert status_of(case) == S.MEDIATING
    agree_to_mediation(case, consumer, staff)
    officer.open(case.number)
    agreement(officer)
    assert status_of(case) == S.PERFORMING
    reported(staff, case, proof="退款流水 0002")
    opened(case, consumer)
    consumer.take("performed", chosen="answer-=done")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.MEDIATED)
    mediated = "agree_to_mediation agree_to_mediation record_agreement report_performed confirm_performed"
    for person in (consumer, officer):
        opened(case, person)
        tells_all(person, case, f"file forward accept_case stop_negotiating accept {mediated}")


def agree_to_mediation(case: Complaint, consumer: Consumer, staff: Staff) -> None:
    opened(case, consumer)
    consumer.take("mediation", chosen="answer=yes")
    opened(case, staff)
    staff.take("mediation", chosen="answer=agree")


def agreement(officer: Officer) -> None:
    officer.follow("/agreement/")
    page = officer.page
    officer.type("message", "企业退还三个月的体验包费用，双方没有其他争议。")
    if not page.locator("#id_promise-1-what").count():
        page.locator('main button[name="add"]').click()
    promised(officer, "退还体验包费用", "128.50")
    officer.look("agreement")
    page.locator('main form[method="post"] .btn:not([name])').click()
    officer.look("agreed")


def sent_to_triage(people: Stage, *, against: str) -> Complaint:
    case = people.filed(against=against)
    assert status_of(case) == S.TRIAGE
    opened(case, people.consumer)
    return case


@pytest.mark.full
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
    consumer.take("consent", chosen="answer=yes")
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
    consumer.take("mediation", chosen="answer=no")
    officer.open(case.number)
    officer.take("terminate", chosen="ground=party_absent", facts="消费者在受理后表示不同意调解，当面确认。")
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


@pytest.mark.full
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
    officer.take("material", what="请补充发票或者合同。")
    assert status_of(case) == S.AWAITING_MATERIAL
    opened(case, consumer)
    consumer.take("material", text="没有发票，只有账单截图。")
    assert status_of(case) == S.REVIEW
    officer.open(case.number)
    officer.take(
        "refuse",
        lambda: officer.page.locator("#id_body").select_option("12300"),
        chosen="ground=outside_duty",
        facts="这是电信资费争议，由通信管理部门处理。",
    )
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
        tells_all(person, case, "file refer_to_triage assign_authority request_material supply_material refuse")
    report = verify(number=case.number)
    assert report.is_unbroken, report.findings
