"""manage.py make_vault_keys FILE: a key file with random keys, readable by its owner only."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.keys import keys


class Command(BaseCommand):
    help = "Make the file that VAULT_KEY_FILE names; --next adds newer keys to one that is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--next", action="store_true", help="add the next keys to this file, or the first entry key if it has none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            if options["next"]:
                kept = file.read_text(encoding="utf-8")
                written = keys.with_entry_key(kept)
                known = keys.parse(written)
                if written == kept:
                    newer = {purpose: max(getattr(known, purpose)) + 1 for purpose in keys.PURPOSES}
                    written = kept + ("" if kept.endswith("\n") else "\n") + keys.fresh(**newer)
                    keys.parse(written)
                new = file.with_name(f"{file.name}.new")
                _write(new, written)
                new.rename(file)
            else:
                _write(file, keys.fresh())
        except keys.UnusableKeys as problem:
            raise CommandError(str(problem)) from None
        except FileExistsError as error:
            raise CommandError(f"{error.filename} is there already: keys are never overwritten.") from None
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from None
        self.stdout.write(f"{file} holds the keys now: keep a copy away from the database and from its backups.")


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
