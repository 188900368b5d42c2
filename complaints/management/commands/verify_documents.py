"""manage.py verify_documents [--json]: are the numbers of official documents without gap, and every print the one?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from complaints.documents import kinds, printing


class Command(BaseCommand):
    help = "Name every number that is missing in a series, and every print that is lost or was changed. Exit 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        gaps = [{"reference": gap.reference, "what": gap.what} for gap in kinds.gaps()]
        damaged = [
            {"reference": version.document.reference, "version": version.number, "what": what}
            for version, what in printing.damaged_prints()
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"gaps": gaps, "damaged": damaged}, ensure_ascii=False))
        else:
            for gap in gaps:
                self.stdout.write(f"GAP {gap['reference']}: {gap['what']}")
            for one in damaged:
                self.stdout.write(f"DAMAGED {one['reference']} version {one['version']}: {one['what']}")
            self.stdout.write(f"{len(gaps)} gaps, {len(damaged)} damaged prints.")
        if gaps or damaged:
            raise SystemExit(1)
