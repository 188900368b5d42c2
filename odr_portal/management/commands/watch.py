"""The watcher: seals the record every minute, and sweeps itself when the broker's heartbeat is stale.

It needs nothing but the database, so clocks run on with broker, worker and beat all dead. What time alone does waits
while the clock is not trusted (odr_portal/clock_guard.py).
"""

import logging
import signal
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
from complaints import handling
from complaints.assignment import assigning, call_backs, owners
from complaints.dossier import building as dossiers
from complaints.handling import asking_promises, printing_documents, scanned_files
from complaints.law import working as law
from complaints.models import Heartbeat
from complaints.notices import delivery
from complaints.privacy import erasing
from complaints.record import admission, checkpoints, witnessing
from complaints.stations import stations
from complaints.tables.exporting import lifecycle
from complaints.tables.platform import platform_files
from complaints.tables.round_trip import working
from complaints.webhooks import deliveries
from database.sweeping import Sweep, drain
from enterprises.enrolment import enrolled
from odr_portal.clock_guard import guarded
from odr_portal.processes import separation, told_counts
from oversight import letters
from oversight.administration import duty_changes
from oversight.counters import publishing, rollups
from oversight.hot_spots import campaign_effects, campaign_minutes, effects, guiding, hotspots, undertakings
from oversight.open_data import issuing
from oversight.portal_state import signs
from oversight.remedies import remedying
from oversight.reports import keeping as reports
from routing.directory_changes import previewing
from routing.forwarding import forwarding
from routing.rule_desk import learning, trying
from web.telemetry import counts

log = logging.getLogger("watch")

SWEEPS: dict[str, Sweep] = {
    "filed": forwarding.sweep_filed,
    "assignments": assigning.sweep_assignments,
    "officers": assigning.sweep_officers,
    "owners": owners.sweep_owners,
    "clocks": handling.sweep_clocks,
    "notices": delivery.sweep_notices,
    "exports": lifecycle.sweep_exports,
    "dossiers": dossiers.sweep_dossiers,
    "documents": printing_documents.sweep_documents,
    "round_trips": working.sweep_round_trips,
    "law": law.sweep_law,
    "platform_files": platform_files.sweep_platform_files,
    "webhooks": deliveries.sweep_webhooks,
    "witnesses": witnessing.sweep_witnesses,
    "evidence": scanned_files.sweep_evidence,
    "exits": enrolled.sweep_exits,
    "call_backs": call_backs.sweep_call_backs,
    "promises": asking_promises.sweep_promises,
    "expired": erasing.sweep_expired,
    "previews": previewing.sweep_previews,
    "successions": forwarding.sweep_successions,
    "trials": trying.sweep_trials,
    "lessons": learning.sweep_lessons,
    "counters": rollups.fold,
    "comparison": rollups.sweep_comparison,
    "figures": publishing.publish,
    "summaries": letters.sweep_summaries,
    "hot_spots": hotspots.sweep,
    "effects": effects.sweep,
    "campaigns": campaign_effects.sweep,
    "minutes": campaign_minutes.sweep,
    "undertakings": undertakings.sweep,
    "remedies": remedying.sweep,
    "guidance": guiding.sweep_reminders,
    "open_data": issuing.sweep_open_data,
    "director_letters": letters.sweep_director_letters,
    "reports": reports.sweep_prints,
    "station_letters": stations.sweep_station_letters,
    "alarms": signs.sweep_alarms,
    "duties": duty_changes.sweep_duties,
    "posts": signs.sweep_posts,
    "record": signs.sweep_record,
}
SEAL_EVERY = timedelta(seconds=60)


class Command(BaseCommand):
    help = "Seal the record regularly; do the sweeps while the broker is away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="One round, then end.")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        separation.refuse_to_start("watch")
        refuse_to_start()
        counts.begin("watch")
        told_counts.begin()
        ended = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
        sealed_at: datetime | None = None
        while True:
            now = timezone.now()
            attempt("heartbeat", partial(guarded, "heartbeat", beat), now=now)
            if attempt("look at the heartbeat", broker_is_away, now=now):
                for name, sweep in SWEEPS.items():
                    attempt(f"sweep {name}", partial(guarded, name, partial(drain, sweep)), now=timezone.now())
            if settings.SEAL_KEY_FILE and (sealed_at is None or not timedelta() <= now - sealed_at < SEAL_EVERY):
                attempt("seal", partial(guarded, "seal", checkpoints.seal), now=timezone.now())
                attempt("look for entries out of turn", admission.find_out_of_turn, now=timezone.now())
                sealed_at = now
            if once or ended.wait(settings.SWEEP_EVERY):
                return
            # A connection that broke in this round must not break the next.
            close_old_connections()


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
