"""Who may give, change and end which role where, by the table ``GIVES`` (accounts/roles.py).

What stands in no line there nobody may give. Nobody gives more than they hold: a manager's reach ends
with the branch, a head's with the own authority, its offices and the heads of the authorities directly below.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.roles import GIVES, Role
from authorities.models import Authority, Officer
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Branch, Enterprise, Invitation, Staff, Station, StationStaff
from enterprises.team.staffing import at_work, branch_subtree
from web.languages import named

#: The role without which an organisation is headless; its last holder stays.
HEAD = {"enterprise": Role.MANAGER.post, "authority": Role.APPROVER.post}


def given(giver: Role, place: str) -> tuple[str, ...]:
    """The codes of the roles that ``giver`` may give there, in the order of a form."""
    return tuple(role.post for role in GIVES.get((giver, place), ()))


@dataclass(frozen=True)
class Post:
    """A place where somebody works: an enterprise (or one of its branches), an authority, or a station."""

    enterprise: Enterprise | None = None
    branch: Branch | None = None
    authority: Authority | None = None
    station: Station | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """As columns of a row that names a place."""
        return dict(vars(self))

    @property
    def row(self) -> Station | Authority | Branch | Enterprise | None:
        return self.station or self.authority or self.branch or self.enterprise

    @property
    def kind(self) -> str:
        return "station" if self.station is not None else "authority" if self.authority is not None else "enterprise"

    @property
    def code(self) -> str:
        """How a form names it: authority-7, branch-3, enterprise-2."""
        return (
            f"{'branch' if self.kind == 'enterprise' and self.branch else self.kind}-{self.row.pk if self.row else 0}"
        )

    @property
    def organisation(self) -> str:
        """Its name as the security log keeps it."""
        return self.row.name if self.row else ""

    def __str__(self) -> str:
        return named(self.row) if self.row else ""


@dataclass(frozen=True)
class Reach:
    """What one person may give on one day: posts, each with its roles."""

    roles: dict[str, tuple[str, ...]]
    posts: tuple[Post, ...]

    def may_give(self, post: Post) -> tuple[str, ...]:
        return self.roles.get(post.code, ())

    def may_touch(self, post: Post, role: str) -> bool:
        """Whether somebody with this role at this post is theirs to change or to end."""
        return role in self.may_give(post)

    @cached_property
    def by_code(self) -> dict[str, Post]:
        return {post.code: post for post in self.posts}


@dataclass(frozen=True, kw_only=True)
class TeamActor:
    """Who changes a team: what they may give, when, and from which network address."""

    user: User
    reach: Reach
    now: datetime
    address: str = ""

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


def post_of(row: Staff | Officer | StationStaff | Invitation) -> Post:
    """Where this job or office is, or where somebody is invited to."""
    if isinstance(row, Invitation):
        return Post(row.enterprise, row.branch, row.authority, row.station)
    if isinstance(row, StationStaff):
        return Post(station=row.station)
    if isinstance(row, Officer):
        return Post(authority=row.authority)
    return Post(enterprise=row.enterprise, branch=row.branch)


def _gather(results: list[tuple[Post, tuple[str, ...]]]) -> Reach:
    roles: dict[str, tuple[str, ...]] = {}
    posts: dict[str, Post] = {}
    for post, given in results:
        posts.setdefault(post.code, post)
        # Held twice: the wider of the two, in its order.
        roles[post.code] = max(roles.get(post.code, ()), given, key=len)
    return Reach(roles, tuple(posts.values()))


def enterprise_reach(user_id: int, *, on: date) -> Reach:
    """What a manager may give: the own branch and those below; at headquarters all."""
    results: list[tuple[Post, tuple[str, ...]]] = []
    jobs = at_work(on).filter(user_id=user_id, role=HEAD["enterprise"]).select_related("enterprise", "branch")
    for job in jobs.order_by("id"):
        own, below = given(Role.MANAGER, "own"), given(Role.MANAGER, "below")
        results.append((Post(enterprise=job.enterprise, branch=job.branch), own))
        branches = Branch.objects.on(on).filter(enterprise_id=job.enterprise_id)
        if job.branch_id is not None:
            branches = branches.filter(pk__in=set(branch_subtree([job.branch_id])) - {job.branch_id})
        results += [(Post(enterprise=job.enterprise, branch=branch), below) for branch in branches.order_by("id")]
    return _gather(results)


def authority_reach(user_id: int, *, on: date) -> Reach:
    """What a head may give: the own authority, its offices, and the heads directly below. One query."""
    results: list[tuple[Post, tuple[str, ...]]] = []
    offices, stations, below = _OF_A_HEAD(user_id, on)
    for office in offices:
        authority = office.authority
        place = "top" if authority.parent_id is None else "own"
        results.append((Post(authority=authority), given(Role.APPROVER, place)))
        for station in stations:
            if station.authority_id == authority.pk:
                results.append((Post(station=station), given(Role.APPROVER, "station")))
        for other in below:
            if other.parent_id == authority.pk:
                place = "office" if other.level == Authority.Level.OFFICE else "subordinate"
                results.append((Post(authority=other), given(Role.APPROVER, place)))
    return _gather(results)


def _led(user: Any, day: Any) -> QuerySet[Officer]:
    """Where somebody is the head."""
    return Officer.objects.on(day).filter(user_id=user, role=HEAD["authority"]).order_by("id")


_OF_A_HEAD = CombinedQuery(
    PreparedQuery(lambda user, day: _led(user, day).select_related("authority"), int, date),
    PreparedQuery(
        lambda user, day: (
            Station.objects.on(day).filter(authority_id__in=_led(user, day).values("authority_id")).order_by("pk")
        ),
        int,
        date,
    ),
    PreparedQuery(
        lambda user, day: Authority.objects.filter(parent_id__in=_led(user, day).values("authority_id")).order_by(
            "region_id", "id"
        ),
        int,
        date,
    ),
)


def enrolling_reach(user_id: int, enterprise: Enterprise, *, on: date) -> Reach:
    """What a head may give at an enterprise that the own authority enrolled: its manager, while it has none."""
    is_head = (
        Officer.objects.on(on)
        .filter(user_id=user_id, role=HEAD["authority"], authority_id=enterprise.enrolled_by_id or 0)
        .exists()
    )
    if not is_head or is_led(enterprise, on=on):
        return Reach({}, ())
    return _gather([(Post(enterprise=enterprise), given(Role.APPROVER, "enrolled"))])


def is_led(enterprise: Enterprise, *, on: date) -> bool:
    """Whether somebody manages the whole of it."""
    managers = at_work(on).filter(enterprise=enterprise, branch=None, role=HEAD["enterprise"], user__is_active=True)
    return managers.exists()
