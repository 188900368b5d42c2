"""Who of an enterprise gets a letter."""

from datetime import date

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from enterprises.team.staffing import at_work


def managers_of(pk: int, *, on: date) -> list[User]:
    """Managers of the whole enterprise who can be written to."""
    jobs = at_work(on).filter(enterprise_id=pk, branch=None, role__in=Right.LEAD_ENTERPRISE.posts).values("user_id")
    people = list(User.objects.filter(pk__in=jobs, is_active=True).order_by("pk"))
    sealed_fields.load_for(people)
    return [person for person in people if person.email]
