"""Pages that are the same for everybody: answered from memory, with an ETag, and to be kept by whoever stands between.

Only a visitor without session, token or draft gets the shared page, and nothing of a visitor is in it: no cookie is
set, and its head and foot have no form. Whoever is signed in gets a page of one's own that nobody keeps. The memory is
that of the process, so nothing else has to be there; an empty one only makes the answer slower.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, QueryDict
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.display import chosen_display, chosen_theme
from database.row_security import serving
from web.headers import is_somebodys

View = Callable[..., HttpResponseBase]
#: Seconds for which a page is answered from memory.
FRESH = 60
#: Seconds for which a browser, or a cache between, may show it without asking.
KEPT = 300
#: A file of a version never changes.
FOREVER = 365 * 24 * 3600


def public_page(
    *, parameters: tuple[str, ...] = (), fresh: int = FRESH, kept: int = KEPT, elsewhere: bool = False
) -> Callable[[View], View]:
    """Decorates a view that reads only what everybody may see and these ``parameters`` of the address.

    ``fresh=0, kept=0``: made anew for every request (still answered 304 where nothing changed), for what must be gone
    at once when it is taken back. ``kept=FOREVER``: an address that names its version. A view that sets an ETag itself
    sends files: they are handed on as they are and not held in memory, and where ``unchanged`` says so not read at all.
    ``elsewhere``: pages of other sites may show it and their scripts read it.
    """

    def decorate(view: View) -> View:
        def made(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if is_somebodys(request, HttpResponse()):
                with serving(request):
                    return view(request, *args, **kwargs)
            _only(request, parameters)
            key = _key(request)
            results: tuple[str, str, bytes] | None = cache.get(key) if fresh else None
            if results is None:
                request.is_shared = True  # type: ignore[attr-defined]
                with serving(request):
                    response = view(request, *args, **kwargs)
                if "ETag" in response and response.status_code in (200, 304):
                    return _headed(response, kept=kept)
                if response.status_code != 200 or not isinstance(response, HttpResponse):
                    return response
                body = bytes(response.content)
                results = f'"{sha256(body).hexdigest()[:32]}"', response.headers["Content-Type"], body
                if fresh:
                    cache.set(key, results, fresh)
            return _response(request, results, kept=kept)

        @wraps(view)
        @require_safe
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = made(request, *args, **kwargs)
            if elsewhere:
                response.headers["Access-Control-Allow-Origin"] = "*"
                response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return response

        return transaction.non_atomic_requests(answer)

    return decorate


def _only(request: HttpRequest, parameters: tuple[str, ...]) -> None:
    """What else stands in the address makes no page of its own."""
    wished = QueryDict(mutable=True)
    for name in parameters:
        if value := request.GET.get(name, "")[:100]:
            wished[name] = value
    request.GET = wished  # type: ignore[assignment]
    request.META["QUERY_STRING"] = urlencode(wished)


def _key(request: HttpRequest) -> str:
    shown = [
        request.get_host(),
        request.path,
        request.META["QUERY_STRING"],
        get_language() or "",
        chosen_display(request),
        chosen_theme(request),
    ]
    return "page:" + sha256("\0".join(shown).encode()).hexdigest()


def _response(request: HttpRequest, results: tuple[str, str, bytes], *, kept: int) -> HttpResponseBase:
    etag, content_type, body = results
    response = HttpResponseNotModified() if unchanged(request, etag) else HttpResponse(body, content_type=content_type)
    response.headers["ETag"] = etag
    return _headed(response, kept=kept)


def _headed(response: HttpResponseBase, *, kept: int) -> HttpResponseBase:
    """What everybody between may do with it."""
    if kept == FOREVER:
        patch_cache_control(response, public=True, max_age=kept, immutable=True)
    elif kept:
        patch_cache_control(response, public=True, max_age=kept)
    else:
        patch_cache_control(response, public=True, no_cache=True)
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return response


def unchanged(request: HttpRequest, etag: str) -> bool:
    """Whether whoever asks has this version already."""
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in asked or any(one.removeprefix("W/") == etag for one in asked)
