"""The figures of a monthly report: what the open data of its month says of a region.

Nothing is counted here. Each number stands in a published file, withheld where that withholds it. Nothing is ranked
before what a withheld number could stand before, there is no share of under thirty, and what is called a change lies
beyond the swings of the issued months (oversight/reports/changes.py).
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from authorities.models import Region
from oversight.figures.rounding import FAR
from oversight.models import DataSet
from oversight.open_data import issuing, quarters, reading
from oversight.open_data.cells import GOODS, NONE, SERVICE
from oversight.open_data.reading import LATER, TABLES, WITHHELD
from oversight.presenting import leagues
from oversight.reports.changes import Number, Run, attach, frozen
from oversight.reports.shares import BY_QUARTER, SHARES, DataLine, sum_of
from web.small_numbers import ENOUGH

#: Categories that a table names.
TOP_OBJECTS, TOP_PROBLEMS = 5, 10
#: Columns of a unit's line: of the month, and of the quarter.
OF_UNITS = ("received", "closed")
OF_QUARTERS = ("settled", "unconfirmed", "ended", "in_time", "due")
#: Ranks, words and shares made otherwise than before get the next number; the numbers of cases are those of the files.
METHOD = 3


def drawn(
    region_code: str,
    data_set: DataSet,
    before: DataSet | None,
    *,
    of_quarters: tuple[DataSet | None, DataSet | None] | None = None,
) -> dict[str, Any]:
    """The frozen figures of one region: lists of lines, each number an int, a decimal as text, or None where withheld.

    ``place`` in a line: the best and the worst place that it can have by its number; it is missing where a withheld
    number could stand before it. ``change`` in a line, and ``changes`` by figure: what is said of the difference from
    the number before (see ``changes.read``); missing where nothing can be compared. ``method`` is ``METHOD``: 2 said
    changes without looking at how such numbers swing, without any it also ranked past what is withheld.

    What became of stages at enterprises is of the newest issued quarter that is over with the month; ``quarter`` names
    it and the one before it, whose numbers are ``stages_before``. ``before`` in a line is the number of the month
    before (of an enterprise: of the quarter before); it is missing where no such set was issued, or one that goes by
    wider places. ``finest``: the narrowest places of which the set of the month tells (``DataSet.finest``).
    """
    level = Region.objects.values_list("level", flat=True).get(code=region_code)
    if before is not None and not before.tells(level):
        before = None
    regions, was = _regions(data_set, region_code), _regions(before, region_code) if before else None
    categories = _categories(data_set, region_code)
    old: Mapping[str, dict[str, int | None] | None]
    old = _categories(before, region_code) if before else dict.fromkeys(categories)
    now_quarter, old_quarter = of_quarters or _quarters(data_set)
    rounded, was_rounded, quarter_rounded, old_quarter_rounded = (
        one is not None and one.multiple_of > 1 for one in (data_set, before, now_quarter, old_quarter)
    )
    far = FAR if rounded else 0
    of_quarter, of_old = _of_quarter(now_quarter, region_code), _of_quarter(old_quarter, region_code)
    units = {code: line for code, line in regions.items() if code != region_code}
    below = {str(line["level"]) for line in units.values()}
    received = regions.get(region_code, {"received": 0})["received"]
    result = {
        "method": METHOD,
        "finest": data_set.finest,
        "sets": [str(data_set), str(before) if before else ""],
        "quarter": [quarters.mark(one.month) if one else "" for one in (now_quarter, old_quarter)],
        "quarter_sets": [str(one) if one else "" for one in (now_quarter, old_quarter)],
        "summary": {
            **_zero("regions"),
            **regions.get(region_code, {}),
            **({**_nothing(now_quarter, level), **of_quarter.get(region_code, {})} if now_quarter else {}),
            "is_rounded": rounded,
            "quarter_is_rounded": quarter_rounded,
        },
        **(
            {"summary_before": {**_zero("regions"), **was.get(region_code, {}), "is_rounded": was_rounded}}
            if was is not None
            else {}
        ),
        **(
            {
                "stages_before": {
                    **_nothing(old_quarter, level),
                    **of_old.get(region_code, {}),
                    "quarter_is_rounded": old_quarter_rounded,
                }
            }
            if old_quarter
            else {}
        ),
        "units": placed(
            [
                _with_before(
                    {
                        "code": code,
                        "name": line["region_name"],
                        "name_en": line["region_name_en"],
                        **{name: line.get(name, 0) for name in OF_UNITS},
                        "is_rounded": rounded,
                        "quarter_is_rounded": quarter_rounded,
                        **(
                            {
                                name: (_nothing(now_quarter, line["level"]) | of_quarter.get(code, {}))[name]
                                for name in OF_QUARTERS
                            }
                            if now_quarter
                            else {}
                        ),
                    },
                    code,
                    {c: one.get("received", 0) for c, one in was.items()}
                    if was is not None and before is not None and all(map(before.tells, below))
                    else None,
                )
                for code, line in units.items()
            ],
            whole=received,
            far=far,
        ),
        # A county has no regions below it: its units are the enterprises that have their seat there.
        "firms": []
        if units or not now_quarter or not data_set.tells(Region.Level.COUNTY)
        else _enterprises(now_quarter, old_quarter, region_code),
        "channels": top(categories["channel"], old["channel"], whole=received, far=far),
        "kinds": top(
            {code: n for code, n in categories["object"].items() if "." not in code},
            old["object"],
            whole=received,
            far=far,
        ),
        "objects": top(
            {code: n for code, n in categories["object"].items() if code not in (GOODS, SERVICE)},
            old["object"],
            whole=received,
            far=far,
            most=TOP_OBJECTS,
        ),
        "problems": top(categories["problem"], old["problem"], whole=received, far=far, most=TOP_PROBLEMS),
    }
    _add_changes_of_months(result, Run.of(data_set, before, step=1), region_code, level)
    _add_changes_of_quarters(result, Run.of(now_quarter, old_quarter, step=3), region_code, level)
    return result


def _add_changes_of_months(result: dict[str, Any], run: Run | None, code: str, level: str) -> None:
    """Each table is looked at as a whole, also what of it is not shown."""
    if run is None:
        return
    regions = [_regions(one, code) for one in run.sets]
    own = [
        {**_nothing(one, level, "regions"), **lines.get(code, {})} for one, lines in zip(run.sets, regions, strict=True)
    ]
    result["summary"]["changes"] = frozen(
        {name: run.of_counts([line[name] for line in own]) for name in OF_UNITS}
        | _changes_of_shares(run, own, lambda name: name not in BY_QUARTER)
    )
    units = {
        unit: run.of_counts(
            [
                lines.get(unit, _nothing(one, of_unit["level"], "regions"))["received"]
                for one, lines in zip(run.sets, regions, strict=True)
            ]
        )
        for unit, of_unit in regions[0].items()
        if unit != code
    }
    attach(result["units"], frozen(units))
    every = [_categories(one, code) for one in run.sets]
    for name, by in (("channels", "channel"), ("kinds", "object"), ("objects", "object"), ("problems", "problem")):
        codes = every[0][by]
        if name == "kinds":
            codes = {part: n for part, n in codes.items() if "." not in part}
        elif name == "objects":
            codes = {part: n for part, n in codes.items() if part not in (GOODS, SERVICE)}
        parts = {
            part: run.of_counts(
                [
                    lines[by].get(part, 0 if one.tells(level) else None)
                    for one, lines in zip(run.sets, every, strict=True)
                ]
            )
            for part in codes
        }
        attach(result[name], frozen(parts))


def _add_changes_of_quarters(result: dict[str, Any], run: Run | None, code: str, level: str) -> None:
    if run is None:
        return
    tables = [reading.table(one, "region_quarters") for one in run.sets]
    own: list[DataLine] = [
        # Of a table of an earlier shape nothing is known.
        dict.fromkeys(_zero("region_quarters"))
        if lines is None
        else {**_nothing(one, level), **next((line for line in lines if line["region_code"] == code), {})}
        for one, lines in zip(run.sets, tables, strict=True)
    ]
    result["summary"]["quarter_changes"] = frozen(_changes_of_shares(run, own, lambda name: name in BY_QUARTER))
    if result["firms"]:
        delivered: list[dict[str, Number] | None] = [
            None if lines is None else {line["enterprise"]: line["delivered"] for line in lines}
            for lines in (reading.table(one, "enterprise_quarters") for one in run.sets)
        ]
        firms = [line["code"] for line in result["firms"]]
        numbers = {firm: [None if one is None else one.get(firm, 0) for one in delivered] for firm in firms}
        attach(result["firms"], frozen({firm: run.of_counts(some) for firm, some in numbers.items()}))


def _changes_of_shares(run: Run, lines: Sequence[DataLine], is_told: Callable[[str], bool]) -> dict[str, Any]:
    results = {}
    for code, (part, wholes) in SHARES.items():
        if is_told(code):
            numbers = [(line.get(part), sum_of(line, *wholes)) for line in lines]
            results[code] = run.of_shares(numbers)
    return results


def _zero(table: str) -> DataLine:
    return {
        column.name: "0" if column.kind == "number" else 0
        for column in TABLES[table].columns
        if column.kind in ("integer", "number") and column.name != "multiple_of"
    }


def _nothing(data_set: DataSet, level: str, table: str = "region_quarters") -> DataLine:
    """The numbers of a place without a line: zeros, or None where the set tells nothing of such places."""
    return _zero(table) if data_set.tells(level) else dict.fromkeys(_zero(table))


def _quarters(data_set: DataSet) -> tuple[DataSet | None, DataSet | None]:
    """The sets of the newest quarter that ended by this month and of the one before it, where issued."""
    month = data_set.month
    while not quarters.ends_with(month):
        month = reading.back(month, 1)
    # The version that is drawn from, where the month ends a quarter itself.
    now = data_set if month == data_set.month else issuing.newest(month)
    return now, issuing.newest(reading.back(month, 3))


def _of_quarter(data_set: DataSet | None, code: str) -> dict[str, DataLine]:
    counts = [
        column.name
        for column in TABLES["region_quarters"].columns
        if column.kind == "integer" and column.name != "multiple_of"
    ]
    return {
        line["region_code"]: {name: line[name] for name in counts}
        for line in (reading.table(data_set, "region_quarters") or () if data_set else ())
        if code in (line["region_code"], line["parent_code"])
    }


def _enterprises(data_set: DataSet, before: DataSet | None, code: str) -> list[DataLine]:
    """Enterprises with their seat in this region, by what was delivered to them."""
    was = {
        line["enterprise"]: line["delivered"]
        for line in (reading.table(before, "enterprise_quarters") or () if before else ())
    }
    has_before = before is not None and reading.table(before, "enterprise_quarters") is not None
    lines = [
        _with_before(
            {
                "code": line["enterprise"],
                "name": line["name"],
                "name_en": line["name_en"],
                "received": line["delivered"],
                **{name: line[name] for name in OF_QUARTERS},
                "is_rounded": data_set.multiple_of > 1,
                "quarter_is_rounded": data_set.multiple_of > 1,
            },
            line["enterprise"],
            was if has_before else None,
        )
        for line in reading.table(data_set, "enterprise_quarters") or ()
        if code in (line["seat_code"], *line["seat_path"].split("/"))
    ]
    return placed(lines, whole=None, far=FAR if data_set.multiple_of > 1 else 0)


def _regions(data_set: DataSet, code: str) -> dict[str, DataLine]:
    later = {column.name: None for column in TABLES["regions"].columns if column.name in LATER}
    return {
        line["region_code"]: {
            name: None if value in (WITHHELD, None) else value if name in _TEXTS else int(value)
            for name, value in (later | line).items()
            if name not in ("multiple_of", "finest")
        }
        for line in reading.lines(data_set.files.get(name="regions.csv"))
        if code in (line["region_code"], line["parent_code"])
    }


def _categories(data_set: DataSet, code: str) -> dict[str, dict[str, int | None]]:
    result: dict[str, dict[str, int | None]] = {"channel": {}, "object": {}, "problem": {}}
    for line in reading.lines(data_set.files.get(name="categories.csv")):
        if line["region_code"] == code:
            result[line["by"]][line["code"]] = None if line["received"] == WITHHELD else int(line["received"])
    return result


_TEXTS = frozenset({"region_code", "region_name", "region_name_en", "level", "parent_code", "month", "recovered"})


def top(
    now: dict[str, int | None],
    old: dict[str, int | None] | None,
    *,
    whole: int | None,
    far: int,
    most: int | None = None,
) -> list[DataLine]:
    """The parts of the ``whole`` by their places; with ``most`` only so many, of those that have a name.

    Where fewer can be ranked, all of them.
    """
    named = {code: n for code, n in now.items() if most is None or code != NONE}
    if whole is not None:
        whole -= sum(n or 0 for code, n in now.items() if code not in named)
    lines = [_with_before({"code": code, "received": n}, code, old) for code, n in named.items()]
    return placed(lines, whole=whole, far=far, most=most)


def placed(lines: list[DataLine], *, whole: int | None, far: int, most: int | None = None) -> list[DataLine]:
    """Lines in the order of their places, then those that have none by their code.

    A withheld number is at most what the shown ones leave of the ``whole`` (None: anything): only what is more than
    that has a place. That is all a reader can know, so the places tell nothing that is withheld. Of under thirty
    together nothing is ranked. ``far``: how far a number may lie from the truth; rounded ones share their places unless
    they differ by 10 and more.
    """
    known = [line for line in lines if line["received"] is not None]
    in_all = sum(line["received"] for line in known)
    least: float = -1
    if (in_all if whole is None else whole) < ENOUGH:
        least = inf
    elif len(known) < len(lines):
        least = inf if whole is None else whole - in_all
    sure = [line for line in known if line["received"] > least]
    for line, place in zip(
        sure, leagues.places([(line["received"] - far, line["received"] + far) for line in sure]), strict=True
    ):
        line["place"] = list(place)
    sure.sort(key=lambda line: (line["place"], -line["received"], line["code"]))
    if most is not None and (len(sure) >= most or len(sure) == len(lines)):
        return [line for line in sure if line["place"][0] <= most]
    return sure + sorted((line for line in lines if "place" not in line), key=lambda line: line["code"])


def _with_before(line: DataLine, code: str, old: dict[str, Any] | None) -> DataLine:
    return line if old is None else {**line, "before": old.get(code, 0)}
