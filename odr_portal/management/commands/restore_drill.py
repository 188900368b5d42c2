"""manage.py restore_drill [PLACE] [--pgbackrest STANZA]: a backup restored beside the portal, proved, and told."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from odr_portal.backup import drill
from odr_portal.backup.database import Progress, owner_url, plain_errors
from oversight.models import RestoreDrill

#: On a disk, and for this service alone under systemd (PrivateTmp).
ROOM = Path("/var/tmp")  # noqa: S108


class Command(BaseCommand):
    help = "Restore the newest backup into a server of its own, count and verify it, and take everything away again."

    def add_arguments(self, parser: CommandParser) -> None:
        told = "an archive, or the folder with the archives (default: .local/backups)"
        parser.add_argument("place", nargs="?", type=Path, help=told)
        parser.add_argument(
            "--pgbackrest", default="", metavar="STANZA", help="from the bucket, by pgBackRest, instead"
        )
        parser.add_argument("--config", type=Path, metavar="FILE", help="settings of pgBackRest (default: its own)")
        parser.add_argument("--at", default="", metavar="MOMENT", help="of this moment (ISO 8601; default: the newest)")
        parser.add_argument(
            "--in", dest="folder", type=Path, default=ROOM, help=f"where there is room (default: {ROOM})"
        )
        parser.add_argument("--json", action="store_true", help="what was found, with the rows of each table")

    def handle(self, *args: Any, place: Path | None, pgbackrest: str, folder: Path, **options: Any) -> None:
        source: Path | drill.Bucket = (place or settings.LOCAL / "backups").absolute()
        if pgbackrest:
            if place is not None:
                raise CommandError("Name an archive or --pgbackrest, not both.")
            source = drill.Bucket(stanza=pgbackrest, config=options["config"], at=moment(options["at"]))
        elif options["config"] or options["at"]:
            raise CommandError("--config and --at are for --pgbackrest.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder: name one with room by --in.")
        folder = folder.absolute()
        if len(os.fsencode(folder)) > drill.LONGEST_PATH:
            raise CommandError(f"{folder} is too long a path for the socket of a server: name a shorter one by --in.")
        now = timezone.now()
        with plain_errors("Nothing was noted."):
            found = drill.carry_out(source, url=owner_url(), folder=folder, tell=Progress(self.stderr))
        cases, entries = (found.rows.get(f"complaints_{name}", 0) for name in ("complaint", "handlingstep"))
        row = RestoreDrill.objects.create(
            at=now,
            backup=found.backup[:200],
            as_of=found.as_of,
            seconds=round(found.seconds),
            cases=cases,
            entries=entries,
            rows=sum(found.rows.values()),
            result=found.result,
        )
        if options["json"]:
            told = {"result": found.result, "told": found.sentence, "backup": found.backup, "seconds": found.seconds}
            as_of = found.as_of and found.as_of.isoformat()
            self.stdout.write(json.dumps(told | {"as_of": as_of, "rows": found.rows}))
        elif found.result == "sound":
            self.stdout.write(
                f"{found.backup}, as of {found.as_of}: {cases} cases, {entries} entries, {row.rows} rows in"
                f" {len(found.rows)} tables came back in {row.seconds} s; the record is unbroken."
            )
        if found.result != "sound":
            raise CommandError(f"The backup does not do ({found.result}). {found.sentence}")


def moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no moment: write 2026-11-30T14:05:00+08:00.") from None
    return given if given.tzinfo else timezone.make_aware(given)
