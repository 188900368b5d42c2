"""manage.py verify_record [--case N] [--json] [--public-key FILE]: is the record unbroken?"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser

from complaints.models import Complaint
from complaints.record.verification import verify


class Command(BaseCommand):
    help = "Stream through the record; name the first broken entry of each chain. Exit 1 if any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", default="", help="only this case (its number)")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--public-key", type=Path, help="the seal's public key (PEM), kept outside the database")

    def handle(self, *args: Any, case: str, public_key: Path | None, **options: Any) -> None:
        if case and not Complaint.objects.filter(number=case).exists():
            raise CommandError(f"There is no case {case}.")
        raw = b""
        if public_key is not None:
            raw = load_pem_public_key(public_key.read_bytes()).public_bytes(Encoding.Raw, PublicFormat.Raw)
        report = verify(number=case, public_key=raw)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            self.stdout.write(
                f"{report.entries} entries in {report.chains} chains, "
                f"{report.seals} seals over {report.sealed_size} entries"
                + (f", root {report.sealed_root}" if report.sealed_root else "")
            )
            for broken in report.broken:
                where = f"case {broken.case} " if broken.case else ""
                self.stdout.write(f"BROKEN {where}{broken.audience} entry {broken.sequence}: {broken.what}")
            if report.is_unbroken:
                self.stdout.write("The record is unbroken.")
        if not report.is_unbroken:
            raise SystemExit(1)
