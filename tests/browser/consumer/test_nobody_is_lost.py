"""What was filed without a code finds its person: by signing in, by another number, by a slip of paper."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import SignInCode, User
from tests import reloaded
from tests.accounts.authenticator import newest_code
from tests.cast import World
from tests.complaints.pages.links.test_prove import DAY, NAME, PHONE, without_account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPED = PHONE.removeprefix("+86")
#: Without scripts on a phone, in both languages; on a desk with them, where axe looks too.
LOOKS = [
    pytest.param({"width": 360, "javascript": False}, id="360"),
    pytest.param({"width": 360, "javascript": False, "language": "en"}, id="360-en"),
    pytest.param({"width": 1280}, id="1280"),
]


def press(page: Any) -> None:
    page.locator("main form .btn").first.click()


def typed_code(visitor: Any) -> None:
    visitor.page.locator("#id_code").fill(newest_code())
    press(visitor.page)
    # The next one goes out at once: no minute is waited for.
    SignInCode.objects.all().delete()


@pytest.mark.parametrize("look", LOOKS)
def test_signing_in_with_the_number_finds_it_and_the_name_finds_the_old_one(
    visit: Callable[..., Any], world: World, look: dict[str, Any]
) -> None:
    case, old = without_account(world, token=""), without_account(world, token="", ago=91 * DAY, consumer_name="旧名")
    visitor = visit()
    page = visitor.go("/account/sign-in/?next=/cases/")
    page.locator("#id_address").fill(TYPED)
    press(page)
    typed_code(visitor)
    visitor.look()
    assert case.number in page.locator("main").inner_text()
    page.locator("main .banner a").click()
    visitor.look()
    page.locator("#id_name").fill("不是他")
    press(page)
    visitor.look()
    assert page.locator("#id_name").input_value() == "不是他"
    page.locator("#id_name").fill("旧名")
    press(page)
    visitor.look()
    assert old.number in page.locator("main").inner_text()
    assert page.locator("main .banner[data-tone=info] a").count() == 0
    assert reloaded(old).consumer == reloaded(case).consumer == User.objects.with_phone(PHONE).get()


@pytest.mark.parametrize("look", LOOKS)
def test_signed_in_with_another_number_the_code_and_the_name_find_it(
    visit: Callable[..., Any], world: World, look: dict[str, Any]
) -> None:
    case = without_account(world, token="")
    visitor = visit(user=world.otto)
    page = visitor.look("/cases/")
    page.locator("a[href='/cases/find/']").click()
    visitor.look()
    page.locator("#id_phone").fill("12")
    press(page)
    visitor.look()
    page.locator("#id_phone").fill(TYPED)
    press(page)
    visitor.look()
    typed_code(visitor)
    visitor.look()
    page.locator("#id_name").fill(NAME)
    press(page)
    assert case.number in visitor.look().locator("main").inner_text()
    # Nothing lies with this one, and the page says what to do.
    page = visitor.go("/cases/find/")
    page.locator("#id_phone").fill("13900001234")
    press(page)
    typed_code(visitor)
    assert "12315" in visitor.look().locator("main").inner_text()
    visitor.look("/account/")
    visitor.look("/cases/")


@pytest.mark.parametrize("look", LOOKS)
def test_a_slip_from_the_counter_leads_to_every_step_and_into_the_account(
    visit: Callable[..., Any], world: World, look: dict[str, Any]
) -> None:
    case = without_account(world)
    desk = visit(width=look["width"], user=world.su, language=look.get("language", "zh-hans"))
    page = desk.go(f"/authority/cases/{case.number}/")
    page.locator(f"a[href='/authority/cases/{case.number}/slip/']").click()
    desk.look()
    press(page)
    desk.look()
    found = re.search(r"/slip/[^/<]+/", page.locator("figcaption").inner_text())
    assert found
    visitor = visit()
    visitor.look(found.group())
    page = visitor.page
    press(page)
    visitor.look()
    assert page.url.endswith(f"/track/{case.number}/")
    page.locator("a[href$='/withdraw/']").click()
    visitor.look()
    press(page)
    typed_code(visitor)
    visitor.look()
    assert page.url.endswith(f"/track/{case.number}/withdraw/")
    assert reloaded(case).consumer == User.objects.with_phone(PHONE).get()
    # Pressed again from another phone, it asks for a code.
    other = visit()
    other.go(found.group())
    press(other.page)
    other.look()
    assert "again=1" in other.page.url
    over = visit()
    over.go("/slip/x/")
    press(over.page)
    over.look()


@pytest.mark.parametrize("look", LOOKS)
def test_a_second_number_is_added_and_removed(visit: Callable[..., Any], world: World, look: dict[str, Any]) -> None:
    visitor = visit()
    page = visitor.go("/account/sign-in/?next=/account/")
    page.locator("#id_address").fill("13800000001")
    press(page)
    typed_code(visitor)
    visitor.look()
    page.locator("a[href='/account/change/second-phone/']").click()
    visitor.look()
    page.locator("#id_address").fill("13900002222")
    press(page)
    visitor.look()
    typed_code(visitor)
    visitor.look()
    assert reloaded(world.chen).second_phone == "+8613900002222"
    page.locator("a[href='/account/change/second-phone/']").click()
    visitor.look()
    page.locator("button[name=remove]").click()
    visitor.look()
    assert reloaded(world.chen).second_phone is None
