"""manage.py note_restored: enter into the house chain that this database came out of a backup (called by `restore`)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from complaints.models import Seal
from complaints.record import house, log


class Command(BaseCommand):
    help = "An entry `restored`: of which moment the backup is, how far it goes, and how many entries are known lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--made-at", required=True, help="when the backup was made")
        parser.add_argument("--lost", type=int, help="entries that are known outside and not here")

    def handle(self, *args: Any, made_at: str, lost: int | None, **options: Any) -> None:
        newest = log.newest_checkpoint() or Seal.objects.order_by("-number").first()
        data: dict[str, Any] = {"made_at": made_at, "size": newest.size if newest else 0, "lost": lost}
        data["root"] = bytes(newest.root).hex() if newest else ""
        house.write("restored", data, by="command", now=timezone.now())
