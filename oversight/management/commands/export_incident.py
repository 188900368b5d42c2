"""manage.py export_incident --since DAY [--until DAY] [--out FILE]: the security log of some days, for a report."""

import csv
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import SecurityEvent
from complaints.procedure.working_calendar import SHANGHAI
from web.safe_cells import safe_cell

COLUMNS = ("at", "kind", "person_key", "organisation", "subject", "reason", "address")


class Command(BaseCommand):
    help = "Write who did what, when, to what and from where, as CSV (UTF-8 with BOM), oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, help="first day, as 2026-12-02")
        parser.add_argument("--until", default="", help="last day; without it, until now")
        parser.add_argument("--out", default="", help="the file; without it, standard output")

    def handle(self, *args: Any, since: str, until: str, out: str, **options: Any) -> None:
        rows = SecurityEvent.objects.filter(at__gte=_morning(since)).order_by("at", "pk")
        if until:
            rows = rows.filter(at__lt=_morning(until) + timedelta(days=1))
        if not out:
            number = _write(sys.stdout, rows)
        else:
            with Path(out).open("w", encoding="utf-8-sig", newline="") as file:
                number = _write(file, rows)
        self.stderr.write(f"{number} events")


def _morning(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), tzinfo=SHANGHAI)
    except ValueError:
        raise CommandError(f"{text!r} is no day; write 2026-12-02.") from None


def _write(file: IO[str], rows: Any) -> int:
    number = 0
    table = csv.writer(file)
    table.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=2000):
        table.writerow([row.at.isoformat(), *(safe_cell(str(getattr(row, name) or "")) for name in COLUMNS[1:])])
        number += 1
    return number
