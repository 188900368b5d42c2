"""manage.py export_enterprises [FILE.csv]: the directory in the import's own format."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enterprises.directory.exchange import export_enterprises


class Command(BaseCommand):
    help = "Write all enterprises as CSV, to a file (with a byte order mark) or to the terminal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        if file is None:
            export_enterprises(sys.stdout)
            return
        # The mark lets Excel in China open it as UTF-8.
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            count = export_enterprises(out)
        self.stderr.write(f"{file}: {count} rows")
