"""A file over a bad network in a real browser: parts are lost, the rest follows; and speaking into a microphone."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from complaints.models import Evidence, FilingDraft, Upload
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.looks import in_look
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
    """The browser holds a draft that stands at the files."""
    from django.test import Client

    client = Client()
    draft = begin(client, town)
    visitor.context.add_cookies([{"name": "draft", "value": client.cookies["draft"].value, "url": visitor.origin}])
    return visitor.go(f"/file/{draft.pk}/you/")


def forgive_uploads(visitor: Any) -> None:
    """What the test itself broke is no complaint about the page."""
    visitor.complaints[:] = [line for line in visitor.complaints if "Failed to load resource" not in line]


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en", full=True)])
def test_parts_that_are_lost_are_sent_again(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit()
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
    visitor.look()
    page.locator("#files").get_by_role("link", name="照片.jpg", exact=True).wait_for()
    visitor.look()
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
    page.get_by_text("“run.png”不是图片").wait_for()
    visitor.look()
    # It stays when the page is loaded anew, and nobody goes on before it was read.
    page.reload()
    page.get_by_text("“run.png”不是图片").wait_for()
    page.locator(".actions button[name=next]").click()
    page.get_by_text("看过以后请按“知道了”").wait_for()
    expect(page.get_by_role("button", name="知道了 run.png")).to_be_focused()
    visitor.look()
    page.get_by_role("button", name="知道了 run.png").click()
    page.wait_for_function("!document.querySelector('.uploads li')")
    page.route("**/part/**", lambda route: route.abort())
    page.locator("#id_files").set_input_files([FILE])
    page.get_by_text("网络不好").wait_for()
    visitor.shot("uploads-waiting")
    with page.expect_response("**/cancel/"):
        page.get_by_role("button", name="取消 账单.txt").click()
    page.wait_for_function("!document.querySelector('.uploads li')")
    # What was on its way when the page was left is said, too.
    page.locator("#id_files").set_input_files([FILE])
    page.get_by_text("网络不好").wait_for()
    page.reload()
    page.get_by_text("没有传完，请重新选择这个文件").wait_for()
    with page.expect_response("**/cancel/"):
        page.get_by_role("button", name="知道了 账单.txt").click()
    page.wait_for_function("!document.querySelector('.uploads li')")
    page.reload()
    assert not page.locator(".uploads li").count()
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
    visitor.look()
    row = Evidence.objects.get(complaint=case)
    assert (row.name, row.sha256) == ("账单.txt", hashlib.sha256(TEXT).hexdigest())


#: A tone in place of the microphone that this machine does not have.
TONE = """navigator.mediaDevices.getUserMedia = async () => {
  const sound = new AudioContext(), tone = sound.createOscillator(), end = sound.createMediaStreamDestination();
  tone.connect(end); tone.start(); return end.stream; };"""


@pytest.mark.full
@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en")])
def test_a_statement_is_spoken_and_kept(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit()
    page = visitor.page
    page.add_init_script(TONE)
    visitor.go("/file/?new=1")
    page.locator("#voice summary").click()
    page.locator("[data-start]").click()
    expect(page.locator("[data-state]")).to_contain_text("180")
    page.wait_for_timeout(600)
    visitor.look()
    page.locator("[data-stop]").click()
    expect(page.locator("[data-start]")).to_be_focused()
    assert page.locator("#id_voice").evaluate("field => field.files.length") == 1
    page.locator("button[name=keep_voice]").click()
    page.locator("button[name=remove_voice]").wait_for()
    visitor.look()
    row = Evidence.objects.get()
    assert row.kind == "recording"
    assert row.copy_size > 500
    assert FilingDraft.objects.get().data["voice"] == {"file": [str(row.pk)]}
