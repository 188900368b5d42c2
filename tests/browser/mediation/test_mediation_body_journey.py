"""A body to which a mediation was handed does all of it on a small telephone without scripts; then every page is looked
at.

Everything after the delegation is done on pages.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import OutgoingMessage
from complaints.handling.steps import mediation
from complaints.models import Complaint, HandlingStep
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
S = Status
PHONE = "13900000456"
BUTTON = "main form .btn.is-big"


@pytest.fixture
def case(world: World) -> Complaint:
    """In mediation for ten days, handed to the consumer association."""
    then = timezone.now() - timedelta(days=10)
    result = given.a_complaint(world, status=S.MEDIATING, now=then)
    return given.step(
        result, mediation.delegate_mediation(body_id=given.a_body(world).pk), world.officer, then + timedelta(minutes=5)
    )


def newest(pattern: str) -> str:
    to_the_body = [
        message.body for message in OutgoingMessage.objects.order_by("id") if message.address == f"+86{PHONE}"
    ]
    result = re.search(pattern, to_the_body[-1].replace("【12315】", ""))
    assert result
    return result.group()


def prove(page: Any) -> None:
    """The code to the phone, once in half an hour."""
    page.locator('main form[method="post"] .btn:visible').first.click()
    page.locator("#id_code").fill(newest(r"\d{6}"))
    page.locator('main form[method="post"] .btn:visible').first.click()


def test_the_body_mediates_on_a_small_telephone_without_scripts(
    world: World, case: Complaint, visit: Callable[..., Any]
) -> None:
    officer, body = visit(width=1280, user=world.rui), visit(width=360, javascript=False)
    workspace, home = f"/authority/mediation/{case.number}/", f"/mediate/case/{case.number}/"

    page = officer.go(workspace)
    page.locator('main a[href$="/body/"]').click()
    page.locator("input[name=channel][value=sms]").check()
    page.locator("#id_phone").fill(PHONE)
    officer.shot("body-link")
    officer.check()
    page.locator("main form.panel .btn").first.click()
    link = newest(r"/mediate/[\w-]{22}/")

    page = body.go(link)
    body.shot("mediate-case")
    page.locator('main a[href$="/session/"]').click()
    prove(page)
    page.locator("#id_at").fill((timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT10:00"))
    page.locator("#id_place").fill("消委会二楼调解室")
    page.locator("input[name=mode][value=site]").check()
    page.locator(BUTTON).click()

    page = body.go(f"{home}minutes/")
    page.locator("#id_at").fill((timezone.localtime() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("#id_place").fill("电话")
    page.locator("input[name=mode][value=phone]").check()
    for side in ("consumer", "enterprise", "body"):
        page.locator(f"input[name=present][value={side}]").check()
    page.locator("#id_minutes").fill("双方各退一步，愿意谈。")
    page.locator(BUTTON).click()

    page = body.go(f"{home}suggestion/")
    page.locator("#id_message").fill("企业退还一半，双方没有其他争议。")
    page.locator("#id_promise-1-what").fill("退还一半")
    page.locator("#id_promise-1-kind").select_option("transfer")
    page.locator("#id_promise-1-amount").fill("64.25")
    page.locator("#id_promise-1-due_on").fill((timezone.localdate() + timedelta(days=10)).isoformat())
    page.locator(BUTTON).click()

    page = body.go(f"{home}result/")
    page.locator("input[name=result][value=agreed]").check()
    page.locator("#id_text").fill("双方都同意退还一半，请写成协议。")
    page.locator(BUTTON).click()
    body.shot("mediate-reported")
    assert "双方达成一致" in page.locator("main").inner_text()

    page = officer.go(workspace)
    officer.shot("mediation-reported")
    officer.check()
    page.locator('main a[href$="/agreement/"]').first.click()
    assert page.locator("#id_message").input_value().startswith("企业退还一半")
    assert HandlingStep.objects.filter(complaint=case, actor_role="mediation_body").count() == 4
    assert verify(number=case.number).is_unbroken

    # Each page again with scripts, so that it can be looked into.
    looked = visit(width=360, language="en")
    looked.go(link)
    looked.check()
    page = looked.go(f"{home}result/")
    prove(page)
    for name in ("session", "minutes", "suggestion", "result"):
        looked.go(f"{home}{name}/")
        looked.shot(f"mediate-{name}")
        looked.check()
