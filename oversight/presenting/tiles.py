"""Places as a grid of tiles, drawn by the server: each tile is a link with its name and number; the table stands behind
it.

No tile says by colour alone what it does not say as a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from authorities.models import Region
from web.languages import named, reads_chinese

WIDTH, HEIGHT, GAP = 84, 58, 4
COLUMNS = 4
#: What the name of a place ends with, where it says no more than its level.
ENDINGS = (
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "特别行政区",
    "自治区",
    "自治州",
    "省",
    "市",
    "区",
    "县",
    " District",
    " County",
    " City",
    " Province",
    " Autonomous Region",
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One place in the grid. ``heat`` is 0 (nothing late) to 4."""

    x: int
    y: int
    name: str
    short: str
    number: int
    heat: int
    url: str


@dataclass(frozen=True, slots=True)
class Grid:
    width: int
    height: int
    tiles: Sequence[Tile]
    tile_width: int = WIDTH
    tile_height: int = HEIGHT


def short_name(region: Region) -> str:
    """As much of a name as a tile holds."""
    name = named(region)
    bare = next((name.removesuffix(end) for end in ENDINGS if name.endswith(end) and len(name) - len(end) >= 2), name)
    longest = 5 if reads_chinese() else 12
    return bare if len(bare) <= longest else bare[: longest - 1] + "…"


def grid(places: Sequence[tuple[Region, int, int, str]]) -> Grid:
    """``places``: (region, late, open, address). Heat is the share of open cases that are late, in fifths of the
    worst."""
    worst = max((late / held for _, late, held, _ in places if held), default=0.0)
    tiles = []
    for number, (region, late, held, url) in enumerate(places):
        heat = 0 if not late or not held else 1 + min(3, int(3.999 * (late / held) / worst))
        tiles.append(
            Tile(
                x=(number % COLUMNS) * (WIDTH + GAP),
                y=(number // COLUMNS) * (HEIGHT + GAP),
                name=named(region),
                short=short_name(region),
                number=late,
                heat=heat,
                url=url,
            )
        )
    rows = -(-len(tiles) // COLUMNS)
    return Grid(COLUMNS * (WIDTH + GAP) - GAP, max(0, rows * (HEIGHT + GAP) - GAP), tiles)
