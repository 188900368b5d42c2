"""manage.py import_calendar FILE --year 2027 --source "…": load a year's working days."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import override

from authorities.calendar import read_year
from authorities.tables import TableError
from complaints.law import changing, working
from complaints.models import LawChange
from complaints.procedure.refusals import StepNotAllowed


class Command(BaseCommand):
    help = (
        "Try the decree of one year on the open cases, load it as a new calendar version and count their dates anew. "
        "The file is day,is_working,name,name_en or the common JSON. Whoever may run this decides alone: "
        "on the page two persons do. Stopped in the middle, a worker (or the same command) goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--year", type=int, required=True)
        parser.add_argument("--source", required=True, help="the decree, with number and date")
        parser.add_argument("--published-on", type=dt.date.fromisoformat)
        parser.add_argument("--dry-run", action="store_true", help="only say which dates would move")

    def handle(self, *args: Any, file: Path, year: int, source: str, dry_run: bool, **given: Any) -> None:
        if not source.strip():
            raise CommandError("--source: a calendar names the decree it comes from")
        now = timezone.now()
        unfinished = LawChange.objects.filter(kind="calendar", state="applying", change__year=year).first()
        if unfinished is not None:
            return self._apply_change(unfinished)
        with override("en"):
            try:
                read = read_year(file.read_bytes(), name=file.name, year=year)
                decree = {"year": read, "source": source, "published_on": given["published_on"]}
                change = changing.draft_calendar(by=None, authority=None, now=now, **decree)
            except StepNotAllowed as refused:
                if refused.code == "already_loaded":
                    self.stdout.write(f"{year}: already loaded, nothing changed")
                    return None
                raise CommandError(refused.reason) from refused
            except (OSError, TableError) as problem:
                raise CommandError(str(problem)) from problem
        working.work(change, now=now)
        counts = working.counts_of(change)
        self.stdout.write(
            f"{change.looked_at} open clocks looked at: {counts['later']} dates later, {counts['earlier']} earlier, "
            f"{counts['kept']} moved to the least that a party keeps, {counts['settled']} settled as they are"
        )
        if dry_run:
            changing.drop_unasked(change.mark, now=now)
            return None
        changing.carry_out_unasked(change.mark, now=now)
        return self._apply_change(LawChange.objects.get(pk=change.pk))

    def _apply_change(self, change: LawChange) -> None:
        working.work(change, now=timezone.now())
        self.stdout.write(
            f"{change.result}: {len(change.change['days'])} days loaded; {change.moved} dates of open cases "
            "moved, and everybody concerned is told"
        )
