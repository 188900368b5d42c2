"""manage.py load_directory: regions, authorities, policies, calendars, demo enterprises and rules."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from authorities.loading import load_all
from authorities.tables import TableError
from enterprises.directory.importing import ImportRefused, import_enterprises
from routing.rules.directory import DATA as RULES
from routing.rules.directory import load_rules

DEMO = Path(__file__).parents[3] / "enterprises" / "data"


class Command(BaseCommand):
    help = "Load the directory that comes with the project; loading it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--without-demo", action="store_true", help="no demo enterprises")

    def handle(self, *args: Any, without_demo: bool, **options: Any) -> None:
        try:
            done = load_all(now=timezone.now())
            for path in [] if without_demo else sorted(DEMO.glob("*.csv")):
                outcome = import_enterprises(path)
                done[path.stem] = outcome.new.total() + outcome.changed.total()
            if not without_demo:
                done["rules"] = load_rules(RULES / "rules.csv")
        except (TableError, ImportRefused) as problem:
            raise CommandError(str(problem)) from problem
        for name, count in done.items():
            self.stdout.write(f"{name}: {count} new or changed")
