"""Loads the tables of the public side; twice changes nothing, and what an authority changed since is left alone.

A region has an interval of integers that holds its whole subtree and never moves: complaints and areas point at it.
China's are read off the digits of its codes (GB/T 2260); every other country has a million integers.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.dispatch import Signal

from authorities import calendar
from authorities.calendar import read_year
from authorities.models import Authority, Policy, Region
from authorities.tables import TableError, day_or_none, flag, rows_of
from web.incoming import whole

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
    given = {country: whole}
    if country == CHINA:
        for place in ordered:
            first, last = given[place.code] = china_interval(place.code)
            outer = given[place.parent_code or country]
            if not (outer[0] < first and last <= outer[1]):
                raise RegionsDoNotFit(f"{place.code}: does not lie in {place.parent_code or country}")
        del given[country]
        return given
    weight: dict[str, int] = defaultdict(lambda: 1)
    for place in reversed(ordered):
        weight[place.parent_code or country] += weight[place.code]
    by_parent: dict[str, list[Place]] = defaultdict(list)
    for place in ordered:
        by_parent[place.parent_code or country].append(place)
    for parent, below in by_parent.items():
        first, last = given[parent]
        free = first + 1
        for place in below:
            if place.code in existing:
                given[place.code] = existing[place.code]
                free = max(free, existing[place.code][1] + 1)
        new = [place for place in below if place.code not in existing]
        # Half of what is free stays free, so that a later load finds room.
        total = sum(weight[place.code] for place in new)
        share = max((last - free + 1) // (2 * total), 1) if total else 1
        for place in new:
            end = free + share * weight[place.code] - 1
            if end > last:
                raise RegionsDoNotFit(f"{place.code}: no integers left in {parent}")
            given[place.code] = (free, end)
            free = end + 1
    del given[country]
    return given


DATA = Path(__file__).parent / "data"
CALENDARS = Path(__file__).parent / "calendars"


def load_regions(path: Path, *, country: str) -> int:
    """Load a country's tree; returns how many places are new or renamed."""
    number, name, name_en = _country(country)
    top = Place(country, name, name_en, LEVELS[0], "")
    places = [
        Place(row["code"], row["name"], row["name_en"], row["level"], row["parent_code"])
        for _line, row in rows_of(path, required=("code", "name", "level", "parent_code"), optional=("name_en",))
        if row["code"] != country
    ]
    there = Region.objects.filter(country=country)
    existing = {code: (first, last) for code, first, last in there.values_list("code", "id", "last")}
    whole = country_interval(country, number)
    given = intervals(places, country=country, whole=whole, existing=existing)
    given[country] = whole
    rows = [
        Region(
            id=given[place.code][0],
            last=given[place.code][1],
            code=place.code,
            name=place.name,
            name_en=place.name_en,
            parent_id=None if place is top else given[place.parent_code or country][0],
            level=place.level,
            country=country,
        )
        for place in (top, *places)
    ]
    known = {row.id: (row.code, row.name, row.name_en, row.level) for row in there}
    changed = [r for r in rows if known.get(r.id) != (r.code, r.name, r.name_en, r.level)]
    with transaction.atomic():
        # The foreign key to the parent is checked at commit, so order is free.
        Region.objects.bulk_create(
            changed,
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["code", "name", "name_en", "level"],
        )
    return len(changed)


def _country(country: str) -> tuple[int, str, str]:
    for _line, row in rows_of(DATA / "countries.csv", required=("country", "number", "name", "name_en")):
        if row["country"] == country:
            return int(row["number"]), row["name"], row["name_en"]
    raise TableError(f"{country}: not in countries.csv, add its line first")


#: Sent in the transaction that wrote them: ``ids`` of new authorities.
authorities_loaded = Signal()


def load_authorities(path: Path) -> int:
    """Load authorities, parents before children; returns how many are new."""
    regions = dict(Region.objects.values_list("code", "id"))
    known = dict(Authority.objects.values_list("name", "id"))
    new: list[int] = []
    with transaction.atomic():
        for line, row in rows_of(
            path,
            required=("name", "region_code", "parent", "level", "has_intake", "has_power"),
            optional=("name_en", "document_code"),
        ):
            where = f"{path.name} line {line}"
            if row["name"] in known:
                continue
            if row["region_code"] not in regions:
                raise TableError(f"{where}: no region {row['region_code']!r}")
            if row["parent"] and row["parent"] not in known:
                raise TableError(f"{where}: its parent {row['parent']!r} is not above it")
            if row["level"] not in Authority.Level.values:
                raise TableError(f"{where}: no level {row['level']!r}")
            made = Authority.objects.create(
                name=row["name"],
                name_en=row["name_en"],
                region_id=regions[row["region_code"]],
                parent_id=known[row["parent"]] if row["parent"] else None,
                level=row["level"],
                has_intake=flag(row["has_intake"], where=where),
                has_power=flag(row["has_power"], where=where),
                document_code=row["document_code"],
            )
            known[made.name] = made.pk
            new.append(made.pk)
        authorities_loaded.send(None, ids=new)
    return len(new)


_POLICY_COLUMNS = {
    "required": ("name", "number", "unit", "version", "legal_basis"),
    "optional": ("region_code", "starts_on", "ends_on"),
}


def load_policies(path: Path) -> int:
    """Load policy versions that do not stand there yet; returns how many."""
    regions = dict(Region.objects.values_list("code", "id"))
    known = set(Policy.objects.values_list("name", "region_id", "version"))
    new = []
    for line, row in rows_of(path, **_POLICY_COLUMNS):
        where = f"{path.name} line {line}"
        if row["region_code"] and row["region_code"] not in regions:
            raise TableError(f"{where}: no region {row['region_code']!r}")
        region_id = regions[row["region_code"]] if row["region_code"] else None
        number, version = whole(row["number"], 9), whole(row["version"], 9)
        if number is None or version is None:
            raise TableError(f"{where}: number and version must be whole numbers")
        if (row["name"], region_id, version) in known:
            continue
        policy = Policy(
            name=row["name"],
            region_id=region_id,
            number=number,
            unit=row["unit"],
            starts_on=day_or_none(row["starts_on"], where=where),
            ends_on=day_or_none(row["ends_on"], where=where),
            version=version,
            legal_basis=row["legal_basis"],
        )
        new.append(policy)
    Policy.objects.bulk_create(new)
    return len(new)


def add_missing_policies(model: type[Policy], *, using: str) -> int:
    """The national default of every number of which no row stands at all; returns how many. What an authority changed
    or ended stays as it is, so this may run after every ``migrate``."""
    known = set(model._default_manager.using(using).values_list("name", flat=True))
    new = [
        model(
            name=row["name"],
            number=int(row["number"]),
            unit=row["unit"],
            version=int(row["version"]),
            legal_basis=row["legal_basis"],
        )
        for _line, row in rows_of(DATA / "policies.csv", **_POLICY_COLUMNS)
        if row["name"] not in known and not row["region_code"]
    ]
    model._default_manager.using(using).bulk_create(new)
    return len(new)


def load_calendars(path: Path, *, now: dt.datetime) -> int:
    """Load the calendars that come with the project; returns how many are new.

    A year that has any version is left alone: a decree loaded later must not be overlaid by an older file.
    """
    new = 0
    for line, row in rows_of(path, required=("file", "country", "year", "source", "published_on")):
        year = int(row["year"])
        if calendar.is_loaded(row["country"], year):
            continue
        calendar.import_year(
            read_year((CALENDARS / row["file"]).read_bytes(), name=row["file"], year=year).days,
            year=year,
            source=row["source"],
            now=now,
            country=row["country"],
            published_on=day_or_none(row["published_on"], where=f"{path.name} line {line}"),
        )
        new += 1
    return new


def load_all(*, now: dt.datetime) -> dict[str, int]:
    return {
        "regions": load_regions(DATA / "regions_cn.csv", country=CHINA),
        "authorities": load_authorities(DATA / "authorities.csv"),
        "policies": load_policies(DATA / "policies.csv"),
        "calendars": load_calendars(DATA / "calendars.csv", now=now),
    }
