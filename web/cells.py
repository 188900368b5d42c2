"""The portals of other provinces (`settings.CELLS`: province → address): which one takes a place, and asking it.

What one portal says to another is signed with a key that all of them share (`CELLS_SECRET`), over the path, the second
and the body, so nobody else is heard.
"""

import hashlib
import hmac
import json
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest

from web import safe_http

#: Seconds: an answer of another portal is waited for no longer, since somebody waits for ours.
WITHIN = 3.0
#: Seconds by which the clocks of two portals may differ.
FRESH = 300
_HEADER = "Cell-Signature"


class Away(Exception):
    """The portal of this province does not answer, or not as one of ours."""

    def __init__(self, province: str) -> None:
        super().__init__(province)
        self.province = province


def of_place(region_id: int | None) -> str:
    """The province whose portal takes complaints about this region; "" for this one."""
    province = f"{(region_id or 0) // 10**7:02}"
    return province if province in settings.CELLS else ""


def tell(province: str, path: str, said: dict[str, Any]) -> Any:
    """Posts to the portal of a province and gives what it answers; Away."""
    body = json.dumps(said, ensure_ascii=False).encode()
    at = int(time.time())
    headers = {"Content-Type": "application/json", _HEADER: f"{at}.{_signature(path, at, body)}"}
    url = settings.CELLS[province] + path
    try:
        status, answer = safe_http.ask(
            url, body=body, headers=headers, rule=safe_http.OPERATOR, within=WITHIN, keep=safe_http.MOST_BYTES
        )
        if status == 200:
            return json.loads(answer)
    except (safe_http.Refused, safe_http.NoAnswer, ValueError):
        pass
    raise Away(province)


def heard(request: HttpRequest) -> dict[str, Any]:
    """What another portal says. Raises BadRequest where none of ours said it, or too long ago."""
    at, _dot, signature = request.headers.get(_HEADER, "").partition(".")
    if not (settings.CELLS and at.isdecimal() and len(at) < 12) or abs(time.time() - int(at)) > FRESH:
        raise BadRequest
    if not hmac.compare_digest(signature.encode(), _signature(request.path, int(at), request.body).encode()):
        raise BadRequest
    said: dict[str, Any] = json.loads(request.body)
    return said


def _signature(path: str, at: int, body: bytes) -> str:
    return hmac.new(settings.CELLS_SECRET.encode(), f"{path}\n{at}\n".encode() + body, hashlib.sha256).hexdigest()
