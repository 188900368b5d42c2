"""A file over a bad network, in a real browser: parts are lost, the rest follows, the person sees it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route

from complaints.models import Evidence, Upload
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.evidence.files import jpeg
from tests.complaints.evidence.test_uploads import TEXT
from tests.complaints.filing.conftest import Town, town
from tests.complaints.filing.test_drafts import begin

__all__ = ["town"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILE = {"name": "账单.txt", "mimeType": "text/plain", "buffer": TEXT}
PICTURE = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1, (640, 480))}
RUN = {"name": "run.png", "mimeType": "image/png", "buffer": b"MZ\x90\0\x03\0"}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")


def with_draft(visitor: Any, town: Town) -> Any:
    """The browser holds a draft that stands at the evidence."""
    from django.test import Client

    client = Client()
    draft = begin(client, town)
    visitor.context.add_cookies([{"name": "draft", "value": client.cookies["draft"].value, "url": visitor.origin}])
    return visitor.go(f"/file/{draft.pk}/evidence/")


def forgive_uploads(visitor: Any) -> None:
    """What the test itself broke is no complaint about the page."""
    visitor.complaints[:] = [line for line in visitor.complaints if "Failed to load resource" not in line]


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), pytest.param(1280, "en", marks=pytest.mark.full)])
def test_parts_that_are_lost_are_sent_again(visit: Callable[..., Any], town: Town, width: int, language: str) -> None:
    visitor = visit(width=width, language=language)
    page = with_draft(visitor, town)
    lost: list[str] = []

    def lose(route: Route) -> None:
        number = route.request.url.partition("at=")[2].partition("&")[0]
        if len(lost) < 3:
            lost.append(number)
            if len(lost) == 2:
                # This one arrives, and only its answer is lost.
                route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/part/**", lose)
    page.locator("#id_files").set_input_files([FILE, PICTURE])
    page.locator(".uploads li").first.wait_for()
    visitor.shot(f"uploads-{language}-{width}-sending")
    visitor.check()
    page.locator("#files").get_by_role("link", name="照片.jpg", exact=True).wait_for()
    visitor.shot(f"uploads-{language}-{width}-ready")
    visitor.check()
    forgive_uploads(visitor)
    assert len(lost) == 3
    assert {row.name: row.sha256 for row in Evidence.objects.all()}["账单.txt"] == hashlib.sha256(TEXT).hexdigest()
    picture = page.locator("#files img")
    assert "照片.jpg" in (picture.get_attribute("alt") or "")
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_refused_file_says_why_and_a_cancelled_one_is_gone(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit(width=360)
    page = with_draft(visitor, town)
    page.locator("#id_files").set_input_files([RUN])
    page.get_by_text("“run.png”的类型不能接收").wait_for()
    visitor.shot("uploads-refused")
    visitor.check()
    # Waited for, so that its answer is not taken for that of the next one.
    with page.expect_response("**/cancel/"):
        page.get_by_role("button", name="取消 run.png").click()
    page.wait_for_function("!document.querySelector('.uploads li')")
    page.route("**/part/**", lambda route: route.abort())
    page.locator("#id_files").set_input_files([FILE])
    page.get_by_text("网络不好").wait_for()
    visitor.shot("uploads-waiting")
    with page.expect_response("**/cancel/"):
        page.get_by_role("button", name="取消 账单.txt").click()
    page.wait_for_function("!document.querySelector('.uploads li')")
    forgive_uploads(visitor)
    assert not Evidence.objects.exists()
    assert not Upload.objects.exists()


def test_a_statement_waits_for_its_file(visit: Callable[..., Any], world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    visitor = visit(width=360, user=world.chen)
    page = visitor.go(f"/cases/{case.number}/statement/")
    page.locator("textarea").fill("账单见附件，第二页有那笔费用。")
    page.locator("input[type=file]").set_input_files([FILE])
    page.get_by_role("button", name="发送", exact=True).click()
    page.wait_for_url(f"**/cases/{case.number}/")
    visitor.shot("uploads-case")
    visitor.check()
    row = Evidence.objects.get(complaint=case)
    assert (row.name, row.sha256) == ("账单.txt", hashlib.sha256(TEXT).hexdigest())
