"""A signed HTTP POST by the scheme of Standard Webhooks: id, timestamp, HMAC-SHA256.

The id is made of the letter's key, so what is sent twice is recognised; the body is signed exactly as it goes out. Two
keys at once while keys are changed.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.notices.channels.letter import SEND_WITHIN, Bounced, ServerAway, TryAgain
from web import safe_http

#: This very message is not wanted, whenever it comes.
_FOR_GOOD = {400, 404, 410, 413, 422}
#: Ours to mend: key, address, payment. Nothing of one letter.
_OURS = {401, 402, 403, 405}


def signatures(keys: Iterable[bytes], *, key: str, at: int, body: bytes) -> str:
    """One ``v1,…`` for each key, with spaces between."""
    text = f"{key}.{at}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode() for secret in keys
    )


def headers_of(*, key: str, keys: Iterable[bytes], at: int, body: bytes) -> dict[str, str]:
    """What Standard Webhooks wants to stand above a body."""
    return {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures(keys, key=key, at=at, body=body),
    }


def post(url: str, payload: dict[str, Any], *, key: str, keys: Iterable[bytes], now: datetime) -> None:
    """Returns when it was taken (2xx). The address stands in the settings, so it may be of our own network."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(key=key, keys=keys, at=int(now.timestamp()), body=body)
    try:
        status = safe_http.post(url, body=body, headers=headers, rule=safe_http.OPERATOR, within=SEND_WITHIN)
    except (safe_http.Refused, safe_http.NoAnswer) as error:
        raise ServerAway(error.code) from None
    if 200 <= status < 300:
        return
    if status in _FOR_GOOD:
        raise Bounced(f"http_{status}")
    if status == 429 or status in _OURS or 300 <= status < 400 or status >= 500:
        raise ServerAway(f"http_{status}")
    raise TryAgain(f"http_{status}")
