"""manage.py build_directory FILE.csv[.gz] --mapping M.toml: enterprises out of the names in a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from authorities.loading import RegionsDoNotFit
from authorities.tables import TableError
from complaints.tables.importing.directory import build_directory
from complaints.tables.importing.mapping import MappingError, read_mapping
from complaints.tables.importing.reading import FileRefused
from complaints.tables.importing.telling import directory_lines


class Command(BaseCommand):
    help = "Build places, authorities and enterprises from a source's own file (docs/how-to/import.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="complaints/tables/importing/mappings/….toml")
        parser.add_argument("--dry-run", action="store_true", help="say what would be new, write nothing")

    def handle(self, *args: Any, file: Path, mapping: Path, dry_run: bool, **options: Any) -> None:
        try:
            with transaction.atomic():
                built = build_directory(file, read_mapping(mapping))
                transaction.set_rollback(dry_run)
        except (FileRefused, MappingError, RegionsDoNotFit, TableError) as problem:
            raise CommandError(str(problem)) from problem
        for line in directory_lines(built, dry_run=dry_run):
            self.stdout.write(line)
