"""A signed HTTP POST by the scheme of Standard Webhooks: id, timestamp, HMAC-SHA256.

The one rule: the id is made of the letter's key, so what is sent twice is recognised; the body is
signed exactly as it goes out. Two keys at once while keys are changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from complaints.channels import SEND_WITHIN, Bounced, ServerAway, TryAgain
from complaints.channels.limit import Limit

ANSWER_WITHIN = 4.0
#: This very message is not wanted, whenever it comes.
_FOR_GOOD = {400, 404, 410, 413, 422}
#: Ours to mend: key, address, payment. Nothing of one letter.
_OURS = {401, 402, 403, 405}


def signatures(keys: Iterable[bytes], *, key: str, at: int, body: bytes) -> str:
    """One ``v1,…`` for each key, with spaces between."""
    text = f"{key}.{at}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode() for secret in keys)


def post(url: str, payload: dict[str, Any], *, key: str, keys: Iterable[bytes], now: datetime) -> None:
    """Returns when it was taken (2xx). Redirects are not followed: the address was agreed upon."""
    parts = urlsplit(url)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    at = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "odr-portal",
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures(keys, key=key, at=at, body=body),
        "Connection": "close",
    }
    with Limit(SEND_WITHIN) as limit:
        try:
            status = _ask(parts.scheme, parts.hostname or "", parts.port, _path(parts), body, headers, limit)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServerAway("timeout" if limit.is_over else _code(error)) from None
    if 200 <= status < 300:
        return
    if status in _FOR_GOOD:
        raise Bounced(f"http_{status}")
    if status == 429 or status in _OURS or 300 <= status < 400 or status >= 500:
        raise ServerAway(f"http_{status}")
    raise TryAgain(f"http_{status}")


def _path(parts: Any) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _ask(
    scheme: str, host: str, port: int | None, path: str, body: bytes, headers: dict[str, str], limit: Limit
) -> int:
    connection: http.client.HTTPConnection
    if scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=ANSWER_WITHIN, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN)

    def create(address: Any, timeout: Any = ANSWER_WITHIN, source: Any = None, **_: Any) -> socket.socket:
        sock = socket.create_connection(address, timeout, source)
        limit.holds(sock)
        return sock

    connection._create_connection = create  # type: ignore[attr-defined]
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        # What it says is of no use to us, only that it ended.
        answer.read(1024)
        return answer.status
    finally:
        connection.close()


def _code(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionError | http.client.RemoteDisconnected | http.client.IncompleteRead):
        return "hung_up"
    return "unreachable"
