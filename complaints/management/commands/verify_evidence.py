"""manage.py verify_evidence [--case N] [--json]: is every file still the one that was put forward?"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from complaints.evidence.storing import FilesRead, damaged
from complaints.models import Complaint


class Command(BaseCommand):
    help = "Read every file of evidence and compare it with its digest; name each damaged one. Exit 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", default="", help="only this case (its number)")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, case: str, **options: Any) -> None:
        if case and not Complaint.objects.filter(number=case).exists():
            raise CommandError(f"There is no case {case}.")
        progress = FilesRead()
        results = list(damaged(progress, number=case))
        if options["json"]:
            self.stdout.write(json.dumps({"files": progress.files, "damaged": [asdict(one) for one in results]}))
        else:
            for one in results:
                where = f"case {one.case}" if one.case else "a draft"
                self.stdout.write(f"DAMAGED {where} file {one.evidence} ({one.part}, {one.path}): {one.what}")
            self.stdout.write(f"{progress.files} files read, {len(results)} damaged.")
        if results:
            raise SystemExit(1)
