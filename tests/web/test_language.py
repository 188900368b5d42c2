"""Which language a person reads: the browser's choice, else the person's own, else what the browser asks for."""

import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery staple"
BODY = {"email": "ming@example.org", "password": PASSWORD}
COOKIE = "django_language"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ming() -> User:
    return User.objects.create_user("ming@example.org", PASSWORD, name="明试", language="en")


def sign_in(client: Client) -> None:
    assert client.post("/account/sign-in/password/", BODY).status_code == 302


def test_at_sign_in_the_language_of_the_person_decides(client: Client, ming: User) -> None:
    sign_in(client)
    assert client.cookies[COOKIE].value == "en"
    assert "Set up the second step" in client.get("/account/second-factor/set-up/").content.decode()


def test_a_language_chosen_in_this_browser_goes_before_it(client: Client, ming: User) -> None:
    client.post("/display/", {"language": "zh-hans"})
    sign_in(client)
    assert client.cookies[COOKIE].value == "zh-hans"
    ming.refresh_from_db()
    assert ming.language == "en"


def test_an_odd_cookie_is_no_choice(client: Client, ming: User) -> None:
    client.cookies[COOKIE] = "xx"
    sign_in(client)
    assert client.cookies[COOKIE].value == "en"


def test_switching_while_signed_in_is_kept_with_the_person(client: Client, ming: User) -> None:
    client.force_login(ming)
    client.post("/display/", {"language": "zh-hans"})
    ming.refresh_from_db()
    assert ming.language == "zh-hans"
    elsewhere = Client(headers={"accept-language": "en"})
    sign_in(elsewhere)
    assert elsewhere.cookies[COOKIE].value == "zh-hans"


@pytest.mark.parametrize("body", [{"language": "fr"}, {"theme": "dark"}, {}])
def test_what_is_no_language_changes_nobody(client: Client, ming: User, body: dict[str, str]) -> None:
    client.force_login(ming)
    client.post("/display/", body)
    ming.refresh_from_db()
    assert ming.language == "en"


def test_there_is_one_switch(client: Client) -> None:
    assert client.post("/language/", {"language": "en"}).status_code == 404
