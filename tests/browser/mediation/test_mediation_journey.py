"""A mediation at the screens of the officer, the consumer, a respondent who has only the link, and a body.

Everything after acceptance is done on pages; what the clock does in between is set by the test.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OutgoingMessage
from authorities.models import Policy
from complaints.handling.steps import authority, mediation
from complaints.models import Complaint, Deadline, HandlingStep
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
PHONE, BODY_PHONE = "13900000123", "13900000456"
BUTTON, BIG = 'main form[method="post"] .btn:visible', "main form .btn.is-big"


@pytest.fixture
def case(world: World) -> Complaint:
    """Against a shop without account, accepted ten days ago."""
    then = timezone.now() - timedelta(days=10)
    result = given.a_complaint(
        world, status=S.REVIEW, now=then, respondents=(RespondentRequest(named="鼓楼区好又多小店", phone=PHONE),)
    )
    return given.step(result, authority.accept(), world.officer, then + timedelta(minutes=5))


def press(page: Any, button: str = BUTTON) -> None:
    page.locator(button).first.click()


def newest(pattern: str, *, to: str = PHONE) -> str:
    """What the newest message to this phone holds."""
    bodies = [message.body for message in OutgoingMessage.objects.order_by("id") if message.address == f"+86{to}"]
    result = re.search(pattern, bodies[-1].replace("【12315】", ""))
    assert result
    return result.group()


def prove(page: Any, *, to: str = PHONE) -> None:
    """The code to the phone, once in half an hour."""
    press(page)
    page.locator("#id_code").fill(newest(r"\d{6}", to=to))
    press(page)


def test_an_appraisal_pause_an_agreement_and_a_document(
    world: World, case: Complaint, visit: Callable[..., Any]
) -> None:
    officer, consumer, shop = visit(width=1280, user=world.rui), visit(width=360, user=world.chen), visit(width=360)
    workspace, cases = f"/authority/mediation/{case.number}/", f"/authority/cases/{case.number}/"

    # The list, the desk, and a link for the shop.
    page = officer.look("/authority/mediation/")
    page.locator(f'main a[href="{workspace}"]').click()
    officer.look()
    page.locator('main a[href$="/respondent/"]').click()
    officer.look()
    page.locator("input[name=channel][value=sms]").check()
    press(page, "main form.panel .btn")
    link = newest(r"/answer/[\w-]{22}/")

    # The shop reads, proves its phone once, and agrees.
    page = shop.follow(link)
    page.locator('main a.btn[href$="/mediation/"]').first.click()
    shop.look()
    prove(page)
    page.locator("input[name=answer][value=agree]").check()
    shop.look()
    press(page)

    # The consumer agrees on a phone.
    page = consumer.go(f"/cases/{case.number}/mediation/")
    page.locator("input[name=answer][value=yes]").check()
    press(page)

    # A session, then an appraisal that stops the sixty days.
    page = officer.go(f"{cases}session/")
    page.locator("#id_at").fill((timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT10:00"))
    page.locator("#id_place").fill("所里201室")
    page.locator("input[name=mode][value=site]").check()
    press(page)
    page = officer.go(f"{cases}session-record/")
    page.locator("#id_minutes").fill("双方到场，对设备是否损坏有争议，同意送检。")
    for side in ("consumer", "enterprise"):
        page.locator(f"input[name=present][value={side}]").check()
    press(page)
    page = officer.go(f"{cases}appraisal/")
    page.locator("#id_laboratory").fill("福建省某检测中心")
    page.locator("#id_until").fill((timezone.localdate() + timedelta(days=15)).isoformat())
    page.locator("input[name=cost_borne_by][value=shared]").check()
    press(page)
    officer.look()
    assert "50日" in page.locator("main").inner_text()
    assert Deadline.objects.get(complaint=case, clock="mediation").state == "paused"
    page = officer.go(f"{cases}appraisal-end/")
    page.locator("#id_text").fill("设备无损坏。")
    press(page)

    # The mediator suggests; both say yes, each at the own screen.
    page = officer.go(f"{cases}suggestion/")
    page.locator("#id_message").fill("小店退还一半费用，双方没有其他争议。")
    page.locator("#id_promise-1-what").fill("退还一半费用")
    page.locator("#id_promise-1-kind").select_option("transfer")
    page.locator("#id_promise-1-amount").fill("64.25")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    officer.look()
    page.locator('main form[method="post"] .btn:not([name])').click()
    page = consumer.look(f"/cases/{case.number}/")
    page.locator('main a[href$="/suggestion/"]').first.click()
    page.locator("input[name=answer][value=yes]").check()
    consumer.look()
    press(page)
    page = shop.go(f"/answer/case/{case.number}/suggestion/")
    page.locator("input[name=answer][value=yes]").check()
    shop.look()
    press(page)

    # The agreement is filled in already.
    page = officer.look(workspace)
    page.locator('main a[href$="/agreement/"]').first.click()
    assert page.locator("#id_message").input_value().startswith("小店退还一半费用")
    assert page.locator("#id_promise-1-amount").input_value() == "64.25"
    page.locator('main form[method="post"] .btn:not([name])').click()
    case.refresh_from_db()
    assert case.status == S.PERFORMING
    officer.look()

    # Kept: the shop reports by its link, the consumer confirms.
    page = shop.go(f"/answer/case/{case.number}/performed/")
    page.locator("input[name=obligations]").check()
    page.locator("#id_proof").fill("转账流水0001")
    press(page)
    shop.look()
    page = consumer.go(f"/cases/{case.number}/performed/")
    page.locator('input[name^="answer-"][value=done]').check()
    press(page)
    case.refresh_from_db()
    assert (case.status, case.outcome) == (S.CLOSED, "mediated")
    assert verify(number=case.number).is_unbroken


def test_without_a_script_an_officer_writes_down_a_no_and_ends_the_mediation(
    world: World, case: Complaint, visit: Callable[..., Any]
) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    officer = visit(width=360, user=world.rui, javascript=False)
    page = officer.go(f"/authority/mediation/{case.number}/respondent/mediation/")
    page.locator("input[name=answer][value=decline]").check()
    page.locator("input[name=by_how][value=phone]").check()
    page.locator("#id_by_proof").fill("LY-2026-0815")
    officer.look()
    press(page)
    officer.look()
    page.locator("#id_by_read").check()
    press(page)
    officer.look()
    page = officer.go(f"/authority/cases/{case.number}/terminate/")
    officer.look()
    assert page.locator("input[name=ground][value=sixty_days]").count() == 0
    page.locator("input[name=ground][value=party_absent]").check()
    page.locator("#id_facts").fill("被投诉人电话里明确表示不同意调解。")
    press(page)
    case.refresh_from_db()
    assert (case.outcome, case.reason) == ("mediation_terminated", "party_absent")
    page = officer.go("/authority/mediation/?view=notice")
    assert case.number in page.locator("main").inner_text()
    officer.look()


def test_a_letter_is_printed_once_and_the_register_is_kept(
    world: World, case: Complaint, visit: Callable[..., Any]
) -> None:
    head = visit(width=1280, user=world.head_officer.user)
    page = head.go(f"/authority/mediation/{case.number}/respondent/")
    page.locator("input[name=channel][value=letter]").check()
    press(page, "main form.panel .btn")
    head.look()
    page = head.go("/authority/mediation/bodies/")
    page.locator("#id_name").fill("鼓楼区消费者委员会")
    page.locator("input[name=kind][value=association]").check()
    page.locator("#id_legal_basis").fill("消费者权益保护法第三十六条")
    press(page)
    head.look()
    other = visit()
    other.follow("/answer/aaaaaaaaaaaaaaaaaaaaaa/")


@pytest.mark.full
def test_the_body_mediates_on_a_small_telephone_without_scripts(world: World, visit: Callable[..., Any]) -> None:
    """Everything after the delegation is done on pages; then every page is looked at."""
    then = timezone.now() - timedelta(days=10)
    case = given.a_complaint(world, status=S.MEDIATING, now=then)
    handed_on = mediation.delegate_mediation(body_id=given.a_body(world).pk)
    given.step(case, handed_on, world.officer, then + timedelta(minutes=5))
    officer, body = visit(width=1280, user=world.rui), visit(width=360, javascript=False)
    workspace, home = f"/authority/mediation/{case.number}/", f"/mediate/case/{case.number}/"

    page = officer.go(workspace)
    page.locator('main a[href$="/body/"]').click()
    page.locator("input[name=channel][value=sms]").check()
    page.locator("#id_phone").fill(BODY_PHONE)
    officer.look()
    page.locator("main form.panel .btn").first.click()
    link = newest(r"/mediate/[\w-]{22}/", to=BODY_PHONE)

    page = body.follow(link)
    page.locator('main a[href$="/session/"]').click()
    prove(page, to=BODY_PHONE)
    page.locator("#id_at").fill((timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT10:00"))
    page.locator("#id_place").fill("消委会二楼调解室")
    page.locator("input[name=mode][value=site]").check()
    page.locator(BIG).click()

    page = body.go(f"{home}minutes/")
    page.locator("#id_at").fill((timezone.localtime() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("#id_place").fill("电话")
    page.locator("input[name=mode][value=phone]").check()
    for side in ("consumer", "enterprise", "body"):
        page.locator(f"input[name=present][value={side}]").check()
    page.locator("#id_minutes").fill("双方各退一步，愿意谈。")
    page.locator(BIG).click()

    page = body.go(f"{home}suggestion/")
    page.locator("#id_message").fill("企业退还一半，双方没有其他争议。")
    page.locator("#id_promise-1-what").fill("退还一半")
    page.locator("#id_promise-1-kind").select_option("transfer")
    page.locator("#id_promise-1-amount").fill("64.25")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    page.locator(BIG).click()

    page = body.go(f"{home}result/")
    page.locator("input[name=result][value=agreed]").check()
    page.locator("#id_text").fill("双方都同意退还一半，请写成协议。")
    page.locator(BIG).click()
    body.look()
    assert "双方达成一致" in page.locator("main").inner_text()

    page = officer.look(workspace)
    page.locator('main a[href$="/agreement/"]').first.click()
    assert page.locator("#id_message").input_value().startswith("企业退还一半")
    assert HandlingStep.objects.filter(complaint=case, actor_role="mediation_body").count() == 4
    assert verify(number=case.number).is_unbroken

    # Each page again with scripts, so that it can be looked into.
    looked = visit(width=360, language="en")
    looked.look(link)
    page = looked.go(f"{home}result/")
    prove(page, to=BODY_PHONE)
    for name in ("session", "minutes", "suggestion", "result"):
        looked.look(f"{home}{name}/")
