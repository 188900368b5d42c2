"""manage.py rebuild_rollups [--compare]: all counters anew from the cases, or only: do they agree?"""

from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from complaints.record import comparing
from oversight.counters import making, nation, rollups

#: So many places are told; manage.py verify_record tells more.
_TOLD = 10


class Command(BaseCommand):
    help = (
        "Make the counters anew from the cases; goes on where a stopped one was. Refuses where cases stand otherwise"
        " than their entries say. Exit 1 when --compare finds a difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compare", action="store_true", help="only compare, and mend what differs")

    def handle(self, *args: Any, compare: bool = False, **options: Any) -> None:
        # A case that was changed past the portal is not counted as it now stands.
        if found := list(islice(comparing.compare(), _TOLD)):
            places = "".join(f"\n{finding}" for finding in found)
            raise CommandError(f"Nothing is counted: cases stand otherwise than their entries say.{places}")
        if not compare:
            count = making.rebuild(now=timezone.now(), tell=self._tell)
            if settings.PROVINCE != "00":
                # Made by the owner the tables are others than before.
                nation.published(connection, settings.PROVINCE)
            self.stdout.write(f"{count} cases are counted.")
            return
        result = rollups.compare(now=timezone.now())
        for one in result:
            self.stdout.write(f"DIFFERED {one}")
        self.stdout.write("The counters agree with the cases." if not result else "They were mended.")
        if result:
            raise SystemExit(1)

    def _tell(self, done: int, whole: int) -> None:
        self.stderr.write(f"up to the case with id {done}; the last one has {whole}")
