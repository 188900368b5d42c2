"""Where a request comes from.

What a stranger wrote into X-Forwarded-For is not believed. Only as many entries count, from the
right, as TRUSTED_PROXIES stand in front; each proxy appends the address that it saw itself.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The network address of whoever asks; empty where there is none (a unix socket without a proxy)."""
    trusted: int = settings.TRUSTED_PROXIES
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")] if trusted else []
    # A shorter list did not come through all of the proxies: then only the connection itself is known.
    found = told[-trusted] if trusted and len(told) >= trusted else request.META.get("REMOTE_ADDR", "")
    return _written_once(found) or _written_once(request.META.get("REMOTE_ADDR", ""))


def _written_once(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def network_of(address: str) -> str:
    """The neighbourhood that one household or office shares: /24 of IPv4, /64 of IPv6."""
    if not address:
        return ""
    found = ipaddress.ip_address(address)
    return str(ipaddress.ip_network(f"{address}/{24 if found.version == 4 else 64}", strict=False))


def place_of(request: HttpRequest) -> str:
    """Where the portal stands, for links that leave it: https://host, without a slash at the end."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"
