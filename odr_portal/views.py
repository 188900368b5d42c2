"""The doors that belong to nobody's work: home, plain pages, reading wishes, and what goes wrong.

The one rule: these pages read no case.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from odr_portal.accounts.display import display_changed
from odr_portal.accounts.landing import is_here
from odr_portal.errors import kept_text


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """File or follow, in one tap."""
    return render(
        request,
        "public/home.html",
        {
            "has_track": is_here("/track/"),
            "has_find": is_here("/find/"),
            "has_check": is_here("/check/"),
            "has_figures": is_here("/open/"),
        },
    )


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    """What happens to a complaint, step by step."""
    return render(request, "public/how.html")


@require_safe
def time_limits(request: HttpRequest) -> HttpResponse:
    """How long each side has, and how a date is counted."""
    return render(request, "public/time_limits.html")


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions people ask, and how to reach a person."""
    return render(request, "public/help.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, why, and who sees it."""
    return render(request, "public/privacy.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """What one agrees to by using the portal."""
    return render(request, "public/terms.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What works for whom, and whom to tell when it does not."""
    return render(request, "public/accessibility.html")


@require_POST
def display(request: HttpRequest) -> HttpResponseRedirect:
    """Language, elder display, theme: remembered in cookies."""
    return display_changed(request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page whether the thing is missing or not yours: nothing of the address is repeated."""
    return render(request, "errors/404.html", {"is_missing": True}, status=404)


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere; what was typed is shown so that it is not lost."""
    return render(request, "errors/403_csrf.html", {"kept": kept_text(request)}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. This page asks nothing of the database."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)
