"""How beat and worker speak to the broker, and everything that ticks.

Beat runs this alone: it tells the time, so it loads neither the apps nor a task, and asks no database.
"""

import os
import socket
import ssl
import sys
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler
from celery.signals import beat_init, before_task_publish, setup_logging
from kombu.transport.virtual.base import QoS as Slots

# The broker's client loads what counts for OpenTelemetry where that is installed; nobody here reads those counts, and a
# worker and a beat would be 2.4 MB larger each.
_IS_LOADED = "opentelemetry" in sys.modules
if not _IS_LOADED:
    sys.modules["opentelemetry"] = None  # type: ignore[assignment]
from kombu.transport.redis import QoS, SentinelChannel  # noqa: E402
from redis.backoff import NoBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

if not _IS_LOADED:
    del sys.modules["opentelemetry"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

from django.conf import settings  # noqa: E402

from odr_portal.processes import separation  # noqa: E402
from web.telemetry import traces  # noqa: E402

# Several beats may get lost on the way before anybody takes the broker for dead.
HEARTBEAT_EVERY = max(1, settings.HEARTBEAT_STALE_AFTER // 6)
# The work of a day. It asks more often whether it was done, for beat forgets its schedule when it is set up anew.
RETENTION_EVERY = 3600
PUBLISHING_EVERY = 600
# One pass over nine weeks of counters.
COUNTING_EVERY = 1800
# What pages of wide places say; they say when it was counted.
AHEAD_EVERY = 60
# A piece of the night's comparison; it goes on with the next tick.
COMPARING_EVERY = 30
# Who answers for a case, after leave or a succession: nobody waits for the page that shows it.
GIVING_EVERY = 30
# A checkpoint comes each minute; who holds it outside should have it in the next.
SHOWING_EVERY = 20
# Somebody should know within minutes.
ALARMING_EVERY = 120


#: A host that goes dark says nothing: a line on which something stays unanswered for five seconds ends, and a silent
#: one is looked at after as long. The kernel's own patience is a quarter of an hour.
_DARK = {socket.TCP_USER_TIMEOUT: 5000, **{socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 3, socket.TCP_KEEPCNT: 3}}


def _every(seconds: int, **sweeps: tuple[str, ...]) -> dict[str, int]:
    return {f"{app}.tasks.sweep_{name}": seconds for app, names in sweeps.items() for name in names}


def beats(sweep_every: int) -> dict[str, dict[str, Any]]:
    """What ticks, and how often in seconds. A tick that waits longer than it lasts is dropped, not piled up."""
    ticks = {
        **_every(
            sweep_every,
            complaints=("clocks", "notices", "webhooks"),
            routing=("filed",),
            oversight=("counters",),
            odr_portal=("asked",),
        ),
        **_every(max(sweep_every, GIVING_EVERY), complaints=("exits", "assignments"), routing=("successions",)),
        **_every(
            PUBLISHING_EVERY,
            complaints=("station_letters",),
            routing=("lessons",),
            oversight=("summaries", "guidance", "open_data", "director_letters", "duties", "posts"),
        ),
        **_every(RETENTION_EVERY, complaints=("expired", "call_backs", "promises"), oversight=("record",)),
        **_every(COUNTING_EVERY, oversight=("hot_spots", "effects", "campaigns", "undertakings", "remedies")),
        "complaints.tasks.sweep_witnesses": SHOWING_EVERY,
        "oversight.tasks.sweep_ahead": AHEAD_EVERY,
        "oversight.tasks.sweep_comparison": COMPARING_EVERY,
        "oversight.tasks.sweep_alarms": ALARMING_EVERY,
        "oversight.tasks.publish_figures": PUBLISHING_EVERY,
        "oversight.tasks.publish_league": PUBLISHING_EVERY,
        "oversight.tasks.publish_indicators": PUBLISHING_EVERY,
        # Goes through the queue like all others: a fresh row proves beat, broker and worker at once.
        "complaints.tasks.heartbeat": HEARTBEAT_EVERY,
    }
    return {
        task: {"task": task, "schedule": float(seconds), "options": {"expires": max(2 * seconds, 20)}}
        for task, seconds in ticks.items()
    }


class FreeSlots(QoS):
    """What cannot be acknowledged, since the broker went away meanwhile, is given again by it, and takes no place here.
    Else a worker whose places are all taken asks for nothing more, so it never learns that its line is dead."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            Slots.ack(self, delivery_tag)
            raise


SentinelChannel.QoS = FreeSlots


@beat_init.connect
def _beat_may_start(**_: Any) -> None:
    separation.refuse_to_start("beat")


@setup_logging.connect
def _as_the_portal_logs(**_: Any) -> None:
    """Celery leaves the log as it is then."""
    dictConfig(settings.LOGGING)


if settings.OTLP_ENDPOINT:

    @before_task_publish.connect
    def _with_its_trace(sender: str, headers: dict[str, Any], **_: Any) -> None:
        traces.tick(sender, headers)


def broker_tls(url: str) -> dict[str, Any] | None:
    """How to speak to a broker over TLS; None without. By itself kombu takes whatever certificate is shown; what the
    address says (``?ssl_ca_certs=FILE``) stands above this."""
    checked = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    if url.startswith("sentinel://") and settings.REDIS_CA:
        return {**checked, "ssl_ca_certs": settings.REDIS_CA}
    return checked if url.startswith("rediss://") else None


def broker_sentinels(url: str) -> dict[str, Any]:
    """What sentinels are told; nothing without. One that is away is left after a second for the next: by itself the
    client asks it four times, with growing pauses, and ticks stood still for over 45 s when its host went dark."""
    if not url.startswith("sentinel://"):
        return {}
    to_sentinels = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}
    if settings.REDIS_SENTINEL_PASSWORD:
        to_sentinels["password"] = settings.REDIS_SENTINEL_PASSWORD
    if tls := broker_tls(url):
        to_sentinels |= {"ssl": True, **tls}
    return {"master_name": settings.REDIS_PRIMARY, "min_other_sentinels": 0, "sentinel_kwargs": to_sentinels}


class Sleeper(PersistentScheduler):
    """Sleeps until a tick is due. Celery's own wakes ten milliseconds earlier and asks over and over, each time."""

    def adjust(self, n: float, drift: float = 0.0) -> float:
        return n


CONFIGURATION: dict[str, Any] = {
    "broker_url": settings.REDIS_URL,
    "broker_use_ssl": broker_tls(settings.REDIS_URL),
    # Nobody waits for a result, so none is kept.
    "result_backend": None,
    "task_ignore_result": True,
    # A task that dies with its worker runs again; effects are keyed, so twice does no harm.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_acks_on_failure_or_timeout": True,
    "worker_prefetch_multiplier": 1,
    # In this order: time limits < lease of a row (60 s) < visibility (300 s).
    "task_soft_time_limit": 30,
    "task_time_limit": 45,
    "broker_transport_options": {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "socket_keepalive_options": _DARK,
        "health_check_interval": 10,
        "retry_on_timeout": False,
        "global_keyprefix": "odr:",
        **broker_sentinels(settings.REDIS_URL),
    },
    "broker_connection_retry_on_startup": True,
    # None tries for ever; 0 would give up at once.
    "broker_connection_max_retries": None,
    "task_publish_retry": False,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_soft_shutdown_timeout": 20,
    # Nobody waits for an idle worker: with no task planned ahead there is nothing in it to save.
    "worker_enable_soft_shutdown_on_idle": False,
    "worker_max_tasks_per_child": 500,
    "worker_max_memory_per_child": 400_000,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    "accept_content": ["json"],
    "task_serializer": "json",
    "enable_utc": True,
    "timezone": settings.TIME_ZONE,
    "beat_scheduler": "odr_portal.ticks:Sleeper",
    "beat_schedule": beats(settings.SWEEP_EVERY),
}
#: Without what Celery does for Django, which would load the whole portal.
app = Celery("odr_portal", fixups=[], changes=CONFIGURATION)
