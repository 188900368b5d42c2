"""A bill is photographed before a word is written: the first screen, what was read, and the way on, with and without
scripts."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import Evidence, FilingDraft
from tests.browser.looks import in_look
from tests.cast import World
from tests.complaints.evidence.drawn_bills import jpeg, page, written
from tests.complaints.evidence.readers import Says, says

__all__ = ["says"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BILL = written(0)
PHOTO = {"name": "账单.jpg", "mimeType": "image/jpeg", "buffer": jpeg(page(BILL.lines))}
FAKE = {"name": "假.jpg", "mimeType": "image/jpeg", "buffer": b"MZ\x90\0\x03\0"}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")


@pytest.mark.parametrize("look", [in_look(360), in_look(360, javascript=False)])
def test_who_photographs_the_bill_needs_no_words_first(visit: Callable[..., Any], world: World, says: Says) -> None:
    says(*BILL.lines)
    visitor = visit()
    shown = visitor.go("/file/?new=1")
    shown.locator("#bill summary").click()
    visitor.look()
    # A fake is named, also after the page was loaded anew, and what was written is kept.
    shown.locator("#id_story").fill("多扣了钱")
    shown.locator("#id_bill").set_input_files([FAKE])
    shown.locator("[name=keep_bill]").click()
    shown.get_by_text("“假.jpg”不是图片").wait_for()
    shown.reload()
    shown.get_by_text("“假.jpg”不是图片").wait_for()
    visitor.look()
    shown.locator("#id_story").fill("")
    shown.locator("#bill summary").click()
    shown.locator("#id_bill").set_input_files([PHOTO])
    shown.locator("[name=keep_bill]").click()
    shown.locator("#bill").get_by_role("link", name="账单.jpg", exact=True).wait_for()
    assert shown.locator("#bill .file", has_text="已存好").count() == 1
    visitor.look()
    with shown.expect_navigation():
        shown.locator(".actions .btn").first.click()
    assert "/heard/" in shown.url
    visitor.look()
    for name in ("number", "day", "total"):
        assert not shown.locator(f"input[name=bill_{name}]:checked").count()
        shown.locator(f"input[name=bill_{name}][value=yes]").check()
    # Whom it is against is changed: the box for its name opens.
    shown.locator("input[name=bill_firm][value=change]").check()
    shown.locator("#id_respondent_authority").check()
    shown.locator("#id_service_region").select_option(str(world.region.pk))
    shown.locator("#id_statement").fill("这个月多收了20元，我没有用过。")
    shown.locator("#id_problem_category").select_option("telecom.fees.unexplained_charge")
    shown.locator("input[name=demand][value=apology]").check()
    with shown.expect_navigation():
        shown.locator(".actions .btn").first.click()
    assert "/you/" in shown.url, shown.inner_text("main")
    visitor.look()
    data = FilingDraft.objects.get().data
    assert data["purchase"]["amount"] == [BILL.truth["total"]]
    assert data["problem"]["service_number"] == [BILL.truth["number"]]
    assert Evidence.objects.get().kind == "receipt"


@pytest.mark.parametrize("look", [in_look(360)])
def test_a_bill_among_the_files_is_asked_about_once_it_is_there(
    visit: Callable[..., Any], world: World, says: Says
) -> None:
    says(*BILL.lines)
    visitor = visit()
    shown = visitor.go("/file/?new=1")
    shown.locator("#id_story").fill("移动从2026年9月1日起乱扣我60元，要求退还60元")
    with shown.expect_navigation():
        shown.locator(".actions .btn").first.click()
    visitor.go(f"/file/{FilingDraft.objects.get().pk}/you/")
    shown.locator("#id_files").set_input_files([PHOTO])
    shown.get_by_text(f"账单合计¥{BILL.truth['total']}").wait_for()
    assert shown.locator("#files .file", has_text="已存好").count() == 1
    visitor.look()
