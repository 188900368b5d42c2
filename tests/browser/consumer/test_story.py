"""A filing that begins with a story, in a real browser: the box, what was understood, and what is left."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import FilingDraft
from tests.browser.looks import in_look
from tests.cast import load_directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STORY = "中国移动从9月1日起每个月乱扣我20元，我没有开通过，要求退还60元，取消业务。我要举报他们虚假宣传。"


@pytest.mark.parametrize(
    "look", [in_look(360, javascript=False), in_look(1280, "en", full=True), in_look(360, full=True)]
)
def test_a_story_is_told_said_back_and_split_and_the_rest_is_asked(visit: Callable[..., Any]) -> None:
    load_directory()
    visitor = visit()
    page = visitor.go("/file/")
    visitor.look()
    page.locator("#id_story").fill(STORY)
    page.locator(".actions .btn").click()
    assert page.locator("q").all_inner_texts()[:2] == ["举报", "中国移动"]
    visitor.look()
    page.locator(".actions .btn").click()
    # A report that was heard has to be answered.
    assert page.locator(".error-summary a[href='#id_report_0']").count() == 1
    visitor.look()
    page.locator("input[name=report][value=both]").check()
    page.locator("input[name=problem]").first.check()
    for line in page.locator("input[name^=line_][value=yes]").all():
        line.check()
    page.locator("input[name=demand][value=refund]").check()
    page.locator("#id_service_region").select_option("350102000")
    page.locator(".actions .btn").click()
    visitor.look()
    assert "举报" in page.locator("#id_report").input_value()
    assert "举报" not in page.locator("#id_statement").input_value()
    page.locator(".actions .btn").click()
    assert page.url.endswith("/you/")
    visitor.look()
    draft = FilingDraft.objects.get()
    assert draft.data["enterprise"]["query"] == ["中国移动"]
    assert draft.data["demands"]["amount_refund"] == ["60.00"]
