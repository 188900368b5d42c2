"""manage.py restore FILE [--into DATABASE_URL] [--replace]: a backup back into a database, proved before it counts."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from complaints.record import notes
from odr_portal.backup import person_keys
from odr_portal.backup.archive import Unusable
from odr_portal.backup.checking import Anchor
from odr_portal.backup.database import Progress, newest_told, owner_url, plain_errors
from odr_portal.backup.restoring import Target, restore
from web import servers


class Command(BaseCommand):
    help = "Restore a backup, check its digests first and verify the record afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", default="", metavar="DATABASE_URL", help="default: DATABASE_OWNER_URL")
        parser.add_argument("--replace", action="store_true", help="replace what stands in that database")
        parser.add_argument("--evidence", type=Path, help="folder for the evidence (default: EVIDENCE_ROOT)")
        parser.add_argument("--files", type=Path, help="folder for other files (default: MEDIA_ROOT)")
        parser.add_argument("--keys", type=Path, help="the newest keys of people (default: person-keys beside FILE)")
        parser.add_argument(
            "--anchor", type=Path, help="a checkpoint or an older output of verify_record --json, kept elsewhere"
        )
        parser.add_argument(
            "--keep-broken", action="store_true", help="keep a broken record, in an empty database, to look at it"
        )
        parser.add_argument(
            "--public-key",
            type=Path,
            help="the key that signed the first checkpoint (its public half in PEM), kept elsewhere",
        )

    def handle(self, *args: Any, file: Path, into: str, **options: Any) -> None:
        if into:
            servers.database("--into", into)
        target = Target(
            url=into or owner_url(),
            evidence=(options["evidence"] or Path(settings.EVIDENCE_ROOT)).absolute(),
            files=(options["files"] or Path(settings.MEDIA_ROOT)).absolute(),
            replace=options["replace"],
        )
        with plain_errors("Nothing was changed."):
            done = restore(
                file,
                keys=options["keys"] or file.absolute().with_name(person_keys.NAME),
                target=target,
                anchor=read_anchor(options["anchor"]),
                public_key=options["public_key"],
                keep_broken=options["keep_broken"],
                tell=Progress(self.stderr),
            )
        rows, report = done.manifest["rows"], done.verified
        for line in (
            f"Restored the backup of {done.manifest['made_at']}: {rows['complaints_complaint']} cases, "
            f"{rows['complaints_handlingstep']} entries, {done.files} files.",
            *done.notes,
            newest_told(
                report["newest_checkpoint"],
                {"size": report["sealed_size"], "root": report["sealed_root"]} if report["seals"] else None,
            ),
            "Sessions are not in a backup: everybody signs in again.",
        ):
            self.stdout.write(line)
        for warning in done.warnings:
            self.stderr.write(f"LOOK: {warning}")
        if not report["unbroken"]:
            raise CommandError("The restored record is broken.")
        self.stdout.write("The record is unbroken.")


def read_anchor(path: Path | None) -> Anchor | None:
    if path is None:
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        note = notes.parse(text)
        return Anchor(note.size, note.root.hex(), path.name, text)
    except notes.OddNote:
        pass
    try:
        given = json.loads(text)
        newest = given.get("newest_checkpoint") or {"size": given["sealed_size"], "root": given["sealed_root"]}
        return Anchor(int(newest["size"]), str(newest["root"]), path.name, str(newest.get("note", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable(f"{path} is neither a checkpoint nor an output of `manage.py verify_record --json`.") from None
