"""What goes wrong becomes an answer: a refused step is 409 with the reason, for pages and for programs alike.

Every error carries an incident number, the same on the page, in the header and in the log line, so that
whoever is told the number finds the line. The log line names no person: no query, no form, no text of an exception.

Rules refuse by raising a `Refusal`, or an exception that carries `refusal = True`; the sentence is its text. So this
module knows no app, and an app needs to know nothing of HTTP.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from web.kept import kept_text

# Digits are said the same way by everybody; without 1, which sounds like 7 on the telephone.
_DIGITS = "023456789"
INCIDENT_HEADER = "Incident-Number"
# When not even a template can be drawn: nothing but the number, in both languages.
_LAST_RESORT = (
    '<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>12315</title>'
    "<p>我们这边出错了，请打12315，报问题编号：<b>{0}</b></p>"
    '<p lang="en">Something broke. Call 12315 and give incident number <b>{0}</b>.</p></html>'
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = logging.getLogger("web.errors")


class Refusal(Exception):
    """What may not be done now: the sentence is for the person, ``code`` for programs; the page answers ``status``."""

    refusal = True
    status = 409

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


def incident_of(request: HttpRequest) -> str:
    """The number of this request's mishap, such as 4827-3963; one request has one number."""
    if not hasattr(request, "_incident"):
        digits = "".join(secrets.choice(_DIGITS) for _ in range(8))
        request._incident = f"{digits[:4]}-{digits[4:]}"  # type: ignore[attr-defined]
    return str(request._incident)  # type: ignore[attr-defined]


def route_of(request: HttpRequest) -> str:
    """The pattern of its address, not the address: a case number or a token stands there."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "(no page reached)"


def method_of(request: HttpRequest) -> str:
    """One of a few, whatever somebody sent instead."""
    return str(request.method) if request.method in _METHODS else "other"


def wants_json(request: HttpRequest) -> bool:
    """Programs ask below /api/; the open figures are read by both."""
    if request.path.startswith("/open/"):
        return "text/html" not in request.headers.get("Accept", "")
    return request.path.startswith("/api/")


def problem(
    request: HttpRequest, *, status: int, title: str, detail: str = "", code: str = "", **more: Any
) -> HttpResponse:
    """A problem for programs (RFC 9457) with the incident's number; ``code`` is stable, the texts are for people."""
    number = incident_of(request)
    values = {"type": "about:blank", "title": title, "status": status, "incident": number}
    values |= {name: text for name, text in (("code", code), ("detail", detail)) if text} | more
    response = JsonResponse(
        values, status=status, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
    )
    response[INCIDENT_HEADER] = number
    return response


def answer(
    request: HttpRequest,
    template: str,
    *,
    status: int,
    title: str,
    detail: str = "",
    stands_alone: bool = False,
    **context: Any,
) -> HttpResponse:
    """An error as a page, or as a problem in JSON for programs; both carry the number."""
    number = incident_of(request)
    response: HttpResponse
    if wants_json(request):
        response = problem(request, status=status, title=title, detail=detail, code=str(context.get("code", "")))
    else:
        response = HttpResponse(_page(request, template, stands_alone, {**context, "incident": number}), status=status)
    response[INCIDENT_HEADER] = number
    return response


def _page(request: HttpRequest, template: str, stands_alone: bool, context: dict[str, Any]) -> str:
    if not stands_alone:
        return render_to_string(template, context, request)
    try:
        # Without the request no context processor asks the database.
        return render_to_string(template, context)
    except Exception as error:
        log.error("incident %s: the error page itself is broken by %s", context["incident"], type(error).__name__)
        return _LAST_RESORT.format(context["incident"])


def sign_in_first(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The session ended while somebody wrote: a bare redirect would lose the text."""
    kept = kept_text(request)
    if request.path.startswith(settings.LOGIN_URL) or not kept:
        return response
    return answer(
        request, "errors/401.html", status=401, title="Sign in first", kept=kept, sign_in=response["Location"]
    )


def busy(request: HttpRequest) -> HttpResponse:
    """The database is away or overloaded: nothing was stored, what was typed is handed back."""
    kept = kept_text(request)
    response = answer(
        request,
        "errors/503.html",
        status=503,
        title="Busy",
        stands_alone=True,
        kept=kept,
        was_posting=request.method == "POST",
    )
    response["Retry-After"] = "30"
    return response


def is_away(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError)


class RefusedSteps:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            # No address has one, and the database would refuse to look for it.
            raise Http404
        response = self.get_response(request)
        is_sent_to_sign_in = response.status_code == 302 and response["Location"].startswith(settings.LOGIN_URL)
        if request.method == "POST" and is_sent_to_sign_in and not request.user.is_authenticated:
            return sign_in_first(request, response)
        if response.status_code >= 400:
            response.headers.setdefault(INCIDENT_HEADER, incident_of(request))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if is_away(error) or getattr(error, "refusal", False):
            request._incident_error = error  # type: ignore[attr-defined]
        if is_away(error):
            return busy(request)
        return refused(request, error) if getattr(error, "refusal", False) else None


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """What a rule refused, as an answer."""
    return answer(
        request,
        "errors/refused.html",
        status=int(getattr(error, "status", 409)),
        title="Refused",
        detail=str(error),
        reason=str(error),
        code=getattr(error, "code", ""),
        kept=kept_text(request),
    )
