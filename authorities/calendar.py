"""Working-day calendars: what is loaded, and how a year is loaded.

A loaded year is never edited. A new decree is a new version beside the
old one, and the newest version of a year counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction

from authorities.models import CalendarDay, CalendarVersion

Day = tuple[dt.date, bool, str, str]


class CalendarRows(NamedTuple):
    """What `complaints.procedure.deadlines.Calendar.build` wants."""

    days: tuple[Day, ...]
    known_years: tuple[int, ...]
    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The version that now counts, and whether this import wrote it."""

    version: CalendarVersion
    is_new: bool


def newest_versions(country: str = "CN") -> list[CalendarVersion]:
    """The version of each loaded year that counts, by year."""
    newest: dict[int, CalendarVersion] = {}
    for version in CalendarVersion.objects.filter(country=country).order_by("year", "number"):
        newest[version.year] = version
    return list(newest.values())


def rows(country: str = "CN") -> CalendarRows:
    """The newest version of each loaded year of a country; two queries."""
    newest = newest_versions(country)
    days = CalendarDay.objects.filter(version__in=newest).order_by("day")
    return CalendarRows(
        days=tuple(days.values_list("day", "is_working", "name", "name_en")),
        known_years=tuple(version.year for version in newest),
        source="; ".join(dict.fromkeys(version.source for version in newest)),
        version=" ".join([country, *(f"{v.year}.{v.number}" for v in newest)]),
    )


def rows_with(days: Sequence[Day], *, year: int, source: str, number: int, country: str = "CN") -> CalendarRows:
    """The same if ``days`` were loaded as version ``number`` of their year."""
    loaded = rows(country)
    others = [row for row in newest_versions(country) if row.year != year]
    marks = sorted([*((row.year, row.number) for row in others), (year, number)])
    return CalendarRows(
        days=tuple(sorted([*(day for day in loaded.days if day[0].year != year), *days])),
        known_years=tuple(known for known, _number in marks),
        source="; ".join(dict.fromkeys([*(row.source for row in others), source])),
        version=" ".join([country, *(f"{known}.{version}" for known, version in marks)]),
    )


def digest_of(days: Sequence[Day], *, source: str) -> str:
    """By which the same decree is known again."""
    return hashlib.sha256(repr((source, list(days))).encode()).hexdigest()


def import_year(
    days: Sequence[Day],
    *,
    year: int,
    source: str,
    now: dt.datetime,
    country: str = "CN",
    published_on: dt.date | None = None,
) -> Imported:
    """Write a year as a new version; the same days and source again change nothing.

    Open clocks are recomputed by the caller, since they lie in a later app:
    `manage.py import_calendar` tells whom to call.
    """
    digest = digest_of(days, source=source)
    with transaction.atomic():
        last = (
            CalendarVersion.objects.select_for_update().filter(country=country, year=year).order_by("-number").first()
        )
        if last is not None and last.digest == digest:
            return Imported(last, is_new=False)
        version = CalendarVersion.objects.create(
            country=country,
            year=year,
            number=last.number + 1 if last else 1,
            source=source,
            digest=digest,
            published_on=published_on,
            loaded_at=now,
        )
        CalendarDay.objects.bulk_create(
            CalendarDay(version=version, day=day, is_working=works, name=name, name_en=name_en)
            for day, works, name, name_en in days
        )
    return Imported(version, is_new=True)


def is_loaded(country: str, year: int) -> bool:
    """Whether any version of a year is there."""
    return CalendarVersion.objects.filter(country=country, year=year).exists()
