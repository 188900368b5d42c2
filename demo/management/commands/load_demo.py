"""manage.py load_demo: the demonstration, once, into an empty portal that says that it is one."""

import time
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from accounts.demo import demo_people, refusal
from authorities.models import CalendarVersion
from complaints.models import Complaint
from demo import remedies, reports, world
from oversight.counters import publishing
from oversight.published import indicator_making, league_making

LEAST, MOST = 60, 20_000


class Command(BaseCommand):
    help = "Fill an empty demo portal: people, and complaints of the last 120 days walked through the real steps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cases", type=int, default=2000)
        parser.add_argument("--seed", type=int, default=12315)
        parser.add_argument("--until", default="", help="the end of the story, ISO; now by default")

    def handle(self, *args: Any, cases: int, seed: int, until: str, **options: Any) -> None:
        now = timezone.now()
        end = _moment(until, now=now)
        if not settings.DEMO:
            raise CommandError("This is no demo portal: set DEMO=1 on an empty database of its own to load demo data.")
        if not LEAST <= cases <= MOST:
            raise CommandError(f"--cases must be from {LEAST} to {MOST}.")
        if Complaint.objects.exists() or demo_people().exists() or refusal():
            raise CommandError("There are complaints or people already: demo data goes into an empty portal only.")
        started = time.monotonic()
        call_command("load_directory", verbosity=0, stdout=StringIO())
        if not CalendarVersion.objects.filter(year=(end - timedelta(days=world.DAYS)).year).exists():
            raise CommandError("No calendar is loaded for the days of the story: choose a later --until.")
        # All or nothing: half a demonstration would be taken for a whole one at the next start.
        with transaction.atomic(), connection.cursor() as cursor:
            # The tables grow from nothing meanwhile: a plan that the server keeps would be the one for empty tables.
            cursor.execute("set local plan_cache_mode = force_custom_plan")
            shown = world.load(
                cases=cases, seed=seed, until=end, say=self._say if options["verbosity"] else lambda _: None
            )
        reports.tell_reports(now=end)
        # What the public reads is made from the open data that was issued just now.
        for kind in (publishing, league_making, indicator_making):
            kind.publish(now=now)
        reports.tell_reduction(now=end)
        remedies.put_right(now=end)
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{shown.filed} complaints, {shown.people} people, {shown.taken.total()} steps in {seconds:.0f} s"
        )
        if options["verbosity"] > 1:
            for step, count in [*shown.taken.most_common(), *shown.refused.most_common()]:
                self.stdout.write(f"  {count:6} {step}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)


def _moment(text: str, *, now: datetime) -> datetime:
    if not text:
        return now
    try:
        result = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError("--until must be a moment such as 2026-11-18T10:00+08:00.") from None
    result = result if timezone.is_aware(result) else timezone.make_aware(result)
    if result > now:
        raise CommandError("--until lies in the future: nothing of the story may.")
    return result
