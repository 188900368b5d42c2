"""manage.py replay_policy negotiation 8 [--region 350102]: which recorded clocks would have been late or in time."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import override

from authorities.calendar import read_year
from authorities.models import Region
from authorities.tables import TableError
from complaints.law import changing, working
from complaints.models import LawEffect
from complaints.procedure.refusals import StepNotAllowed

VERDICTS = {
    "late": "would have been late",
    "in_time": "would have been in time",
    "unknown": "ended by a lapse that would not have come: unknown",
    "moved": "another last day, done in time (or late) all the same",
    "same": "no difference",
    "set": "length or day named by a person, not replayed",
}


class Command(BaseCommand):
    help = (
        "Run recorded clocks under another number or another calendar. Nothing changes, and what people would have done"
        " otherwise is not guessed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="of the policy, such as negotiation")
        parser.add_argument("number", nargs="?", type=int, default=0)
        parser.add_argument("--unit", default="", choices=["", "WD", "CD", "flag"])
        parser.add_argument("--calendar", type=Path, help="a file of one year, instead of a policy")
        parser.add_argument("--year", type=int, help="the year of --calendar")
        parser.add_argument("--region", default="", help="code, such as 350102")
        parser.add_argument("--since", type=dt.date.fromisoformat)
        parser.add_argument("--until", type=dt.date.fromisoformat)
        parser.add_argument("--show", type=int, default=20, help="so many cases are listed")

    def handle(self, *args: Any, region: str, calendar: Path | None, show: int, **given: Any) -> None:
        now = timezone.now()
        today = timezone.localdate(now)
        place = Region.objects.filter(code=region).first() if region else None
        if region and place is None:
            raise CommandError(f"--region: there is no region {region}")
        if bool(given["name"]) == bool(calendar):
            raise CommandError("give a policy and its number, or --calendar with --year")
        wanted: dict[str, Any] = {name: given[name] for name in ("name", "number", "unit")}
        days: dict[str, Any] = {"since": given["since"] or today - changing.TRIED_ON, "until": given["until"] or today}
        with override("en"):
            try:
                if calendar is not None:
                    year = given["year"] or today.year
                    wanted["year"] = read_year(calendar.read_bytes(), name=calendar.name, year=year)
                asked = changing.ask_replay(by=None, authority=None, region=place, now=now, **days, **wanted)
            except StepNotAllowed as refused:
                raise CommandError(refused.reason) from refused
            except (OSError, TableError) as problem:
                raise CommandError(str(problem)) from problem
        begun = time.monotonic()
        working.work(asked, now=now)
        counts = working.counts_of(asked)
        self.stdout.write(f"{asked.mark}: {asked.looked_at} recorded clocks in {time.monotonic() - begun:.1f} s")
        for verdict, text in VERDICTS.items():
            self.stdout.write(f"  {counts[verdict]:>8}  {text}")
        effects = LawEffect.objects.filter(change=asked).select_related("complaint").order_by("verdict", "pk")
        for effect in effects[:show]:
            self.stdout.write(
                f"  {effect.verdict:8} {effect.complaint.number} {effect.clock} {effect.before} → {effect.after}"
                f" (done {effect.ended_on or 'not yet'})"
            )
