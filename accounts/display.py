"""How a person likes to read: language, elder display, theme.

The wish lives in three cookies, and only words listed here are believed. A language that is
chosen while signed in is the person's own: it decides in each browser where none was chosen.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language

from accounts.models import User

DISPLAY_COOKIE = f"{settings.COOKIE_PREFIX}display"
THEME_COOKIE = f"{settings.COOKIE_PREFIX}theme"
DISPLAYS = ("standard", "elder")
THEMES = ("light", "dark")
ONE_YEAR = timedelta(days=365)


def chosen_display(request: HttpRequest) -> str:
    """ "elder" or "standard"."""
    value = request.COOKIES.get(DISPLAY_COOKIE, "")
    return value if value in DISPLAYS else "standard"


def chosen_theme(request: HttpRequest) -> str:
    """ "dark", "light", or nothing: then the system decides."""
    value = request.COOKIES.get(THEME_COOKIE, "")
    return value if value in THEMES else ""


def is_language(value: str) -> bool:
    return value in dict(settings.LANGUAGES) and check_for_language(value)


def safe_next(request: HttpRequest, target: str, *, otherwise: str = "/") -> str:
    """The page to go on to, if it is one of ours; never an address of another host."""
    if (
        target
        and target.startswith("/")
        and not urlsplit(target).netloc
        and url_has_allowed_host_and_scheme(
            target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
    ):
        return target
    return otherwise


def remember(response: HttpResponseBase, name: str, value: str) -> None:
    """Set one reading cookie for a year."""
    response.set_cookie(
        name, value, max_age=ONE_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def display_changed(request: HttpRequest) -> HttpResponseRedirect:
    response = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")))
    display = request.POST.get("display", "")
    if display in DISPLAYS:
        remember(response, DISPLAY_COOKIE, display)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        remember(response, THEME_COOKIE, theme)
    language = request.POST.get("language", "")
    if is_language(language):
        remember(response, settings.LANGUAGE_COOKIE_NAME, language)
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=language)
    return response


def own_language(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """The person's language for this browser, unless somebody chose one here."""
    if not is_language(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")) and is_language(user.language):
        remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
