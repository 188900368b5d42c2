"""The team of an enterprise or of an authority: who works here, as what, and how that is changed.

Everybody at work reads the list of the own place; what may be changed is asked from ``Reach``
(rights.py) with each request, and who may not change somebody finds no page for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.idempotency import once, redirect_once
from accounts.keys import sealed_fields
from accounts.models import SecondFactor, User
from accounts.sign_in.limits import client_address, place_of
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority, Officer
from enterprises.models import Staff
from enterprises.models.team import Invitation
from enterprises.team import organising, team
from enterprises.team.rights import HEAD, Reach, TeamActor, authority_reach, enterprise_reach, post_of
from enterprises.team.staffing import at_work, branch_ids_seen_by
from enterprises.team.team import Member, role_label
from enterprises.team.team_forms import EndForm, InviteForm, NumberForm, RoleForm
from web.incoming import posted, whole

PAGE = 100


@dataclass(frozen=True, slots=True)
class Side:
    """What differs between the two kinds of team."""

    code: str
    reach: Callable[..., Reach]
    #: The list; the enterprise's shows how much everybody has to do, so it stands with the cases.
    list_name: str

    @property
    def home(self) -> str:
        return reverse(self.list_name)

    def address(self, name: str, *args: Any) -> str:
        return reverse(f"enterprises:{self.code}-{name}", args=args)


SIDES = {
    "enterprise": Side("enterprise", enterprise_reach, "complaints:enterprise-team"),
    "authority": Side("authority", authority_reach, "complaints:authority-team"),
}


@dataclass(frozen=True, kw_only=True)
class TeamRequest(TeamActor):
    """Who asks, on which side, when, and what they may give."""

    side: Side


def here_of(request: HttpRequest, side: str) -> TeamRequest:
    """Who asks; Http404 without an account."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        raise Http404
    reach = SIDES[side].reach(user.pk, on=timezone.localdate(now))
    return TeamRequest(user=user, side=SIDES[side], reach=reach, now=now, address=client_address(request))


def _people(here: TeamRequest, offices: Iterable[Officer] | None = None) -> QuerySet[Any]:
    """Everybody who works, or will work, where this person may read the list. ``offices``: today's, if known."""
    not_over = Q(ends_on=None) | Q(ends_on__gte=here.today)
    factor = Exists(SecondFactor.objects.filter(user_id=OuterRef("user_id")))
    if here.side.code == "authority":
        held = list(Officer.objects.on(here.today).filter(user=here.user) if offices is None else offices)
        own = [office.authority_id for office in held]
        seen = Q(authority_id__in=own)
        heads = [office.authority_id for office in held if office.role == HEAD["authority"]]
        seen |= Q(authority__parent_id__in=heads) & (
            Q(authority__level=Authority.Level.OFFICE) | Q(role=HEAD["authority"])
        )
        rows = Officer.objects.filter(not_over, seen).select_related("user", "authority").annotate(has_factor=factor)
        return rows.order_by("authority__region_id", "authority_id", "id") if own else rows.none()
    seen = Q(pk__in=[])
    for job in at_work(here.today).filter(user=here.user).select_related("enterprise"):
        mine = Q(enterprise_id=job.enterprise_id)
        branches = branch_ids_seen_by(job)
        seen |= mine if branches is None else mine & Q(branch_id__in=branches)
    jobs = Staff.objects.filter(not_over, seen).select_related("user", "enterprise", "branch")
    return jobs.annotate(has_factor=factor).order_by("enterprise_id", "branch_id", "id")


def _invitations(here: TeamRequest) -> list[dict[str, Any]]:
    """Open ones that this person could have made."""
    if not here.reach.posts:
        return []
    rows = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=here.now)
    if here.side.code == "authority":
        rows = rows.filter(
            Q(authority_id__in=[post.authority.pk for post in here.reach.posts if post.authority])
            | Q(station_id__in=[post.station.pk for post in here.reach.posts if post.station])
        )
    else:
        rows = rows.filter(enterprise_id__in={post.enterprise.pk for post in here.reach.posts if post.enterprise})
    rows = rows.select_related("enterprise", "branch", "authority", "station").order_by("-id")[:PAGE]
    posts = [(row, post_of(row)) for row in rows]
    return [
        {"row": row, "where": post, "role": role_label(row.role, post)}
        | {"url": here.side.address("team-revoke", row.pk)}
        for row, post in posts
        if here.reach.may_touch(post, row.role)
    ]


def list_of(request: HttpRequest, here: TeamRequest, *, offices: Iterable[Officer] | None = None) -> dict[str, Any]:
    """What the list of a team shows; Http404 for a stranger."""
    rows = _people(here, offices)
    start = min(whole(request.GET.get("from", ""), 7) or 0, 1_000_000)
    page = list(rows[start : start + PAGE + 1])
    if not page and not (start and rows.exists()):
        raise Http404
    sealed_fields.load_for(row.user for row in page)
    address = here.side.home
    return {
        "rows": [_line(row, here) for row in page[:PAGE]],
        "side": here.side.code,
        "now": here.now,
        "invite_url": here.side.address("team-invite") if here.reach.posts else "",
        "invitations": _invitations(here),
        "next_url": f"{address}?from={start + PAGE}" if len(page) > PAGE else "",
        "previous_url": f"{address}?from={max(0, start - PAGE)}" if start else "",
    }


def _line(row: Member, here: TeamRequest) -> dict[str, Any]:
    post = post_of(row)
    return {
        "row": row,
        "name": row.user.name,
        "role": role_label(str(row.role), post),
        "where": post,
        "is_me": row.user_id == here.user.pk,
        "is_off": not row.user.is_active,
        "has_factor": getattr(row, "has_factor", False),
        "last_login": row.user.last_login,
        "url": here.side.address("team-member", row.pk) if here.reach.may_touch(post, str(row.role)) else "",
    }


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, side: str) -> HttpResponseBase:
    """Whom to invite, where, as what; a letter goes out."""
    here = here_of(request, side)
    if not here.reach.posts:
        raise Http404
    first = here.reach.posts[0]
    form = InviteForm(posted(request), reach=here.reach, initial={"post": first.code})
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                place = place_of(request) + reverse("enterprises:invitation")
                team.invite(
                    form.cleaned_data["email"],
                    form.chosen_post,
                    form.cleaned_data["role"],
                    by=here,
                    place=place,
                    language=get_language() or "zh-hans",
                )
                attempt.reference = here.side.home
                messages.success(request, _("邀请信已发出，7天内有效。"), extra_tags="ok")
        return redirect(attempt.reference)
    return render(
        request, "team/invite.html", {"form": form, "back": here.side.home}, status=422 if form.is_bound else 200
    )


@never_cache
@fresh_factor
@require_POST
def revoke(request: HttpRequest, side: str, pk: int) -> HttpResponseBase:
    here = here_of(request, side)
    row = Invitation.objects.select_related("enterprise", "branch", "authority", "station").filter(pk=pk).first()
    if row is None or not here.reach.may_touch(post_of(row), row.role):
        raise Http404

    def act() -> tuple[str, str]:
        team.revoke(row, by=here)
        return here.side.home, _("邀请已撤回。")

    return redirect_once(request, act)


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, side: str, pk: int) -> HttpResponseBase:
    """One person's post: another role, a last day, or out at once."""
    here = here_of(request, side)
    row = _people(here).filter(pk=pk).first()
    if row is None or not here.reach.may_touch(post_of(row), str(row.role)):
        raise Http404
    what = request.POST.get("do", "")
    role = RoleForm(
        request.POST if what == "role" else None, post=post_of(row), reach=here.reach, initial={"role": row.role}
    )
    last = EndForm(request.POST if what == "end" else None, today=here.today, initial={"last_day": row.ends_on})
    number = NumberForm(request.POST if what == "number" else None, initial={"number": getattr(row, "number", "")})
    chosen: Form | None = {"role": role, "end": last, "number": number if side == "enterprise" else None}.get(what)
    if request.method == "POST" and (what == "stop" or (chosen is not None and chosen.is_valid())):
        with once(request) as attempt:
            if not attempt.answered:
                if what == "number":
                    organising.set_number(row, number.cleaned_data["number"], by=here)
                elif what == "role":
                    team.change_role(row, role.cleaned_data["role"], by=here)
                else:
                    team.end(row, last.cleaned_data["last_day"] if what == "end" else None, by=here)
                attempt.reference = here.side.home
                messages.success(request, _("已办：%(name)s") % {"name": row.user.name}, extra_tags="ok")
        return redirect(attempt.reference)
    context = {
        "line": _line(row, here),
        "role_form": role,
        "end_form": last,
        "form": chosen,
        "back": here.side.home,
        "number_form": number if side == "enterprise" else None,
        "open_cases": team.open_cases(row),
    }
    return render(request, "team/member.html", context, status=422 if request.method == "POST" else 200)
