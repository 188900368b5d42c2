"""manage.py load_regions [FILE.csv --country XX]: load or refresh a tree of places."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from authorities.loading import CHINA, DATA, RegionsDoNotFit, load_regions
from authorities.tables import TableError


class Command(BaseCommand):
    help = "Load the regions of China, or the tree of another country from a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=DATA / "regions_cn.csv")
        parser.add_argument("--country", default=CHINA, help="two letters (ISO 3166-1)")

    def handle(self, *args: Any, file: Path, country: str, **options: Any) -> None:
        try:
            changed = load_regions(file, country=country)
        except (OSError, TableError, RegionsDoNotFit) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{country}: {changed} places new or renamed")
