"""What people ask for and wait for, mostly nothing: files, tables, trials, counts. One message looks for all of it, for
a message of its own each cost a small machine more than the looking."""

import logging
import time
from datetime import datetime

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from odr_portal.clock_guard import guarded
from odr_portal.processes.sweeping import SWEEPS

log = logging.getLogger(__name__)

ASKED = (
    *("evidence", "documents", "dossiers", "exports", "round_trips", "platform_files"),
    *("previews", "trials", "law", "reports", "minutes"),
)
#: A message begins no sweep after so many seconds, so that one long piece has the rest of its time.
SECONDS = 12


def in_turn(now: datetime) -> tuple[str, ...]:
    """All of them; each five seconds another one stands first, so that a backlog of one kind holds up no other."""
    first = int(now.timestamp()) // 5 % len(ASKED)
    return ASKED[first:] + ASKED[:first]


# One piece may be a long workbook; the lease of its row is longer still. Other workers go past what is leased.
@shared_task(soft_time_limit=240, time_limit=270)
def sweep_asked() -> None:
    begun = time.monotonic()
    for name in in_turn(timezone.now()):
        try:
            guarded(name, SWEEPS[name], now=timezone.now())
        except (OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception:
            # The others wait for none of it.
            log.exception("sweep %s failed", name)
        if time.monotonic() > begun + SECONDS:
            return
