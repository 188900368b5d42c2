"""Places as tiles where they lie: how many complaints came in, and how many per 100,000 people.

Where a tile stands and how many people live there come from two tables (authorities/data/tiles.csv, people.csv); an
outline of the places is drawn instead of tiles where one is given (authorities/data/outlines/). No tile says by colour
alone what it does not say as a number, a mark or a word.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

import authorities
from authorities.models import Region
from authorities.tables import TableError, rows_of
from oversight.figures import funnel
from oversight.figures.definitions import Period
from oversight.figures.dispersion import COLD, Dispersion
from oversight.presenting.cards import Lists
from oversight.presenting.charts import short_name
from web.incoming import whole
from web.languages import named
from web.small_numbers import ENOUGH

DATA = Path(authorities.__file__).parent / "data"
WIDTH, HEIGHT, GAP = 84, 64, 2
#: A map of more columns is too small to be read on a phone, where the list stands instead.
MOST_ON_A_PHONE = 5
PER = 100_000
#: Colours begin at so many times the rate of all these places together.
CLASSES = (0.5, 1.0, 2.0)
#: How a tile looks: too few cases to say anything, no people known, else from 1 (least) to 4.
FEW, BARE = "few", "bare"
#: So many marked places are named.
NAMED = 3
#: Commands and numbers of an SVG path, and nothing else.
_PATH = re.compile(r"[MmLlHhVvZz0-9 ,.\-]{1,20000}")


@dataclass(frozen=True, slots=True)
class People:
    """So many people in a year, as a source says."""

    n: int
    year: int
    source: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a place in the units of its map, and the middle of what is written on it."""

    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One place. ``rate`` per 100,000 people is "" where there are too few cases or no people are known."""

    name: str
    short: str
    count: int
    people: People | None
    rate: str
    look: str
    is_marked: bool
    url: str
    place_url: str
    x: float = 0
    y: float = 0
    path: str = ""

    @property
    def number(self) -> str:
        return f"{self.count:,}"

    @property
    def lived(self) -> str:
        """How many people, "–" where it is not known."""
        return f"{self.people.n:,}" if self.people is not None else "–"

    @property
    def middle(self) -> float:
        return self.x if self.path else self.x + WIDTH / 2

    @property
    def top(self) -> float:
        """Where the line of the name stands; those below it follow."""
        return self.y - 18 if self.path else self.y + 19

    @property
    def words(self) -> str:
        """The whole tile in words."""
        about = {"name": self.name, "n": self.number, "rate": self.rate}
        if self.look == FEW:
            return _("%(name)s：%(n)s件，件数太少，不比") % about
        if self.look == BARE:
            return _("%(name)s：%(n)s件，没有人口数，不比") % about
        if self.is_marked:
            return _("%(name)s：%(n)s件，每10万人%(rate)s件，高于其他地区，超出偶然") % about
        return _("%(name)s：%(n)s件，每10万人%(rate)s件") % about


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMap:
    """``width`` is 0 where no map can be drawn; ``classes``: from which rate to which, the highest first."""

    title: str
    tiles: Sequence[Tile]
    width: float
    height: float
    is_wide: bool
    has_outline: bool
    classes: Sequence[tuple[str, str]]
    has_few: bool
    has_bare: bool
    years: str
    sources: Sequence[str]
    enough: int = ENOUGH
    tile_width: int = WIDTH
    tile_height: int = HEIGHT


@cache
def spots() -> Mapping[str, tuple[int, int]]:
    """Column and row of each place that has them."""
    rows = rows_of(DATA / "tiles.csv", required=("code", "column", "row"))
    return {row["code"]: (_number(row, "column", line), _number(row, "row", line)) for line, row in rows}


@cache
def people() -> Mapping[str, Sequence[People]]:
    """Of each place, the newest first."""
    results: dict[str, list[People]] = {}
    for line, row in rows_of(DATA / "people.csv", required=("code", "people", "year", "source")):
        one = People(_number(row, "people", line), _number(row, "year", line), row["source"])
        if not one.n or not one.source:
            raise TableError(f"people.csv line {line}: no people, or no source")
        results.setdefault(row["code"], []).append(one)
    return {code: sorted(some, key=lambda one: -one.year) for code, some in results.items()}


def _number(row: Mapping[str, str], name: str, line: int) -> int:
    result = whole(row[name], 10)
    if result is None:
        raise TableError(f"line {line}, {name}: {row[name]!r} is no number")
    return result


def people_of(code: str, day: date) -> People | None:
    """The newest number that is not of a year after ``day``."""
    return next((one for one in people().get(code, ()) if one.year <= day.year), None)


@cache
def outline(code: str) -> tuple[float, float, Mapping[str, Shape]] | None:
    """Width, height and the shapes of the places right below the one with this code, where a file has them.

    {"width": …, "height": …, "licence": …, "places": {code: {"path": …, "x": …, "y": …}}}; TableError where something
    else stands there.
    """
    path = DATA / "outlines" / f"{code}.json"
    if not path.is_file():
        return None
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
        shapes = {
            str(place): Shape(str(one["path"]), float(one["x"]), float(one["y"]))
            for place, one in given["places"].items()
        }
        size = float(given["width"]), float(given["height"])
        licence = str(given["licence"])
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise TableError(f"{path.name}: {wrong}") from None
    strange = [place for place, shape in shapes.items() if not _PATH.fullmatch(shape.path)]
    if strange or not licence:
        raise TableError(f"{path.name}: no licence, or no path of straight lines: {', '.join(strange)}")
    return *size, shapes


def drawn(
    counts: Sequence[tuple[Region, int, str]],
    dispersions: Mapping[int, Dispersion],
    lists: Lists,
    period: Period,
    inside: str = "",
) -> PlaceMap | None:
    """``counts``: of each place what came in within the period, and the address of the place itself; None without
    places. ``dispersions``: φ of what came in, by place; of one that nothing was measured of, the usual one.
    ``inside``: the code of the place that they are the parts of.
    """
    if not counts:
        return None
    lived = {region.pk: people_of(region.code, period.last) for region, _n, _url in counts}
    known = [(region, n, here.n) for region, n, _url in counts if (here := lived[region.pk]) is not None]
    places = [funnel.Place(n, here, dispersions.get(region.pk, COLD)) for region, n, here in known]
    marks = {region.pk for (region, _n, _here), one in zip(known, funnel.marked(places), strict=True) if one}
    total = sum(n for _region, n, _here in known)
    whole_rate = total / sum(here for _region, _n, here in known) * PER if known else 0.0
    edges = [whole_rate * times for times in CLASSES]
    size, at = _laid_out([region for region, _n, _url in counts], inside)
    tiles, rates = [], dict[int, float]()
    for region, n, url in counts:
        here = lived[region.pk]
        look, rate = FEW, ""
        if n >= ENOUGH and here is None:
            look = BARE
        elif n >= ENOUGH and here is not None:
            rates[region.pk] = n / here.n * PER
            look, rate = str(1 + sum(rates[region.pk] >= edge for edge in edges)), rate_text(rates[region.pk])
        x, y, path = at.get(region.code, (0.0, 0.0, ""))
        tiles.append(
            Tile(
                name=named(region),
                short=short_name(region),
                count=n,
                people=here,
                rate=rate,
                look=look,
                is_marked=region.pk in marks,
                url=lists.received(region=region.code),
                place_url=url,
                x=x,
                y=y,
                path=path,
            )
        )
    is_compared = any(min(n, total - n) >= ENOUGH for _region, n, _here in known)
    high = sorted(marks, key=lambda pk: -rates[pk])
    names = {region.pk: short_name(region) for region, _n, _url in counts}
    years = sorted({here.year for here in lived.values() if here is not None})
    looks = {tile.look for tile in tiles}
    sources = dict.fromkeys(here.source for here in lived.values() if here is not None)
    return PlaceMap(
        title=_title([names[pk] for pk in high], is_compared=is_compared, has_people=bool(known)),
        tiles=tiles,
        width=size[0],
        height=size[1],
        is_wide=size[0] > MOST_ON_A_PHONE * (WIDTH + GAP),
        has_outline=any(tile.path for tile in tiles),
        classes=_classes(edges) if rates else (),
        has_few=FEW in looks,
        has_bare=BARE in looks,
        years="–".join(str(year) for year in dict.fromkeys((years[0], years[-1]))) if years else "",
        sources=tuple(sources),
    )


def _laid_out(
    regions: Sequence[Region], inside: str
) -> tuple[tuple[float, float], Mapping[str, tuple[float, float, str]]]:
    """The size of the map, and where each place stands on it with its outline; no size where one has no place."""
    drawn_as = outline(inside) if inside else None
    if drawn_as is not None and all(region.code in drawn_as[2] for region in regions):
        return drawn_as[:2], {code: (one.x, one.y, one.path) for code, one in drawn_as[2].items()}
    placed = {region.code: spots().get(region.code) for region in regions}
    if len({region.parent_id for region in regions}) != 1 or None in placed.values():
        return (0.0, 0.0), {}
    spot_of = {code: spot for code, spot in placed.items() if spot is not None}
    columns, rows = (1 + max(spot[axis] for spot in spot_of.values()) for axis in (0, 1))
    return (columns * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP), {
        code: (column * (WIDTH + GAP) + GAP, row * (HEIGHT + GAP) + GAP, "") for code, (column, row) in spot_of.items()
    }


def rate_text(rate: float) -> str:
    """Whole from ten on, else to two digits."""
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.1f}" if rate >= 0.95 else f"{rate:.2f}"


def _classes(edges: Sequence[float]) -> list[tuple[str, str]]:
    """(look, in words), the highest first."""
    low, middle, high = map(rate_text, edges)
    return [
        ("4", _("%(rate)s以上") % {"rate": high}),
        ("3", pgettext("from a rate to a rate", "%(low)s～%(high)s") % {"low": middle, "high": high}),
        ("2", pgettext("from a rate to a rate", "%(low)s～%(high)s") % {"low": low, "high": middle}),
        ("1", pgettext("a rate", "%(rate)s以下") % {"rate": low}),
    ]


def _title(marked: Sequence[str], *, is_compared: bool, has_people: bool) -> str:
    if not has_people:
        return _("各地收到的件数；没有人口数，不比高低")
    if not is_compared:
        return _("各地件数太少，按人口比不出高低")
    if not marked:
        return _("按人口算，没有哪里高得超出偶然")
    names = pgettext("between names", "、").join(marked[:NAMED])
    if len(marked) > NAMED:
        return _("%(names)s等%(n)s地按人口算高于其他地区") % {"names": names, "n": len(marked)}
    return _("%(names)s按人口算高于其他地区") % {"names": names}
