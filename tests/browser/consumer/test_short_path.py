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
from tests.browser.filing import STORY, Filer
from tests.browser.looks import in_look
from tests.cast import World
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE_SCREEN = 740


class Short(Filer):
    """Somebody who answers what has to be answered and nothing else; what that is, is counted."""

    def __init__(self, visitor: Any, world: World, **options: Any) -> None:
        super().__init__(visitor, world, **options)
        self.heights: list[float] = []
        #: Chinese letters of each page; of the English one, its words.
        self.letters: list[int] = []
        self.words = 0

    def looked(self) -> None:
        """What is unseen, what a list holds until it is opened, and own words and names are not read."""
        text = self.page.locator("main").inner_text()
        own = (*self.page.locator("main q").all_inner_texts(), self.told, *self.said.values())
        own += (self.world.mobile.name, self.world.fuzhou.name)
        lists = self.page.locator("main select").all_inner_texts()
        for left_out in (*self.page.locator("main .vh").all_inner_texts(), *lists, *filter(None, own)):
            text = text.replace(left_out, "", 1)
        self.letters.append(len(re.findall(r"[\u4e00-\u9fff]", text)))
        self.words += len(re.findall(r"[A-Za-z]+", text))
        self.heights.append(self.page.locator("html").bounding_box()["height"])

    @property
    def phone_screens(self) -> float:
        return sum(self.heights) / PHONE_SCREEN

    def walk(self) -> None:
        """The counts stand in docs/performance.md: ``pytest -s`` tells them."""
        super().walk()
        told = (len(self.pages), self.answers, sum(self.letters), self.words, round(self.phone_screens, 2))
        print("pages, answers, letters, words, phone screens:", *told)


@pytest.mark.parametrize("look", [in_look(360), in_look(360, javascript=False), in_look(360, "en")])
def test_four_screens_twelve_answers_and_little_to_read(visit: Callable[..., Any], world: World) -> None:
    short = Short(visit(), world)
    short.walk()
    assert short.pages == ["file", "heard", "you", "check"]
    assert short.answers <= 12
    assert short.phone_screens <= 8, short.heights
    assert sum(short.letters) <= 900, short.letters
    # An English word stands for about two Chinese letters.
    assert short.words <= 450
    case = Complaint.objects.get()
    assert (case.picked_enterprise, str(case.disputed_on)) == (world.mobile, "2026-09-01")


def test_who_is_signed_in_answers_six_times(visit: Callable[..., Any], world: World) -> None:
    a_complaint(world, status=Status.CLOSED, now=timezone.now() - timedelta(days=100))
    short = Short(visit(width=360, user=User.objects.get(pk=world.chen.pk)), world)
    short.walk()
    assert short.answers <= 6
    assert len(short.pages) <= 4
    assert short.phone_screens <= 8, short.heights
    case = Complaint.objects.latest("pk")
    assert (case.consumer_id, case.contact_verified) == (world.chen.pk, True)


class OneByOne(Short):
    """In the elder display."""

    def looked(self) -> None:
        super().looked()
        page = self.page
        self.visitor.look()
        assert self.letters[-1] <= 45, (page.url, page.locator("main").inner_text())
        assert page.locator("main a[href='tel:12315']").count() == 1
        fields = page.locator("main form :is(fieldset.field, .field:not(fieldset *, .correction *, details *))")
        assert len([one for one in fields.all() if one.is_visible()]) <= 2, page.url


@pytest.mark.parametrize(
    "look", [in_look(360, display="elder"), in_look(360, display="elder", javascript=False, full=True)]
)
def test_the_elder_display_asks_one_question_a_page_and_names_a_person(visit: Callable[..., Any], world: World) -> None:
    short = OneByOne(visit(), world)
    short.walk()
    assert short.answers <= 12
    assert sum(short.letters) <= 600, short.letters
    assert Complaint.objects.count() == 1


@pytest.mark.full
def test_the_elder_display_of_an_unknown_trade_without_a_wish_is_as_short(
    visit: Callable[..., Any], world: World
) -> None:
    said = {"#id_query": "街角鞋店", "input[name=respondent][value=named]": ""}
    short = OneByOne(visit(width=360, display="elder"), world, told="街角的店不讲理，东西也不好，还骂人。", said=said)
    short.walk()
    assert Complaint.objects.get().respondent_named == "街角鞋店"


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
