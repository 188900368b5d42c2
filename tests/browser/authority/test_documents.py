"""From the register to a document that went by letter, on a phone and at a desk; and what a consumer finds."""

from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints.handling.steps import authority
from complaints.models import OfficialDocument
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.complaints.documents.test_pages import mediated

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_from_the_register_to_a_letter(world: World, visit: Any, width: int, language: str) -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)
    now = timezone.now()
    case = given.a_complaint(world, status=Status.REVIEW, now=now)
    given.step(
        case,
        authority.refuse(ground="outside_duty", body="12300", facts="资费争议由电信主管部门处理。"),
        world.officer,
        now,
    )
    case.notices.filter(addressee="consumer").update(state="set_aside", last_error="no_address")
    document = OfficialDocument.objects.get(complaint=case, form=6)
    settled = mediated(world)
    look = f"{width}-{language}"
    officer = visit(width=width, language=language, user=world.rui)
    page = officer.go("/authority/documents/?state=to_serve")
    officer.check()
    officer.shot(f"documents-{look}")
    page.get_by_role("link", name=document.reference).click()
    officer.check()
    officer.shot(f"document-{look}")
    page.locator(f"a[href$='/documents/{document.pk}/serve/']").click()
    officer.check()
    page.locator("input[name=to][value=consumer]").check()
    page.locator("input[name=channel][value=letter]").check()
    page.locator("input[name=arrived][value=yes]").check()
    page.locator("input[name=received_by][value=family]").check()
    page.locator("input[name=reference]").fill("EMS1234")
    officer.shot(f"document-serve-{look}")
    page.locator("main form button.btn").click()
    page.get_by_text("EMS1234").wait_for()
    officer.shot(f"document-served-{look}")
    document.refresh_from_db()
    assert document.served_consumer_at is not None
    consumer = visit(width=width, language=language, user=world.chen)
    for visitor, path, name in (
        (officer, f"/authority/documents/{document.pk}/correct/", "document-correct"),
        (officer, "/authority/documents/?q=999", "documents-none"),
        (officer, f"/authority/cases/{settled.number}/", "documents-of-a-case"),
        (consumer, f"/cases/{settled.number}/", "documents-consumer"),
        (consumer, f"/cases/{settled.number}/court/", "documents-court"),
        (
            visit(width=width, language=language, user=world.ming),
            f"/enterprise/cases/{settled.number}/",
            "documents-enterprise",
        ),
    ):
        visitor.go(path)
        visitor.check()
        visitor.shot(f"{name}-{look}")
