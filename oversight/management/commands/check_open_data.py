"""manage.py check_open_data [--withdraw]: which issued months of open data break the rule of what is published."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from oversight.open_data import issuing

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
        if left:
            raise SystemExit(1)
        self.stdout.write("All newest versions keep the rule.")
