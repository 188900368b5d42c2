"""Filing in a real browser: four screens and the receipt, both widths, both languages, with and without script."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import Complaint
from tests.browser.looks import in_look
from tests.complaints.evidence.files import png
from tests.complaints.filing.answers import STATEMENT
from tests.complaints.filing.conftest import Town, town
from tests.complaints.filing.test_drafts import newest_code

__all__ = ["town"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = {
    "zh-hans": {
        "search": "搜索企业",
        "upload": "上传",
        "code": "获取验证码",
        "file": "提交投诉",
        "agree": "同意",
        "refund": "退还货款或服务费",
    },
    "en": {
        "search": "Search",
        "upload": "Upload",
        "code": "Send me a code",
        "file": "Submit the complaint",
        "agree": "Yes, I agree",
        "refund": "Refund of a price or fee",
    },
}
PNG = png()


class Walk:
    """One person filling in screen after screen; every screen is looked at if ``checked``."""

    def __init__(self, visitor: Any, *, checked: bool) -> None:
        self.visitor, self.page, self.words = visitor, visitor.page, WORDS[visitor.language]
        self.checked = checked

    def look(self) -> None:
        if self.checked:
            self.visitor.look()

    def go_on(self) -> None:
        self.page.locator(".actions .btn").first.click()

    def story(self) -> None:
        self.visitor.go("/file/?new=1")
        self.look()
        self.page.locator("#id_story").fill(STATEMENT)
        self.go_on()

    def find(self, town: Town) -> None:
        self.page.locator("#id_service_region").select_option(str(town.gulou))
        self.page.locator("#id_query").fill("测试移动")
        self.page.get_by_role("button", name=self.words["search"], exact=True).click()
        self.page.locator("#id_respondent").check()

    def problem(self) -> None:
        if self.page.locator("input[name=problem][value=none]").count():
            self.page.locator("input[name=problem][value=none]").check()
        self.page.locator("#id_problem_category").select_option("telecom.fees.unexplained_charge")
        self.page.locator("#id_disputed_on").fill("2026-09-01")
        self.page.locator("#id_is_approximate").check()

    def wish(self, *kinds: str) -> None:
        for kind in kinds:
            box = self.page.locator(f'input[name=demand][value="{kind}"]')
            if not box.is_visible():
                self.page.locator("#h-demands summary").click()
            box.check()

    def heard(self, town: Town) -> None:
        self.look()
        self.go_on()
        self.page.locator(".error-summary").wait_for()
        self.look()
        self.find(town)
        self.look()
        self.problem()
        self.wish("refund")
        self.page.locator("#id_amount_refund").fill("一百多")
        self.go_on()
        self.page.locator(".error-summary").wait_for()
        self.look()
        assert self.page.locator("#id_amount_refund").input_value() == "一百多"
        self.page.locator("#id_amount_refund").fill("１２８．５")
        self.go_on()

    def evidence(self) -> None:
        files = [{"name": "9月账单.png", "mimeType": "image/png", "buffer": PNG}]
        self.page.locator("#id_files").set_input_files(files)
        if not self.checked:
            # With JavaScript a file is on its way as soon as it is chosen.
            self.page.get_by_role("button", name=self.words["upload"], exact=True).click()
        self.page.get_by_role("link", name="9月账单.png", exact=True).wait_for()

    def you(self) -> None:
        self.page.wait_for_url(re.compile("/you/"))
        self.look()
        self.evidence()
        self.page.locator("#id_name").fill("陈雨桐")
        self.page.locator("#id_phone").fill("199 0000 0001")
        self.page.locator("#id_address").fill("福州市鼓楼区测试路1号")
        # The browser works a moment before it sends.
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=self.words["code"], exact=True).click()
        self.look()
        self.page.locator("#id_code").fill("12")
        self.go_on()
        self.look()
        self.page.locator("#id_code").fill(newest_code())
        self.go_on()

    def agree(self) -> None:
        for group in self.page.locator("form > fieldset.field").all():
            group.get_by_label(self.words["agree"], exact=True).check()

    def check_page(self) -> None:
        # A list of what stands there does not wait for a slow page.
        self.page.wait_for_url(re.compile("/check/"))
        self.look()
        self.go_on()
        self.page.locator(".error-summary").wait_for()
        self.look()
        self.agree()
        self.page.get_by_role("button", name=self.words["file"], exact=True).click()
        self.page.wait_for_url(re.compile("/receipt/"))
        self.look()


@pytest.mark.parametrize(
    "look",
    [
        in_look(360),
        in_look(360, javascript=False),
        in_look(1280, "en", full=True),
        in_look(1280, theme="dark", full=True),
    ],
)
def test_file_from_the_first_screen_to_the_receipt(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit()
    walk = Walk(visitor, checked=visitor.has_scripts)
    walk.story()
    walk.heard(town)
    walk.you()
    walk.check_page()
    case = Complaint.objects.get()
    assert case.number in walk.page.content()
    assert case.contact_verified
    assert case.evidence.count() == 1


def test_regions_elsewhere_and_saving_for_later(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit(width=360)
    walk = Walk(visitor, checked=False)
    walk.story()
    page = visitor.page
    page.get_by_role("button", name="在其他城市？选择其他地区").click()
    visitor.look()
    page.locator("#id_q").fill("鼓楼")
    page.get_by_role("button", name="查找").click()
    visitor.look()
    page.get_by_label("鼓楼区").check()
    page.get_by_role("button", name="选定").click()
    assert page.locator("#id_service_region").input_value() == str(town.gulou)
    page.get_by_role("button", name="先存着").click()
    visitor.look()
    page.get_by_role("link", name="接着填").click()
    assert page.locator("#id_service_region").input_value() == str(town.gulou)


def test_who_files_with_others_is_not_asked_for_a_principal(visit: Callable[..., Any], town: Town) -> None:
    visitor = visit(javascript=False)
    walk = Walk(visitor, checked=False)
    page = visitor.page
    walk.story()
    walk.find(town)
    walk.problem()
    walk.wish("apology")
    page.locator("input[name=ask][value=another]").check()
    walk.go_on()
    for behalf, asked, left_out in (("joint", "parties", "principal_name"), ("agent", "principal_name", "parties")):
        page.locator(f"input[name=behalf][value={behalf}]").check()
        walk.go_on()
        assert page.locator(".error-summary").count()
        assert page.locator(f"#id_{asked}").is_visible()
        assert page.locator("#id_is_declared").is_visible()
        assert not page.locator(f"#id_{left_out}").is_visible()
