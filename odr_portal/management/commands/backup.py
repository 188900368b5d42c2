"""manage.py backup [--to FILE]: database and evidence of one instant in one file; never a key or a password."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from odr_portal.backup import person_keys
from odr_portal.backup.database import Progress, megabytes, newest_told, owner_url, plain_errors
from odr_portal.backup.saving import save


class Command(BaseCommand):
    help = "Save database and evidence into one file. Sessions, the signing key and SECRET_KEY are not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="a file, or a folder to put it in (default: .local/backups)")

    def handle(self, *args: Any, to: Path | None, **options: Any) -> None:
        now = timezone.now()
        with plain_errors("Nothing was kept."):
            target = (to or settings.LOCAL / "backups").absolute()
            if to is None:
                target.mkdir(mode=0o700, exist_ok=True)
            if target.is_dir():
                target /= f"portal-{timezone.localtime(now):%Y%m%d-%H%M%S}.tar"
            saved = save(
                url=owner_url(),
                evidence=Path(settings.EVIDENCE_ROOT) if settings.EVIDENCE_STORAGE == "disk" else None,
                files=Path(settings.MEDIA_ROOT),
                target=target,
                now=now,
                tell=Progress(self.stderr),
            )
        parts = saved.manifest["parts"]
        self.stdout.write(
            f"{saved.path}: {megabytes(saved.size)}, {saved.manifest['rows']['complaints_complaint']} cases, "
            f"{parts['evidence']['count'] + parts['files']['count']} files."
        )
        self.stdout.write(newest_told(saved.manifest["checkpoint"], saved.manifest["seal"]))
        for path in saved.missing:
            self.stderr.write(f"MISSING: a row names {path}, the folder does not have it.")
        for path in saved.changed:
            self.stderr.write(f"CHANGED: {path} is not the file that was taken in.")
        self.stdout.write(
            f"The keys of people are in {saved.path.with_name(person_keys.NAME)}: keep its newest copy only, apart from"
            " the archives, and let no older one live."
        )
        self.stdout.write("Keep both apart from the signing key and the vault keys; none is in another.")
