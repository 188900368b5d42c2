"""The main journeys in a real browser, from the first screen of filing to the closed case.

The one rule: nobody calls a verb; people use pages, and the sweeps stand for the worker.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints import labels, urls_authority, urls_consumer, urls_enterprise, urls_filing
from complaints.models import Complaint, HandlingStep
from complaints.verification import verify
from complaints.views.authority_pages import PAGES as AUTHORITY_PAGES
from complaints.views.consumer_pages import FORMS
from complaints.workflow import Outcome, Status
from odr_portal.accounts.models import User
from routing.forwarding import sweep_filed
from tests.browser.journey_people import Consumer, Officer, Person, Staff
from tests.cast import World
from tests.complaints.filing.answers import STATEMENT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status

KEPT = ["file", "forward", "accept_case", "log_contact", "ask_consumer", "add_statement", "make_offer",
        "ask_about_offer", "answer_question", "decline_offer", "make_offer", "accept_offer",
        "report_performed", "confirm_performed"]


class Stage:
    """The people of one journey, one browser each, all at one width and in one language."""

    def __init__(self, world: World, visit: Callable[..., Any], *, width: int = 360,
                 language: str = "zh-hans", javascript: bool = True, checked: bool = True) -> None:
        self.world, self.visit = world, visit
        self.look = {"width": width, "language": language, "javascript": javascript}
        self.checked = checked and javascript
        self.name = f"{language[:2]}-{width}" + ("" if javascript else "-plain")
        # Names of people stay as they are in every language.
        self.typed = [
            "陈雨桐", "陈**", "千兆宽带", "9月账单.png", STATEMENT, "福州市鼓楼区测试路1号",
            *User.objects.values_list("name", flat=True),
        ]
        self.language = language
        self.consumer = self.person(Consumer, "consumer")

    def person(self, kind: type[Any], name: str, *, user: User | None = None) -> Any:
        return kind(self.visit(**self.look, user=user), name=f"{self.name}-{name}",
                    language=self.language, checked=self.checked, typed=self.typed)

    def staff(self, email: str = "ming@example.com") -> Staff:
        person: Staff = self.person(Staff, "staff")
        person.sign_in(email)
        return person

    def filed(self, *, against: str = "mobile") -> Complaint:
        """Filed at the pages, then swept as the worker does."""
        number = self.consumer.file(self.world, against=against)
        assert sweep_filed(now=timezone.now()) == 1
        return Complaint.objects.get(number=number)


@pytest.fixture
def stage(world: World, visit: Callable[..., Any], settings: Any, tmp_path: Path) -> Callable[..., Stage]:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    return lambda **look: Stage(world, visit, **look)


def opened(case: Complaint, person: Person) -> None:
    """A case that stands in no list of this person any more, by its address."""
    side = {Staff: "/enterprise", Officer: "/authority"}.get(type(person), "")
    person.visitor.go(f"{side}/cases/{case.number}/")
    person.look(f"{case.status}")


def status_of(case: Complaint) -> str:
    case.refresh_from_db()
    return str(case.status)


def accepted(staff: Staff, case: Complaint, world: World) -> None:
    """From the queue to the case, and taken on with a handler named."""
    staff.open(case.number)
    staff.take("accept", lambda: staff.page.locator("#id_handler").select_option(str(world.ming_staff.pk)))
    assert status_of(case) == S.NEGOTIATING


def offered(staff: Staff, *, refund: str, last_try: bool = False) -> None:
    """Every demand answered, one promise with a last day."""

    def fill() -> None:
        page = staff.page
        staff.choose("answer-1", "grant" if last_try else "part")
        page.locator("#id_amount-1").fill(refund)
        if not last_try:
            staff.type("reason-1", "只查到两个月的扣费，先退这两个月的。")
        staff.choose("answer-2", "grant")
        page.locator('button[name="add"]').click()
        staff.type("promise-1-what", "退还多扣费用")
        page.locator("#id_promise-1-kind").select_option("original_channel")
        page.locator("#id_promise-1-amount").fill(refund)
        page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
        staff.type("message", "给您带来不便，非常抱歉。")

    staff.follow("/offer/")
    rows = staff.page.locator('button[name="remove"]')
    while rows.count():
        rows.first.click()
    fill()
    staff.page.locator('main button.btn[name="preview"]').click()
    staff.look("offer-preview")
    staff.page.locator('main button[name="send"]').click()
    staff.look("offer-sent")


def answer_offer(consumer: Consumer, number: int, answer: str, **texts: str) -> None:
    consumer.follow(f"/offer/{number}/")
    consumer.look(f"offer-{number}")
    consumer.choose("answer", answer)
    if answer == "decline":
        consumer.page.locator("main details summary").first.click()
        consumer.choose("reason", "amount_too_low")
    for field, text in texts.items():
        consumer.type(field, text)
    consumer.press("main form button.is-big")
    consumer.look(f"offer-{number}-{answer}")


def talked(people: Stage, staff: Staff, case: Complaint) -> None:
    """A call, a question, and its answer as a statement."""
    consumer = people.consumer

    def contact() -> None:
        staff.choose("channel", "phone")
        staff.choose("reached", "yes")
        staff.type("note", "通话6分钟，约定三天内给方案。")

    staff.take("contact", contact)
    staff.take("ask", lambda: staff.type("text", "请问9月的哪一天多扣的？"))
    consumer.open(case.number)
    assert consumer.says("请问9月的哪一天多扣的？")
    consumer.take("statement", lambda: consumer.type("text", "9月3日，账单第二页有。"))


def settled(stage: Stage) -> Complaint:
    """File, routed, accepted, question, offer, asked, declined, second offer, accepted, done, confirmed."""
    world, consumer = stage.world, stage.consumer
    case = stage.filed()
    assert status_of(case) == S.WITH_ENTERPRISE
    consumer.page.reload()
    answering = world.fuzhou.name_en if stage.language == "en" else world.fuzhou.name
    assert consumer.says(answering), "the receipt does not say to whom it went"
    consumer.look("receipt")
    consumer.follow(f"/cases/{case.number}/")
    assert consumer.says(answering)
    consumer.look("routed")

    staff = stage.staff()
    assert staff.page.url.endswith("/enterprise/queue/")
    accepted(staff, case, world)

    talked(stage, staff, case)
    staff.open(case.number)
    assert staff.says("9月3日，账单第二页有。")
    offered(staff, refund="80.00")
    assert status_of(case) == S.AWAITING_CONSUMER
    consumer.open(case.number)
    answer_offer(consumer, 1, "ask", text="另外一个月为什么不退？")
    assert status_of(case) == S.NEGOTIATING
    staff.open(case.number)
    staff.take("answer", lambda: staff.type("text", "那个月的扣费还在核对。"))
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

    def performed() -> None:
        staff.page.locator("main input[name=obligations]").check()
        staff.type("channel", "原路退回")
        staff.type("proof", "退款流水 0001，今天 10:20")

    staff.open(case.number)
    staff.take("performed", performed)
    consumer.open(case.number)
    assert consumer.says("退款流水 0001，今天 10:20")
    consumer.take("performed", lambda: consumer.choose("answer-", "done"))
    consumer.look("confirmed")
    assert (status_of(case), case.outcome) == (S.CLOSED, Outcome.SETTLED)
    for person in (consumer, staff):
        opened(case, person)
        tells_all(person, case)
    return case


def tells_all(person: Person, case: Complaint, expected: list[str] | None = None) -> None:
    """The timeline has every step, in the words of the language."""
    shown = person.page.locator("#events .event").all_inner_texts()
    steps = list(HandlingStep.objects.filter(complaint=case, audience="parties").order_by("sequence"))
    assert [s.step for s in steps] == (expected or KEPT)
    assert len(shown) >= len(steps)
    told = "\n".join(shown).lower()
    for step in steps:
        if step.step != "log_contact":
            assert labels.label(step.step, person.language, kind="step").lower() in told, step.step


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (1280, "en")])
def test_a_complaint_is_settled(stage: Callable[..., Stage], width: int, language: str) -> None:
    people = stage(width=width, language=language)
    case = settled(people)
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
    assert report.entries >= len(KEPT)
    if language == "zh-hans":
        nobody_else_sees(people, case)


@pytest.mark.full
def test_a_complaint_is_settled_without_javascript(stage: Callable[..., Stage]) -> None:
    settled(stage(javascript=False))


def test_a_mistaken_yes_is_taken_back_once(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer, world = people.consumer, people.world
    case = people.filed()
    staff = people.staff()
    accepted(staff, case, world)
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
        tells_all(person, case, ["file", "forward", "accept_case", "make_offer", "accept_offer", "undo",
                                 "accept_offer"])


MISSING = "20260101-AAAAAAAAAAAA-A"


def addresses(case: Complaint) -> list[str]:
    """Every address of a case, with every name that may stand in it."""
    offers = [str(offer.number) for offer in case.offers.all()]
    files = [str(pk) for pk in case.evidence.values_list("pk", flat=True)]
    names = {"name": list(FORMS), "slug": list(AUTHORITY_PAGES), "offer": offers, "pk": files,
             "clock": sorted({row.clock for row in case.deadlines.all()})}
    found = []
    for pattern in (*urls_filing.urlpatterns, *urls_consumer.urlpatterns, *urls_enterprise.urlpatterns,
                    *urls_authority.urlpatterns):
        route = "/" + str(pattern.pattern)
        if "<str:number>" not in route:
            continue
        part = re.search(r"<(?:\w+:)?(name|slug|offer|pk|clock)>", route)
        for value in names[part[1]] if part else [""]:
            found.append(route.replace("<str:number>", case.number).replace(part[0] if part else "//", value))
    return found


def nobody_else_sees(people: Stage, case: Complaint) -> None:
    """Hua's enterprise, another consumer, an officer of another county: no address differs from a missing one."""
    world, paths = people.world, addresses(case)
    assert len(paths) > 70
    for user in (world.hua, world.otto, User.objects.get(email="far@example.com")):
        client = Client()
        client.force_login(user)
        for path in paths:
            missing = client.get(path.partition(case.number)[0] + f"{MISSING}/")
            for response in (client.get(path), client.post(path, {"idempotency_key": uuid.uuid4().hex})):
                if response.status_code == 405:
                    assert not response.content, path
                    continue
                assert response.status_code == 404, (user.name, path)
                assert response.content == missing.content, (user.name, path)
                assert set(response.headers) == set(missing.headers), (user.name, path)


def clocks(case: Complaint) -> list[tuple[str, str, Any]]:
    rows = case.deadlines.filter(ended_at=None).order_by("clock", "due_at")
    return [(row.clock, row.state, row.due_at) for row in rows]


def stopped(people: Stage) -> tuple[Complaint, Staff]:
    """Accepted, then stopped with two taps: the link on the case, the button on its page."""
    case = people.filed()
    staff = people.staff()
    accepted(staff, case, people.world)
    stop(people.consumer, case)
    return case, staff


def stop(consumer: Consumer, case: Complaint) -> None:
    opened(case, consumer)
    consumer.take("stop")
    consumer.look("stopped")
    assert status_of(case) == S.REVIEW


def officer_of(people: Stage, name: str) -> Officer:
    officer: Officer = people.person(Officer, name)
    officer.sign_in(f"{name}@example.com")
    officer.look("day")
    return officer


def test_stopping_leads_to_the_county_and_to_no_other(stage: Callable[..., Stage]) -> None:
    people = stage()
    case, _staff = stopped(people)
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
        tells_all(person, case, [
            "file", "forward", "accept_case", "stop_negotiating", "accept", "agree_to_mediation",
            "agree_to_mediation", "record_agreement", "report_performed", "confirm_performed"])


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


@pytest.mark.full
def test_what_is_no_case_for_the_county_is_refused_by_two(stage: Callable[..., Stage]) -> None:
    people = stage()
    consumer = people.consumer
    case = sent_to_triage(people, against="authority")
    intake = officer_of(people, "su")
    intake.visitor.go("/authority/triage/")
    intake.follow(f"/authority/triage/{case.number}/")
    intake.look("triage-case")
    intake.take("authority", lambda: intake.page.locator("#id_authority").select_option(
        str(people.world.gulou.pk)))
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
        officer.page.locator("#id_body").select_option(index=1)
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
    for person in (consumer, officer):
        opened(case, person)
        tells_all(person, case, ["file", "refer_to_triage", "assign_authority", "request_material",
                                 "supply_material", "refuse"])
    report = verify(number=case.number)
    assert report.is_unbroken, report.broken
