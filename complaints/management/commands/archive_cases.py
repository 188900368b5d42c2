"""manage.py archive_cases [--most N]: the record of cases that were closed for years moves to the archive."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.privacy import archiving
from complaints.record import clock
from complaints.record.moved import rows


class Command(BaseCommand):
    help = (
        "Move the record of cases whose term ended a month ago to the database of ARCHIVE_DATABASE_URL: verified here,"
        " compared there, named in the record, then dropped here. It may be stopped at any point."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--most", type=int, default=0, help="stop after so many cases; 0: all")

    def handle(self, *args: Any, most: int, **options: Any) -> None:
        now = timezone.now()
        if not settings.ARCHIVE_DATABASE_URL:
            raise CommandError("ARCHIVE_DATABASE_URL is not set: nothing was moved.")
        if not clock.time_may_act():
            raise CommandError("The clock of this machine is not trusted: see manage.py confirm_clock.")
        moved, left, after = 0, list[str](), 0
        try:
            while True:
                limit = min(archiving.BATCH, most - moved) if most else archiving.BATCH
                done = archiving.move_some(now=now, after=after, limit=limit)
                moved, left, after = moved + done.cases, left + done.left, done.last
                if not after or (most and moved >= most):
                    break
        except rows.ArchiveAway:
            raise CommandError(f"The archive does not answer. {moved} cases were moved before.") from None
        except archiving.NotTheSame:
            raise CommandError(
                f"What was read in the archive is not what was written there: nothing of that batch was dropped here."
                f" {moved} cases were moved before."
            ) from None
        self.stdout.write(f"{moved} cases were moved to the archive.")
        for number in left:
            self.stdout.write(f"{number} stays: its record does not hold, or is not sealed yet.")
