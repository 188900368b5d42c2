"""Of fewer than thirty there is no share, no rank and no colour on pages for people at work; a map says what it can."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from html import unescape
from math import comb
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from authorities.models import Officer
from complaints.procedure.working_calendar import SHANGHAI
from demo import world as demonstration
from enterprises.models import Staff
from oversight import letters
from oversight.counters import making
from oversight.figures.dispersion import beta_binomial
from oversight.figures.funnel import Look, compared, strength_of
from oversight.models import DirectorLetter
from tests.cast import World, standing
from tests.oversight.looking import browser
from tests.oversight.small_reader import PERCENT, wrong_on
from tests.oversight.worlds import Walk

#: Open cases of the counties of a real city.
COUNTIES = (342, 150, 95, 60, 45, 30, 25, 19, 15, 10, 8, 5, 3)
DAYS = f"period=chosen&first=2026-09-01&last={timezone.localdate()}"
AUTHORITY = [
    "/oversight/",
    "/oversight/enterprises/",
    "/oversight/compare/",
    "/oversight/flow/",
    "/oversight/workload/",
    "/oversight/system/",
    "/authority/call-backs/",
    "/authority/routing/",
    "/authority/appraisals/",
    "/authority/reports/",
    "/authority/hot-spots/",
    "/authority/guidance/",
    "/authority/team/",
    "/authority/urges/overdue/",
]
ENTERPRISE = [
    "/enterprise/",
    "/enterprise/performance/",
    "/enterprise/templates/",
    "/enterprise/team/",
    "/enterprise/guidance/",
]


def drawn(rates: list[float], dice: random.Random) -> list[tuple[int, int]]:
    return [(sum(dice.random() < rate for _ in range(n)), n) for n, rate in zip(COUNTIES, rates, strict=True)]


def maps(seed: int, number: int, rates: list[float]) -> dict[str, float]:
    """What so many random maps of counties look like."""
    dice, counts = random.Random(seed), {"some_dark": 0, "second_dark": 0, "second_marked": 0}
    squares = [0.0, 0.0]
    for _ in range(number):
        counted = drawn(rates, dice)
        places = compared(counted)
        looks = [place.look for place in places]
        assert all(look == Look.UNSAID for look, n in zip(looks, COUNTIES, strict=True) if n < 30)
        counts["some_dark"] += Look.DARK in looks
        counts["second_dark"] += looks[1] == Look.DARK
        counts["second_marked"] += looks[1] in (Look.DARK, Look.SHADED)
        for (late, held), place, rate in zip(counted, places, rates, strict=True):
            if place.rate is not None:
                squares = [squares[0] + (place.rate - rate) ** 2, squares[1] + (late / held - rate) ** 2]
    return {name: n / number for name, n in counts.items()} | {"against_raw": (squares[0] / squares[1]) ** 0.5}


def test_a_map_of_places_that_are_alike_is_hardly_ever_dark_and_the_estimate_is_nearer_than_the_raw_share() -> None:
    seen = maps(12315, 150, [0.035] * 13)
    assert seen["some_dark"] <= 0.02
    assert seen["against_raw"] < 0.6
    # 88 % of such maps had a darkest tile of under 30 cases when the worst raw share was the darkest.
    bad = maps(12316, 60, [0.035, 0.12, *[0.035] * 11])
    assert bad["second_marked"] >= 0.7


@pytest.mark.full
def test_equal_rates_are_dark_in_fewer_than_one_map_of_a_hundred(capsys: Any) -> None:
    """Statistics.md, section 10 (8); the rates are printed."""
    for seed, rate in ((1, 0.035), (2, 0.1), (3, 0.4)):
        seen = maps(seed, 3000, [rate] * 13)
        with capsys.disabled():
            print(f"\nequal rates of {rate}: {seen}")
        assert seen["some_dark"] < 0.01
    seen = maps(4, 1500, [0.035, 0.12, *[0.035] * 11])
    with capsys.disabled():
        print(f"one of 12 % beside 3.5 %: {seen}")
    assert seen["second_marked"] >= 0.8
    assert seen["second_dark"] >= 0.5


def test_the_tail_is_that_of_the_beta_binomial_in_fractions() -> None:
    def exact(count: int, whole: int, a: int, b: int) -> Fraction:
        def rising(x: int, n: int) -> int:
            result = 1
            for k in range(n):
                result *= x + k
            return result

        return sum(
            Fraction(comb(whole, k) * rising(a, k) * rising(b, whole - k), rising(a + b, whole))
            for k in range(count, whole + 1)
        ) + Fraction(0)

    for count, whole, a, b in ((0, 30, 2, 5), (7, 31, 1, 19), (31, 31, 3, 4), (12, 90, 4, 96), (60, 342, 35, 965)):
        assert beta_binomial(count, whole, a, b) == pytest.approx(float(exact(count, whole, a, b)), rel=1e-9)


def test_nothing_is_said_of_few_or_beside_few_and_nothing_late_is_no_wonder() -> None:
    assert compared([]) == []
    assert [place.look for place in compared([(0, 0), (3, 4)])] == [Look.UNSAID] * 2
    # There is nothing to compare with where the others together have under 30.
    assert [place.look for place in compared([(300, 400), (2, 29)])] == [Look.UNSAID] * 2
    quiet = compared([(0, 400), (0, 90), (0, 30)])
    assert [(place.look, place.rate) for place in quiet] == [(Look.PLAIN, 0.0)] * 3
    assert [place.look for place in compared([(60, 100), (3, 100), (3, 100), (2, 100)])] == [
        Look.DARK,
        *[Look.PLAIN] * 3,
    ]
    assert strength_of([(10, 100)] * 5) == 1000
    assert strength_of([(0, 100), (100, 100)]) == 20


def test_the_reader_sees_what_it_must() -> None:
    said = {
        '<td>62.5% <span class="muted">n=8</span></td>': 1,
        '<td>5/8 <span class="muted">件数不足30</span></td>': 0,
        "<td>62.5% n=80</td>": 0,
        "<td>第2 · n=12</td>": 1,
        "<p>高了12.0个百分点</p>": 1,
        '<div class="stat" data-tone="warn"><h3>率</h3><p>5/8</p></div>': 1,
        '<div class="stat" data-tone="bad"><h3>逾期</h3><p>5 件</p></div>': 0,
        '<div class="stat" data-tone="neutral"><p class="stat-figure">5 件</p><p>比前7天多3件（+150%）</p></div>': 1,
        '<div class="stat" data-tone="neutral"><p>50.0%</p><p>95%区间48.2～51.8%</p><p>n=3,000</p></div>': 0,
        '<div class="stat"><p class="stat-figure">50 件</p><p>比前7天多15件（+43%）</p><p>届满前 3件</p></div>': 0,
        "<p>占在办70件的10.0%</p><p>占在办20件的10.0%</p>": 1,
        "<td>60.0% n=80 方案0/9</td><td>60.0% n=8</td><td>60.0%</td>": 2,
        '<svg class="tiles"><a><rect class="is-dark"/><text>3/8</text></a></svg>': 1,
        '<svg class="tiles"><a><rect class="is-dark"/><text>30/80</text></a></svg>': 0,
        "<p>95%区间12.0～18.0%</p>": 1,
    }
    assert {html: len(wrong_on(html)) for html in said} == said


@pytest.fixture(scope="module")
def few(directory: None, django_db_blocker: Any) -> Iterator[tuple[World, Walk]]:
    with standing(django_db_blocker, lambda world: Walk(world, seed=8, cases=10, ticks=14)) as (world, walk):
        making.rebuild(now=walk.now)
        yield world, walk


def read(person: User, urls: list[str]) -> tuple[list[str], str]:
    """(what is wrong, all that was read); a page that this person may not see is left out."""
    client, wrong, seen = browser(person), list[str](), ""
    for url in urls:
        answer = client.get(url)
        if answer.status_code == 200:
            html = answer.content.decode()
            seen += html
            wrong += [f"{url} {said}" for said in wrong_on(html)]
    return wrong, seen


def pages_of(world: World) -> list[tuple[User, list[str]]]:
    """Of each the pages as they come first; then narrowed, in other orders, beside other places and years."""
    own = [f"{url}?first=2026-09-01&last={timezone.localdate()}" for url in ENTERPRISE]
    first = [(world.su, [f"{url}?{DAYS}" for url in AUTHORITY]), (world.lead, own)]
    asked = ["", *(f"{DAYS}&{more}" for more in ("sort=settled", "sort=on_time", "against=year", "with_region=350103"))]
    asked += [f"{DAYS}&enterprise={world.mobile.pk}", f"{DAYS}&region={world.region.code}", f"{DAYS}&channel=web"]
    narrowed = [f"{url}?{query}" for url in AUTHORITY[:6] for query in asked]
    return [*first, (world.su, narrowed), (world.head_officer.user, narrowed), (world.ming, own)]


@pytest.mark.django_db
def test_ten_cases_are_nowhere_a_share_a_rank_or_a_colour(few: tuple[World, Walk]) -> None:
    world, _walk = few
    wrong, html = "", ""
    for person, urls in pages_of(world)[:2]:
        said, shown = read(person, urls)
        wrong, html = "\n".join([wrong, *said]).strip(), html + shown
    assert not wrong, wrong
    assert html.count("件数不足30") > 10
    assert 'fill="url(#hatch)"' in html
    assert "is-dark" not in html


#: So many pages are read by each who is at work.
MOST = 60


@pytest.mark.full
@pytest.mark.usefixtures("demo_directory")
@pytest.mark.django_db
def test_the_demonstration_page_by_page(settings: Any, tmp_path: Path) -> None:
    """Whoever is at work follows the links of the pages for people at work, one of each kind before another one."""
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path, True
    now = timezone.now()
    demonstration.load(cases=150, seed=11, until=now)
    making.rebuild(now=now)
    officers, managers = (
        list(User.objects.filter(pk__in=model.objects.values("user")).order_by("pk"))[:4] for model in (Officer, Staff)
    )
    wrong, read_in_all = list[str](), 0
    for person in (*officers, *managers):
        client, seen, kinds = browser(person), set[str](), Counter[str]()
        waiting = [f"{url}?{DAYS}" for url in AUTHORITY] if person in officers else list(ENTERPRISE)
        while waiting and len(seen) < MOST:
            url = min(waiting, key=lambda one: kinds[kind_of(one)])
            waiting.remove(url)
            seen.add(url)
            kinds[kind_of(url)] += 1
            answer = client.get(url)
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            html = answer.content.decode()
            read_in_all += 1
            wrong += [f"{url} {said}" for said in wrong_on(html)]
            links = (
                unescape(link) for link in re.findall(r'href="(/(?:oversight|authority|enterprise)/[^"#]*)"', html)
            )
            waiting += [link for link in dict.fromkeys(links) if link not in seen and link not in waiting]
    assert not wrong, "\n".join(wrong)
    assert read_in_all > 200


def kind_of(url: str) -> str:
    return re.sub(r"[0-9a-f-]{36}|\d+", "0", url.partition("?")[0])


@pytest.mark.django_db
def test_letters_say_counts_of_few_and_why(few: tuple[World, Walk]) -> None:
    world, walk = few
    noon = walk.now.astimezone(SHANGHAI).replace(hour=12)
    DirectorLetter.objects.create(user=world.su, every="month", chosen_at=walk.now)
    letters.sweep_director_letters(now=noon)
    letters.sweep_summaries(now=noon)
    rows = list(OutgoingMessage.objects.filter(channel="email"))
    sealed_fields.load_for(rows)
    bodies = [row.body for row in rows]
    assert len(bodies) >= 2
    for body in bodies:
        assert PERCENT.search(body) is None, body
    assert any("件数不足30，不列比率" in body for body in bodies)
