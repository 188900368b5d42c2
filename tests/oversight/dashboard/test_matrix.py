"""Problems by objects of the last week: each number opens its cases; what is called more than usual."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from complaints import handling
from complaints.procedure import categories
from oversight.counters import making
from oversight.dashboard import matrix
from oversight.figures.dispersion import Dispersion
from oversight.presenting import trend
from oversight.presenting.crossed import HISTORY
from oversight.presenting.trend import Trend
from tests import found_in, given
from tests.cast import World
from tests.oversight.dashboard.test_chance import by_weeks, came, poisson
from tests.oversight.looking import browser, page_of

DAY = timedelta(days=1)
URL = "/oversight/"
KINDS = (
    ("telecom.fees.unexplained_charge", "service.telecom", 3),
    ("telecom.broadband.repair", "service.telecom", 2),
    ("telecom.fees.unexplained_charge", "goods.phones", 1),
    ("quality", "service.telecom", 1),
)
COMPARED = Trend((), trend.last_week(date(2026, 11, 30)), 0, (), before=8, share=1 / 9, known=Dispersion(1.3, 40))


def test_a_problem_is_named_only_where_it_surely_rose_and_never_of_few() -> None:
    dice = Random(3)
    calm = {f"p{n}": [poisson(dice, 40) for _ in range(HISTORY)] for n in range(20)}
    changes = matrix.changes_of(calm | {"up": [120, *[40] * (HISTORY - 1)], "few": [9, *[2] * (HISTORY - 1)]}, COMPARED)
    named = {code for code, change in changes.items() if change.is_real}
    assert "up" in named
    assert len(named - {"few"}) == 1
    assert matrix._change(changes["up"], 120) == {"text": "▲ 多80", "is_up": True}
    assert matrix._change(changes["few"], 9)["text"] == "不足30件，不比"
    assert matrix._change(changes["p3"], calm["p3"][0])["text"] == "往常上下"
    assert matrix.changes_of(calm, Trend((), COMPARED.week, 0, ())) == {}


def test_in_calm_worlds_a_problem_is_seldom_named() -> None:
    dice, some = Random(5), 0
    for _run in range(100):
        calm = {str(n): [poisson(dice, mean) for _ in range(HISTORY)] for n, mean in enumerate((80, 50, 30, 12, 5, 2))}
        some += any(change.is_real for change in matrix.changes_of(calm, COMPARED).values())
    assert some <= 9


@pytest.mark.django_db(transaction=True)
def test_each_cell_is_that_of_the_cases_and_opens_them(world: World) -> None:
    now, today = timezone.now(), timezone.localdate()
    asked = [
        given.a_request(world, now=now, received_at=now - n * DAY, problem_category=problem, object_category=thing)
        for problem, thing, each in KINDS
        for n in range(1, 15)
        for _ in range(each)
    ]
    handling.file(asked, actor=world.consumer, now=now)
    making.rebuild(now=now)
    client = browser(world.su)
    page = client.get(URL)
    table = page.context["matrix"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select problem_category, object_category, count(*) from complaints_complaint"
            " where (received_at at time zone 'Asia/Shanghai')::date between %s and %s group by 1, 2",
            [today - 7 * DAY, today - DAY],
        )
        slow = {(problem, thing): n for problem, thing, n in cursor.fetchall()}
    cells = [(cell["n"], cell["url"]) for row in table["rows"] for cell in row.cells if cell["url"]]
    assert sorted(n for n, _url in cells) == sorted(slow.values())
    assert table["n"] == sum(slow.values()) == sum(row.n for row in table["rows"])
    assert [row.n for row in table["rows"]] == sorted((row.n for row in table["rows"]), reverse=True)
    links = [
        *cells,
        *((row.n, row.url) for row in table["rows"]),
        *((one["n"], one["url"]) for one in table["columns"]),
    ]
    for n, url in links:
        listed = client.get(url)
        assert not listed.context["filter"].left_out, url
        assert len(listed.context["rows"]) == min(n, 25), url
    last = today - DAY
    for row in table["rows"]:
        assert row.weeks[-2:] == [(last - 7 * DAY, row.n), (last, row.n)]
    assert table["others"]["n"] == 0
    # A case that is not counted yet stands there as well.
    given.filed(world, now=now, received_at=now - 2 * DAY, problem_category=KINDS[0][0], object_category=KINDS[0][1])
    assert client.get(URL).context["matrix"]["n"] == table["n"] + 1


@pytest.mark.django_db(transaction=True)
def test_what_is_together_in_a_rest_opens_its_cases_too(world: World) -> None:
    """Seven problems by six objects; the rest of each, and both rests."""
    now = timezone.now()
    problems, things = categories.codes(categories.PROBLEM_CATEGORIES)[:7], list(categories.OBJECT_LABELS)[2:8]
    asked = [
        given.a_request(world, now=now, received_at=now - DAY, problem_category=problem, object_category=thing)
        for row, problem in enumerate(problems)
        for column, thing in enumerate(things)
        if row + column < 9
    ]
    handling.file(asked, actor=world.consumer, now=now)
    making.rebuild(now=now)
    client = browser(world.su)
    table = client.get(URL).context["matrix"]
    *_named, rest = table["rows"]
    links = [(rest.n, rest.url), (table["others"]["n"], table["others"]["url"]), (table["n"], table["url"])]
    links += [(row.cells[-1]["n"], row.cells[-1]["url"]) for row in table["rows"]]
    links += [(cell["n"], cell["url"]) for cell in rest.cells]
    assert rest.n > 0
    assert table["others"]["n"] > 0
    assert table["n"] == len(asked)
    for n, url in links:
        if n:
            listed = client.get(url)
            assert not listed.context["filter"].left_out, url
            assert len(listed.context["rows"]) == min(n, 25), url
    assert "除了" in client.get(rest.url).content.decode()
    # Nonsense is left out and said.
    assert client.get("/authority/cases/?category=~,").context["filter"].left_out


@pytest.mark.django_db
def test_where_nothing_came_in_there_is_no_table(world: World) -> None:
    came(by_weeks([0, *[40] * 30]), "350100")
    page = page_of(world.su, URL)
    assert not found_in(page, "h-kinds")
