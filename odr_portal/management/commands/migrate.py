"""manage.py migrate, as Django's, but it stops before a database of the series before (database/old_series.py), and
waits for no table longer than two seconds. After it the ids of a province's portal (PROVINCE) begin where they must
(database/id_ranges.py) and its counters are published (oversight/counters/nation.py).

A statement that waits for a table holds up everybody who comes after it. So the session gives up after
MIGRATION_LOCK_TIMEOUT_MS (odr_portal/settings.py); what was migrated until then stands, and the rest is tried again.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser, no_translations
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from database import id_ranges, old_series
from oversight.counters import nation

#: Seconds between two tries.
PAUSE = 3
_LOCK_NOT_AVAILABLE = "55P03"


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        told = "how many seconds to go on trying where others hold a table (default: 600)"
        parser.add_argument("--wait", type=int, default=600, help=told)

    @no_translations
    def handle(self, *args: Any, wait: int = 600, **options: Any) -> None:
        if old_series.stands(connections[options["database"]]):
            raise CommandError(old_series.WHAT_TO_DO)
        end = time.monotonic() + wait
        while True:
            try:
                super().handle(*args, **options)
                if settings.PROVINCE != "00":
                    id_ranges.begin(connections[options["database"]], settings.PROVINCE)
                    nation.published(connections[options["database"]], settings.PROVINCE)
                return
            except OperationalError as error:
                if getattr(error.__cause__, "pgcode", "") != _LOCK_NOT_AVAILABLE:
                    raise
                told = " ".join(str(error).split())
                if time.monotonic() + PAUSE > end:
                    raise CommandError(
                        f"Others held a table all the time ({told}). What was migrated until then stands; run it again."
                    ) from None
                self.stderr.write(f"Others hold a table ({told}): trying again in {PAUSE} seconds.")
                time.sleep(PAUSE)
