"""What every answer tells the browser, whoever made it: a page, a file, an error of the framework itself.

It stands outermost, so nothing leaves without it; what an answer says of itself stays.
"""

from collections.abc import Callable
from math import ceil
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from web.errors import problem

ALWAYS = {
    # Nobody else's page may load what is ours.
    "Cross-Origin-Resource-Policy": "same-origin",
    # A photo comes from the camera app of the phone, passkeys are ours; nothing else is asked of the device.
    "Permissions-Policy": (
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), "
        "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), usb=()"
    ),
    "X-Permitted-Cross-Domain-Policies": "none",
}


#: Asked by machines (a balancer, what collects metrics), which know an address and no name.
BY_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})


class SecurityHeaders:
    """Headers for all, and `no-store` for what is somebody's own. What machines ask is answered under any name, as
    nothing of those answers depends on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in BY_MACHINES:
            request.META["HTTP_HOST"] = _own_name()
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if is_somebodys(request, response):
            # A shared telephone, a proxy, the back button: none may show it to the next person.
            response.headers.setdefault("Cache-Control", "no-store")
        # Whoever tried too often; a page or the API that knows seconds has said them.
        until = getattr(request, "free_again_at", None)
        if response.status_code == 429 and until is not None:
            response.headers.setdefault("Retry-After", str(max(1, ceil((until - timezone.now()).total_seconds()))))
        return response


def _own_name() -> str:
    first = next(iter(settings.ALLOWED_HOSTS), "*").removeprefix(".")
    return urlsplit(settings.SITE_URL).netloc or ("localhost" if first == "*" else first)


class ProgramsByHttps:
    """Behind SecurityMiddleware: a program is not led on from http to https, but refused. Whoever sent a token in the
    open is to notice."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_open = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not is_open or not request.path.startswith(("/api/", "/metrics")):
            return self.get_response(request)
        detail = _("请用https调用。令牌如果已经随这个请求发出，请作废它。")
        return problem(request, status=403, title=_("不允许"), code="https_only", detail=detail)


def is_somebodys(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Asked with a session, a token or a draft of one's own, or handing one out; errors too."""
    own = {settings.SESSION_COOKIE_NAME, f"{settings.COOKIE_PREFIX}draft"}
    return (
        bool(own & set(request.COOKIES))
        or "Authorization" in request.headers
        or bool(response.cookies)
        or response.status_code >= 400
    )
