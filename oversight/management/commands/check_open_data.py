"""manage.py check_open_data [--withdraw]: which issued months and published reports break the rule of what is told."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from complaints.record import clock
from oversight.management.commands.publish_figures import NOT_TRUSTED
from oversight.open_data import issuing
from oversight.reports import keeping

#: Faults of one set that are named one by one.
NAMED = 10


class Command(BaseCommand):
    help = (
        "Name the newest versions that tell too much. Exit 1 when there are any and --withdraw did not replace all of"
        " them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--withdraw", action="store_true", help="issue a next version of each that says why")

    def handle(self, *args: Any, withdraw: bool = False, **options: Any) -> None:
        if withdraw and not clock.time_may_act():
            raise CommandError(NOT_TRUSTED)
        left = 0
        for data_set, wrong in list(issuing.broken()):
            self.stdout.write(
                f"BREAKS {data_set}:"
                f" {', '.join(wrong[:NAMED])}{f' and {len(wrong) - NAMED} more' if len(wrong) > NAMED else ''}"
            )
            made = issuing.issue(data_set.month, now=timezone.now()) if withdraw else None
            if made is None:
                left += 1
            else:
                self.stdout.write(f"{made} takes its place.")
        for report in keeping.to_correct():
            left += 1
            why = "it ranks past what is withheld" if keeping.method_of(report) < 2 else "it calls usual swings changes"
            self.stdout.write(
                f"BREAKS report {report.pk} of {report.authority.name}, {report.month:%Y-%m}: {why}."
                " Its authority drafts a correction at /authority/reports/; the counts stay."
            )
        if left:
            raise SystemExit(1)
        self.stdout.write("All newest versions and reports keep the rule.")
