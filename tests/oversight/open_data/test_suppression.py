"""Nobody can work out a small number from what is published: a reader who tries every table that fits is left in
doubt."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.figures.suppression import SMALL, SPREAD, TOTAL, Axis, published
from oversight.models import DataFile, DataSet
from oversight.open_data import issuing, reading
from oversight.published import league_making
from tests import missing_in
from tests.cast import World
from tests.oversight.counting import a_shop, counted, issued, stages
from tests.oversight.looking import page_of

Cell = tuple[Any, ...]
NAMES = "abcd"
PLAIN = [Axis.of("ab"), Axis.of("vwx")]
TREE = Axis(({"east": TOTAL, "west": TOTAL, "e1": "east", "e2": "east", "w1": "west"},))
TWICE = Axis.divided(["m1", "m2"], ["p", "q"])


def relations(axes):
    """Every sum that a reader can do: (total, parts), written down from the axes alone."""
    names = [[TOTAL, *axis.where] for axis in axes]
    for place, axis in enumerate(axes):
        for tree in axis.divisions:
            for parent in {TOTAL, *tree.values()}:
                parts = [name for name, above in tree.items() if above == parent]
                for rest in product(*(ns for other, ns in enumerate(names) if other != place)):
                    total, *cells = ((*rest[:place], name, *rest[place:]) for name in (parent, *parts))
                    yield total, cells


class Reader:
    """``lines``: sums that come to nothing, as cells with signs. ``known``: what is shown, 0 where nothing is listed.
    ``bounds``: the least and the most of what is not known; nothing that is withheld is zero. ``most``: of any number.
    """

    def __init__(self) -> None:
        self.lines: list[list[tuple[Cell, int]]] = []
        self.known: dict[Cell, int] = {}
        self.bounds: dict[Cell, tuple[int, int]] = {}
        self.most = 0

    def adds_up(self, total: Cell, parts: Iterable[Cell]) -> None:
        self.lines.append([(total, -1), *((part, 1) for part in parts)])

    def possible(self, cell: Cell, values: Iterable[int]) -> list[int]:
        """Which of them some table has there: the bounds drawn in, then each withheld number tried one by one."""
        return [value for value in values if self._solve(self.bounds | {cell: (value, value)})]

    def is_in_doubt(self, cell: Cell, number: int) -> None:
        possible = self.possible(cell, range(1, number + SPREAD + 2))
        assert number in possible
        assert len(possible) > SPREAD, (cell, number, possible)

    def _solve(self, bounds: Mapping[Cell, tuple[int, int]] | None) -> bool:
        bounds = self._narrowed(dict(bounds)) if bounds is not None else None
        if bounds is None:
            return False
        open_ = [cell for cell, (low, high) in bounds.items() if low < high]
        if not open_:
            return True
        cell = min(open_, key=lambda c: (bounds[c][1] - bounds[c][0], str(c)))
        low, high = bounds[cell]
        return any(self._solve({**bounds, cell: (value, value)}) for value in range(low, high + 1))

    def _narrowed(self, bounds: dict[Cell, tuple[int, int]]) -> dict[Cell, tuple[int, int]] | None:
        changed = True
        while changed:
            changed = False
            for line in self.lines:
                spans = [bounds[c] if c in bounds else (self.known[c],) * 2 for c, _sign in line]
                scaled = [
                    (lo, hi) if sign > 0 else (-hi, -lo) for (_c, sign), (lo, hi) in zip(line, spans, strict=True)
                ]
                least, most = sum(lo for lo, _ in scaled), sum(hi for _, hi in scaled)
                if least > 0 or most < 0:
                    return None
                for (cell, sign), (lo, hi) in zip(line, scaled, strict=True):
                    if cell in bounds:
                        low, high = max(lo, hi - most), min(hi, lo - least)
                        if low > high:
                            return None
                        new = (low, high) if sign > 0 else (-high, -low)
                        if new != bounds[cell]:
                            bounds[cell], changed = new, True
        return bounds


def small_ones_stay_open(counts, axes):
    shown = published(counts, axes)
    truth = added_up(counts, axes)
    for cell, number in shown.items():
        assert number is None or (number == truth[cell] and number not in SMALL)
    assert all(truth.get(cell, 0) not in SMALL or shown[cell] is None for cell in truth)
    reader = Reader()
    reader.most = max(truth.values(), default=0) + SPREAD + 1
    for total, parts in relations(axes):
        reader.adds_up(total, parts)
        for cell in (total, *parts):
            if (number := shown.get(cell, 0)) is None:
                reader.bounds[cell] = (1, reader.most)
            else:
                reader.known[cell] = number
    for cell, number in truth.items():
        if number in SMALL:
            reader.is_in_doubt(cell, number)
    return shown


def added_up(counts, axes):
    """All sums, slowly: each cell is asked for by name."""

    def covers(name, one, axis):
        return name in axis.above(one) or (name == TOTAL and axis.where[one] == 0)

    keys = product(*([TOTAL, *axis.where] for axis in axes))
    truth = {key: sum(n for leaf, n in counts.items() if all(map(covers, key, leaf, axes))) for key in keys}
    return {key: total for key, total in truth.items() if total}


numbers = st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 12))


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=4, max_size=4))
def test_in_a_list_with_its_total(values):
    small_ones_stay_open({(name,): n for name, n in zip(NAMES, values, strict=True)}, [Axis.of(NAMES)])


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=6, max_size=6))
def test_in_a_table_with_both_margins(values):
    small_ones_stay_open(dict(zip(product("ab", "vwx"), values, strict=True)), PLAIN)


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=6, max_size=6))
def test_in_a_table_of_places_under_places(values):
    small_ones_stay_open(dict(zip(product(["e1", "e2", "w1"], "vw"), values, strict=True)), [TREE, Axis.of("vw")])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 24)), min_size=2, max_size=2))
def test_in_a_total_that_is_divided_twice(rows):
    counts = {}
    for place, (first, second, cut) in zip("ab", rows, strict=True):
        cut = min(cut, first + second)
        counts |= {(place, "m1"): first, (place, "m2"): second, (place, "p"): cut, (place, "q"): first + second - cut}
    small_ones_stay_open(counts, [Axis.of("ab"), TWICE])


def test_a_table_is_shown_whole_or_a_small_number_takes_another_or_the_total_with_it() -> None:
    assert published({("a",): 5, ("b",): 7}, [Axis.of("ab")]) == {("a",): 5, ("b",): 7, (TOTAL,): 12}
    expected = {("a",): None, ("b",): None, ("c",): 90, (TOTAL,): 99}
    assert published({("a",): 2, ("b",): 7, ("c",): 90}, [Axis.of("abc")]) == expected
    assert published({("a",): 1, ("b",): 1, ("c",): 1, ("d",): 2}, [Axis.of("abcd")])[(TOTAL,)] is None


def test_a_table_of_the_size_of_a_province_is_quickly_done():
    """40 places, 13 months, thinly filled: the same table twice gives the same answer, and most of it stays."""
    axes = [Axis.of(f"r{n}" for n in range(40)), Axis.of(f"m{n}" for n in range(13))]
    counts = {(f"r{r}", f"m{m}"): (r * 7 + m * 5) % 23 for r in range(40) for m in range(13)}
    shown = published(counts, axes)
    assert shown == published(counts, axes)
    assert sum(n is None for n in shown.values()) < len(shown) / 2


def test_what_is_no_table_is_refused():
    for counts, axes in (
        ({("a",): -1}, [Axis.of("a")]),
        ({("z",): 1}, [Axis.of("a")]),
        ({(TOTAL,): 1}, [Axis.of("a")]),
        ({("east",): 6}, [TREE]),
        ({("m1",): 6, ("p",): 5}, [TWICE]),
        ({("m1", "m1"): 6, ("m1", "p"): 6, ("p", "m1"): 6, ("p", "p"): 6}, [TWICE, TWICE]),
    ):
        with pytest.raises(ValueError):
            published(counts, axes)


NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
MONTH = date(2026, 9, 1)


def of(data_set: DataSet, table: str, code: str) -> dict[str, str]:
    return next(
        line for line in reading.lines(data_set.files.get(name=f"{table}.csv")) if code in list(line.values())[:4]
    )


def a_file(data_set: DataSet, name: str, content: bytes, media_type: str = "text/csv") -> None:
    same = {"media_type": media_type, "size": len(content), "rows": 1, "sha256": "0" * 64}
    DataFile.objects.create(data_set=data_set, name=name, content=content, **same)


def an_old_set(month: date) -> DataSet:
    """As code before the rule issued it: stages of single enterprises by months."""
    data_set = DataSet.objects.create(month=month, version=1, made_at=NOW)
    for name, content in (
        ("regions.csv", "region_code,month,received,settled\r\n350100,2026-09,40,20\r\n"),
        ("enterprises.csv", "enterprise,name,month,in_time,late\r\ne1,某店,2026-09,9,*\r\n"),
    ):
        a_file(data_set, name, content.encode())
    return data_set


def test_a_set_of_before_the_rule_is_found_and_withdrawn_by_a_version_that_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command and by the sweep."""
    counted("350100", MONTH, received=40)
    old = an_old_set(MONTH)
    assert issuing.wrong_in(old) == ["regions.settled", "enterprises"]
    with pytest.raises(SystemExit):
        call_command("check_open_data")
    assert f"BREAKS {old}: regions.settled, enterprises" in capsys.readouterr().out
    with transaction.atomic():
        for _ in range(issuing.RESTATED + 1):
            issuing.sweep_open_data(now=NOW)
        newest = issuing.newest(MONTH)
        assert (newest.version, newest.reason) == (2, issuing.BY_QUARTERS_NOW)
        transaction.set_rollback(True)
    call_command("check_open_data", withdraw=True)
    newest = issuing.newest(MONTH)
    assert (newest.version, issuing.wrong_in(newest)) == (2, [])
    call_command("check_open_data")
    assert "All newest versions and reports keep the rule." in capsys.readouterr().out
    # Both versions stay; the new one says why, the old one points to it.
    assert issuing.BY_QUARTERS_NOW in page_of(None, f"/open/data/{newest}/")
    page = page_of(None, f"/open/data/{old}/")
    assert not missing_in(page, "请不要再用", f'href="/open/data/{newest}/"')
    assert Client().get(f"/open/data/{old}/regions.csv").status_code == 200


def test_a_small_count_in_a_file_breaks_the_rule(world: World) -> None:
    counted("350100", MONTH, received=40)
    data_set = issued(MONTH, now=NOW)[0]
    assert issuing.wrong_in(data_set) == []
    bad = DataSet.objects.create(month=MONTH, version=2, made_at=NOW)
    file = data_set.files.get(name="regions.csv")
    content = bytes(file.content).replace(b",40,", b",3,", 1)
    a_file(bad, "regions.csv", content, file.media_type)
    [wrong] = issuing.wrong_in(bad)
    assert "received" in wrong


def test_what_a_version_withheld_the_next_one_withholds_too(world: World) -> None:
    """Else two versions side by side would tell: 3 of 43 withheld with the 40, then 43 = 43."""
    enterprise = a_shop(world)
    for code, n in (("350100", 40), ("350200", 3)):
        counted(code, MONTH, received=n)
    stages(enterprise, MONTH, ended_settled=30, ended_unconfirmed=3, ended_failed=20)
    first = issued(MONTH, now=NOW)[0]
    assert of(first, "regions", "350200")["received"] == "*"
    assert of(first, "enterprise_quarters", enterprise.code)["unconfirmed"] == "*"
    counted("350200", MONTH, received=6)
    stages(enterprise, MONTH, ended_unconfirmed=9, ended_settled=1)
    second = issued(MONTH, now=NOW)[0]
    for table, code, columns in (
        ("regions", "350200", ("received",)),
        ("enterprise_quarters", enterprise.code, ("unconfirmed", "ended")),
    ):
        was, now = of(first, table, code), of(second, table, code)
        assert all(now[column] == "*" for column in columns if was[column] == "*"), table
    withheld = [
        {column for line in reading.lines(file) for column, value in line.items() if value == "*"}
        for file in (one.files.get(name="region_quarters.csv") for one in (first, second))
    ]
    assert withheld[0] <= withheld[1]
    # Also where it came to nothing.
    counted("350200", MONTH, received=-9)
    assert of(issued(MONTH, now=NOW)[0], "regions", "350200")["received"] == "*"


def test_a_month_that_was_issued_is_never_counted_by_another_formula(world: World) -> None:
    """And what later files count otherwise is unknown of it."""
    enterprise = a_shop(world)
    stages(enterprise, MONTH, ended_settled=40, in_time=60, answered=50, ended_last_day=20)
    [made] = issued(MONTH, now=NOW)
    old = DataSet.objects.create(month=MONTH, version=2, made_at=NOW, formulas=made.formulas | {"last_day": 1})
    for name in ("enterprise_quarters.csv", "region_quarters.csv"):
        # As it was before there was a column answered.
        lines = list(reading.lines(made.files.get(name=name)))
        out = io.StringIO()
        writer = csv.DictWriter(out, [column for column in lines[0] if column != "answered"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
        a_file(old, name, out.getvalue().encode())
    stages(enterprise, MONTH, ended_settled=10)
    assert issuing.issue(MONTH, now=NOW) is None
    [line] = reading.table(old, "enterprise_quarters") or []
    assert (line["settled"], line["in_time"], line["answered"], line["last_day"]) == (40, 60, None, None)
    shown = league_making.line_values([line])
    assert (shown["n"], shown["last_day_share"]) == (40, None)


def test_a_quarter_withholds_what_older_sets_withheld_of_one_of_its_months(world: World) -> None:
    """Else two months of the old shape and the quarter would tell the third."""
    enterprise = a_shop(world)
    for month, settled, failed in ((date(2026, 7, 1), "*", "*"), (date(2026, 8, 1), "9", "8")):
        data_set = DataSet.objects.create(month=month, version=1, made_at=NOW)
        for name, head, who in (("regions", "region_code", "350100"), ("enterprises", "enterprise", enterprise.code)):
            content = f"{head},month,settled,failed,ended\r\n{who},{month:%Y-%m},{settled},{failed},17\r\n".encode()
            a_file(data_set, f"{name}.csv", content)
    for month, settled, failed in ((date(2026, 7, 1), 3, 14), (date(2026, 8, 1), 9, 8), (MONTH, 9, 8)):
        stages(enterprise, month, ended_settled=settled, ended_failed=failed)
    made = issued(MONTH, now=NOW)[0]
    for line in (of(made, "enterprise_quarters", enterprise.code), of(made, "region_quarters", "350100")):
        assert (line["settled"], line["failed"], line["other"], line["ended"]) == ("*", "*", "*", "51")
