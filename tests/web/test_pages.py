"""Every plain page answers, in both languages, and the reading wishes are kept."""

import re

import pytest
from django.test import Client

PAGES = ("/", "/how/", "/how/time-limits/", "/help/", "/privacy/", "/terms/", "/accessibility/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_reads_the_plain_pages(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert '<html lang="zh-Hans"' in page
    assert page.count("<h1") == 1
    assert "12315 · 人工帮助" in page


@pytest.mark.django_db
def test_home_leads_to_people_to_talk_to(client: Client) -> None:
    page = client.get("/").content.decode().partition("</main>")[0]
    for address in ("/open/stations/", "/help/"):
        assert f'href="{address}"' in page, address


@pytest.mark.django_db
def test_reading_wishes_are_kept_and_the_page_comes_back(client: Client) -> None:
    answer = client.post("/display/", {"display": "elder", "next": "/how/?x=1"})
    assert answer["Location"] == "/how/?x=1"
    client.post("/display/", {"theme": "dark"})
    client.post("/display/", {"language": "en"})
    page = client.get("/how/").content.decode()
    assert '<html lang="en" data-display="elder" data-theme="dark">' in page
    assert "Standard" in page
    client.post("/display/", {"display": "standard"})
    assert "data-display" not in client.get("/how/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"display": 'x"y'}, {"theme": "<b>"}, {"language": "fr"}, {}])
def test_unknown_wishes_change_nothing(client: Client, body: dict[str, str]) -> None:
    answer = client.post("/display/", {**body, "next": "//evil.example/"})
    assert answer["Location"] == "/"
    assert not {"display", "theme", "django_language"} & set(answer.cookies)


@pytest.mark.django_db
def test_every_missing_page_is_the_same_page(client: Client) -> None:
    first, second = client.get("/cases-that-are-not/1/"), client.get("/nothing/here/")
    assert first.status_code == second.status_code == 404
    # Each has its own number to tell; nothing else differs.
    contents = {page.content.replace(page["Incident-Number"].encode(), b"") for page in (first, second)}
    assert len(contents) == 1


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_and_keeps_the_text() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/account/sign-in/", {"address": "a.very.long.address@example.org", "password": "secret-secret-secret"}
    )
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "a.very.long.address@example.org" in page
    assert "secret-secret" not in page


@pytest.mark.django_db
def test_no_page_has_inline_style_or_script(client: Client) -> None:
    for path in (*PAGES, "/account/sign-in/", "/account/sign-in/password/", "/nothing/"):
        page = client.get(path).content.decode()
        assert "style=" not in page, path
        assert not re.search(r"<script(?![^>]* src=)", page), path
        assert "onclick" not in page, path


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_the_english_pages_are_english(client: Client, path: str) -> None:
    client.post("/display/", {"language": "en"})
    page = client.get(path).content.decode()
    page = re.sub(r"<head>.*?</head>|lang=\"zh-Hans\">中文|（[^）]*）|\([^)]*\)", "", page, flags=re.S)
    results = set(re.findall(r"[一-鿿]+", page)) - {"市场监管部门", "中文"}
    assert not results
