"""manage.py import_enterprises FILE.csv [--dry-run]: all rows of a file, or none."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from authorities.tables import TableError
from enterprises.directory.importing import ImportRefused, import_enterprises


class Command(BaseCommand):
    help = "Import enterprises, branches, brands and names (docs/how-to/enterprises.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            outcome = import_enterprises(file, dry_run=dry_run)
        except ImportRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{len(refused.problems)} cells to correct; nothing was written") from refused
        except (OSError, TableError) as problem:
            raise CommandError(str(problem)) from problem
        for kind in sorted({*outcome.new, *outcome.changed, *outcome.same}):
            self.stdout.write(
                f"{kind}: {outcome.new[kind]} new, {outcome.changed[kind]} changed, {outcome.same[kind]} already there"
            )
        self.stdout.write("dry run: nothing was written" if dry_run else "written")
