"""The pages that belong to nobody's work: home, plain pages, reading wishes, and what goes wrong.

These pages read no case.
"""

import sys
from collections.abc import Callable
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.display import display_changed, safe_next
from accounts.sign_in.entering import is_here
from authorities.law import LAWS, Article, articles
from authorities.policies import PolicyMissing
from complaints.filing.steps import SCREENS
from complaints.parties.conditions import Conditions
from complaints.procedure.deadlines import working_days
from web.errors import answer, busy, is_away
from web.kept import kept_text
from web.languages import languages

#: A delivery before a long holiday and a make-up day, by which the page shows how days are counted.
EXAMPLE = date(2026, 9, 30)
#: How the drawing on the first page is ruled: from here, so wide, with so much between two days.
RULER_FROM, RULER_WIDTH, RULER_GAP = 45.0, 350.0, 4.4


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """File or follow, in one tap."""
    given = Conditions.at(timezone.now())
    return render(
        request,
        "public/home.html",
        {
            "has_track": is_here("/track/"),
            "has_find": is_here("/find/"),
            "has_check": is_here("/check/"),
            "has_figures": is_here("/open/"),
            "limits": given.limits(),
            "steps": len(SCREENS),
            "ruler": ruler(given),
        },
    )


def ruler(given: Conditions) -> dict[str, object]:
    """One mark of the drawing for each working day of the negotiation: where each begins, and how wide they are."""
    try:
        days = given.policies.number("negotiation", None).number
    except PolicyMissing:
        days = 0
    step = RULER_WIDTH / max(days, 1)
    return {
        "marks": [f"{RULER_FROM + step * n:g}" for n in range(days)],
        "width": f"{max(step - RULER_GAP, step / 2):g}",
    }


def plain(name: str) -> Callable[[HttpRequest], HttpResponse]:
    """A page that says the same to everybody."""
    return require_safe(lambda request: render(request, f"public/{name}.html"))


@require_safe
def time_limits(request: HttpRequest) -> HttpResponse:
    """How long each side has by the numbers that hold today, and how a date is counted."""
    given = Conditions.at(timezone.now())
    try:
        length = given.policies.number("negotiation", None).number
    except PolicyMissing:
        return render(request, "public/time_limits.html")
    ends_on = working_days(EXAMPLE, length, given.calendar).last_day
    return render(request, "public/time_limits.html", {"limits": given.limits(), "example_ends_on": ends_on})


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The articles that complaints are handled by, with an anchor each; ``q`` finds some of them."""
    text = request.GET.get("q", "").strip()[:40]
    result: dict[str, list[Article]] = {code: articles(code, query=text) for code in LAWS}
    laws = [
        {"law": law, "name": law.name, "note": law.note, "articles": result[code]}
        for code, law in LAWS.items()
        if result[code]
    ]
    return render(request, "public/rules.html", {"laws": laws, "query": text, "count": sum(map(len, result.values()))})


@require_http_methods(["GET", "HEAD", "POST"])
def display(request: HttpRequest) -> HttpResponse:
    """Language, elder display, theme: remembered in cookies. GET asks for them, and POST goes back to ``next``."""
    if request.method == "POST":
        return display_changed(request)
    next_page = safe_next(request, request.GET.get("next", ""))
    return render(request, "public/display.html", {"next": next_page, "languages": languages()})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What no browser sends by itself. Nothing of it is repeated."""
    return answer(request, "errors/400.html", status=400, title="Bad request", stands_alone=True)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Known, but not for this person; strangers get page_not_found instead."""
    return answer(request, "errors/403.html", status=403, title="Not allowed")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page whether the thing is missing or not yours: nothing of the address is repeated, and the bar names no
    place."""
    request.is_missing = True  # type: ignore[attr-defined]
    return answer(request, "errors/404.html", status=404, title="Not found", is_missing=True)


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere; what was typed is shown so that it is not lost."""
    return answer(request, "errors/403_csrf.html", status=403, title="Form expired", kept=kept_text(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. This page asks nothing of the database."""
    if is_away(sys.exc_info()[1]):
        # Around the views, where no middleware of ours catches it: the session could not be read or kept.
        return busy(request)
    return answer(request, "errors/500.html", status=500, title="Broken", stands_alone=True)
