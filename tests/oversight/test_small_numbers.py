"""Of fewer than thirty there is no share, no rank and no colour on pages for people at work; a map says what it can."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from html import unescape
from itertools import pairwise
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
from oversight.figures import chance
from oversight.figures.dispersion import Dispersion, beta_binomial
from oversight.figures.funnel import Place, marked
from oversight.models import DirectorLetter
from tests.cast import World, standing
from tests.oversight.dashboard.test_chance import poisson
from tests.oversight.looking import browser
from tests.oversight.small_reader import PERCENT, wrong_on
from tests.oversight.worlds import Walk

#: What the counties of a city usually receive, as much per head everywhere, and their people.
COUNTIES = tuple((float(n), 2000 * n) for n in (342, 150, 95, 60, 45, 30, 25, 19, 15, 10, 8, 5, 3))
DAYS = f"period=chosen&first=2026-09-01&last={timezone.localdate()}"
AUTHORITY = [
    "/oversight/",
    "/oversight/enterprises/",
    "/oversight/compare/",
    "/oversight/flow/",
    "/oversight/fairness/",
    "/oversight/further/",
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


def maps(seed: int, number: int, *, times: float = 1.0, phi: float = 1.0, measured: bool = True) -> dict[str, float]:
    """How often some county, and how often the second, is marked on random maps on which the second receives ``times``
    as much per head as all others; ``measured``: φ is known from 52 earlier weeks, else nothing is.
    """
    dice, some, second = random.Random(seed), 0, 0
    for _ in range(number):
        places = []
        for at, (mean, people) in enumerate(COUNTIES):
            weeks = [restless(dice, mean, phi) for _week in range(53)] if measured else []
            squares = [chance.square_of_counts(*pair) for pair in pairwise(weeks)]
            known = chance.dispersion([square for square in squares if square is not None], 7)
            places.append(Place(restless(dice, mean * (times if at == 1 else 1.0), phi), people, known))
        marks = marked(places)
        assert not any(mark for place, mark in zip(places, marks, strict=True) if place.count < 30)
        some += any(marks)
        second += marks[1]
    return {"some": some / number, "second": second / number}


def restless(dice: random.Random, mean: float, phi: float) -> int:
    """A count with this mean and φ times its variance by chance alone."""
    return poisson(dice, dice.gammavariate(mean / (phi - 1), phi - 1) if phi > 1 else mean)


def test_places_that_are_alike_are_hardly_ever_marked_and_one_with_twice_as_much_is() -> None:
    assert maps(12315, 100)["some"] <= 0.03
    assert maps(12316, 40, times=2.0)["second"] >= 0.8


@pytest.mark.full
@pytest.mark.parametrize(("phi", "measured"), [(1.0, True), (1.94, True), (3.26, True), (1.94, False)])
def test_equal_rates_mark_a_place_in_fewer_than_one_map_of_a_hundred(phi: float, measured: bool, capsys: Any) -> None:
    """Statistics.md, section 10 (8); the rates are printed."""
    equal, twice = maps(1, 1000, phi=phi, measured=measured), maps(4, 200, times=2.0, phi=phi, measured=measured)
    with capsys.disabled():
        print(f"\nφ {phi}, measured {measured}: equal {equal}, the second receives twice as much {twice}")
    assert equal["some"] < 0.01


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


def test_nothing_is_said_of_few_or_beside_few() -> None:
    known = Dispersion(1.0, 30)

    def marks(*counts: tuple[int, int]) -> list[bool]:
        return marked([Place(count, people, known) for count, people in counts])

    assert marks() == []
    # Few here, however many they are per head; and few elsewhere.
    assert marks((29, 1000), (400, 1_000_000)) == [False, False]
    assert marks((400, 1000), (29, 1_000_000)) == [False, False]
    assert marks((400, 1000), (0, 1000)) == [False, False]
    assert marks((60, 100_000), (30, 100_000), (31, 100_000), (29, 100_000)) == [True, False, False, False]
    assert marks((0, 1000), (0, 1000)) == [False, False]


def test_the_reader_sees_what_it_must() -> None:
    said = {
        '<td>62.5% <span class="muted">共8件</span></td>': 1,
        '<td>5/8 <span class="muted">件数不足30</span></td>': 0,
        "<td>62.5% 共80件</td>": 0,
        "<td>第2 · 共12件</td>": 1,
        "<p>高了12.0个百分点</p>": 1,
        '<div class="stat" data-tone="warn"><h3>率</h3><p>5/8</p></div>': 1,
        '<div class="stat" data-tone="bad"><h3>逾期</h3><p>5 件</p></div>': 0,
        '<div class="stat" data-tone="neutral"><p class="stat-figure">5 件</p><p>比前7天多3件（+150%）</p></div>': 1,
        '<div class="stat" data-tone="neutral"><p>50.0%</p><p>95%区间48.2～51.8%</p><p>共3,000件</p></div>': 0,
        '<div class="stat"><p class="stat-figure">50 件</p><p>比前7天多15件（+43%）</p><p>届满前 3件</p></div>': 0,
        "<p>占在办70件的10.0%</p><p>占在办20件的10.0%</p>": 1,
        "<td>60.0% 共80件 方案0/9</td><td>60.0% 共8件</td><td>60.0%</td>": 2,
        '<svg class="map"><a><g class="map-3"><text>12</text><text>每10万 5.7</text></g></a></svg>': 1,
        '<svg class="map"><a><g class="map-3"><text>45 ▲</text><text>每10万 5.7</text></g></a></svg>': 0,
        '<svg class="map"><a><g class="map-2"><text>鼓楼</text><text>5</text><text>不比</text></g></a></svg>': 1,
        '<svg class="map"><a><g class="map-few"><text>鼓楼</text><text>5</text><text>不比</text></g></a></svg>': 0,
        "<p>95%区间12.0～18.0%</p>": 1,
        "<p>2026年11月收到893件，比上月多495件，超出平常波动（多47%–151%）。</p>": 0,
        "<p>2026年11月收到893件，比上月多864件，超出平常波动（多470%–1510%）。</p>": 1,
        "<p>2026年11月收到29件，比上月少495件，超出平常波动（少47%–51%）。</p>": 1,
        "<p>2026年11月收到80件，上月85件；按工作日、休息日折算，超出平常波动（多5%–51%）。</p>": 0,
        "<p>2026年11月收到80件，上月25件；按工作日、休息日折算，超出平常波动（多5%–51%）。</p>": 1,
        "<p>抽查59人无误（至少95%属实）。</p>": 0,
        "<p>抽查29人无误（至少90%属实）。</p>": 1,
        "<p>抽查29人，2人不属实：至少80%属实。</p>": 1,
        '<li data-tone="bad">提高到95% <span class="tag" data-tone="bad">逾期2天</span>率，目标95%；件数不足30</li>': 0,
        '<li data-tone="bad">提高到95% <span class="tag" data-tone="bad">很差</span>率，目标95%；件数不足30</li>': 1,
        "<li>提高到90%，目标95%；件数不足30</li>": 1,
        '<p><code>&lt;iframe width="100%" height="640"&gt;</code></p>': 0,
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
