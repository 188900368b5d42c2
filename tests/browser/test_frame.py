"""The frame, the plain pages and sign-in in a real browser: both widths, both languages, every display."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import OutgoingMessage, User
from tests.browser.looks import in_look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("how", "how/time-limits", "help", "privacy", "terms", "accessibility", "nothing-here", "account/sign-in")
#: The first page in each look for every run, their other widths for the long run.
HOME = [
    *(in_look(360), in_look(1280, "en"), in_look(360, theme="dark"), in_look(320, display="elder")),
    *(in_look(*other, full=True) for other in ((360, "en"), (1280, "zh-hans"))),
    *(in_look(1280, full=True, **other) for other in ({"theme": "dark"}, {"display": "elder"})),
    in_look(360, display="elder", full=True),
    *(in_look(width, "en", display="elder", theme="dark", full=True) for width in (360, 1280)),
]


@pytest.mark.parametrize("look", HOME)
def test_home_in_every_look(visit: Callable[..., Any], look: dict[str, Any]) -> None:
    page = visit().look("/")
    if look["width"] == 360 and "display" not in look:
        bottom = page.locator(".doors .btn:visible").last.bounding_box()
        assert bottom
        assert bottom["y"] + bottom["height"] <= 640, "both main actions must be seen without scrolling"


@pytest.mark.parametrize(
    "look",
    [
        in_look(360),
        in_look(1280),
        # The narrowest screen and the largest letters.
        in_look(320, display="elder"),
        *(in_look(width, "en", theme="dark", full=True) for width in (360, 1280)),
        *(in_look(width, display="elder", full=True) for width in (360, 1280)),
    ],
)
def test_plain_pages_lose_nothing(visit: Callable[..., Any]) -> None:
    visitor = visit()
    for path in PAGES:
        visitor.look(f"/{path}/")


@pytest.mark.parametrize("javascript", [True, False])
def test_sign_in_by_code_with_and_without_script(visit: Callable[..., Any], javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    page = visitor.look("/account/sign-in/?next=/account/")
    page.get_by_role("button", name="获取验证码").click()
    assert "有误：" in page.title()
    page.get_by_role("link", name=re.compile("请填手机号或邮箱")).click()
    assert page.locator("#id_address:focus").count() == 1
    visitor.look()
    page.get_by_label("手机号或邮箱").fill("199 0000 1234")
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("验证码").wait_for()
    visitor.look()
    code = re.search(r"验证码(\d{6})", OutgoingMessage.objects.get().body)
    assert code
    page.get_by_label("验证码").fill(code[1])
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="我的账号").wait_for()
    visitor.look()


def test_the_switches_work_and_bring_one_back(visit: Callable[..., Any]) -> None:
    visitor = visit(width=1280)
    page = visitor.go("/help/")
    page.get_by_role("button", name="长辈版").click()
    assert page.locator("html[data-display=elder]").count() == 1
    page.get_by_role("button", name="EN").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Help"
    page.get_by_role("button", name="Standard").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html[data-theme=dark]").count() == 1
    assert page.url.endswith("/help/")


@pytest.mark.parametrize("look", [in_look(360), in_look(360, display="elder", javascript=False)])
@pytest.mark.parametrize("path", ["/how/", "/file/"])
def test_the_menu_opens_where_one_is_and_closes(visit: Callable[..., Any], path: str) -> None:
    page = visit().go(path)
    links = page.locator("#site")
    page.locator(".bar-menu").click()
    box = links.bounding_box()
    assert box
    assert (box["y"], links.locator("a[href='/help/']").is_visible()) == (0, True), "it lies over the page"
    links.locator(".shut").click()
    assert not links.locator(".shut").is_visible()
    page.locator(".bar-menu").click()
    links.locator("a[href='/help/']").click()
    assert page.url.endswith("/help/")


def test_the_keyboard_skips_to_the_content(visit: Callable[..., Any]) -> None:
    visitor = visit()
    page = visitor.go("/help/")
    page.keyboard.press("Tab")
    assert page.locator("a.skip:focus").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("main:focus").count() == 1


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, full=True)])
def test_a_signed_in_person_reads_the_account_and_signs_out(visit: Callable[..., Any]) -> None:
    page = visit(user=User.objects.create_user("chen@example.org", name="陈雨桐")).look("/account/")
    assert page.get_by_role("heading", level=1).inner_text() == "我的账号"
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("link", name="登录", exact=True).first.wait_for()


def test_the_check_itself_finds_mistakes(visit: Callable[..., Any]) -> None:
    visitor = visit()
    page = visitor.go("/account/sign-in/")
    page.evaluate("document.querySelector('label[for=id_address]').remove()")
    with pytest.raises(AssertionError, match="label"):
        visitor.look()
    plain = visit(javascript=False)
    plain.go("/help/").evaluate("document.querySelector('h1').style.width = '900px'")
    with pytest.raises(AssertionError, match="wider than the screen"):
        plain.look()
