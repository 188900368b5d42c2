"""What the worker counts ahead of a page of a province or the country: the page says the same, and of which moment."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from database.row_security import working_as_steps
from oversight.models import CountedAhead
from oversight.presenting import ahead
from tests import given
from tests.cast import World
from tests.oversight.dashboard.test_dashboard import S, cases_stand
from tests.oversight.looking import browser, cost

__all__ = ["cases_stand"]
URL = "/oversight/"
PAGES = (URL, "/oversight/flow/", "/oversight/workload/", "/oversight/enterprises/")


@pytest.fixture
def world(cases_stand: World, db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(ahead, "FROM", 1)
    cache.clear()
    return deepcopy(cases_stand)


def of_the_country(world: World) -> Any:
    """An officer of the national authority, who sees all."""
    nation = Authority.objects.get(level="national")
    with working_as_steps():
        Officer.objects.create(user=world.otto, authority=nation, role=Role.OFFICER.post)
    return browser(world.otto)


def said(client: Any, url: str, query: str = "") -> str:
    """The page without the moments that it names."""
    page = client.get(url + query).content.decode()
    return re.sub(r"<time.*?</time>", "", page[page.index("<main") : page.index("</main>")], flags=re.DOTALL)


def test_the_pages_say_what_they_say_when_they_count_themselves(world: World) -> None:
    """Of the country and of a province, by fewer statements."""
    client, province = of_the_country(world), Region.objects.get(code="350000")
    for query in ("", f"?region={province.code}"):
        CountedAhead.objects.all().delete()
        alone = {url: (said(client, url, query), cost(client, url + query)) for url in PAGES}
        assert ahead.sweep(now=timezone.now()) == 2
        for url, (before, statements) in alone.items():
            context = client.get(url + query).context
            assert context["data_at"] == CountedAhead.objects.filter(region=province.pk)[0].at, url
            assert said(client, url, query) == before, url
            assert cost(client, url + query) < statements, url
            if url == URL:
                assert cost(client, url + query) <= 15


def test_a_page_says_of_which_moment_its_numbers_are_and_counts_itself_what_is_narrowed(world: World) -> None:
    client, now = of_the_country(world), timezone.now()
    ahead.sweep(now=now)
    before = client.get(URL).context
    given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=40))
    page = client.get(URL)
    assert (page.context["data_at"], page.context["totals"]) == (now, before["totals"])
    assert f'datetime="{timezone.localtime(now).isoformat()}"' in page.content.decode()
    narrowed = client.get(f"{URL}?channel=web").context
    assert narrowed["data_at"] > now
    # Who holds what does not hang on the period; what happened in it does.
    month = client.get(f"{URL}?period=30").context
    assert month["totals"]["open"] == before["totals"]["open"] + 1
    assert (late_with(month), month["held_at"]) == (late_with(before), now)
    ahead.sweep(now=timezone.now())
    assert client.get(URL).context["totals"]["open"] == before["totals"]["open"] + 1


@pytest.mark.parametrize("gone", [ahead.OLDEST + timedelta(seconds=1), -timedelta(minutes=1)])
def test_what_is_too_old_or_of_a_clock_that_goes_wrong_is_not_shown(world: World, gone: timedelta) -> None:
    client = of_the_country(world)
    ahead.sweep(now=timezone.now() - gone)
    assert client.get(URL).context["data_at"] > timezone.now() - timedelta(minutes=1)
    assert client.get("/oversight/workload/").context["data_at"] is None


def test_places_with_few_open_cases_have_no_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ahead.sweep(now=timezone.now()) == 2
    assert set(levels()) == {"country", "province"}
    monkeypatch.setattr(ahead, "FROM", 1_000)
    assert ahead.sweep(now=timezone.now()) == 0
    assert not CountedAhead.objects.exists()


def late_with(context: Any) -> dict[str, int]:
    return {holder["name"]: holder["overdue"] for holder in context["holders"]}


def levels() -> list[str]:
    pks = CountedAhead.objects.values_list("region", flat=True)
    return list(Region.objects.filter(pk__in=list(pks)).values_list("level", flat=True))
