"""Somebody at the pages of a filing: tells a story and answers whatever the page that stands open has to know.

The same in every look: four screens, or in the elder display one question a page.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.cast import World

#: A complaint about a carrier that needs no more than what everybody is asked.
STORY = "我是移动老用户。2026年9月1日起每个月多扣30元，说是视频会员，我没开过，要求退还60元，把这个业务取消掉。"
#: So many pages are more than any filing has.
MOST_PAGES = 25
#: Of a group of choices, whether one is made; of a field, whether something stands in it.
_IS_ANSWERED = """one => one.type === "radio" ? Boolean(one.form.querySelector(`[name="${one.name}"]:checked`))
  : one.type === "checkbox" ? one.checked : one.value !== "" """
#: For whoever has said nothing else of it: control → value (of a list or a field), in the order of the pages.
_ELSE: dict[str, str] = {
    "input[name=problem]": "",
    "#id_problem_category": "telecom.other",
    "#id_disputed_on": "2026-09-01",
    "#id_name": "陈雨桐",
    "#id_phone": "199 0000 0001",
    "#id_is_unverified": "",
    "#id_address": "福州市鼓楼区测试路1号",
    "input[name=share_with_enterprise][value=yes]": "",
    "input[name=pause_for_settlement][value=yes]": "",
    "input[name=pass_to_regulator][value=yes]": "",
}


class Filer:
    """``said``: control → value, before all else; for a choice the value is in the selector."""

    def __init__(self, visitor: Any, world: World, *, told: str = STORY, said: Mapping[str, str] | None = None) -> None:
        self.visitor, self.page, self.world, self.told = visitor, visitor.page, world, told
        self.said = {**(said or {}), "#id_service_region": str(world.region.pk), **_ELSE}
        self.answers = 0
        #: Last part of the address of each page that was sent.
        self.pages: list[str] = []

    def walk(self) -> None:
        """To the receipt."""
        self.story()
        while not self.path.endswith("/receipt/"):
            self.one_page()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def story(self) -> None:
        self.visitor.go("/file/?new=1")
        self.looked()
        self.give("#id_story", self.told)
        self.press()

    def one_page(self) -> None:
        self.looked()
        self.answer()
        self.press()
        assert not (wrong := self.page.locator(".error-summary").all_inner_texts()), wrong
        assert len(self.pages) < MOST_PAGES, self.pages

    def looked(self) -> None:
        """The page that stands open is seen as it comes."""

    def answer(self) -> None:
        """What this page asks for and nobody has answered."""
        unreached = self.page.locator("details:not([open]):has(#id_is_unverified) > summary")
        if unreached.count():
            # Instead of the code, which is one answer as well and would measure how fast this machine works for it.
            unreached.click()
        for control, value in self.said.items():
            self.give(control, value)
        for line in {str(one.get_attribute("name")) for one in self.page.locator("input[name^=line_]:visible").all()}:
            self.give(f"input[name={line}][value=yes]", "")
        wanted = self.page.locator("input[name=demand]:visible")
        if wanted.count() and not self.page.locator("input[name=demand]:checked").count():
            self.give("input[name=demand]", "")
        self.give(".choice:has(input[name=demand]:checked) .money input", "60")

    def give(self, control: str, value: str) -> None:
        """One answer, where it is asked for and not given."""
        found = self.page.locator(f"{control}:visible")
        if not found.count() or found.first.evaluate(_IS_ANSWERED):
            return
        self.answers += 1
        if found.first.evaluate("one => one.type === 'radio' || one.type === 'checkbox'"):
            found.first.check()
        elif found.first.evaluate("one => one.tagName === 'SELECT'"):
            found.first.select_option(value)
        else:
            found.first.fill(value)

    def press(self) -> None:
        """The one large button."""
        self.pages.append(self.path.rstrip("/").rpartition("/")[2])
        with self.page.expect_navigation():
            self.page.locator(".actions .btn").first.click()
