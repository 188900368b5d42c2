"""How long the browser of a visitor, and whoever stands between, may keep what is published.

The one rule: what somebody with a session, token or draft is shown is kept by nobody.
"""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from odr_portal.shell import is_somebodys

MINUTES = 5
#: A file of a version never changes.
FOREVER = 365 * 24 * 3600
Answer = TypeVar("Answer", bound=HttpResponseBase)


def kept(request: HttpRequest, response: Answer) -> Answer:
    """A page, or a file that grows: for some minutes, and by the visitor alone, as its frame carries a key of its own."""
    if not is_somebodys(request, response):
        patch_cache_control(response, private=True, max_age=60 * MINUTES)
    return response


def kept_for_ever(request: HttpRequest, response: Answer) -> Answer:
    """A file under an address that names its version."""
    if not is_somebodys(request, response):
        patch_cache_control(response, public=True, max_age=FOREVER, immutable=True)
    return response
