"""manage.py make_seal_key FILE [--recovery FILE]: the key that signs the record's checkpoints, for `watch` alone."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from complaints.record import seal_keys
from complaints.record.notes import raw_key


class Command(BaseCommand):
    help = "Make the file that SEAL_KEY_FILE names. It is never overwritten."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--recovery",
            type=Path,
            help="make a recovery key too, to be carried away: with it a lost key is replaced and a stolen one ended",
        )

    def handle(self, *args: Any, file: Path, recovery: Path | None, **options: Any) -> None:
        try:
            if file.exists():
                raise seal_keys.UnusableKey(f"{file} is there already: keys are never overwritten.")
            public = raw_key(seal_keys.make(recovery)) if recovery else b""
            key = seal_keys.make(file, recovery=public)
        except seal_keys.UnusableKey as wrong:
            raise CommandError(str(wrong)) from None
        self.stdout.write(f"{file} holds the key now; its public half is {raw_key(key).hex()}: keep that elsewhere.")
        if recovery:
            self.stdout.write(f"{recovery} holds the recovery key: carry it away from this machine.")
