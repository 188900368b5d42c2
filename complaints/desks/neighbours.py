"""The cases before and after the one that is open, in the order of the list one came from as it stood then.

The browser keeps the list for the keys j and k (static/js/keys.js), sealed with the key of the installation: what was
searched for and the numbers of cases cannot be read from its storage. The list itself leads on; it needs no script.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from accounts.keys import keyring, sealing
from accounts.keys.ciphers import CannotOpen


def sealed_list(request: HttpRequest, cases: Iterable[str], *, more: str) -> str:
    """For the browser to keep. ``cases``: their addresses as listed; ``more``: the next page's, or empty."""
    text = json.dumps([request.get_full_path(), more, list(cases)], separators=(",", ":"))
    secret = keyring.secrets_of([keyring.PORTAL], make=True)[keyring.PORTAL]
    packed = urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    sealed = sealing.seal(packed, person=keyring.PORTAL, secret=secret, place=_place(request), suite=keyring.suite())
    return urlsafe_b64encode(sealed).decode()


def asked_for(request: HttpRequest) -> str | None:
    """?list=…&from=ADDRESS&by=1 or -1: the address to go to; at the end of the list the next page, before its
    beginning the list. The list's own bare address where it cannot be read. None where nothing was asked."""
    if request.method == "POST" or "list" not in request.GET:
        return None
    try:
        here, more, cases = _opened(request)
        place = cases.index(request.GET.get("from", "")) + (-1 if request.GET.get("by") == "-1" else 1)
    except (CannotOpen, ValueError):
        return request.path
    if place < 0:
        return here
    return cases[place] if place < len(cases) else more or here


def _opened(request: HttpRequest) -> tuple[str, str, list[str]]:
    """Raises CannotOpen, ValueError (binascii.Error is one)."""
    secret = keyring.secrets_of([keyring.PORTAL]).get(keyring.PORTAL, b"")
    sealed = urlsafe_b64decode(request.GET["list"])
    if sealing.person_of(sealed) != keyring.PORTAL:
        raise CannotOpen
    packed = sealing.open_sealed(sealed, secret=secret, place=_place(request))
    here, more, cases = json.loads(zlib.decompress(urlsafe_b64decode(packed)))
    return here, more, cases


def _place(request: HttpRequest) -> bytes:
    """Of one person at one desk."""
    user: Any = request.user
    return f"list {user.pk} {request.path.split('/')[1]}".encode()
