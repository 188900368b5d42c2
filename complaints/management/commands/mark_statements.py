"""manage.py mark_statements: marks complaints of before there were marks; begun again, it goes on."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from complaints.record import person_digests

#: So many texts are opened and marked in one transaction.
BATCH = 500


class Command(BaseCommand):
    help = "Give the statements of old complaints the marks by which their copies are found."

    def handle(self, *args: Any, **options: Any) -> None:
        done = after = 0
        reported_at = time.monotonic()
        try:
            while True:
                count, after = person_digests.mark_statements(after=after, limit=BATCH)
                done += count
                if not after:
                    break
                if time.monotonic() - reported_at > 1:
                    reported_at = time.monotonic()
                    self.stdout.write(f"{done} statements, up to text {after}")
        except KeyboardInterrupt:
            raise CommandError("Stopped. What is done stays done: run it again to go on.") from None
        self.stdout.write(
            f"{done} statements were marked; every statement long enough to say something has its marks now."
        )
