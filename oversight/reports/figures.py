"""The figures of a monthly report: what the open data of its month says about one region.

The one rule: nothing is counted here. Each number stands in a published file, withheld where that withholds it, so
anybody can look it up and a report never shows what the open data hides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oversight import leagues
from oversight.models import DataSet
from oversight.open_data import issuing
from oversight.open_data.cells import GOODS, NONE, SERVICE
from oversight.open_data.columns import WITHHELD

#: Categories that a table names.
TOP_OBJECTS, TOP_PROBLEMS = 5, 10
#: Columns of a unit's line.
OF_UNITS = ("received", "closed", "settled", "unconfirmed", "ended", "in_time", "due")
Line = dict[str, Any]


def drawn(region_code: str, data_set: DataSet, before: DataSet | None) -> dict[str, Any]:
    """The frozen figures of one region: lists of lines, each number an int, a decimal as text, or None where withheld.

    ``before`` in a line is the number received a month earlier; it is missing where no such set was issued.
    """
    regions, was = _regions(data_set, region_code), _regions(before, region_code) if before else None
    categories = _categories(data_set, region_code)
    old: Mapping[str, dict[str, int | None] | None]
    old = _categories(before, region_code) if before else dict.fromkeys(categories)
    return {
        "sets": [str(data_set), str(before) if before else ""],
        "summary": regions.get(region_code, {}),
        **({"summary_before": was.get(region_code, {})} if was is not None else {}),
        "units": [_with_before({
            "code": code, "name": line["region_name"], "name_en": line["region_name_en"],
            **{name: line.get(name, 0) for name in OF_UNITS}}, code, {c: one.get("received", 0) for c, one in was.items()} if was is not None else None)
            for code, line in regions.items() if code != region_code],
        "channels": _top(categories["channel"], old["channel"], most=None),
        "kinds": _top({code: n for code, n in categories["object"].items() if code in (GOODS, SERVICE, NONE)},
                      old["object"], most=None),
        "objects": _top({code: n for code, n in categories["object"].items() if "." in code}, old["object"], most=TOP_OBJECTS),
        "problems": _top({code: n for code, n in categories["problem"].items() if code != NONE}, old["problem"], most=TOP_PROBLEMS),
    }


def _regions(data_set: DataSet, code: str) -> dict[str, Line]:
    """The line of a region and of those directly below it, by code."""
    return {line["region_code"]: {name: _number(name, value) for name, value in line.items()}
            for line in issuing.lines(data_set.files.get(name="regions.csv")) if code in (line["region_code"], line["parent_code"])}


def _categories(data_set: DataSet, code: str) -> dict[str, dict[str, int | None]]:
    """Received by category, for each way to divide it."""
    found: dict[str, dict[str, int | None]] = {"channel": {}, "object": {}, "problem": {}}
    for line in issuing.lines(data_set.files.get(name="categories.csv")):
        if line["region_code"] == code:
            found[line["by"]][line["code"]] = None if line["received"] == WITHHELD else int(line["received"])
    return found


_WORDS = frozenset({"region_code", "region_name", "region_name_en", "level", "parent_code", "month", "recovered"})


def _number(name: str, value: str) -> Any:
    if value == WITHHELD:
        return None
    return value if name in _WORDS else int(value)


def _top(now: dict[str, int | None], old: dict[str, int | None] | None, *, most: int | None) -> list[Line]:
    """The most frequent first; what is withheld comes last, and is in no list of the most frequent."""
    rows = sorted(now.items(), key=lambda item: (item[1] is None, -(item[1] or 0), item[0]))
    shown: Iterable[tuple[str, int | None]] = rows if most is None else [row for row in rows if row[1] is not None][:most]
    return [_with_before({"code": code, "received": n}, code, old) for code, n in shown]


def _with_before(line: Line, code: str, old: dict[str, Any] | None) -> Line:
    return line if old is None else {**line, "before": old.get(code, 0)}


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole``; both None where one of them is withheld. ``upper``: had every silence been a yes."""

    part: int | None
    whole: int | None
    upper: int | None = None

    @property
    def is_known(self) -> bool:
        return self.part is not None and bool(self.whole)

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.part is not None and self.whole else None

    @property
    def upper_value(self) -> float | None:
        return self.upper / self.whole if self.upper is not None and self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return leagues.wilson(self.part, self.whole) if self.part is not None and self.whole else None


def shares(line: Line) -> dict[str, Share]:
    """The shares that a line of a region gives, by the name of their formula."""
    silent = line.get("unconfirmed")
    settled = line.get("settled")
    ended = sum_of(line, "closed_mediated", "closed_mediation_terminated")
    return {
        "settled": Share(settled, line.get("ended"), None if settled is None or silent is None else settled + silent),
        "on_time": Share(line.get("in_time"), line.get("due")),
        "review_on_time": Share(line.get("review_met"), line.get("reviewed")),
        "mediated": Share(line.get("closed_mediated"), ended),
        "kept": Share(line.get("promises_kept"), line.get("promised")),
    }


def sum_of(line: Line, *names: str) -> int | None:
    numbers = [line.get(name) for name in names]
    return None if None in numbers else sum(number for number in numbers if number is not None)
