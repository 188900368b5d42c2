"""How much a filing asks, counted on the pages as they are drawn: four screens, few answers, little to read."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests.browser.looks import in_look
from tests.cast import World
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STORY = "我是移动老用户。2026年9月1日起每个月多扣30元，说是视频会员，我没开过，要求退还60元，把这个业务取消掉。"
PHONE_SCREEN = 740


class Short:
    """Somebody who answers what has to be answered and nothing else; what that is, is counted."""

    def __init__(self, visitor: Any) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.screens: dict[str, int] = {}
        self.heights: list[float] = []
        self.letters, self.words, self.answers = 0, 0, 0

    def count(self) -> None:
        """The page that is open."""
        text = self.page.locator("main").inner_text()
        for unseen in self.page.locator("main .vh").all_inner_texts():
            text = text.replace(unseen, "", 1)
        self.letters += len(re.findall(r"[\u4e00-\u9fff]", text))
        self.words += len(re.findall(r"[A-Za-z]+", text))
        self.heights.append(self.page.locator("html").bounding_box()["height"])
        screen = self.page.url.split("?")[0].rstrip("/").rpartition("/")[2]
        self.screens[screen] = self.screens.get(screen, 0) + 1

    def give(self, control: str, value: str = "") -> None:
        """One answer, where it is asked for."""
        found = self.page.locator(control)
        if not found.count():
            return
        self.answers += 1
        if found.first.evaluate("one => one.type === 'radio' || one.type === 'checkbox'"):
            found.first.check()
        elif found.first.evaluate("one => one.tagName === 'SELECT'"):
            found.first.select_option(value)
        else:
            found.first.fill(value)

    def press(self) -> None:
        with self.page.expect_navigation():
            self.page.locator(".actions .btn").first.click()

    def story(self) -> None:
        self.visitor.go("/file/?new=1")
        self.count()
        self.give("#id_story", STORY)
        self.press()

    def heard(self, world: World) -> None:
        if not self.page.locator("#id_service_region option[selected]").count():
            self.give("#id_service_region", str(world.region.pk))
        self.give("input[name=problem]")
        self.give("input[name=demand][value=refund]")
        self.give("#id_line_3 input[value=yes]")

    def you(self) -> None:
        if not self.page.locator("#id_name").input_value():
            self.give("#id_name", "陈雨桐")
            self.give("#id_phone", "199 0000 0001")
            self.give("#id_address", "福州市鼓楼区测试路1号")
            self.unreached()

    def unreached(self) -> None:
        """Instead of the code, which is one answer as well and would measure how fast this machine works for it."""
        self.page.locator("details:has(#id_is_unverified) summary").click()
        self.give("#id_is_unverified")

    def agree(self) -> None:
        for name in ("share_with_enterprise", "pass_to_regulator"):
            self.give(f"input[name={name}][value=yes]")

    def walk(self, world: World) -> None:
        self.story()
        self.count()
        self.heard(world)
        self.press()
        self.count()
        self.you()
        self.press()
        self.count()
        self.agree()
        self.press()
        self.page.wait_for_url("**/receipt/")


@pytest.mark.parametrize("look", [in_look(360), in_look(360, javascript=False), in_look(360, "en")])
def test_four_screens_twelve_answers_and_little_to_read(visit: Callable[..., Any], world: World) -> None:
    short = Short(visit())
    short.walk(world)
    assert len(short.screens) <= 4, short.screens
    assert short.answers <= 12, short.answers
    # The English of the same pages is a seventh longer than the goal of 8.
    most = 8 if short.visitor.language == "zh-hans" else 9.5
    assert sum(short.heights) <= most * PHONE_SCREEN, short.heights
    assert short.letters <= 900, short.letters
    # An English word stands for about two Chinese letters.
    assert short.words <= 600, short.words
    case = Complaint.objects.get()
    assert (case.picked_enterprise, str(case.disputed_on)) == (world.mobile, "2026-09-01")


def test_who_is_signed_in_answers_six_times(visit: Callable[..., Any], world: World) -> None:
    a_complaint(world, status=Status.CLOSED, now=timezone.now() - timedelta(days=100))
    short = Short(visit(width=360, user=User.objects.get(pk=world.chen.pk)))
    short.walk(world)
    assert short.answers <= 6, short.answers
    assert len(short.screens) <= 4
    assert sum(short.heights) <= 8 * PHONE_SCREEN, short.heights
    case = Complaint.objects.latest("pk")
    assert (case.consumer_id, case.contact_verified) == (world.chen.pk, True)


def test_the_elder_display_asks_one_question_a_page_and_names_a_person(visit: Callable[..., Any], world: World) -> None:
    short = Short(visit(display="elder"))
    page = short.page
    short.story()
    while not page.url.endswith("/receipt/"):
        short.count()
        assert page.locator("main a[href='tel:12315']").count() == 1
        fields = page.locator("main form :is(fieldset.field, .field:not(fieldset *, .correction *, details *))")
        assert len([one for one in fields.all() if one.is_visible()]) <= 2, page.url
        if "/heard/" in page.url:
            short.heard(world)
        elif page.locator("#id_phone").count():
            short.give("#id_phone", "199 0000 0001")
            short.unreached()
        elif "/you/" in page.url:
            short.give("#id_name", "陈雨桐")
            short.give("#id_address", "福州市鼓楼区测试路1号")
        else:
            short.agree()
        short.visitor.look()
        short.press()
        assert len(short.heights) < 20, page.url
    assert short.answers <= 12, short.answers
    assert short.letters <= 900, short.letters
    assert Complaint.objects.count() == 1


def test_by_keyboard_alone(visit: Callable[..., Any], world: World) -> None:
    page = visit(width=360).go("/file/?new=1")

    def to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not come to {selector}")

    def enter() -> None:
        with page.expect_navigation():
            page.keyboard.press("Enter")

    to("#id_story")
    page.keyboard.insert_text(STORY)
    to("button[name=told]")
    enter()
    to("#id_service_region")
    page.keyboard.press("ArrowDown")
    to("input[name=problem]")
    page.keyboard.press("Space")
    to("input[name=demand][value=refund]")
    page.keyboard.press("Space")
    to("input[name=line_3]")
    page.keyboard.press("Space")
    to(".actions button[name=next]")
    enter()
    page.wait_for_url("**/you/")
    for field, text in (("name", "陈雨桐"), ("phone", "199 0000 0001")):
        to(f"#id_{field}")
        page.keyboard.insert_text(text)
    to("details:has(#id_is_unverified) summary")
    page.keyboard.press("Enter")
    to("#id_is_unverified")
    page.keyboard.press("Space")
    to("#id_address")
    page.keyboard.insert_text("福州市鼓楼区测试路1号")
    to(".actions button[name=next]")
    enter()
    page.wait_for_url("**/check/")
    for name in ("share_with_enterprise", "pass_to_regulator"):
        to(f"input[name={name}]")
        page.keyboard.press("Space")
    to("button[name=file]")
    with page.expect_navigation(url="**/receipt/"):
        page.keyboard.press("Enter")
    assert Complaint.objects.count() == 1
