"""A signed-in browser: how it begins, what it must have shown, when it ends.

Who works for an organisation is nobody until the second factor was shown. The pages and the API see such a session as
no session at all, so no page has to think of it; only the pages of the second factor ask ``person_at_second_factor``.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from accounts.models import User
from accounts.security_log import note
from accounts.sign_in import seats
from accounts.sign_in.backend import duty_of, needs_second_factor, read_with_session
from accounts.sign_in.known_browsers import know, person, remember
from accounts.sign_in.limits import client_address, network_of
from database.sessions import together

#: The first mark that stands in the user agent decides.
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("QQBrowser", "QQ Browser"),
    ("UCBrowser", "UC Browser"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)


def device_label(user_agent: str) -> str:
    """Such as "Android · WeChat"; empty if nothing is known."""
    return " · ".join(
        result
        for marks in (_SYSTEMS, _BROWSERS)
        if (result := next((name for mark, name in marks if mark in user_agent), ""))
    )


def shown(device: str) -> str:
    return device or gettext("未知设备")


BACKEND = "accounts.sign_in.backend.PortalBackend"

#: (idle, at the longest). People at work sit at shared desks; consumers mostly hold their own telephone.
AT_WORK = (timedelta(minutes=30), timedelta(hours=12))
AT_HOME = (timedelta(days=14), timedelta(days=90))
#: From the password to the second factor.
FOR_SECOND_FACTOR = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)

# What a session knows, in seconds since 1970.
ENTERED, SEEN, VERIFIED, CONFIRMED = "entered_at", "seen_at", "verified_at", "confirmed_at"
DEVICE, PLACE, IS_DEMO = "device", "place", "is_demo"
#: A code to the mailbox took the place of a lost password: the new one is chosen without it.
BY_RESET = "by_reset"


def moment(session: SessionBase | dict[str, Any], name: str) -> datetime | None:
    seconds = session.get(name)
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def ends_of(user: User) -> tuple[timedelta, timedelta]:
    """(idle, at the longest) of a session of this person."""
    return AT_WORK if needs_second_factor(user) else AT_HOME


def enter(request: HttpRequest, user: User, *, now: datetime, how: str, is_demo: bool = False) -> None:
    """Sign in under a new session key. ``how`` (code, password, demo, set_up) goes to the security log.

    Who needs a second factor is not in yet: ``show_factor`` follows. A person of the demo has shown everything.
    """
    # Over a session that is still open it goes on: whoever wants to act as a second person signs out first.
    mark = seats.mark_of(request.session) if SESSION_KEY in request.session else secrets.token_urlsafe(16)
    session, before = request.session, request.session.session_key
    login(request, user, backend=BACKEND)
    if before is not None and session.session_key == before:
        # Django keeps the key where the same person was signed in here already.
        session.cycle_key()
    session[seats.MARK] = mark
    for name in (VERIFIED, CONFIRMED, IS_DEMO, BY_RESET):
        session.pop(name, None)
    session[ENTERED] = session[SEEN] = int(now.timestamp())
    session[DEVICE] = device_label(request.headers.get("User-Agent", ""))
    session[PLACE] = network_of(client_address(request))
    if how == "reset":
        session[BY_RESET] = True
    session.set_expiry(int(ends_of(user)[1].total_seconds()))
    if is_demo and settings.DEMO:
        session[IS_DEMO] = True
        session[VERIFIED] = session[CONFIRMED] = int(now.timestamp())
    elif needs_second_factor(user):
        note("password_right", now=now, user=user, reason=how, address=client_address(request))
        return
    elif how == "code":
        session[CONFIRMED] = int(now.timestamp())
    know(request, person(user))
    note("sign_in", now=now, user=user, reason=how, address=client_address(request))


def show_factor(request: HttpRequest, user: User, *, now: datetime, how: str) -> None:
    """The second factor was right, at sign-in or again: a new session key, and fresh for ten minutes."""
    session = request.session
    is_sign_in = VERIFIED not in session
    session.cycle_key()
    session[CONFIRMED] = session[VERIFIED] = session[SEEN] = int(now.timestamp())
    request.user = user
    know(request, person(user))
    note("sign_in" if is_sign_in else "stepped_up", now=now, user=user, reason=how, address=client_address(request))


def confirm_by_code(request: HttpRequest, user: User, *, now: datetime) -> None:
    """A consumer showed a fresh code: a new session key; never enough for somebody at work."""
    request.session.cycle_key()
    request.session[CONFIRMED] = int(now.timestamp())
    note("stepped_up", now=now, user=user, reason="code", address=client_address(request))


def person_at_second_factor(request: HttpRequest) -> User | None:
    """Who gave the right password (or code) in this browser and still owes the second factor."""
    bool(request.user.is_authenticated)
    return getattr(request, "_person_at_second_factor", None)


class SignedIn:
    """Middleware behind Django's: ``request.user`` is whoever may act in this session now."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Found when first asked for: what shows no person reads no session.
        request.user = SimpleLazyObject(lambda: _person(request, now=timezone.now()))  # type: ignore[assignment]
        with seats.at_work_in(request):
            response = self.get_response(request)
        remember(request, response)
        return response


def _person(request: HttpRequest, *, now: datetime) -> User | AnonymousUser:
    with together(connection):
        return _found(request, now=now)


def _found(request: HttpRequest, *, now: datetime) -> User | AnonymousUser:
    # The session is read here, and the person with it.
    request.session.get(SESSION_KEY)
    with read_with_session(request.session.person):  # type: ignore[attr-defined]
        user: Any = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    session = request.session
    if getattr(user, "duty", None) and not user.has_usable_password():
        # An administrator never comes in by the code of a letter.
        session.flush()
        return AnonymousUser()
    entered = moment(session, ENTERED)
    if entered is None:
        # Begun by other means than enter(): it counts from here.
        entered = now
        session[ENTERED] = session[SEEN] = int(now.timestamp())
    seen = moment(session, SEEN) or entered
    idle, longest = ends_of(user)
    owes_factor = needs_second_factor(user) and VERIFIED not in session
    if now - seen >= idle or now - entered >= (FOR_SECOND_FACTOR if owes_factor else longest):
        reason = "idle" if now - seen >= idle else "too_long"
        note("session_ended", now=now, user=user, reason=reason, address=client_address(request))
        session.flush()
        return AnonymousUser()
    if owes_factor:
        request._person_at_second_factor = user  # type: ignore[attr-defined]
        return AnonymousUser()
    if session.get(IS_DEMO) and not settings.DEMO:
        session.flush()
        return AnonymousUser()
    # A page that looks again by itself (static/js/moving.js) is nobody at the desk.
    if now - seen >= SEEN_EVERY and "X-Looks-Again" not in request.headers:
        session[SEEN] = int(now.timestamp())
    # For the line of the log, where the request is refused.
    request.acting = f"person {user.person_key}"  # type: ignore[attr-defined]
    return user


AUTHORITY_HOME = "/authority/"
ENTERPRISE_HOME = "/enterprise/mine/"
STATION_HOME = "/station/"
CONSUMER_HOME = "/cases/"
ADMINISTRATION_HOME = "/administration/"


@lru_cache(maxsize=512)
def is_here(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def landing_of(user: User) -> str:
    # Reverse relations: this app knows neither authorities nor enterprises.
    offices, employments = getattr(user, "offices", None), getattr(user, "employments", None)
    posts = getattr(user, "station_posts", None)
    if duty_of(user):
        home = ADMINISTRATION_HOME
    elif offices is not None and offices.exists():
        home = AUTHORITY_HOME
    elif employments is not None and employments.exists():
        home = ENTERPRISE_HOME
    elif posts is not None and posts.exists():
        home = STATION_HOME
    else:
        home = CONSUMER_HOME
    return home if is_here(home) else "/"
