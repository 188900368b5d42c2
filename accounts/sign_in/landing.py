"""Where somebody lands after signing in.

Only addresses that this installation has are offered.
"""

from functools import lru_cache

from django.urls import Resolver404, resolve

from accounts.models import User
from accounts.sign_in.backend import duty_of

AUTHORITY_HOME = "/authority/"
ENTERPRISE_HOME = "/enterprise/queue/"
STATION_HOME = "/station/"
CONSUMER_HOME = "/cases/"
ADMINISTRATION_HOME = "/administration/"


@lru_cache(maxsize=512)
def is_here(path: str) -> bool:
    """True if the URLconf answers this path."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def landing_of(user: User) -> str:
    """The first page of this person's work, or the home page."""
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
