"""How often something may be tried, per person, per network and by everybody together; and which network that is.

Counts are rows of the database, so they hold when Valkey is away, and they are kept under a digest, so the table tells
nobody's phone. A limit says until when; the page that asks tells it to the person.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import CountedTry
from database.request_words import Word


def client_address(request: HttpRequest) -> str:
    """The network address of whoever asks; empty where there is none (a unix socket without a proxy)."""
    trusted: int = settings.TRUSTED_PROXIES
    shown = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")] if trusted else []
    # A shorter list did not come through all of the proxies: then only the connection itself is known.
    result = shown[-trusted] if trusted and len(shown) >= trusted else request.META.get("REMOTE_ADDR", "")
    return _written_once(result) or _written_once(request.META.get("REMOTE_ADDR", ""))


def _written_once(address: str) -> str:
    try:
        result = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(result, "ipv4_mapped", None)
    return str(mapped or result)


def network_of(address: str) -> str:
    """The neighbourhood that one household or office shares: /24 of IPv4, /64 of IPv6."""
    if not address:
        return ""
    result = ipaddress.ip_address(address)
    return str(ipaddress.ip_network(f"{address}/{24 if result.version == 4 else 64}", strict=False))


def line_of(address: str) -> str:
    """One line of a household or office, which may change its address within: all of IPv4, /64 of IPv6."""
    return network_of(address) if ":" in address else address


def wide_network_of(address: str) -> str:
    """What one customer of a provider may hold: /24 of IPv4, /48 of IPv6."""
    if ":" not in address:
        return network_of(address)
    return str(ipaddress.ip_network(f"{address}/48", strict=False))


def place_of(request: HttpRequest) -> str:
    """Where the portal stands, for links that leave it: https://host, without a slash at the end."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"


EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of ``kind`` by one ``who`` within ``within``; what ``who`` is depends on the kind."""

    kind: str
    most: int
    within: timedelta


class TooManyTries(Exception):
    """Nothing is done before ``until``; the page or the API says so, with the status that ``refuse`` gives."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until

    def refuse(self, request: HttpRequest) -> int:
        """The status of the answer; `web.headers` tells programs the same moment, in ``Retry-After``."""
        request.free_again_at = self.until  # type: ignore[attr-defined]
        return 429


def _digest(kind: str, who: str) -> str:
    return salted_hmac("accounts.limits", f"{kind}\n{who}", algorithm="sha256").hexdigest()


def waits_until(limit: Limit, who: str, *, now: datetime) -> datetime | None:
    """When the next try is free; None if it is free now."""
    n, oldest = _tries(limit, who, now=now)
    return oldest + limit.within if oldest is not None and n == limit.most else None


def counted(limit: Limit, who: str, *, now: datetime) -> int:
    """How many tries of ``who`` count now, up to the most that are free."""
    return _tries(limit, who, now=now)[0]


def _tries(limit: Limit, who: str, *, now: datetime) -> tuple[int, datetime | None]:
    """Of the newest, up to the most that are free: how many, and when the first of them was. By a function of the
    database, as no caller reads whose tries they are."""
    values: Any = [Word("tries"), limit.kind, _digest(limit.kind, who), now - limit.within, limit.most]
    with connection.cursor() as cursor:
        cursor.execute("select n, oldest from tries_of(%s, %s, %s, %s, %s)", values)
        n, oldest = cursor.fetchone()
    return n, oldest


def count(kind: str, *whom: str, now: datetime) -> None:
    CountedTry.objects.bulk_create(CountedTry(kind=kind, who_digest=_digest(kind, who), at=now) for who in whom)


def forget(whom: Collection[str]) -> int:
    """Delete what was counted of these addresses or people, whatever of. How many rows went."""
    kinds = CountedTry.objects.order_by().values_list("kind", flat=True).distinct()
    digests = [_digest(kind, who) for kind in kinds for who in whom]
    return CountedTry.objects.filter(who_digest__in=digests).delete()[0]
