"""Open data of random worlds, held against their cases by code that shares nothing with oversight; what is wrong in one
number turns it red.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from oversight.counters import making
from oversight.figures import suppression
from oversight.models import DataSet
from oversight.open_data import cells, issuing, rounded_tables
from tests import given
from tests.audit import Pair
from tests.audit.compare import Audit, open_data
from tests.audit.core import rows
from tests.audit.core.doubt import Impossible, narrowed, worked_out
from tests.audit.test_audit import wrong
from tests.cast import World, standing
from tests.oversight.counting import issued
from tests.oversight.worlds import Walk

pytestmark = pytest.mark.django_db
MONTHS = [date(2026, month, 1) for month in (9, 10, 11, 12)]
NOW = datetime(2027, 1, 5, 4, 0, tzinfo=UTC)


def audited(seen: dict[str, open_data.Seen] | None = None) -> list[Pair]:
    with connection.cursor() as cursor:
        audit = Audit(rows.read(cursor), NOW)
    return list(open_data.compared(audit, seen))


def told(now: datetime) -> list[DataSet]:
    """The months that may be told; one of next to nothing is not."""
    made = []
    for month in MONTHS:
        with suppress(rounded_tables.TellsTooMuch):
            made += issued(month, now=now)
    return made


def test_what_can_be_worked_out() -> None:
    """Two rows and two columns: one withheld number is the rest; four of them move together."""
    lines = [("r1", ["a", "b"]), ("r2", ["c", "d"]), ("c1", ["a", "c"]), ("c2", ["b", "d"]), ("all", ["r1", "r2"])]
    known = {"r1": 12, "r2": 20, "c1": 9, "c2": 23, "all": 32}
    assert worked_out(lines, known) == set()
    bounds = {name: (n, n) for name, n in known.items()} | dict.fromkeys("abcd", (1, 99))
    assert narrowed(lines, bounds)["a"] == (1, 8)
    assert worked_out(lines, [*known, "d"]) == {"a", "b", "c"}
    assert narrowed(lines, bounds | {"d": (18, 18)})["a"] == (7, 7)
    # Of three lines that share their cells two together leave one alone.
    assert worked_out([("x", ["p", "q"]), ("y", ["p", "q", "s"])], ["x", "y"]) == {"s"}
    with pytest.raises(Impossible):
        narrowed(lines, bounds | {"a": (10, 99)})


@pytest.mark.full
@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("rounded_from", [date(2027, 2, 1), MONTHS[0]])
def test_what_a_random_world_tells_is_what_its_cases_say(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int, rounded_from: date
) -> None:
    walk = Walk(world, seed=seed, cases=60, ticks=30)
    making.rebuild(now=NOW)
    for module in (issuing, open_data):
        monkeypatch.setattr(module, "ROUNDED_FROM", rounded_from)
    assert len(told(NOW)) >= 2
    seen: dict[str, open_data.Seen] = {}
    assert wrong(audited(seen)) == []
    assert sum(one.told for one in seen.values()) > 200
    assert all(one.unsure == 0 for one in seen.values())
    assert (sum(one.withheld for one in seen.values()) > 100) is (rounded_from > NOW.date())
    # Somebody touches the cases; rounded months are told once more, those of before stay.
    walk.now = NOW.replace(day=20)
    for day in range(1, 16):
        received_at = datetime(2026, 12, day, 3, tzinfo=UTC)
        walk.cases.append(given.filed(world, now=walk.now, received_at=received_at).pk)
    walk._some_act(walk.cases)
    later = NOW.replace(month=5)
    making.rebuild(now=later)
    again = told(later)
    assert bool(again) is (rounded_from < NOW.date())
    assert told(later.replace(month=9)) == []
    assert wrong(audited(seen)) == []


@pytest.fixture(scope="module")
def walked(directory: None, django_db_blocker: Any) -> Iterator[Walk]:
    def made(world: World) -> Walk:
        walk = Walk(world, seed=8, cases=60, ticks=30)
        making.rebuild(now=NOW)
        return walk

    with standing(django_db_blocker, made) as (_, result):
        yield result


def names_of(pairs: list[Pair]) -> set[str]:
    return {pair.figure for pair in pairs if pair.differs}


@pytest.mark.full
def test_a_rounded_cell_that_was_moved_by_five_turns_it_red(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (issuing, open_data):
        monkeypatch.setattr(module, "ROUNDED_FROM", MONTHS[0])
    rounded = rounded_tables.rounded

    def moved(counts: Any, axes: Any, draw: Any, **options: Any) -> dict[Any, int]:
        """One cell becomes the other of the two multiples beside it, and its sums stay as they were."""
        told, truth = rounded(counts, axes, draw, **options), suppression.with_sums(counts, axes)
        some = [key for key in truth if key[0].isdigit() and key[1][:1].isalpha() and truth[key] % 5]
        some.sort(key=lambda key: (truth[key], key))
        return told | {key: 2 * (truth[key] // 5 * 5) + 5 - told.get(key, 0) for key in some[-1:]}

    monkeypatch.setattr(rounded_tables, "rounded", moved)
    assert told(NOW)
    assert any(name.endswith(": sum") for name in names_of(audited()))


@pytest.mark.full
def test_a_small_number_that_was_told_turns_it_red(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_data, "ROUNDED_FROM", date(2027, 2, 1))
    published, shown = cells.published, list[int]()

    def told_one(counts: Any, axes: Any, **options: Any) -> dict[Any, int | None]:
        table, truth = published(counts, axes, **options), suppression.with_sums(counts, axes)
        small = sorted(key for key, n in table.items() if n is None and truth.get(key, 0) in range(1, 5))
        told = [key for key in small if key[0] != "" and ":" not in key[0] and not key[-1].startswith("_")]
        if told and not shown:
            shown.append(truth[told[0]])
            table[told[0]] = truth[told[0]]
        return table

    monkeypatch.setattr(cells, "published", told_one)
    assert told(NOW)
    assert len(shown) == 1
    assert "a number from 1 to 4 is told" in names_of(audited())


@pytest.mark.full
def test_a_second_telling_is_seen(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of before is told again, and a rounded one twice more."""
    monkeypatch.setattr(issuing, "ROUNDED_FROM", date(2199, 1, 1))
    monkeypatch.setattr(open_data, "ROUNDED_FROM", date(2027, 2, 1))
    told(NOW)
    walked.now = NOW.replace(month=3)
    given.filed(walked.world, now=walked.now, received_at=datetime(2026, 12, 5, 3, tzinfo=UTC))
    making.rebuild(now=walked.now)
    assert told(walked.now)
    assert names_of(audited()) == {"a month of before is not told again"}
