"""The people of the demo data, who sign in with one click: known by an e-mail domain that cannot exist."""

from typing import Any

from django.db import OperationalError, ProgrammingError
from django.db.models import QuerySet

from accounts.models import DEMO_DOMAIN, User

__all__ = ["DEMO_DOMAIN", "demo_people", "work_of"]


def demo_people() -> QuerySet[User]:
    """Active users of the demo domain, the oldest (the cast) first."""
    return User.objects.filter(is_active=True, is_demo=True).order_by("pk")


def refuse_real_people() -> None:
    """Ends the start of a demo on a database where people of its own are: the demo shows everybody's codes.

    A demo began on an empty database, so its people are there. A database that is away is judged at the next start.
    """
    try:
        is_real = User.objects.exists() and not demo_people().exists()
    except (OperationalError, ProgrammingError):
        return
    if is_real:
        raise SystemExit(
            "DEMO=1, but this database has people and none of the demo: unset DEMO, or give the demo an empty database."
        )


def is_demo_person(user: User) -> bool:
    """True for somebody of the demo domain; whether this is a demo at all is another question."""
    return user.is_demo


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
