"""A case worked through in a real browser, with and without JavaScript: what came before, files, a call, a cause."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, Contact, RootCause
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.evidence.files import jpeg, pdf, recording

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status


def with_files(world: World, case: Complaint) -> None:
    client = Client()
    client.force_login(world.chen)
    files = (("九至十一月账单.jpg", jpeg(size=(640, 480))), ("套餐合同.pdf", pdf()), ("客服通话.mp4", recording("mp4")))
    sent = client.post(
        f"/cases/{case.number}/statement/",
        {
            "idempotency_key": "three-files",
            "text": "账单、合同和通话录像。",
            "uploads": [SimpleUploadedFile(name, content) for name, content in files],
        },
    )
    assert sent.status_code == 302


def a_settled_one(world: World, *, days: int) -> Complaint:
    at = timezone.now() - timedelta(days=days)
    case = given.a_complaint(world, status=S.PERFORMING, now=at, item_name="流量包重复扣费")
    given.step(
        case, enterprise.report_performed(obligations=[1], proof="流水8842"), world.handler, at + timedelta(hours=1)
    )
    return given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, at + timedelta(hours=2))


@pytest.mark.parametrize(("width", "language", "javascript"), [(360, "zh-hans", False), (1280, "en", True)])
def test_a_case_is_worked_from_one_page(
    visit: Callable[..., Any], world: World, width: int, language: str, javascript: bool
) -> None:
    done = a_settled_one(world, days=20)
    case = given.a_complaint(
        world,
        status=S.WITH_ENTERPRISE,
        now=timezone.now() - timedelta(days=1),
        statement="我在中国电信办的宽带，每月多扣。",
    )
    with_files(world, case)
    visitor = visit(width=width, language=language, user=world.ming, javascript=javascript)
    name, english = f"workspace-{width}-{language[:2]}", language == "en"
    place = f"/enterprise/cases/{case.number}/"

    def reads() -> None:
        # axe cannot run where the page's scripts are off.
        if javascript:
            visitor.check()

    page = visitor.go(f"{place}return/")
    visitor.shot(f"{name}-return")
    reads()
    assert page.locator("text=/中国电信|China Telecom/").count()
    page = visitor.go(place)
    visitor.shot(f"{name}-new")
    reads()
    page.get_by_role("button", name="Take the case on myself" if english else "受理，由我处理").click()
    page.get_by_role("button", name="No answer" if english else "没接通").click()
    visitor.shot(f"{name}-called")
    reads()
    assert Contact.objects.get(complaint=case).reached is False
    page.locator(".gallery a").first.click()
    page.wait_for_load_state("load")
    # Handed out as an attachment, and shown all the same: it is our copy.
    assert page.locator(".viewer img").evaluate("picture => picture.naturalWidth") == 640
    visitor.shot(f"{name}-file")
    reads()
    for _file in range(2):
        page.locator("a[rel=next]").click()
    visitor.shot(f"{name}-film")
    reads()
    assert page.locator("a[rel=next]").count() == 0
    visitor.go(f"{place}concern/")
    visitor.shot(f"{name}-concern")
    reads()
    page = visitor.go(f"/enterprise/cases/{done.number}/")
    visitor.shot(f"{name}-closed")
    reads()
    visitor.go("/enterprise/causes/")
    visitor.shot(f"{name}-causes")
    reads()
    page.locator("select[name=cause]").first.select_option("billing_error")
    page.get_by_role("button", name="Tag" if english else "标记").first.click()
    reads()
    assert RootCause.objects.get().cause == "billing_error"
