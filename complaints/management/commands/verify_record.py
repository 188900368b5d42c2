"""manage.py verify_record [--case N] [--chain-only | --anchor FILE …] [--alone] [--json] [--processes N] [--public-key
FILE]: is it whole?"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from psycopg2 import errors

from accounts.keys.keys import UnusableKeys
from complaints.models import Complaint
from complaints.record import anchors, house
from complaints.record.anchors import FRESH, NoAnchor
from complaints.record.findings import WORDS, Report
from complaints.record.verification import verify
from database.second_process import LostWorkError

#: Exit codes; 0: whole, and compared with a checkpoint from outside that is at most a day old.
FOUND, COULD_NOT_RUN, WHOLE_ALONE = 1, 2, 3
MOST_PROCESSES = 64
#: What PostgreSQL says of a table, column, function or role that a migration has still to make.
_NOT_THERE = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction, errors.UndefinedObject)


class Command(BaseCommand):
    help = (
        "Stream through the record, name each broken place, and compare it with what is held outside: by the witnesses"
        " and in the files of --anchor. Exit 0: whole, and compared with a checkpoint from"
        " outside that is at most 24 hours old; 1: something was found; 2: it could not run; 3: whole, but not so"
        " compared."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", default="", help="only this case (its number)")
        either = parser.add_mutually_exclusive_group()
        either.add_argument(
            "--chain-only", action="store_true", help="chains and tags alone: no text, file, state, log, witness"
        )
        either.add_argument(
            "--anchor", type=Path, nargs="+", default=[], help="notes, dossiers and receipts that others hold"
        )
        parser.add_argument("--alone", action="store_true", help="ask no witness what it holds")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--processes",
            type=int,
            choices=range(1, MOST_PROCESSES + 1),
            default=min(2, os.cpu_count() or 1),
            metavar="N",
            help="so many look at the cases at once, each on its share of one snapshot; 2 by default, if there are"
            " two processors",
        )
        parser.add_argument(
            "--public-key",
            type=Path,
            help="the key that signed the first checkpoint (its public half in PEM), kept outside the database",
        )

    def handle(self, *args: Any, case: str, public_key: Path | None, **options: Any) -> None:
        raw = _raw(public_key) if public_key is not None else b""
        try:
            held = anchors.read(options["anchor"])
            # Before the record is read: what they hold cannot be newer than that.
            is_alone = options["alone"] or options["chain_only"]
            shown, silent = ([], []) if is_alone else anchors.of_witnesses()
            report = verify(
                number=case,
                public_key=raw,
                chain_only=options["chain_only"],
                held=[*held, *shown],
                processes=options["processes"],
            )
        except NoAnchor as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from None
        except Complaint.DoesNotExist:
            raise CommandError(f"There is no case {case}.", returncode=COULD_NOT_RUN) from None
        except (DatabaseError, LostWorkError, UnusableKeys) as error:
            raise CommandError(f"The record could not be verified: {_why(error)}", returncode=COULD_NOT_RUN) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            told = _chains_told(report) if options["chain_only"] else _told(report, case)
            self.stdout.write("\n".join(told + [f"{name} showed no checkpoint of it." for name in silent]))
        if not report.is_unbroken:
            sys.exit(FOUND)
        if report.compared_at is None or timezone.now() - report.compared_at > FRESH:
            sys.exit(WHOLE_ALONE)


def _why(error: Exception) -> str:
    """What is wrong, and where the database has not what this version of the portal reads, what to do."""
    if not isinstance(error.__cause__, _NOT_THERE):
        return str(error)
    [first, *_rest] = str(error).splitlines()
    return (
        f"{first}. This database is not migrated to this version of the portal, or it is another one: look at"
        " DATABASE_URL, verify with the version that made it, run `manage.py migrate`, then verify again."
    )


def _raw(file: Path) -> bytes:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} is no public key in PEM: {error}", returncode=COULD_NOT_RUN) from None
    if not isinstance(key, Ed25519PublicKey):
        raise CommandError(f"{file} is no Ed25519 key.", returncode=COULD_NOT_RUN)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _chains_told(report: Report) -> list[str]:
    lines = [f"{report.entries} entries in {report.chains} chains.", *_broken(report)]
    return lines if report.findings else [*lines, "Chains and tags are unbroken. Nothing else was looked at."]


def _told(report: Report, case: str) -> list[str]:
    lines = [
        f"{report.entries} entries in {report.chains} chains, {report.texts} texts, {report.files} files.",
        *_sealed(report),
        f"{report.proved} of {report.cases} cases were compared in every proved column with what their entries say"
        f"{_since(report)}.",
    ]
    if report.archived and not case:
        lines.append(
            f"{report.archived} cases lie in the archive; of {report.read_there} it was asked whether their chains end"
            " there as they were moved."
        )
    lines += _broken(report)
    if report.is_unbroken:
        lines.append(f"{f'Case {case}' if case else 'The record'} is unbroken. {_outside(report)}")
    return lines


def _broken(report: Report) -> list[str]:
    lines = [f"BROKEN {finding}" for finding in report.findings]
    return lines + [f"BROKEN and {n} more: {WORDS.get(code, code)}" for code, n in report.more.items()]


def _sealed(report: Report) -> list[str]:
    lines = []
    if newest := report.newest_checkpoint:
        lines.append(
            f"Newest checkpoint: over {newest['size']} entries, signed at {newest['at']}, root {newest['root']}"
        )
    if report.seals:
        lines.append(
            f"{report.seals} seals of the older form over {report.sealed_size} entries, root {report.sealed_root}"
        )
    return lines


def _since(report: Report) -> str:
    """Since when that is so of cases that were filed before entries carried a state; nothing where there were none."""
    taken = house.proven("state_taken_over") if report.proved else []
    return f", those from before since {taken[-1].at:%Y-%m-%d %H:%M} (UTC) at the latest" if taken else ""


def _outside(report: Report) -> str:
    if report.compared_at is None:
        with_receipts = f" but {report.receipts} receipts" if report.receipts else ""
        return f"It was compared with nothing{with_receipts} from outside."
    old = " That is older than a day." if timezone.now() - report.compared_at > FRESH else ""
    return (
        f"It was compared with {report.checkpoints} checkpoints and {report.receipts} receipts from outside; the newest"
        f" was signed at {report.compared_at:%Y-%m-%d %H:%M} (UTC).{old}"
    )
