"""`manage.py publish_figures`: today's figures of the enterprises, for the filing pages.

The worker does the same by itself once a day; running it again changes nothing.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.record import clock
from oversight.counters import publishing

NOT_TRUSTED = "The clock of this machine is not trusted: look at another clock, run confirm_clock."


class Command(BaseCommand):
    help = "Write today's published figures of the enterprises unless they stand already."

    def handle(self, *args: Any, **options: Any) -> None:
        if not clock.time_may_act():
            raise CommandError(NOT_TRUSTED)
        written = publishing.publish(now=timezone.now())
        self.stdout.write(f"{written} rows written." if written else "Today's figures stand already, or nothing ended.")
