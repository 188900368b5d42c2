"""manage.py check_call_backs 2026-10: draw the sample of a month again and compare it with the one that stands."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from complaints.assignment.call_backs import recount
from complaints.models import CallBackMonth


class Command(BaseCommand):
    help = "Draw the call-backs of a month again from the seed that was shown. Exit 1 when the sample differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="as 2026-10")

    def handle(self, *args: Any, month: str, **options: Any) -> None:
        try:
            day = date.fromisoformat(f"{month}-01")
        except ValueError:
            raise CommandError("Write the month as 2026-10.") from None
        row = CallBackMonth.objects.filter(month=day, drawn_at__isnull=False).first()
        if row is None:
            raise CommandError(f"No sample was drawn for {month}.")
        result = recount(row)
        self.stdout.write(
            f"{row.drawn} of {row.population} cases; the seed {'is' if result.is_committed else 'IS NOT'} "
            "the one whose digest was shown before"
        )
        for text, numbers in (
            ("should be in the sample", result.missing),
            ("should not be in the sample", result.too_many),
        ):
            for number in numbers:
                self.stdout.write(f"{number} {text}")
        self.stdout.write("The sample agrees." if result.agrees else "The sample differs.")
        if not result.agrees:
            raise SystemExit(1)
