"""The people of a demo: those of the demo data, who sign in with one click, and whoever came in while it ran."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet

from accounts.models import DEMO_DOMAIN, User

__all__ = ["DEMO_DOMAIN", "demo_people", "work_of"]


def demo_people() -> QuerySet[User]:
    """Active people of a demo, the oldest (the cast) first."""
    return User.objects.filter(is_active=True, is_demo=True).order_by("pk")


def refusal() -> str:
    """Why nothing may be served from this database; empty where nothing stands against it.

    A demo shows everybody's codes, so all its people must be of the demo. Elsewhere none of them may be active: their
    password is published. Raises DatabaseError where the database cannot be asked.
    """
    if settings.DEMO:
        count = User.objects.filter(is_demo=False).count()
        sentence = (
            f"DEMO is on, but this database has people whom no demo made ({count}): unset DEMO, or give the demo an"
            " empty database."
        )
    else:
        count = demo_people().count()
        sentence = (
            f"DEMO is off, but people of a demo are active in this database ({count}): give the portal an empty"
            " database, or run `manage.py make_demo_harmless`."
        )
    return sentence if count else ""


def refuse_to_start() -> None:
    """Ends a process that would serve the wrong people. A database that is away is judged at the next start."""
    try:
        sentence = refusal()
    except DatabaseError:
        return
    finally:
        # The processes that are forked from here open their own.
        if not connection.in_atomic_block:
            connection.close()
    if sentence:
        raise SystemExit(sentence)


def is_demo_person(user: User) -> bool:
    """True for somebody whom the demo data made; who came later in a demo proves who they are as everywhere."""
    return user.is_demo and bool(user.email and user.email.endswith(f"@{DEMO_DOMAIN}"))


def work_of(user: User) -> str:
    """The organisation this person works for, or the duty of an administrator, in words; empty for a consumer."""
    for relation, organisation in (
        ("offices", "authority"),
        ("employments", "enterprise"),
        ("station_posts", "station"),
    ):
        rows: Any = getattr(user, relation, None)
        row = rows.select_related(organisation).first() if rows is not None else None
        if row is not None:
            return str(getattr(row, organisation))
    duty: Any = getattr(user, "duties", None)
    return str(duty.get_kind_display()) if duty is not None else ""
