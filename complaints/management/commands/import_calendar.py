"""manage.py import_calendar FILE.csv --year 2027 --source "…": load a year's working days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from authorities.calendar import import_year, read_year
from authorities.tables import TableError
from complaints.handling.recounting import recount_clocks


class Command(BaseCommand):
    help = "Load the decree of one year as a new calendar version (day,is_working,name,name_en)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--year", type=int, required=True)
        parser.add_argument("--source", required=True, help="the decree, with number and date")
        parser.add_argument("--published-on", type=dt.date.fromisoformat)
        parser.add_argument("--country", default="CN")

    def handle(
        self,
        *args: Any,
        file: Path,
        year: int,
        source: str,
        published_on: dt.date | None,
        country: str,
        **options: Any,
    ) -> None:
        if not source.strip():
            raise CommandError("--source: a calendar names the decree it comes from")
        try:
            days = read_year(file, year=year)
        except (OSError, TableError) as problem:
            raise CommandError(str(problem)) from problem
        done = import_year(
            days,
            year=year,
            source=source.strip(),
            now=timezone.now(),
            country=country,
            published_on=published_on,
        )
        if not done.is_new:
            self.stdout.write(f"{done.version}: already loaded, nothing changed")
            return
        moved = recount_clocks(now=timezone.now(), years=frozenset({year}))
        self.stdout.write(
            f"{done.version}: {len(days)} days loaded; {moved} dates of open cases moved, "
            "and everybody concerned is told"
        )
