"""A refused step becomes an answer: 409 with the reason, for pages and for programs alike.

Rules refuse by raising an exception that carries `refusal = True`; the sentence is its text. So this module knows
no app, and an app needs to know nothing of HTTP.
"""

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string


class Refused(Exception):
    """Base of every refusal that the person in front of it may read. Status 409 unless the kind says otherwise."""

    refusal = True
    status = 409


# Never shown again: what signs in, what the form itself carries.
NOT_KEPT = {"csrfmiddlewaretoken", "idempotency_key", "password", "code", "next"}


def kept_text(request: HttpRequest) -> list[str]:
    """The sentences somebody typed into a form that could not be taken, so that they can be copied."""
    return [
        value.strip()
        for name in request.POST
        if name not in NOT_KEPT and "password" not in name
        for value in request.POST.getlist(name)
        # Short values are choices and numbers; a text is what it hurts to lose.
        if len(value.strip()) > 12
    ]


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/open/"))


def sign_in_first(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The session ended while somebody wrote: a bare redirect would lose the text."""
    kept = kept_text(request)
    if request.path.startswith(settings.LOGIN_URL) or not kept:
        return response
    return render(request, "errors/401.html", {"kept": kept, "sign_in": response["Location"]}, status=401)


def busy(request: HttpRequest) -> HttpResponse:
    """The database is away or overloaded: nothing was stored, what was typed is handed back."""
    if wants_json(request):
        problem = {"type": "about:blank", "title": "Busy", "status": 503}
        return JsonResponse(problem, status=503, content_type="application/problem+json", headers={"Retry-After": "30"})
    context = {"was_posting": request.method == "POST", "kept": kept_text(request)}
    # Without the request: context processors would ask the database again.
    return HttpResponse(render_to_string("errors/503.html", context), status=503, headers={"Retry-After": "30"})


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
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError | InterfaceError):
            return busy(request)
        if not getattr(error, "refusal", False):
            return None
        status = int(getattr(error, "status", 409))
        if wants_json(request):
            problem = {"type": "about:blank", "title": "Refused", "status": status, "detail": str(error)}
            return JsonResponse(problem, status=status, content_type="application/problem+json")
        context = {"reason": str(error), "code": getattr(error, "code", ""), "kept": kept_text(request)}
        return render(request, "errors/refused.html", context, status=status)
