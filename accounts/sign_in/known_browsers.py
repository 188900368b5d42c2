"""Browsers that we know: somebody signed in there, or opened a case by its receipt. They have budgets of their own.

Strangers share what one phone, line or network may ask for, so a stranger can use it up; a known browser counts apart.
The mark lies in a signed cookie that opens nothing: it says for whom this browser is known, by digests that are
different in each browser.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User

KNOWN_FOR = timedelta(days=180)
#: So many people and cases one browser is known for; the oldest go.
MOST = 12
_SALT = "accounts.known_browsers"


def cookie_name() -> str:
    return f"{settings.COOKIE_PREFIX}known"


def person(user: User) -> str:
    """For whom a browser is known where somebody signed in."""
    return f"person {user.person_key}"


@dataclass(frozen=True, slots=True)
class Browser:
    """``mark``: random, the same as long as the cookie is kept; ``digests``: of those for whom it is known."""

    mark: str
    digests: tuple[str, ...] = ()

    def knows(self, whom: str) -> bool:
        return self._digest(whom) in self.digests

    def with_one_more(self, whom: str) -> "Browser":
        digest = self._digest(whom)
        return Browser(self.mark, (*(one for one in self.digests if one != digest), digest)[-MOST:])

    def _digest(self, whom: str) -> str:
        return salted_hmac(_SALT, f"{self.mark}\n{whom}", algorithm="sha256").hexdigest()[:24]


def browser_of(request: HttpRequest) -> Browser | None:
    """What the cookie of this browser says; None without one of ours."""
    try:
        mark, *digests = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=KNOWN_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Browser(str(mark), tuple(map(str, digests)))


def know(request: HttpRequest, whom: str) -> None:
    """From the answer to this request on, this browser is known for ``whom``."""
    browser = getattr(request, "known_browser", None) or browser_of(request) or Browser(secrets.token_urlsafe(12))
    request.known_browser = browser.with_one_more(whom)  # type: ignore[attr-defined]


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Writes the cookie where ``know`` was called."""
    browser: Browser | None = getattr(request, "known_browser", None)
    if browser is not None:
        response.set_cookie(
            cookie_name(),
            signing.dumps([browser.mark, *browser.digests], salt=_SALT),
            max_age=KNOWN_FOR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
