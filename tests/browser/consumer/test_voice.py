"""Speaking in a real browser: it records, the file field carries it, and the server keeps it as sound."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from complaints.models import Evidence, FilingDraft
from tests.browser.consumer.test_filing import Walk
from tests.complaints.filing.conftest import Town, town

__all__ = ["town"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

#: A tone in place of the microphone that this machine does not have.
TONE = """navigator.mediaDevices.getUserMedia = async () => {
  const sound = new AudioContext(), tone = sound.createOscillator(), end = sound.createMediaStreamDestination();
  tone.connect(end); tone.start(); return end.stream; };"""


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (1280, "en")])
def test_a_statement_is_spoken_and_kept(visit: Callable[..., Any], town: Town, width: int, language: str) -> None:
    visitor = visit(width=width, language=language)
    page = visitor.page
    page.add_init_script(TONE)
    walk = Walk(visitor, language, f"voice-{language}-{width}", checked=False)
    walk.enterprise(town)
    page.locator("#id_object_category").select_option("service.telecom")
    page.locator("#id_item_name").fill("千兆宽带")
    page.locator("#id_amount").fill("128.5")
    page.locator("#id_is_online_1").check()
    walk.go_on()
    page.locator("#voice summary").click()
    page.locator("[data-start]").click()
    expect(page.locator("[data-state]")).to_contain_text("180")
    page.wait_for_timeout(600)
    visitor.shot(f"voice-{language}-{width}-recording")
    visitor.check()
    page.locator("[data-stop]").click()
    expect(page.locator("[data-start]")).to_be_focused()
    assert page.locator("#id_voice").evaluate("field => field.files.length") == 1
    page.locator("button[name=keep_voice]").click()
    page.locator("button[name=remove_voice]").wait_for()
    visitor.shot(f"voice-{language}-{width}-kept")
    visitor.check()
    row = Evidence.objects.get()
    assert row.kind == "recording"
    assert row.copy_size > 500
    assert FilingDraft.objects.get().data["voice"] == {"file": [str(row.pk)]}
