"""What a line of the log says, as text or as JSON (LOG_FORMAT).

Of an error answer: incident number, status, method, route (never the address), kind of exception, and whose session or
token it was (``request.acting``: the key of the person, the beginning of the token). Of any other exception its kind
and the places in the code; its text, in which the database quotes what somebody typed, only where the line to a server
failed.
"""

import json
import logging
import traceback
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from web import environment
from web.telemetry import traces

# Beat logs as well, and loads neither requests nor tables.
if TYPE_CHECKING:
    from django.http import HttpRequest

#: Exceptions of these packages tell of a server that did not answer.
_OF_LINES = ("redis.", "kombu.", "amqp.")
#: What a filter has found out about a record, in the order in which JSON tells it.
_FIELDS = ("incident", "status", "method", "route", "kind", "by", "trace")
_MOMENT = "%Y-%m-%dT%H:%M:%S%z"


class OwnWords(logging.Filter):
    """Rewrites a record before anything is written of it, once, however many handlers it passes; what is known of it
    then stands in it (`known`)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if known(record):
            return True
        error = record.exc_info[1] if record.exc_info else None
        request: Any = getattr(record, "request", None)
        found: dict[str, Any] = {"places": places_of(error)}
        # The development server gives a socket there.
        if hasattr(request, "META"):
            error = error or getattr(request, "_incident_error", None)
            found |= _of_request(record, request, error)
        else:
            _without_exceptions(record, error)
        found |= {"kind": type(error).__name__ if error is not None else "", "trace": traces.current()}
        record.__dict__["known"] = found
        if record.exc_info:
            record.exc_text = "\n".join(_as_text(found["places"]))
            record.exc_info = None
        return True


def known(record: logging.LogRecord) -> dict[str, Any]:
    """What `OwnWords` found out: `_FIELDS`, empty where there is none, and the places of `places_of`."""
    found: dict[str, Any] = record.__dict__.get("known", {})
    return found


def _of_request(record: logging.LogRecord, request: "HttpRequest", error: BaseException | None) -> dict[str, Any]:
    from web.errors import incident_of, method_of, route_of

    status = getattr(record, "status_code", "")
    method, route = method_of(request), route_of(request)
    found = {"incident": incident_of(request), "status": status, "method": method, "route": route}
    kind = f" {type(error).__name__}" if error is not None else ""
    record.msg = f"incident {found['incident']}: {status} {method} {route}{kind}"
    if who := getattr(request, "acting", ""):
        found["by"] = who
        record.msg += f" by {who}"
    record.args = ()
    return found


def _without_exceptions(record: logging.LogRecord, error: BaseException | None) -> None:
    """Of other programs' words those that quote an exception or an address of a page."""
    if isinstance(record.msg, BaseException):
        record.msg, record.args = said(record.msg), ()
    elif record.name == "gunicorn.error" and (error is not None or str(record.msg).startswith("Invalid request")):
        # An address, what was sent instead of a request, and from where.
        record.msg, record.args = "a request could not be read or answered", ()
    elif isinstance(record.args, dict) and "exc" in record.args:
        # The worker's line about a task that failed.
        quoted = {"exc": said(error) if error is not None else "", "traceback": "", "args": "", "kwargs": ""}
        record.args = {**record.args, **quoted}
    elif isinstance(record.args, tuple):
        record.args = tuple(said(one) if isinstance(one, BaseException) else one for one in record.args)


def said(error: BaseException) -> str:
    """The kind of an exception; with its text where it tells of a line to a server."""
    kind = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    cause = error.__cause__ or error
    is_of_line = type(error).__module__.startswith(_OF_LINES)
    if type(cause).__module__ == "psycopg2" and getattr(cause, "pgcode", "") is None:
        is_of_line = type(cause).__name__ == "OperationalError"
    return f"{kind}: {' '.join(str(error).split())[:200]}" if is_of_line else kind


Place = tuple[str, int, str]


def places_of(error: BaseException | None) -> list[tuple[str, list[Place]]]:
    """(kind, the places that it went through as file, line, function), and of what it was raised for."""
    results: list[tuple[str, list[Place]]] = []
    while error is not None:
        results.append((type(error).__qualname__, _frames(error.__traceback__)))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return results


def _frames(raised: TracebackType | None) -> list[Place]:
    return [(one.filename, one.lineno or 0, one.name) for one in traceback.extract_tb(raised)]


def _as_text(places: list[tuple[str, list[Place]]]) -> list[str]:
    results: list[str] = []
    for kind, frames in places:
        results += ["after"] if results else []
        results += [f"{kind} at", *(f'  File "{file}", line {line}, in {name}' for file, line, name in frames)]
    return results


class JsonLines(logging.Formatter):
    """A line an event, each one object: time, level, part and text, and what is known of a request or an error."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        values: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "part": record.name,
            "pid": record.process,
            "text": record.getMessage(),
        }
        found = known(record)
        values |= {name: found[name] for name in _FIELDS if found.get(name)}
        if places := found.get("places"):
            values["where"] = [{"kind": kind, "places": [":".join(map(str, one)) for one in of]} for kind, of in places]
        return json.dumps(values, ensure_ascii=False, default=str)


def log_settings() -> dict[str, Any]:
    """For `logging.config.dictConfig`, of every process alike."""
    form = environment.one_of("LOG_FORMAT", "line", {"line", "json"})
    handlers: dict[str, Any] = {
        "stream": {"class": "logging.StreamHandler", "formatter": form, "filters": ["own_words"]}
    }
    if dsn := environment.reports_to("SENTRY_DSN", environment.text("SENTRY_DSN")):
        handlers["reports"] = {"()": "web.telemetry.reports.Reports", "dsn": dsn, "filters": ["own_words"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{", "datefmt": _MOMENT},
            "json": {"()": "web.telemetry.lines.JsonLines"},
        },
        # Every line about a request carries its incident number; of a person the key alone, no name and no address.
        "filters": {"own_words": {"()": "web.telemetry.lines.OwnWords"}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": environment.text("LOG_LEVEL", "INFO").upper()},
        # A line for each tick of each sweep would bury what matters.
        "loggers": {
            name: {"level": "WARNING"} for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace")
        },
    }
