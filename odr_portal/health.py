"""Whether the portal is alive. A missing broker is "degraded", never "dead"."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from complaints.law.numbers import missing_year
from complaints.models import Heartbeat
from complaints.models.notices import CLOCKS_DIFFER
from complaints.parties.conditions import current_calendar
from complaints.record import clock, witnessing
from complaints.record.log import not_admitted
from database.row_security import serving, working_as_steps
from odr_portal.processes import leaving
from oversight.counters import rollups
from oversight.portal_state.monitoring import may_read
from oversight.portal_state.state import alarm_after, backlog, set_aside


@transaction.non_atomic_requests
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; ages say whether workers and watch do, and whether anything waits. Always 200. Whoever may
    not read /metrics is told "ok" or "degraded" and nothing else."""
    now = timezone.now()
    try:
        verdict = clock.look()
        beats = dict(Heartbeat.objects.exclude(name__startswith=clock.MARK).values_list("name", "at"))
        # Counts and ages of all rows, whoever asks; nothing of a case.
        with serving(request), working_as_steps():
            waiting, longest = backlog(now=now), alarm_after(now=now)
            unreached = set_aside()
            uncounted = rollups.alarms()
            outside = witnessing.alarms(now=now)
            forged = not_admitted()
            missing = missing_year(current_calendar(), timezone.localdate(now))
    except DatabaseError:
        return _told(request, {"status": "degraded", "notes": ["database away"], "heartbeats": {}})
    ages = {name: round((now - at).total_seconds(), 1) for name, at in beats.items()}
    # One that is dated ahead was written by a wrong clock and says nothing.
    alive = {
        name for name, age in ages.items() if -CLOCKS_DIFFER.total_seconds() <= age <= settings.HEARTBEAT_STALE_AFTER
    }
    notes = [] if verdict.answer is clock.Answer.GO else [f"clock not trusted: {verdict.why}"]
    if "beat" not in alive:
        notes.append("broker away, watch sweeps" if "watch" in alive else "broker away, nobody sweeps")
    elif "watch" not in alive:
        notes.append("watch away")
    for name, queue in waiting.items():
        limit = queue.limit or longest
        notes += [f"{name} wait too long"] if limit is not None and queue.age > limit else []
    notes += [*uncounted, *(code.replace("_", " ") for code in outside)]
    notes += [f"{len(forged)} entries are not admitted to the record"] if forged else []
    queues = {name: {"count": one.count, "age": round(one.age.total_seconds(), 1)} for name, one in waiting.items()}
    return _told(
        request,
        {
            "status": "degraded" if notes else "ok",
            "notes": notes,
            "clock": verdict.answer,
            "heartbeats": ages,
            "waiting": queues,
            "notices set aside": unreached,
            # For people, not for an alarm at night: dates are provisional until the decree is loaded.
            "calendar": f"{missing} is not loaded" if missing else "ok",
            "evidence scan": "on" if settings.EVIDENCE_SCAN else "off",
        },
    )


def _told(request: HttpRequest, found: dict[str, Any]) -> JsonResponse:
    return JsonResponse(found if may_read(request) else {"status": found["status"]})


@transaction.non_atomic_requests
def readyz(request: HttpRequest) -> HttpResponse:
    """503 where nobody may be sent: without the database, with one that only reads (a standby), or with a clock that is
    not the database's. 404 from a process that is about to end."""
    if leaving.is_under_way():
        return JsonResponse({"ready": False, "reason": "this process ends"}, status=404)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_is_in_recovery()")
            (reads_only,) = cursor.fetchone()
        verdict = clock.look()
    except DatabaseError:
        return JsonResponse({"ready": False, "reason": "database away"}, status=503)
    if reads_only:
        return JsonResponse({"ready": False, "reason": "database only reads"}, status=503)
    if verdict.answer is clock.Answer.REFUSE:
        return JsonResponse({"ready": False, "reason": "clock not trusted"}, status=503)
    return JsonResponse({"ready": True})
