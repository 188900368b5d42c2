"""The counts of a host without pages: `watch` tells them at /metrics of the address that WATCH_METRICS names."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings

from oversight.portal_state import monitoring
from web.telemetry import counts


class _Door(BaseHTTPRequestHandler):
    #: Seconds of silence after which a line is left.
    timeout = 10
    server_version, sys_version = "portal", ""

    def do_GET(self) -> None:
        shown, address = self.headers.get("Authorization", ""), self.client_address[0]
        is_known = self.path == "/metrics" and monitoring.is_allowed(shown, address)
        body = counts.told().encode() if is_known else b""
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """An address stands in it, which no line of ours has."""


def begin() -> ThreadingHTTPServer | None:
    """Answers from here on, on threads of its own. SystemExit where nobody can listen there."""
    if settings.WATCH_METRICS is None:
        return None
    host, port = settings.WATCH_METRICS
    try:
        server = ThreadingHTTPServer((host, port), _Door)
    except OSError as error:
        raise SystemExit(f"WATCH_METRICS={host}:{port}: nobody can listen there ({error.strerror}).") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
