"""Notices as people see them: the officer's list, the pages of a case, the demo mailbox."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints import handling
from complaints.models import Notice
from complaints.notices import delivery
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import LOOKS
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_hold_before_axe_and_fit(world: World, visit: Any, settings: Any) -> None:
    settings.DEMO = True
    now = timezone.now()
    officer = visit(user=world.rui)
    case = given.a_complaint(world, status=Status.AWAITING_CONSUMER, now=now, language=officer.language)
    given.a_complaint(world, status=Status.REVIEW, now=now, language=officer.language)
    handling.sweep_clocks(now=now + timedelta(days=5))
    noon = now.replace(hour=4, minute=0) + timedelta(days=7)
    delivery.sweep_notices(now=noon)
    Notice.objects.filter(addressee="consumer").update(state="set_aside", last_error="smtp_550", channel="email")
    Notice.objects.filter(addressee="enterprise").exclude(form="digest").update(state="set_aside", last_error="nobody")
    for visitor, path in (
        (officer, "/authority/notices/"),
        (officer, "/authority/notices/?state=sent"),
        (officer, "/authority/notices/?q=none"),
        (officer, f"/authority/cases/{case.number}/"),
        (visit(user=world.ming), f"/enterprise/cases/{case.number}/"),
        (visit(user=world.chen), f"/cases/{case.number}/"),
        (visit(), "/demo/mail/"),
    ):
        page = visitor.go(path)
        for folded in page.locator("#notices").all():
            folded.evaluate("row => row.open = true")
        visitor.look()


def test_an_officer_sends_a_notice_again(world: World, visit: Any) -> None:
    given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    last = Notice.objects.filter(addressee="consumer").latest("pk")
    Notice.objects.filter(pk=last.pk).update(state="set_aside", last_error="smtp_550", channel="email")
    page = visit(width=1280, user=world.rui).go("/authority/notices/")
    page.get_by_role("button", name="再次发送").click()
    page.get_by_text("已排入发送。").wait_for()
    page.get_by_text("本辖区的通知都送到了。").wait_for()
    last.refresh_from_db()
    assert last.state == "queued"
