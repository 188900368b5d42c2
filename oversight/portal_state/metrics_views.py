"""/metrics: the signs of the portal in the text format of Prometheus, for whoever may read it.

Whoever neither shows the word nor asks from a listed address gets the 404 of an address that does not
exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.sign_in.limits import client_address
from database.row_security import serving
from oversight.portal_state import signs
from oversight.portal_state.signs import Signs

TYPE = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_safe
@transaction.non_atomic_requests
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    with serving(request):
        found = signs.read(now=timezone.now())
    return HttpResponse(written(found), content_type=TYPE)


def _may_read(request: HttpRequest) -> bool:
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and shown and constant_time_compare(shown, settings.METRICS_TOKEN):
        return True
    try:
        here = ip_address(client_address(request))
        return any(here in ip_network(listed, strict=False) for listed in settings.METRICS_ADDRESSES)
    except ValueError:
        return False


def written(found: Signs) -> str:
    """The whole answer. Shares that nothing stands for are left out; ages are in seconds."""
    lines: list[str] = []
    for name, words, values in _measures(found):
        lines += [f"# HELP odr_{name} {words}", f"# TYPE odr_{name} gauge"]
        lines += [f"odr_{name}{label} {value:g}" for label, value in values]
    return "\n".join(lines) + "\n"


def _measures(found: Signs) -> Iterator[tuple[str, str, list[tuple[str, float]]]]:
    def one(value: float | None) -> list[tuple[str, float]]:
        return [] if value is None else [("", float(value))]

    def age(at: object) -> list[tuple[str, float]]:
        return one((found.at - at).total_seconds() if hasattr(at, "tzinfo") else None)  # type: ignore[operator]

    yield (
        "routing_precision",
        "Ended stages of 30 days that had come to the right enterprise at once, as a share.",
        one(found.precision),
    )
    yield (
        "routing_stages",
        "Ended stages of 30 days, of which some had been routed wrongly.",
        [(f'{{kind="{kind}"}}', float(n)) for kind, n in found.routing.items()],
    )
    yield "misroutes_mended_in_time", "Stages given back that went on in time, as a share.", one(found.mended_share)
    yield (
        "notices_delivered",
        "Of the newest notices that went out or were given up, the share that went out.",
        one(found.delivered_share),
    )
    yield "notices_set_aside", "Notices that reached nobody.", one(found.set_aside)
    yield (
        "clock_lateness_seconds",
        "How long after their moment the newest lapses were written.",
        (
            [('{quantile="0.5"}', found.lateness.median), ('{quantile="1"}', found.lateness.most)]
            if found.lateness.n
            else []
        ),
    )
    yield (
        "heartbeat_age_seconds",
        "Since a process was last heard of.",
        [(f'{{name="{name}"}}', gone.total_seconds()) for name, gone in sorted(found.beats.items())],
    )
    yield (
        "queue_length",
        "Rows that wait for a sweep.",
        [(f'{{queue="{name}"}}', float(queue.count)) for name, queue in found.queues.items()],
    )
    yield (
        "queue_age_seconds",
        "How long the oldest of them has waited.",
        [(f'{{queue="{name}"}}', queue.age.total_seconds()) for name, queue in found.queues.items()],
    )
    yield "seal_number", "The last seal over the record.", one(found.seal_number)
    yield "seal_age_seconds", "Since the last seal.", age(found.seal_at)
    yield "unsealed_entries", "Entries behind the last seal.", one(found.unsealed)
    if found.proven is not None:
        yield (
            "record_unbroken",
            "1 if the record was unbroken when it was last gone through as a whole.",
            one(found.proven.is_sound),
        )
        yield "record_proven_age_seconds", "Since it was gone through.", age(found.proven.at)
    yield "calendar_known_until_year", "The last year whose working days are loaded.", one(found.calendar_until)
    yield "calendar_missing", "1 if a year ought to be loaded and is not.", one(1 if found.calendar_missing else 0)
    yield "uncounted_steps", "Steps that are not folded into the counters yet.", one(found.uncounted)
    yield "counter_differences", "What the last comparison of counters and cases found.", one(found.differences)
    yield "alarms", "Conditions that somebody must see to.", one(len(found.alarms))
