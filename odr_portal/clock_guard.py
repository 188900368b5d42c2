"""What a process may do by what it thinks of its clock (complaints/record/clock.py): sweeps, seals and pages."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from complaints.handling.transition import brake
from complaints.record import clock
from complaints.record.clock import Answer
from web import errors
from web.telemetry import counts, traces

#: What answers people at once, by the names of the sweeps. All others wait while the clock is not trusted: deadlines
#: lapse, cases of who is away are given to others, what has a term goes, figures are published, the record is sealed.
#: All that can be done later, and little of it be taken back.
ANSWERS_PEOPLE = frozenset(
    {
        *("filed", "notices", "evidence", "exports", "dossiers", "documents", "round_trips", "platform_files"),
        *("webhooks", "previews", "trials", "counters", "heartbeat", "asked"),
    }
)
#: Somebody must be told, whatever the clock says.
ALWAYS = frozenset({"alarms"})
#: Asked by machines that decide where people are sent.
HEALTH = ("/healthz", "/readyz")


def may_run(name: str) -> bool:
    """Whether the sweep of this name may run now. Before what time alone does the clocks are compared each time; what
    answers people goes by the last verdict, as pages do. Before deadlines lapse it is asked whether they are far too
    many."""
    answer = (clock.standing() if name in ANSWERS_PEOPLE else clock.look(asks_outside=True)).answer
    if answer is Answer.GO:
        return name != "clocks" or not brake.read(now=timezone.now()).holds
    return name in ALWAYS or (answer is Answer.HOLD and name in ANSWERS_PEOPLE)


def guarded(name: str, do: Callable[..., Any], *, now: datetime) -> Any:
    """What ``do`` answers, or None where it has to wait."""
    return run(name, partial(do, now=now))


def run(name: str, do: Callable[[], Any], *, parent: Mapping[str, str] | None = None) -> Any:
    """The same, counted under its name; and as a trace, under ``parent`` if a tick of beat made it."""
    began, outcome = time.perf_counter(), "failed"
    try:
        with traces.span(f"task {name}", parent=parent) if traces.is_on() else nullcontext():
            may = may_run(name)
            result = do() if may else None
            outcome = "done" if may else "held"
        return result
    finally:
        counts.task(name, outcome, time.perf_counter() - began)


class TrustedClock:
    """A machine whose clock is not that of the database serves nothing: each step would be written with a wrong time.
    Answers 503; the proxy sends people elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path not in HEALTH and _refuses():
            return errors.busy(request)
        return self.get_response(request)


def _refuses() -> bool:
    try:
        return clock.standing().answer is Answer.REFUSE
    except (OperationalError, InterfaceError):
        # The page says by itself that the database is away, or does without it.
        return False
