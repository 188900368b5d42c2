"""manage.py note_erasures: enter into the house chain what `restore` finds destroyed while no entry says so."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from complaints.record import erasures


class Command(BaseCommand):
    help = "An entry of the house chain for each destroyed key that has none: after a restore with newer keys."

    def handle(self, *args: Any, **options: Any) -> None:
        count = erasures.note_untold(reason="restored", by="command", now=timezone.now())
        self.stdout.write(f"{count} erasures were entered.")
