"""manage.py verify_record [--case N] [--chain-only] [--json] [--public-key FILE]: is the record whole?"""

import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from accounts.keys.keys import UnusableKeys
from complaints.models import Complaint
from complaints.record.findings import WORDS, Report
from complaints.record.verification import verify

#: Exit codes. 0 is kept for a record that was also compared with a checkpoint from outside.
FOUND, COULD_NOT_RUN, WHOLE_ALONE = 1, 2, 3


class Command(BaseCommand):
    help = (
        "Stream through the record and name each broken place. Exit 1: something was found; 2: it could not run;"
        " 3: whole, but compared with nothing from outside."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", default="", help="only this case (its number)")
        parser.add_argument("--chain-only", action="store_true", help="chains, tags and seals; no text, name or file")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--public-key", type=Path, help="the seal's public key (PEM), kept outside the database")

    def handle(self, *args: Any, case: str, public_key: Path | None, **options: Any) -> None:
        raw = _raw(public_key) if public_key is not None else b""
        try:
            report = verify(number=case, public_key=raw, chain_only=options["chain_only"])
        except Complaint.DoesNotExist:
            raise CommandError(f"There is no case {case}.", returncode=COULD_NOT_RUN) from None
        except (DatabaseError, UnusableKeys) as error:
            raise CommandError(f"The record could not be verified: {error}", returncode=COULD_NOT_RUN) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_told(report)))
        sys.exit(WHOLE_ALONE if report.is_unbroken else FOUND)


def _raw(file: Path) -> bytes:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} is no public key in PEM: {error}", returncode=COULD_NOT_RUN) from None
    if not isinstance(key, Ed25519PublicKey):
        raise CommandError(f"{file} is no Ed25519 key.", returncode=COULD_NOT_RUN)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _told(report: Report) -> list[str]:
    lines = [
        f"{report.entries} entries in {report.chains} chains, {report.texts} texts, {report.files} files, "
        f"{report.seals} seals over {report.sealed_size} entries"
        + (f", root {report.sealed_root}" if report.sealed_root else "")
    ]
    lines += [f"BROKEN {finding}" for finding in report.findings]
    lines += [f"BROKEN and {n} more: {WORDS.get(code, code)}" for code, n in report.more.items()]
    if report.is_unbroken:
        lines.append("The record is unbroken. It was compared with nothing from outside.")
    return lines
