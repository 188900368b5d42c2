"""Staff get in with a real passkey and with an authenticator app; the work before a code is done unseen."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import SecondFactor, SecurityEvent, SignInCode
from accounts.sign_in.codes import HARDEST, OF_CONTACT
from accounts.sign_in.entering import ENTERED
from accounts.sign_in.limits import count
from accounts.sign_in.sessions import SessionStore
from tests import missing_in
from tests.accounts.authenticator import app_code
from tests.browser.looks import in_look
from tests.cast import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def give_password(visitor: Any, email: str = "ming@example.com") -> Any:
    page = visitor.go("/account/sign-in/password/?next=/account/")
    page.locator("#id_email").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form .btn").first.click()
    return page


def give_authenticator(visitor: Any) -> None:
    """What a telephone or a laptop has inside, played by the browser itself."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


@pytest.mark.parametrize("look", [in_look(360), in_look(1280, "en", full=True)])
def test_T25_a_passkey_is_set_up_and_used(visit: Callable[..., Any], world: World) -> None:
    visitor = visit()
    give_authenticator(visitor)
    page = give_password(visitor)
    assert "/account/second-factor/set-up/?next=" in page.url
    visitor.look()
    page.locator("form[data-passkey=create] button").click()
    page.locator(".codes").wait_for()
    visitor.look()
    page.locator("main a.btn").click()
    assert page.url.endswith("/account/")
    visitor.look()
    for name in ("ways", "sessions", "change/phone", "password"):
        visitor.look(f"/account/{name}/")
    visitor.go("/account/")
    page.locator('form[action="/account/sign-out/"] button').click()
    page = give_password(visitor)
    assert "/account/second-factor/?next" in page.url
    visitor.look()
    page.locator("form[data-passkey=get] button").click()
    page.wait_for_url("**/account/")
    assert SecondFactor.objects.get().kind == "passkey"
    assert SecurityEvent.objects.filter(kind="sign_in", person_key=world.ming.person_key).count() == 2


def test_T25_an_app_does_it_without_scripts(visit: Callable[..., Any], world: World) -> None:
    visitor = visit(width=360, javascript=False)
    page = give_password(visitor)
    assert not page.locator("form[data-passkey] button:visible").count()
    key = page.locator("#app-key").inner_text()
    page.locator("#id_code").fill("123")
    with page.expect_navigation():
        page.locator("#id_code").press("Enter")
    assert page.locator("#id_code[aria-invalid=true]").count() == 1
    visitor.shot("factor-wrong-360")
    page.locator("#id_code").fill(app_code(page.locator("#app-key").inner_text(), now=timezone.now()))
    with page.expect_navigation():
        page.locator("#id_code").press("Enter")
    page.locator("main a.btn").click()
    assert page.url.endswith("/account/")
    assert key


def test_the_browser_works_before_a_code_is_sent(visit: Callable[..., Any], settings: Any, db: None) -> None:
    settings.CODES_PER_ADDRESS_UNWORKED = 1
    visitor = visit(width=360)
    for number in range(3):
        page = visitor.go("/account/sign-in/")
        page.locator("#id_address").fill(f"1990000003{number}")
        page.locator("main form .btn").first.click()
        page.wait_for_url("**/account/sign-in/code/**")
    assert SignInCode.objects.count() == 3


def test_T24_where_many_codes_are_asked_for_the_browser_works_harder_and_without_scripts_the_way_on_is_said(
    visit: Callable[..., Any], db: None
) -> None:
    """Strangers asked for twelve codes to each of two phones today: the next one costs twice the work."""
    for phone in ("+8619900000041", "+8619900000042"):
        count(OF_CONTACT.kind, *[phone] * 12, now=timezone.now() - timedelta(hours=1))

    def asked(visitor: Any, phone: str) -> Any:
        page = visitor.go("/account/sign-in/")
        page.locator("#id_address").fill(phone)
        page.locator("main form .btn").first.click()
        page.get_by_text("浏览器要先算几秒").first.wait_for()
        assert page.locator("#id_address").input_value().replace(" ", "") == phone
        assert (
            missing_in(page.locator("main").inner_text(), "请再点一次，浏览器要先算几秒", "之后再试，或打12315") == []
        )
        return page

    page = asked(visit(width=360), "19900000041")
    task = json.loads(page.locator("input[name=proof]").get_attribute("data-task"))
    assert task["maxNumber"] == 2 * HARDEST
    page.locator("main form .btn").first.click()
    page.wait_for_url("**/account/sign-in/code/**")
    assert SignInCode.objects.count() == 1
    without = visit(width=360, javascript=False)
    asked(without, "19900000042").locator("main form .btn").first.click()
    assert "请再点一次" in without.page.locator("main").inner_text()
    assert SignInCode.objects.count() == 1


def test_somebody_at_work_is_warned_and_stays_with_one_button(visit: Callable[..., Any], world: World) -> None:
    visitor = visit(width=360, user=world.ming)
    page = visitor.page
    page.clock.install()
    visitor.go("/account/ways/")
    warning = page.locator("form.idle")
    page.clock.fast_forward(27 * 60_000)
    assert not warning.is_visible()
    page.clock.fast_forward(61_000)
    warning.wait_for()
    visitor.look()
    with page.expect_response("**/account/sessions/stay/") as answer:
        warning.locator("button").click()
    assert answer.value.status == 204
    warning.wait_for(state="hidden")


def test_the_end_of_the_working_day_is_told_as_well(visit: Callable[..., Any], world: World, settings: Any) -> None:
    """Twelve hours after signing in no button helps: the warning says so and offers none."""
    visitor = visit(width=360, user=world.ming)
    cookies = {cookie["name"]: cookie["value"] for cookie in visitor.context.cookies()}
    sessions = SessionStore(session_key=cookies[settings.SESSION_COOKIE_NAME])
    sessions[ENTERED] = int((timezone.now() - timedelta(hours=11, minutes=50)).timestamp())
    sessions.save()
    page = visitor.page
    page.clock.install()
    visitor.go("/account/ways/")
    warning = page.locator("form.idle")
    until = timezone.localtime() + timedelta(minutes=10)
    assert any(
        f"到{until - timedelta(minutes=early):%H:%M}还没有" in page.locator("footer").inner_text() for early in (0, 1)
    )
    page.clock.fast_forward(6 * 60_000)
    assert not warning.is_visible()
    page.clock.fast_forward(2 * 60_000 + 1000)
    warning.wait_for()
    assert "2分钟后须重新登录" in warning.inner_text()
    assert not warning.locator("button").is_visible()
