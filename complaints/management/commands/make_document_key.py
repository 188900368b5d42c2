"""manage.py make_document_key FILE: the keys that sign dossiers and documents, readable by their owner only."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.documents import signing


class Command(BaseCommand):
    help = "Make the file that DOCUMENT_KEY_FILE names: two keys, and a certificate that is signed by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", default="12315 ODR", help="who signs, as readers of PDFs show it")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            text = signing.fresh(options["name"], now=timezone.now())
        except ValueError as wrong:
            raise CommandError(f"--name: {wrong}") from None
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
        except FileExistsError:
            raise CommandError(f"{file} is there already: keys are never overwritten.") from None
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from None
        self.stdout.write(
            f"{file} holds the document keys now; the public one is {signing.parse(text).public}. Instead of the EC key"
            " and its certificate, those of a certification authority may stand there, as PEM."
        )
