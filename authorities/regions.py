"""Gives every place an interval of integers that holds its whole subtree.

An interval, once given, never moves: complaints and areas point at it.
A later load fits new places into the free end of their parent's interval.
China's intervals are read off the digits of its codes (GB/T 2260); every
other country has a million integers and they are shared out by the tree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CHINA = "CN"
CHINA_FIRST, CHINA_LAST = 100_000_000, 999_999_999
ABROAD = 1_000_000_000
SLOTS = 1_000_000
LEVELS = ("country", "province", "city", "county", "township")

Interval = tuple[int, int]


class RegionsDoNotFit(Exception):
    """A tree has an orphan, a circle, a code twice, or more places than integers."""


@dataclass(frozen=True, slots=True)
class Place:
    """One row of a country's tree; an empty parent hangs it under the country."""

    code: str
    name: str
    name_en: str
    level: str
    parent_code: str


def china_interval(code: str) -> Interval:
    """The integers of a Chinese code: 350000, 350100, 350102 or 350102001."""
    if not code.isascii() or not code.isdigit() or len(code) not in (6, 9) or code[0] == "0":
        raise RegionsDoNotFit(f"{code}: not a code of 6 or 9 digits")
    if len(code) == 9:
        return int(code), int(code)
    if code.endswith("0000"):
        width = 10_000_000
    elif code.endswith("00"):
        width = 100_000
    else:
        width = 1_000
    first = int(code) * 1_000
    return first, first + width - 1


def country_interval(country: str, iso_number: int | None) -> Interval:
    """The integers of a whole country (ISO 3166-1 number outside China)."""
    if country == CHINA:
        return CHINA_FIRST, CHINA_LAST
    if iso_number is None or not 0 < iso_number < 1000:
        raise RegionsDoNotFit(f"{country}: no ISO 3166-1 number known, state it")
    first = ABROAD + iso_number * SLOTS
    return first, first + SLOTS - 1


def in_order(places: Sequence[Place], *, country: str) -> list[Place]:
    """Parents before children; refuses orphans, circles and doubles."""
    known: dict[str, Place] = {}
    children: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place.code in known or place.code == country:
            raise RegionsDoNotFit(f"{place.code}: the code stands there twice")
        if place.level not in LEVELS[1:]:
            raise RegionsDoNotFit(f"{place.code}: {place.level!r} is no level below a country")
        known[place.code] = place
        children[place.parent_code or country].append(place)
    ordered: list[Place] = []
    waiting = [country]
    while waiting:
        below = children.get(waiting.pop(), [])
        ordered.extend(below)
        waiting.extend(place.code for place in below)
    if len(ordered) < len(known):
        lost = sorted(set(known) - {place.code for place in ordered})
        raise RegionsDoNotFit(f"{lost[0]}: its parents do not lead to {country}")
    return ordered


def intervals(
    places: Sequence[Place], *, country: str, whole: Interval, existing: Mapping[str, Interval]
) -> dict[str, Interval]:
    """The interval of each place, keeping those that exist."""
    ordered = in_order(places, country=country)
    if country == CHINA:
        given = {place.code: china_interval(place.code) for place in ordered}
        _check_nesting(ordered, given, country=country, whole=whole)
        return given
    weight: dict[str, int] = defaultdict(lambda: 1)
    for place in reversed(ordered):
        weight[place.parent_code or country] += weight[place.code]
    given = {country: whole}
    by_parent: dict[str, list[Place]] = defaultdict(list)
    for place in ordered:
        by_parent[place.parent_code or country].append(place)
    for parent, below in by_parent.items():
        _share_out(parent, below, given=given, existing=existing, weight=weight)
    del given[country]
    return given


def _share_out(
    parent: str,
    below: Iterable[Place],
    *,
    given: dict[str, Interval],
    existing: Mapping[str, Interval],
    weight: Mapping[str, int],
) -> None:
    first, last = given[parent]
    kept = [place for place in below if place.code in existing]
    new = [place for place in below if place.code not in existing]
    free = first + 1
    for place in kept:
        given[place.code] = existing[place.code]
        free = max(free, existing[place.code][1] + 1)
    # Half of what is free stays free, so that a later load finds room.
    total = sum(weight[place.code] for place in new)
    room = last - free + 1
    share = max(room // (2 * total), 1) if total else 1
    for place in new:
        end = free + share * weight[place.code] - 1
        if end > last:
            raise RegionsDoNotFit(f"{place.code}: no integers left in {parent}")
        given[place.code] = (free, end)
        free = end + 1


def _check_nesting(ordered: Iterable[Place], given: Mapping[str, Interval], *, country: str, whole: Interval) -> None:
    for place in ordered:
        parent = place.parent_code or country
        outer = whole if parent == country else given[parent]
        inner = given[place.code]
        if not (outer[0] < inner[0] and inner[1] <= outer[1]):
            raise RegionsDoNotFit(f"{place.code}: does not lie in {parent}")
