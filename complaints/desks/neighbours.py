"""The cases before and after the one that is open, in the order of the list one came from as it stood then.

The browser keeps the list for the keys j and k (static/js/keys.js), sealed with the key of the installation: what was
searched for and the numbers of cases cannot be read from its storage. The list itself leads on; it needs no script.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, QueryDict

from accounts.keys import keyring, sealing
from accounts.keys.ciphers import CannotOpen
from web.incoming import whole


def sealed_list(request: HttpRequest, cases: Iterable[str], *, more: str, of: int = 0, first: int = 0) -> str:
    """For the browser to keep. ``cases``: their addresses as listed; ``more``: the next page's, or empty; ``of``: how
    many the whole list has, where it is known which place its ``first`` has."""
    text = json.dumps([request.get_full_path(), more, list(cases), of, first], separators=(",", ":"))
    secret = keyring.secrets_of([keyring.PORTAL], make=True)[keyring.PORTAL]
    packed = urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    sealed = sealing.seal(packed, person=keyring.PORTAL, secret=secret, place=_place(request), suite=keyring.suite())
    return urlsafe_b64encode(sealed).decode()


def asked_for(request: HttpRequest) -> str | None:
    """?list=…&from=ADDRESS&by=1 or -1: the address to go to, as `leads_to` says. None where nothing was asked."""
    if request.method == "POST" or "list" not in request.GET:
        return None
    return leads_to(request, request.path, request.GET, by=-1 if request.GET.get("by") == "-1" else 1)


def leads_to(request: HttpRequest, desk: str, asked: Mapping[str, str], *, by: int) -> str:
    """The address so many cases on from ``asked["from"]`` in the sealed list ``asked["list"]``, beside the list where
    that was read so. At its end the next page, before its beginning the list; ``desk`` where it cannot be read."""
    try:
        here, more, cases, of, first = _opened(request, asked.get("list", ""))
        place = cases.index(asked.get("from", "")) + by
    except (CannotOpen, ValueError):
        return desk
    path, _mark, query = here.partition("?")
    kept = QueryDict(query, mutable=True)
    if is_split := "split" in kept:
        kept.pop("open", None)
        here = f"{path}?{kept.urlencode()}"
    if place < 0:
        return here
    if place >= len(cases):
        return more or here
    if is_split:
        kept["open"] = cases[place].rstrip("/").rpartition("/")[2]
        return f"{path}?{kept.urlencode()}"
    return f"{cases[place]}{place_in(first + place, of)}"


def place_in(place: int, of: int) -> str:
    """What an address of a case says of its list: ``?at=2.14``; empty where it is not known."""
    return f"?at={place + 1}.{of}" if of else ""


def place_of(request: HttpRequest) -> tuple[int, int] | None:
    """(n, m) where one came from place n of a list of m."""
    n, _dot, m = request.GET.get("at", "").partition(".")
    place, of = whole(n, 4), whole(m, 4)
    return (place, of) if place and of and place <= of else None


def _opened(request: HttpRequest, kept: str) -> tuple[str, str, list[str], int, int]:
    """Raises CannotOpen, ValueError (binascii.Error is one)."""
    secret = keyring.secrets_of([keyring.PORTAL]).get(keyring.PORTAL, b"")
    sealed = urlsafe_b64decode(kept)
    if sealing.person_of(sealed) != keyring.PORTAL:
        raise CannotOpen
    packed = sealing.open_sealed(sealed, secret=secret, place=_place(request))
    here, more, cases, *place = json.loads(zlib.decompress(urlsafe_b64decode(packed)))
    of, first = place or (0, 0)
    return here, more, cases, of, first


def _place(request: HttpRequest) -> bytes:
    """Of one person at one desk."""
    user: Any = request.user
    return f"list {user.pk} {request.path.split('/')[1]}".encode()
