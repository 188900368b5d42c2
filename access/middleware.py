"""The middleware before every page: what permissions.csv does not allow is refused before the view runs.

A page that has no line in the file is shut, for everybody. The permission middleware knows roles; which
case somebody may see is asked by the page (`visible_to`), and once more by the database.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import BigIntegerField, CharField, Model, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone

from access.permissions import KEY_ROLES, actions_for, is_held_by_key, is_public, rows_of
from accounts.keys import row_tags
from accounts.models import User
from accounts.roles import role_at
from accounts.sign_in.backend import duty_of
from authorities.models import Officer
from database.prepared import PreparedValues
from enterprises.models import Staff, StationStaff
from enterprises.team.staffing import at_work

#: Opened by a token, which the view reads: its permission class asks `permissions.allows` with `roles_held`.
PROGRAMS = "api:"

#: What everybody with an account is.
ACCOUNT = frozenset({"consumer"})


def roles_held(user: User, *, on: date) -> frozenset[str]:
    """What `user` is on day `on`, in the words of permissions.csv; one query.

    An administrator is that and nothing else: no consumer, no staff (三员 see no case content).
    """
    if duty := duty_of(user):
        return frozenset({role_at("platform", duty).known_as})
    posts = [_post(*row) for row in _POSTS(user.pk, on)]
    return ACCOUNT | {role_at(_SIDES[type(post)], post.role).known_as for post in row_tags.standing(posts)}


_SIDES: dict[type[Model], str] = {Officer: "authority", Staff: "enterprise", StationStaff: "station"}


def _post(side: str, pk: int, place: int, branch: int | None, *said: Any) -> Officer | Staff | StationStaff:
    """The row of a post, as far as its tag covers it."""
    user, role, starts_on, ends_on, tag = said
    shared = {"pk": pk, "user_id": user, "role": role, "starts_on": starts_on, "ends_on": ends_on, "tag": bytes(tag)}
    if side == "authority":
        return Officer(authority_id=place, **shared)
    if side == "enterprise":
        return Staff(enterprise_id=place, branch_id=branch, **shared)
    return StationStaff(station_id=place, **shared)


def _posts(user: int, day: date) -> Any:
    """Posts of one person on one day, as `_post` takes them."""
    offices = Officer.objects.on(day).filter(user_id=user).order_by()
    jobs = at_work(day).filter(user_id=user).order_by()
    at_stations = StationStaff.objects.on(day).filter(user_id=user).order_by()
    said = ("user_id", "role", "starts_on", "ends_on", "tag")
    nowhere = Value(None, output_field=BigIntegerField())
    return offices.values_list(
        Value("authority", output_field=CharField()), "pk", "authority_id", nowhere, *said
    ).union(
        jobs.values_list(Value("enterprise", output_field=CharField()), "pk", "enterprise_id", "branch_id", *said),
        at_stations.values_list(Value("station", output_field=CharField()), "pk", "station_id", nowhere, *said),
        all=True,
    )


#: Each page at work asks it.
_POSTS = PreparedValues(_posts, int, date)


class PermissionMiddleware:
    """Middleware; stands behind AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None lets the view run; Http404 is the answer for an address that does not exist."""
        resource = request.resolver_match.view_name if request.resolver_match else ""
        action = "GET" if request.method == "HEAD" else str(request.method)
        if is_public(resource, action) or is_held_by_key(resource, action):
            return None
        if not rows_of(resource):
            raise Http404
        if resource.startswith(PROGRAMS):
            return None
        user = request.user
        if not isinstance(user, User):
            allowed = actions_for(resource, KEY_ROLES)
            return _not_allowed(allowed) if allowed else redirect_to_login(request.get_full_path())
        if not duty_of(user) and action in actions_for(resource, ACCOUNT):
            # Most of what people ask for needs no look at their offices.
            return None
        # The page context asks again what work this person has; it reads it here.
        user.roles_today = roles_held(user, on=timezone.localdate())  # type: ignore[attr-defined]
        allowed = actions_for(resource, user.roles_today | KEY_ROLES)  # type: ignore[attr-defined]
        if action in allowed:
            return None
        if not allowed:
            raise Http404
        return _not_allowed(allowed)


def _not_allowed(allowed: frozenset[str]) -> HttpResponse:
    also = {"HEAD"} if "GET" in allowed else set()
    return HttpResponseNotAllowed(sorted(allowed | also))
