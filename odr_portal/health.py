"""Whether the portal is alive. One rule: a missing broker is "degraded", never "dead"."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; the ages of the heartbeats say whether workers and watch do. Always 200."""
    try:
        from complaints.models import Heartbeat

        beats = dict(Heartbeat.objects.values_list("name", "at"))
    except (DatabaseError, ImportError):
        return JsonResponse({"status": "degraded", "notes": ["database away"], "heartbeats": {}})
    now = timezone.now()
    ages = {name: round((now - at).total_seconds(), 1) for name, at in beats.items()}
    stale = settings.HEARTBEAT_STALE_AFTER
    notes = []
    if ages.get("beat", stale + 1) > stale:
        watched = ages.get("watch", stale + 1) <= stale
        notes.append("broker away, watch sweeps" if watched else "broker away, nobody sweeps")
    elif ages.get("watch", stale + 1) > stale:
        notes.append("watch away")
    return JsonResponse({"status": "degraded" if notes else "ok", "notes": notes, "heartbeats": ages})


def readyz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return JsonResponse({"ready": False, "reason": "database away"}, status=503)
    return JsonResponse({"ready": True})
