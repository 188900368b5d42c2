"""Who a session belongs to, read with the one fact that decides how it must have been proven.

Whether somebody needs a second factor is asked anew for each request, in the query that loads the
person, so that who is given work today is held to it with the next click.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from accounts.keys import row_tags
from accounts.models import Administrator, User
from database.prepared import PreparedQuery

#: Reverse relations of a user that mean work for an organisation; this app knows neither by name.
WORK = ("offices", "employments", "duties", "station_posts")


def _has_work() -> Combinable | Q:
    result: Q | None = None
    for relation in User._meta.related_objects:
        if relation.get_accessor_name() in WORK:
            model: Any = relation.related_model
            rows = model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            result = Q(Exists(rows)) if result is None else result | Q(Exists(rows))
    return result if result is not None else Value(False, output_field=BooleanField())


def needs_second_factor(user: User) -> bool:
    """True for who works for an organisation, and for whoever signs in with a password."""
    has_work = getattr(user, "has_work", None)
    if has_work is None:
        result: Any = with_work().filter(pk=user.pk).first()
        has_work = bool(result is not None and result.has_work)
        user.has_work = has_work  # type: ignore[attr-defined]
    return bool(has_work) or user.has_usable_password()


def with_work() -> QuerySet[User]:
    """Users with ``has_work`` (a job, an office or a duty of the platform) and ``duty`` (an administrator's)."""
    return User._default_manager.annotate(has_work=_has_work(), duty=F("duties__kind"), duty_tag=F("duties__tag"))


def may_work(user: Any) -> bool:
    """False where the person of this request came with the news that no work stands anywhere: jobs need no look-up."""
    return getattr(user, "has_work", True) is not False


def duty_of(user: User) -> str:
    """system, security or audit; empty for everybody who is no administrator. Comes with the person of a request."""
    if not hasattr(user, "duty"):
        result: Any = with_work().filter(pk=user.pk).first()
        user.duty, user.duty_tag = (result.duty, result.duty_tag) if result is not None else (None, b"")  # type: ignore[attr-defined]
    duty = str(getattr(user, "duty", None) or "")
    # A duty that nobody of ours gave is none.
    given = Administrator(user_id=user.pk, kind=duty, tag=bytes(getattr(user, "duty_tag", None) or b""))
    return duty if duty and row_tags.stands(given) else ""


_OF_ID = PreparedQuery(lambda user: with_work().filter(pk=user), int)
_READ_WITH_SESSION: ContextVar[User | None] = ContextVar("person_who_was_read_with_the_session", default=None)


def columns_of_person() -> list[str]:
    """The columns by which a function of the database gives somebody as ``with_work`` does (sessions.py)."""
    plan = _OF_ID.plan()
    return [*(f"(found.person).{name}" for name in plan.shape.names), *(f"found.{name}" for name, _ in plan.annotated)]


def person_of(columns: Sequence[Any]) -> User | None:
    """The person of these columns; None where they are empty."""
    return _OF_ID.plan().row(list(columns)) if columns[0] is not None else None


@contextmanager
def read_with_session(person: User | None) -> Iterator[None]:
    """Inside, ``get_user`` takes this person and does not read that row again."""
    token = _READ_WITH_SESSION.set(person)
    try:
        yield
    finally:
        _READ_WITH_SESSION.reset(token)


class PortalBackend(ModelBackend):
    """Django's own, for passwords and for the session of each request; the person comes with ``has_work``."""

    def get_user(self, user_id: Any) -> User | None:
        user = _READ_WITH_SESSION.get()
        if user is None or user.pk != user_id:
            user = _OF_ID.first(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Not who is switched off, or of a demo elsewhere; not whom somebody with the database alone gave a password or
        an address (accounts/keys/row_tags.py)."""
        return isinstance(user, User) and user.may_sign_in and row_tags.stands(user)
