"""Working-day calendars: what is loaded, and how a year is loaded.

Rule: a loaded year is never edited. A new decree is a new version beside the
old one, and the newest version of a year counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from .models import CalendarDay, CalendarVersion
from .tables import TableError, flag, rows_of

Day = tuple[dt.date, bool, str, str]


class CalendarRows(NamedTuple):
    """What `complaints.deadlines.Calendar.build` wants."""

    days: tuple[Day, ...]
    known_years: tuple[int, ...]
    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The version that now counts, and whether this import wrote it."""

    version: CalendarVersion
    is_new: bool


def rows(country: str = "CN") -> CalendarRows:
    """The newest version of each loaded year of a country; two queries."""
    newest: dict[int, CalendarVersion] = {}
    for version in CalendarVersion.objects.filter(country=country).order_by("year", "number"):
        newest[version.year] = version
    days = CalendarDay.objects.filter(version__in=newest.values()).order_by("day")
    return CalendarRows(
        days=tuple(days.values_list("day", "is_working", "name", "name_en")),
        known_years=tuple(newest),
        source="; ".join(dict.fromkeys(version.source for version in newest.values())),
        version=" ".join([country, *(f"{v.year}.{v.number}" for v in newest.values())]),
    )


def read_year(path: Path, *, year: int) -> list[Day]:
    """The days of a file, all of one year, none twice."""
    days: dict[dt.date, Day] = {}
    wanted = ("day", "is_working", "name")
    for line, row in rows_of(path, required=wanted, optional=("name_en",)):
        where = f"{path.name} line {line}"
        try:
            day = dt.date.fromisoformat(row["day"])
        except ValueError:
            raise TableError(f"{where}: {row['day']!r} is no day (YYYY-MM-DD)") from None
        if day.year != year:
            raise TableError(f"{where}: {day} is not in {year}")
        if day in days:
            raise TableError(f"{where}: {day} stands there twice")
        is_working = flag(row["is_working"], where=where)
        if is_working and day.weekday() < 5:
            raise TableError(f"{where}: {day} is worked anyway, Monday to Friday")
        if not row["name"]:
            raise TableError(f"{where}: a day off needs its name")
        days[day] = (day, is_working, row["name"], row["name_en"])
    if not days:
        raise TableError(f"{path.name}: no day of {year}")
    return [days[day] for day in sorted(days)]


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
    digest = hashlib.sha256(repr((source, list(days))).encode()).hexdigest()
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
