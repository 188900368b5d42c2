"""The watcher: seals the record every minute, and has the sweeps done when the broker's heartbeat is stale.

It needs nothing but the database, so clocks run on with broker, worker and beat all dead. A process of its own sweeps
until the heartbeat is back, so a long sweep holds up no seal and the watcher itself stays small. What time alone does
waits while the clock is not trusted (odr_portal/clock_guard.py).
"""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from accounts.demo import refuse_to_start
from complaints.models import Heartbeat
from complaints.record import admission, checkpoints
from database.sweeping import drain
from odr_portal.clock_guard import guarded
from odr_portal.processes import embedded, separation, told_counts
from web.telemetry import counts

log = logging.getLogger("watch")

SEAL_EVERY = timedelta(seconds=60)


class Command(BaseCommand):
    help = "Seal the record regularly; do the sweeps while the broker is away."
    # They would load every page.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="One round, sweeps included, then end.")
        parser.add_argument("--sweep", action="store_true", help="Only sweep, until the broker is back.")

    def handle(self, *args: Any, once: bool = False, sweep: bool = False, **options: Any) -> None:
        separation.refuse_to_start("watch")
        refuse_to_start()
        counts.begin("watch")
        ended = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
        if sweep:
            sweep_until_back(ended)
            return
        told_counts.begin()
        sealed_at: datetime | None = None
        sweeper: subprocess.Popen[bytes] | None = None
        while True:
            now = timezone.now()
            attempt("heartbeat", partial(guarded, "heartbeat", beat), now=now)
            if attempt("look at the heartbeat", broker_is_away, now=now):
                if once:
                    sweep_once(ended)
                elif sweeper is None or sweeper.poll() is not None:
                    sweeper = subprocess.Popen([*_myself(), "--sweep"], preexec_fn=embedded.end_with_parent)
            if settings.SEAL_KEY_FILE and (sealed_at is None or not timedelta() <= now - sealed_at < SEAL_EVERY):
                attempt("seal", partial(guarded, "seal", checkpoints.seal), now=timezone.now())
                attempt("look for entries out of turn", admission.find_out_of_turn, now=timezone.now())
                sealed_at = now
            if once or ended.wait(settings.SWEEP_EVERY):
                break
            # A connection that broke in this round must not break the next.
            close_old_connections()
        if sweeper is not None:
            # It ends after the sweep that it is at; whoever ends us has patience for that.
            sweeper.terminate()
            sweeper.wait()


def _myself() -> list[str]:
    """The command line of this process."""
    return [sys.executable, *sys.orig_argv[1:]]


def sweep_until_back(ended: threading.Event) -> None:
    """Rounds of all sweeps while the heartbeat is stale; it ends at once where the database is away."""
    while attempt("look at the heartbeat", broker_is_away, now=timezone.now()):
        sweep_once(ended)
        if ended.wait(settings.SWEEP_EVERY):
            return
        close_old_connections()


def sweep_once(ended: threading.Event) -> None:
    from odr_portal.processes.sweeping import SWEEPS

    for name, sweep in SWEEPS.items():
        if not ended.is_set():
            attempt(f"sweep {name}", partial(guarded, name, partial(drain, sweep)), now=timezone.now())


def beat(*, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name="watch", defaults={"at": now})


def broker_is_away(*, now: datetime) -> bool:
    stale_since = now - timedelta(seconds=settings.HEARTBEAT_STALE_AFTER)
    return not Heartbeat.objects.since(stale_since, now=now).filter(name="beat").exists()


def attempt(what: str, do: Callable[..., Any], *, now: datetime) -> Any:
    """A round must survive anything: the database may be away for a while, one sweep may fail."""
    try:
        return do(now=now)
    except Exception:
        log.exception("watch could not %s", what)
        return None
