"""The bar shows each person the way to their own work, and costs few questions."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from enterprises.models import Enterprise, Staff
from odr_portal.site import page_context
from tests.server import A_REQUEST

pytestmark = pytest.mark.django_db


def signed_in(email: str) -> tuple[Client, User]:
    user = User.objects.create_user(email, name="某人")
    client = Client()
    client.force_login(user)
    return client, user


def test_an_officer_sees_the_authority(world: Any) -> None:
    client = Client()
    client.force_login(world.rui)
    assert world.gulou.name in client.get("/help/").content.decode()
    client.post("/display/", {"language": "en"})
    assert world.gulou.name_en
    assert world.gulou.name_en in client.get("/help/").content.decode()


@pytest.mark.parametrize("who", ["ming", "lead", "rui", "su"])
def test_every_place_of_the_bar_opens_for_whom_it_is_offered(world: Any, who: str) -> None:
    client = Client()
    client.force_login(getattr(world, who))
    places = [item.url for item in page_context.build_page_context(client.get("/help/").wsgi_request)["nav"]]
    assert len(places) >= 3
    assert {place: client.get(place).status_code for place in places} == dict.fromkeys(places, 200)


def test_what_is_asked_for_less_often_stands_under_more_which_names_the_page_that_is_open(world: Any) -> None:
    client = Client()
    client.force_login(world.rui)

    def more(url: str) -> str:
        return client.get(url).content.decode().partition('<details class="bar-more')[2].partition("</details>")[0]

    assert "<summary>更多</summary>" in more("/authority/")
    assert "<summary>更多：文书</summary>" in more("/authority/documents/")
    assert '<a href="/authority/documents/" aria-current="page">文书</a>' in more("/authority/documents/")
    assert 'href="/authority/triage/"' not in more("/authority/")


def test_on_a_phone_the_menu_leads_wherever_the_bar_leads(world: Any) -> None:
    client = Client()
    for who in (world.lead, world.rui, None):
        if who is not None:
            client.force_login(who)
        else:
            client.logout()
        page = client.get("/help/")
        menu = page.content.decode().partition('<nav id="site"')[2].partition("</nav>")[0]
        left_out = [
            item.url
            for item in page_context.build_page_context(page.wsgi_request)["nav"]
            if f'href="{item.url}"' not in menu
        ]
        assert not left_out, (who, left_out)


def test_staff_see_their_enterprise_until_they_leave() -> None:
    client, user = signed_in("ming@example.org")
    enterprise = Enterprise.objects.create(name="某某通信", name_en="Some Telecom")
    staff = Staff.objects.create(user=user, enterprise=enterprise, role="handler", starts_on=date(2026, 1, 1))
    assert "某某通信" in client.get("/help/").content.decode()
    staff.ends_on = date(2026, 2, 1)
    staff.save()
    assert "某某通信" not in client.get("/help/").content.decode()


def test_the_longest_address_is_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_context, "is_here", lambda url: True)
    marked = [
        item.url for item in page_context._items(page_context.AUTHORITY_NAV, "/authority/triage/7/") if item.is_current
    ]
    assert marked == ["/authority/triage/"]
    assert [item.url for item in page_context._items(page_context.CONSUMER_NAV, "/") if item.is_current] == ["/"]
    assert not [item.url for item in page_context._items(page_context.CONSUMER_NAV, "/help/") if item.is_current]


def test_the_frame_asks_little(django_assert_num_queries: Any) -> None:
    Client().get("/")
    # The page names days: whether the numbers in force have changed is one row.
    with django_assert_num_queries(1 + A_REQUEST):
        page = Client().get("/")
    assert len(page.content) < 100_000
    client, _user = signed_in("chen@example.org")
    # Session and person, who comes with the news that no work stands anywhere.
    with django_assert_num_queries(3 + A_REQUEST):
        client.get("/")
