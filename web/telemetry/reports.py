"""Errors to a service that speaks Sentry's protocol (SENTRY_DSN), where one is set: what our own line says of them.

An event is made of the record that the log writes, after `lines.OwnWords`; of what the client adds by itself nothing
but the fields named here goes out. No request, no user, no variable of a frame, no text of an exception.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from web.telemetry import lines

#: Of an event, and of each exception and frame in it.
_FIELDS = frozenset(
    {"event_id", "timestamp", "level", "logger", "platform", "logentry", "exception", "tags", "fingerprint"}
)
_OF_EXCEPTION, _OF_FRAME = frozenset({"type", "stacktrace"}), frozenset({"filename", "lineno", "function", "in_app"})
_TAGS = ("incident", "status", "method", "route", "trace")
#: What these log concerns the sending itself.
_OWN = ("sentry_sdk", "urllib3")


class Reports(logging.Handler):
    """Sends each record of level ERROR; the client is loaded with the first one."""

    def __init__(self, dsn: str) -> None:
        super().__init__(logging.ERROR)
        self.dsn = dsn
        self._clients: dict[int, Any] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_OWN):
            return
        try:
            self.client().capture_event(event_of(record))
        except Exception:
            self.handleError(record)

    def client(self) -> Any:
        """Of each process its own: a thread sends, and threads do not come along into a child."""
        if (own := self._clients.get(os.getpid())) is None:
            from sentry_sdk import Client

            own = self._clients[os.getpid()] = Client(
                dsn=self.dsn,
                default_integrations=False,
                auto_enabling_integrations=False,
                before_send=stripped,
                include_local_variables=False,
                include_source_context=False,
                max_breadcrumbs=0,
                auto_session_tracking=False,
                send_client_reports=False,
                shutdown_timeout=2,
            )
        return own


def event_of(record: logging.LogRecord) -> dict[str, Any]:
    found = lines.known(record)
    return {
        "level": record.levelname.lower(),
        "logger": record.name,
        "logentry": {"message": record.getMessage()},
        "tags": {name: str(found[name]) for name in _TAGS if found.get(name)},
        # The innermost comes last there.
        "exception": {
            "values": [
                {
                    "type": kind,
                    "stacktrace": {
                        "frames": [{"filename": file, "lineno": line, "function": name} for file, line, name in frames]
                    },
                }
                for kind, frames in reversed(found.get("places", []))
            ]
        },
    }


def stripped(event: Any, hint: Any) -> Any:
    """`before_send`: whatever put it together, nothing else goes out."""
    kept = {name: value for name, value in event.items() if name in _FIELDS}
    if "tags" in kept:
        kept["tags"] = {name: value for name, value in kept["tags"].items() if name in _TAGS}
    if "logentry" in kept:
        kept["logentry"] = {"message": kept["logentry"].get("message", "")}
    if "exception" in kept:
        kept["exception"] = {"values": [_exception(one) for one in kept["exception"].get("values", [])]}
    return kept


def _exception(one: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in one.items() if name in _OF_EXCEPTION}
    frames = (kept.get("stacktrace") or {}).get("frames", [])
    kept["stacktrace"] = {
        "frames": [{name: value for name, value in frame.items() if name in _OF_FRAME} for frame in frames]
    }
    return kept
