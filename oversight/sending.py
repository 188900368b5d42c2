"""A letter to a person, and who of an enterprise gets one."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.utils.translation import override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from accounts.roles import Right
from enterprises.team.staffing import at_work


def send_to(person: User, text: Callable[[], tuple[str, str]], *, now: datetime, of_use: timedelta) -> None:
    """A letter in the person's own language: ``text`` makes its subject and its body."""
    with override(person.language):
        subject, body = text()
    OutgoingMessage.objects.create(
        channel="email",
        address=person.email,
        person_key=person.person_key,
        created_at=now,
        useful_until=now + of_use,
        subject=subject,
        body=body,
    )


def managers_of(pk: int, *, on: date) -> list[User]:
    """Managers of the whole enterprise who can be written to."""
    jobs = at_work(on).filter(enterprise_id=pk, branch=None, role__in=Right.LEAD_ENTERPRISE.posts).values("user_id")
    people = list(User.objects.filter(pk__in=jobs, is_active=True).order_by("pk"))
    sealed_fields.load_for(people)
    return [person for person in people if person.email]
