"""One event is one row, and what all have in common is none: worlds of enterprises, problems and counties that are
looked at by the code that finds hot spots, without a database; the long run prints how often it is right.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from random import Random

import pytest

from oversight.figures.dispersion import Dispersion
from oversight.hot_spots import folding, hotspots
from oversight.hot_spots.cells import PAST_DAYS, WEEK, Cell, Counts, Exposure, Looked
from oversight.hot_spots.explaining import Event, Part, Rise, explain, parts_of
from oversight.hot_spots.hotspots import UnusualCell, unusual_cells
from oversight.hot_spots.unusual import DAYS, FEWEST, USUAL
from oversight.models import HotSpot, Tally
from tests.cast import World
from tests.oversight.counting import CHARGE, NOW, REPAIR, TODAY, received, weeks
from tests.oversight.hot_spots.alarms import day_count, told

FIRMS, PROBLEMS, COUNTIES, A_WEEK = 10, 8, 13, 600
#: The ids of regions, the last of each county's: a country, in it three cities, in them the counties.
COUNTRY = 10**6
CITIES = range(COUNTRY + 1, COUNTRY + 4)
Key = tuple[int, int, int]


def _parts_of_one(random: Random, number: int, evenness: float) -> list[float]:
    draws = [random.gammavariate(evenness, 1) for _ in range(number)]
    return [draw / sum(draws) for draw in draws]


def _cells(firm: int, problem: int, county: int) -> list[Cell]:
    regions = (county, CITIES[county % len(CITIES)], COUNTRY)
    return [
        Cell("e", firm, ""),
        Cell("e", firm, f"p:p{problem}"),
        *(Cell("r", region, facet) for region in regions for facet in ("", f"p:p{problem}")),
    ]


class AMarket:
    """35 weeks of complaints by enterprise, problem and county (φ 1.3), and in the last week ``times`` as many."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        shares = [
            _parts_of_one(self.random, number, evenness)
            for number, evenness in ((FIRMS, 0.8), (PROBLEMS, 1.5), (COUNTIES, 0.8))
        ]
        keys = list(product(range(FIRMS), range(PROBLEMS), range(COUNTIES)))
        self.means = {key: A_WEEK * shares[0][key[0]] * shares[1][key[1]] * shares[2][key[2]] for key in keys}
        #: Of each key the counts by day, newest first; the last week is still to be drawn.
        self.past = {key: self._drawn(mean, PAST_DAYS - DAYS) for key, mean in self.means.items()}
        of_pairs: Counter[tuple[int, int]] = Counter()
        for (firm, problem, _county), mean in self.means.items():
            of_pairs[firm, problem] += mean  # type: ignore[assignment]
        self.pairs = [pair for pair, mean in sorted(of_pairs.items()) if mean > 6]

    def _drawn(self, a_week: float, days: int) -> list[int]:
        return [day_count(self.random, a_week / DAYS, 1.3) for _day in range(days)]

    def found(self, times: Mapping[Key, float], common: float) -> tuple[list[UnusualCell], list[Event]]:
        """What stands out, and the events in it."""
        counts = {
            key: self._drawn(mean * common * times.get(key, 1.0), DAYS) + self.past[key]
            for key, mean in self.means.items()
        }
        series: defaultdict[Cell, list[int]] = defaultdict(lambda: [0] * PAST_DAYS)
        days: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * PAST_DAYS)
        for (firm, problem, county), column in counts.items():
            cells = _cells(firm, problem, county)
            groups = [days[kind, top] for kind in ("e", "r", "ep", "rp") for top in ("", f"p{problem}")[: len(kind)]]
            for back, n in enumerate(column):
                if n:
                    for result in (*(series[cell] for cell in cells), *groups):
                        result[back] += n
        found = self._looked_at(series, Exposure(days))
        return found, self._explained(found, counts, len(series))

    def _looked_at(self, series: Mapping[Cell, list[int]], exposure: Exposure) -> list[UnusualCell]:
        looked = Looked({}, {})
        for nth, (cell, column) in enumerate(series.items()):
            week, usual = sum(column[:DAYS]), sum(column[DAYS : DAYS * (USUAL + 1)])
            usual_days = sum(column[DAYS : DAYS * USUAL + 1 : DAYS])
            looked.counts[cell] = Counts(week, usual, column[0], usual_days, nth, True)
            whose = looked.cells.get((cell.whose, cell.of), (0, 0))
            enough = (week + usual >= FEWEST, column[0] + usual_days >= FEWEST)
            looked.cells[cell.whose, cell.of] = (whose[0] + enough[0], whose[1] + enough[1])

        def series_of(cells: Iterable[Cell]) -> Mapping[Cell, Sequence[int]]:
            return {cell: series[cell] for cell in cells}

        # All that the country receives has no like, and is no row.
        return [one for one in unusual_cells(looked, exposure, series_of) if one.cell != Cell("r", COUNTRY, "")]

    def _explained(self, found: list[UnusualCell], counts: Mapping[Key, list[int]], looked: int) -> list[Event]:
        cells = {cell: nth for nth, cell in enumerate(dict.fromkeys(one.cell for one in found))}
        rises = [
            Rise(
                cell=cells[one.cell],
                first=TODAY - timedelta(days=DAYS - 1 if one.kind == WEEK else 0),
                last=TODAY,
                observed=one.observed,
                expected=one.expected,
                usual=one.usual,
                periods=USUAL,
                share=one.share,
                dispersion=one.dispersion,
                names=1 + bool(one.cell.facet) - (one.cell.of == COUNTRY),
                rank=(one.cell.whose == "r", one.cell.of),
            )
            for one in found
        ]

        def common() -> Iterator[tuple[list[int], object, int]]:
            for key, column in counts.items():
                inside = [cells[cell] for cell in _cells(*key) if cell in cells]
                for back, n in enumerate(column[: DAYS * (USUAL + 2)]):
                    if n and inside:
                        yield inside, TODAY - timedelta(days=back), n

        return explain(rises, parts_of(rises, common()), looked)  # type: ignore[arg-type]


@dataclass
class Result:
    """Of so many worlds: rows found, events, events that are a true one, and worlds in which each true one is one."""

    worlds: int = 0
    found: int = 0
    rows: int = 0
    right: int = 0
    whole: int = 0

    def told(self, capsys: pytest.CaptureFixture[str], what: str) -> None:
        n = self.worlds
        told(
            capsys,
            f"{what}, {n} worlds",
            found=self.found / n,
            rows=self.rows / n,
            other_rows=(self.rows - self.right) / n,
            all_named=self.whole / n,
        )


TRUTHS = (
    "all rise by three tenths",
    "one enterprise's problem times 4",
    "an outage in 3 counties times 6",
    "two events",
)


def played(truth: str, seeds: Iterable[int]) -> Result:
    result = Result()
    for seed in seeds:
        market = AMarket(seed)
        pairs = market.random.sample(market.pairs, 2)
        wanted = {TRUTHS[0]: pairs[:0], TRUTHS[3]: pairs}.get(truth, pairs[:1])
        times: dict[Key, float] = {}
        for firm, problem in wanted:
            counties: Sequence[int] = range(COUNTIES)
            if truth == TRUTHS[2]:
                counties = sorted(counties, key=lambda county: -market.means[firm, problem, county])[:3]
            times |= {(firm, problem, county): 6.0 if truth == TRUTHS[2] else 4.0 for county in counties}
        found, events = market.found(times, 1.3 if truth == TRUTHS[0] else 1.15)
        named = [found[event.rise].cell for event in events]
        true = [Cell("e", firm, f"p:p{problem}") for firm, problem in wanted]
        result.worlds += 1
        result.found += len(found)
        result.rows += len(events)
        result.right += sum(cell in named for cell in true)
        result.whole += all(cell in named for cell in true)
    return result


def test_one_event_is_one_row_two_are_two_and_a_common_rise_is_none() -> None:
    """What the long run measures, on a few worlds."""
    rows = {truth: played(truth, [nth]).rows for nth, truth in enumerate(TRUTHS)}
    assert rows == dict(zip(TRUTHS, (0, 1, 1, 2), strict=True))


@pytest.mark.full
@pytest.mark.parametrize("truth", TRUTHS)
def test_one_event_one_row_at_length(truth: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the about 230 cells that a look sees chance finds one in ten looks: such rows are in the numbers."""
    result = played(truth, range(100, 250))
    result.told(capsys, truth)
    events = {TRUTHS[0]: 0, TRUTHS[3]: 2}.get(truth, 1)
    assert abs(result.rows / result.worlds - events) <= 0.2
    assert result.right >= 0.85 * events * result.worlds


def test_the_excesses_of_events_what_all_rose_by_and_a_rest_are_the_whole_rise() -> None:
    """No case is in two events: what they have in excess of the usual is at most what the whole country has, less what
    all like them have, give or take chance.
    """
    market = AMarket(7)
    (firm, problem), (other, charge) = market.pairs[0], market.pairs[-1]
    times = {(firm, problem, county): 5.0 for county in range(COUNTIES)}
    times |= {(other, charge, county): 5.0 for county in range(COUNTIES)}
    found, events = market.found(times, 1.3)
    named = {found[event.rise].cell: event for event in events}
    assert {Cell("e", firm, f"p:p{problem}"), Cell("e", other, f"p:p{charge}")} == named.keys()
    true = sum(mean * 1.3 * (times.get(key, 1) - 1) for key, mean in market.means.items())
    excess = sum(event.observed - event.expected for event in events)
    assert excess == pytest.approx(true, rel=0.15)
    # Taken alone, each of the rows that they explain says no more than they do.
    also = {nth for event in events for nth in event.also}
    assert also == set(range(len(found))) - {event.rise for event in events}


def test_a_large_cell_does_not_stand_for_two_events_in_it() -> None:
    """Of one cell with 60 usual cases two parts rise from 10 to 50: the cell says more than either, they say more."""
    facts = {
        "first": TODAY,
        "last": TODAY,
        "periods": 8,
        "share": 1 / 9,
        "dispersion": Dispersion(1.0, 100),
        "names": 2,
    }
    numbers = [(140, 60.0), (50, 10.0), (50, 10.0)]
    rises = [
        Rise(cell=nth, observed=now, expected=usual, usual=round(8 * usual), rank=(nth,), **facts)  # type: ignore[arg-type]
        for nth, (now, usual) in enumerate(numbers)
    ]
    parts = [Part(50, {0: 10.0, 1: 10.0}), Part(50, {0: 10.0, 2: 10.0})]
    events = explain(rises, parts, 1000)
    assert [(event.rise, event.also) for event in events] == [(1, [0]), (2, [0])]


@pytest.mark.django_db
def test_what_rows_have_in_common_is_what_a_slow_count_finds(world: World) -> None:
    for enterprise, problem, counts in (
        (world.mobile, CHARGE, [5] * 34 + [40]),
        (world.mobile, REPAIR, [3] * 35),
        (world.telecom, CHARGE, [8] * 35),
    ):
        cell = {"enterprise": enterprise.pk, "problem": problem, "thing": "service.telecom"}
        received(weeks(TODAY, counts), region=world.region.pk, **cell)
    received(weeks(TODAY, [4] * 35), region=world.region.pk, problem=CHARGE)
    hotspots.look(TODAY, now=NOW)
    rows = list(HotSpot.objects.select_related("region").order_by("pk"))
    cells = list(dict.fromkeys((row.enterprise_id, row.region_id, row.facet) for row in rows))
    rises = [folding.rise_of(row, cells.index((row.enterprise_id, row.region_id, row.facet))) for row in rows]
    number = Counter(rise.cell for rise in rises)
    expected: Counter[tuple[tuple[int, ...], object]] = Counter()
    regions = {row.region_id: row.region for row in rows if row.region is not None}
    for one in Tally.objects.filter(kind="received", day__gte=TODAY - timedelta(days=DAYS * (USUAL + 2) - 1)):
        inside = [
            nth
            for nth, (firm, region, facet) in enumerate(cells)
            if facet in ("", f"p:{one.problem}", f"o:{one.object}")
            and (firm == one.enterprise if firm else regions[region].covers(one.region))
        ]
        if sum(number[nth] for nth in inside) > 1:
            expected[tuple(inside), one.day] += 1
    counted = folding.counts_of(rises, cells)
    first = min(day for _inside, day in expected)
    assert {(tuple(inside), day): n for inside, day, n in counted if day >= first} == dict(expected)
    assert len(expected) > 100
