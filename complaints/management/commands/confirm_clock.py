"""`confirm_clock "2026-12-19 08:00"`: a person says that this machine's clock is right, after a look at another clock.

Needed after the portal was off for long or its clock was corrected, where no witness outside can agree with it.
"""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import clock
from web.errors import Refusal


class Command(BaseCommand):
    help = "Confirm this machine's clock by another one that you look at now (a phone, not this machine)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("time", help='what the other clock says now, in Beijing time: "2026-12-19 08:00"')

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            read = datetime.strptime(options["time"], "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
        except ValueError:
            raise CommandError(f'{options["time"]} is no time: write it like "2026-12-19 08:00".') from None
        if clock.look().why == "differ":
            raise CommandError(
                "This machine's clock and the database's differ by more than 30 seconds: set the wrong one right, "
                "then confirm."
            )
        try:
            clock.confirm(read, now=now, by="command")
        except Refusal as problem:
            raise CommandError(str(problem)) from None
        verdict = clock.look()
        if verdict.answer is not clock.Answer.GO:
            raise CommandError(f"Written down, but the clock is still not trusted ({verdict.why}).")
        self.stdout.write("Confirmed. Deadlines, erasure, publication and checkpoints go on within a minute.")
