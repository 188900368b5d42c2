"""The frame, the plain pages and sign-in in a real browser: both widths, both languages, every display."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import OutgoingMessage, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("/how/", "/how/time-limits/", "/help/", "/privacy/", "/terms/", "/accessibility/", "/nothing-here/")
LOOKS = [
    ("zh", {}),
    ("en", {"language": "en"}),
    ("dark", {"theme": "dark"}),
    ("elder", {"display": "elder"}),
    pytest.param("elder-dark-en", {"display": "elder", "theme": "dark", "language": "en"}, marks=pytest.mark.full),
]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(("name", "look"), LOOKS)
def test_home_in_every_look(visit: Callable[..., Any], width: int, name: str, look: dict[str, str]) -> None:
    visitor = visit(width=width, **look)
    page = visitor.go("/")
    visitor.shot(f"home-{name}-{width}")
    visitor.check()
    if width == 360 and "display" not in look:
        bottom = page.locator(".doors .btn:visible").last.bounding_box()
        assert bottom
        assert bottom["y"] + bottom["height"] <= 640, "both main actions must be seen without scrolling"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "look",
    [
        {},
        pytest.param({"language": "en", "theme": "dark"}, marks=pytest.mark.full),
        pytest.param({"display": "elder"}, marks=pytest.mark.full),
    ],
)
def test_plain_pages(visit: Callable[..., Any], width: int, look: dict[str, str]) -> None:
    visitor = visit(width=width, **look)
    for path in PAGES:
        visitor.go(path)
        visitor.shot(f"{path.strip('/').replace('/', '-')}-{'-'.join(look.values()) or 'zh'}-{width}")
        visitor.check()


def test_narrow_screens_lose_nothing(visit: Callable[..., Any]) -> None:
    visitor = visit(width=320, display="elder")
    for path in ("/", *PAGES, "/account/sign-in/"):
        visitor.go(path)
        visitor.check()


@pytest.mark.parametrize("javascript", [True, False])
def test_sign_in_by_code_with_and_without_script(visit: Callable[..., Any], javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    page = visitor.go("/account/sign-in/?next=/account/")
    if javascript:
        visitor.shot("sign-in-360")
        visitor.check()
    page.get_by_role("button", name="获取验证码").click()
    assert "有误：" in page.title()
    page.get_by_role("link", name=re.compile("请填手机号或邮箱")).click()
    assert page.locator("#id_address:focus").count() == 1
    if javascript:
        visitor.shot("sign-in-error-360")
        visitor.check()
    page.get_by_label("手机号或邮箱").fill("199 0000 1234")
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("验证码").wait_for()
    if javascript:
        visitor.shot("sign-in-code-360")
        visitor.check()
    result = re.search(r"验证码(\d{6})", OutgoingMessage.objects.get().body)
    assert result
    page.get_by_label("验证码").fill(result.group(1))
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("heading", name="我的账号").wait_for()
    if javascript:
        visitor.shot("account-360")
        visitor.check()


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


def test_the_keyboard_skips_to_the_content(visit: Callable[..., Any]) -> None:
    visitor = visit()
    page = visitor.go("/help/")
    page.keyboard.press("Tab")
    assert page.locator("a.skip:focus").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("main:focus").count() == 1


def test_a_signed_in_person_at_both_widths(visit: Callable[..., Any]) -> None:
    user = User.objects.create_user("chen@example.org", name="陈雨桐")
    for width in (360, 1280):
        visitor = visit(width=width, user=user)
        page = visitor.go("/account/")
        visitor.shot(f"account-signed-{width}")
        visitor.check()
        assert page.get_by_role("heading", level=1).inner_text() == "我的账号"
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("link", name="登录", exact=True).first.wait_for()


def test_the_check_itself_finds_mistakes(visit: Callable[..., Any]) -> None:
    visitor = visit()
    page = visitor.go("/account/sign-in/")
    page.evaluate("document.querySelector('label[for=id_address]').remove()")
    with pytest.raises(AssertionError, match="label"):
        visitor.check()
