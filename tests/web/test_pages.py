"""Every plain page answers, in both languages, and the reading wishes are kept.

Which language a person reads: the browser's choice, else the person's own, else what the browser asks for.
"""

import gzip
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from complaints.procedure.workflow import Status
from enterprises.models import Branch, Enterprise, Staff
from odr_portal.site import page_context
from tests import ROOT, missing_in, reloaded
from tests.browser.pictures import NOT_PICTURED, OTHER_PICTURES, kind_of, pages
from tests.cast import World
from tests.complaints.pages.at_the_desk import signed_in
from tests.given import a_complaint
from tests.languages import in_language
from web.languages import language_tag, named
from web.templatetags import portal

pytestmark = pytest.mark.django_db

PAGES = ("/", "/how/", "/how/time-limits/", "/help/", "/privacy/", "/terms/", "/accessibility/")


def test_a_stranger_reads_the_plain_pages(client: Client) -> None:
    for path in PAGES:
        answer = client.get(path)
        page = answer.content.decode()
        assert (answer.status_code, page.count("<h1")) == (200, 1), path
        assert missing_in(page, '<html lang="zh-Hans"', "12315 · 人工帮助") == [], path
    client.post("/display/", {"language": "en"})
    for path in PAGES:
        page = client.get(path).content.decode()
        page = re.sub(r"<head>.*?</head>|lang=\"zh-Hans\">中文|（[^）]*）|\([^)]*\)", "", page, flags=re.S)
        assert not set(re.findall(r"[一-鿿]+", page)) - {"市场监管部门", "中文"}, path


def test_reading_wishes_are_kept_and_the_page_comes_back_and_home_leads_to_people_to_talk_to(client: Client) -> None:
    page = client.get("/").content.decode().partition("</main>")[0]
    assert missing_in(page, 'href="/open/stations/"', 'href="/help/"') == []
    answer = client.post("/display/", {"display": "elder", "next": "/how/?x=1"})
    assert answer["Location"] == "/how/?x=1"
    client.post("/display/", {"theme": "dark"})
    client.post("/display/", {"language": "en"})
    page = client.get("/how/").content.decode()
    assert missing_in(page, '<html lang="en" data-display="elder" data-theme="dark">', "Standard") == []
    client.post("/display/", {"display": "standard"})
    assert "data-display" not in client.get("/how/").content.decode()
    # Unknown ones change nothing.
    for body in ({"display": 'x"y'}, {"theme": "<b>"}, {"language": "fr"}, {}):
        answer = client.post("/display/", {**body, "next": "//evil.example/"})
        assert answer["Location"] == "/"
        assert not {"display", "theme", "django_language"} & set(answer.cookies)


def test_every_missing_page_is_the_same_page(client: Client) -> None:
    first, second = client.get("/cases-that-are-not/1/"), client.get("/nothing/here/")
    assert first.status_code == second.status_code == 404
    # Each has its own number to tell; nothing else differs.
    contents = {page.content.replace(page["Incident-Number"].encode(), b"") for page in (first, second)}
    assert len(contents) == 1


def test_a_form_from_elsewhere_is_refused_and_keeps_the_text() -> None:
    typed = {"address": "a.very.long.address@example.org", "password": "secret-secret-secret"}
    answer = Client(enforce_csrf_checks=True).post("/account/sign-in/", typed)
    page = answer.content.decode()
    assert (answer.status_code, typed["address"] in page, "secret-secret" in page) == (403, True, False)


def test_no_page_has_inline_style_or_script(client: Client) -> None:
    for path in (*PAGES, "/account/sign-in/", "/account/sign-in/password/", "/nothing/"):
        page = client.get(path).content.decode()
        assert not re.search(r"style=|<script(?![^>]* src=)|onclick", page), path


def bar(client: Client) -> tuple[str, list[str]]:
    """A page, and the places that its bar offers."""
    page = client.get("/help/")
    return page.content.decode(), [item.url for item in page_context.build_page_context(page.wsgi_request)["nav"]]


def test_every_place_of_the_bar_opens_for_whom_it_is_offered_and_on_a_phone_the_menu_has_it_too(world: World) -> None:
    for user in (world.ming, world.lead, world.rui, world.su, None):
        client = signed_in(user) if user else Client()
        page, places = bar(client)
        menu = page.partition('<nav id="site"')[2].partition("</nav>")[0]
        assert [place for place in places if f'href="{place}"' not in menu] == [], user
        if user:
            assert len(places) >= 3
            assert {place: client.get(place).status_code for place in places} == dict.fromkeys(places, 200)


def test_an_officer_sees_the_authority_and_what_is_asked_for_less_often_under_more(world: World) -> None:
    client = signed_in(world.rui)

    def more(url: str) -> str:
        return client.get(url).content.decode().partition('<details class="bar-more')[2].partition("</details>")[0]

    assert "<summary>更多</summary>" in more("/authority/")
    assert "<summary>更多：文书</summary>" in more("/authority/documents/")
    assert '<a href="/authority/documents/" aria-current="page">文书</a>' in more("/authority/documents/")
    assert 'href="/authority/triage/"' not in more("/authority/")
    assert world.gulou.name in client.get("/help/").content.decode()
    client.post("/display/", {"language": "en"})
    assert world.gulou.name_en
    assert world.gulou.name_en in client.get("/help/").content.decode()


def test_staff_see_their_enterprise_until_they_leave(world: World) -> None:
    client = signed_in(world.chen)
    firm = Enterprise.objects.create(name="某某通信", name_en="Some Telecom")
    Staff.objects.create(user=world.chen, enterprise=firm, role="handler", starts_on=date(2026, 1, 1))
    assert "某某通信" in client.get("/help/").content.decode()
    Staff.objects.filter(user=world.chen).update(ends_on=date(2026, 2, 1))
    assert "某某通信" not in client.get("/help/").content.decode()


def test_the_longest_address_is_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_context, "is_here", lambda url: True)
    for nav, address, marked in (
        (page_context.AUTHORITY_NAV, "/authority/triage/7/", ["/authority/triage/"]),
        (page_context.CONSUMER_NAV, "/", ["/"]),
        (page_context.CONSUMER_NAV, "/help/", []),
    ):
        assert [item.url for item in page_context._items(nav, address) if item.is_current] == marked


def test_the_frame_asks_little(django_assert_num_queries: Any) -> None:
    Client().get("/")
    # The page names days: whether the numbers in force have changed is one row.
    with django_assert_num_queries(1):
        page = Client().get("/")
    assert len(page.content) < 100_000
    client = signed_in(User.objects.create_user("chen@example.org", name="某人"))
    # Session with the person, who comes with the news that no work stands anywhere.
    with django_assert_num_queries(2):
        client.get("/")


def ways_on(client: Client) -> set[str]:
    page = client.get("/nowhere/").content.decode().partition("<main")[2].partition("</main>")[0]
    return {way for way in ("/authority/", "/enterprise/mine/", "/cases/", "/track/", "/") if f'href="{way}"' in page}


def test_people_at_work_are_led_to_their_own_desk_and_everybody_else_to_the_own_complaints(world: World) -> None:
    for client in (Client(), signed_in(world.chen)):
        assert ways_on(client) == {"/cases/", "/track/", "/"}
    for user, desk in ((world.rui, "/authority/"), (world.su, "/authority/"), (world.ming, "/enterprise/mine/")):
        assert ways_on(signed_in(user)) == {desk, "/"}


#: The first page that anybody sees, compressed, in bytes (issue: consumer).
MOST = 100_000
#: Kilobytes compressed, styles and scripts included, that the page may weigh; the same uncompressed, the page alone.
LIMITS: dict[str, tuple[int, int]] = {
    "/": (17, 9),
    "/how/": (16, 7),
    "/file/": (18, 11),
    "/find/?q=移动": (19, 10),
    "/find/suggest/?q=移动": (2, 3),
    "/check/": (17, 9),
    "/check/?matter=purchase&trade=telecom&since=over&elsewhere=no": (17, 10),
    "/check/letter/": (17, 11),
    "/track/": (17, 7),
    "/account/sign-in/": (17, 7),
    "/cases/": (16, 7),
    "/cases/{number}/": (19, 20),
    "/cases/{number}/offer/1/": (18, 14),
    "/cases/{number}/why/confirmation/": (17, 11),
}
LINKED = re.compile(r'(?:href|src)="[^"]*/static/((?:css|js|img)/[\w.-]+?)(?:\.[0-9a-f]{12})?(\.(?:css|js|svg))"')


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def weight(page: bytes) -> int:
    """Compressed bytes of the page and of what it links to, each once."""
    linked = {"".join(part) for part in LINKED.findall(page.decode())}
    assert len(linked) >= 6 or b"<html" not in page, linked
    return packed(page) + sum(packed((ROOT / "static" / name).read_bytes()) for name in linked)


def test_no_page_grows_unseen(world: World) -> None:
    case = a_complaint(world, status=Status.AWAITING_CONSUMER)
    client, heavy = signed_in(world.chen), []
    for path, (compressed, alone) in LIMITS.items():
        visitor = client if path.startswith("/cases/") else Client()
        answer = visitor.get(path.format(number=case.number))
        assert answer.status_code == 200, path
        whole, page = weight(answer.content) / 1000, len(answer.content) / 1000
        if whole > compressed or page > alone:
            heavy.append(f"{path}: {whole:.1f} kB compressed with all it links to, {page:.1f} kB the page itself")
        assert whole * 1000 < MOST, path
    assert not heavy, "\n".join(heavy)


FOLDER = ROOT / "docs" / "screens"


def test_the_pictures_in_git_are_few_each_is_shown_and_of_a_page_that_exists() -> None:
    pictures = {path.name for path in FOLDER.iterdir() if path.suffix != ".md"}
    texts = "".join(path.read_text() for path in (ROOT / "README.md", FOLDER / "README.md"))
    assert 0 < len(pictures) <= 12
    assert pictures == set(re.findall(r"[\w-]+\.(?:png|webp)", texts))
    kinds = "|".join([*(kind for _name, kind in pages()), *OTHER_PICTURES])
    names = {re.sub(r"^[a-z]+-[a-z]+-|(?<=ref)-\d$", "", path.stem) for path in FOLDER.glob("*.webp")}
    assert not [name for name in sorted(names) if not re.fullmatch(kinds, name)]
    assert NOT_PICTURED.keys() <= dict(pages()).keys(), sorted(NOT_PICTURED.keys() - dict(pages()).keys())
    assert re.fullmatch(kind_of("cases/<str:number>/offer/<int:pk>/"), "cases-ref-offer-n")


PASSWORD = "correct horse battery staple"
BODY = {"email": "ming@example.org", "password": PASSWORD}
COOKIE = "django_language"


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
