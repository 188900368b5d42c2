"""Programs that watch the portal: /metrics, and /healthz in detail."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.sign_in.limits import client_address


def may_read(request: HttpRequest) -> bool:
    """Whether a program that watches the portal asks: by METRICS_TOKEN, or from one of METRICS_ADDRESSES."""
    return is_allowed(request.headers.get("Authorization", ""), client_address(request))


def is_allowed(shown: str, address: str) -> bool:
    """The same of the header Authorization and the address that somebody asks from."""
    shown = shown.removeprefix("Bearer ")
    if settings.METRICS_TOKEN and shown and constant_time_compare(shown, settings.METRICS_TOKEN):
        return True
    try:
        here = ip_address(address)
        return any(here in ip_network(listed, strict=False) for listed in settings.METRICS_ADDRESSES)
    except ValueError:
        return False
