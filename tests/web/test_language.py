"""Which language a person reads: the browser's choice, else the person's own, else what the browser asks for."""

import re

import pytest
from django.test import Client

from accounts.models import User
from enterprises.models import Branch
from tests import reloaded
from tests.languages import in_language
from web.languages import language_tag, named
from web.templatetags import portal

PASSWORD = "correct horse battery staple"
BODY = {"email": "ming@example.org", "password": PASSWORD}
COOKIE = "django_language"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ming() -> User:
    return User.objects.create_user("ming@example.org", PASSWORD, name="明试", language="en")


def sign_in(client: Client) -> None:
    assert client.post("/account/sign-in/password/", BODY).status_code == 302


def test_at_sign_in_the_language_of_the_person_decides_unless_one_was_chosen_in_this_browser(ming: User) -> None:
    for cookie in ({}, {COOKIE: "xx"}):
        client = Client()
        client.cookies.load(cookie)
        sign_in(client)
        assert client.cookies[COOKIE].value == "en"
        assert "Set up the second step" in client.get("/account/second-factor/set-up/").content.decode()
    client = Client()
    client.post("/display/", {"language": "zh-hans"})
    sign_in(client)
    assert (client.cookies[COOKIE].value, reloaded(ming).language) == ("zh-hans", "en")


def test_switching_while_signed_in_is_kept_with_the_person_and_no_language_changes_nobody(
    client: Client, ming: User
) -> None:
    client.force_login(ming)
    for body in ({"language": "fr"}, {"theme": "dark"}, {}):
        client.post("/display/", body)
        assert reloaded(ming).language == "en"
    client.post("/display/", {"language": "zh-hans"})
    assert reloaded(ming).language == "zh-hans"
    elsewhere = Client(headers={"accept-language": "en"})
    sign_in(elsewhere)
    assert elsewhere.cookies[COOKIE].value == "zh-hans"


def test_there_is_one_switch_and_the_bar_and_the_page_of_the_display_offer_every_other_language(client: Client) -> None:
    assert client.post("/language/", {"language": "en"}).status_code == 404
    page = client.get("/display/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en"' in page
    assert re.search(r'value="zh-hans" lang="zh-Hans">\s*中文\s*</button>', page)
    assert re.search(r'value="en" lang="en">\s*English\s*</button>', page)
    page = client.get("/display/").content.decode()
    assert '<html lang="zh-Hans"' in page
    assert re.search(r'value="en" lang="en">\s*EN\s*</button>', page)


def test_chinese_that_was_typed_says_so_on_a_page_in_another_language() -> None:
    marked = 'lang="zh-Hans"'
    for text in ("多扣了58元", "iPhone 15坏了，不给退", "Wrong fee at 福州移动", "", None):
        wanted = marked if text and not text.startswith("Wrong") else ""
        assert [in_language(code, portal.lang, text) for code in ("en", "zh-hans")] == [wanted, ""]


def test_a_language_is_named_as_the_standard_does_and_a_name_in_english_is_for_whoever_does_not_read_chinese() -> None:
    codes = ("zh-hans", "en", "pt-br", "zh-hant-hk")
    assert [language_tag(code) for code in codes] == ["zh-Hans", "en", "pt-BR", "zh-Hant-HK"]
    both, chinese = Branch(name="福州分公司", name_en="Fuzhou"), Branch(name="福州分公司")
    assert in_language("zh-hans", named, both) == in_language("zh-hant", named, both) == "福州分公司"
    assert in_language("en", named, both) == in_language("de", named, both) == "Fuzhou"
    assert in_language("en", named, chinese) == "福州分公司"
