"""Leave and two persons: pages on which an enterprise organises its own work.

Everybody at work reads what holds at the own place; what may be changed is asked from ``Reach``
(rights.py) with each request. Rules for new cases, with their try-out, are complaints/pages/enterprise/team.py.
"""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.idempotency import once, redirect_once
from accounts.keys import sealed_fields
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Officer, OfficerAbsence
from enterprises.models import Staff
from enterprises.models.team import Absence, TwoPersons
from enterprises.pages.team import TeamRequest, here_of
from enterprises.team import organising
from enterprises.team.rights import HEAD, Reach, post_of
from enterprises.team.staffing import at_work, branch_ids_seen_by
from enterprises.team.team import TeamRefusal
from enterprises.team.team_forms import LeaveForm, TwoPersonsForm
from web.incoming import posted

MOST = 300
_SETTING = ("offers_above", "refusals", "failures", "returns")


def colleagues(here: TeamRequest) -> list[Staff]:
    """People who hold cases, whom this person's jobs see; none for a stranger."""
    jobs = list(at_work(here.today).filter(user=here.user))
    seen = Q(pk__in=[])
    for job in jobs:
        branches = branch_ids_seen_by(job)
        mine = Q(enterprise_id=job.enterprise_id)
        seen |= mine if branches is None else mine & (Q(branch_id__in=branches) | Q(branch_id=None))
    if not jobs:
        raise Http404
    rows = list(
        at_work(here.today)
        .filter(seen, role__in=Right.ANSWER_CASE.posts, user__is_active=True)
        .select_related("user", "enterprise", "branch")
        .order_by("enterprise_id", "branch_id", "pk")[:MOST]
    )
    sealed_fields.load_for([row.user for row in rows])
    return rows


def _people(here: TeamRequest) -> list[Staff] | list[Officer]:
    return _officers(here) if here.side.code == "authority" else colleagues(here)


def _officers(here: TeamRequest) -> list[Officer]:
    """One row a person and authority; their own offices first, so that leave is entered for the person."""
    own = set(Officer.objects.on(here.today).filter(user=here.user).values_list("authority_id", flat=True))
    if not own:
        raise Http404
    rows = Officer.objects.on(here.today).filter(
        authority_id__in=own, role__in=Right.HOLD_CASE.posts, user__is_active=True
    )
    result = {
        (row.user_id, row.authority_id): row for row in rows.select_related("user", "authority").order_by("-pk")[:MOST]
    }
    sealed_fields.load_for([row.user for row in result.values()])
    return sorted(result.values(), key=lambda row: (row.authority_id, row.pk))


def handler_name(row: Staff | Officer) -> str:
    """李敏 · A-017 · 处理专员 · 某公司福州分公司"""
    texts = (row.user.name, getattr(row, "number", ""), row.get_role_display(), post_of(row))
    return " · ".join(str(word) for word in texts if word)


def may_speak_for(row: Staff | Officer, here: TeamRequest) -> bool:
    return row.user_id == here.user.pk or here.reach.may_touch(post_of(row), str(row.role))


def _whose(row: Absence | OfficerAbsence) -> Staff | Officer:
    return row.officer if isinstance(row, OfficerAbsence) else row.staff


def _leaves(here: TeamRequest, people: list[Staff] | list[Officer]) -> list[Absence] | list[OfficerAbsence]:
    if here.side.code == "authority":
        persons, places = {row.user_id for row in people}, {post_of(row).authority for row in people}
        return list(
            OfficerAbsence.objects.not_over(here.today)
            .filter(officer__user__in=persons, officer__authority__in=places)
            .select_related("officer__user", "officer__authority", "deputy__user", "deputy__authority")
        )
    return list(
        Absence.objects.not_over(here.today)
        .filter(staff__in=people)
        .select_related(
            "staff__user", "staff__enterprise", "staff__branch", "deputy__user", "deputy__enterprise", "deputy__branch"
        )
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, side: str = "enterprise") -> HttpResponseBase:
    """/…/team/leave/: who is away and when; leave of somebody in one's charge, or one's own."""
    here = here_of(request, side)
    people = _people(here)
    by_id: dict[str, Any] = {str(row.pk): row for row in people}
    form = LeaveForm(
        posted(request),
        initial={"starts_on": here.today},
        people=[(pk, handler_name(row)) for pk, row in by_id.items() if may_speak_for(row, here)],
        deputies=[(pk, handler_name(row)) for pk, row in by_id.items()],
        is_office=side == "authority",
    )
    address = here.side.address("leave")
    if form.is_bound and form.is_valid():
        cleaned = form.cleaned_data
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    deputy = by_id.get(cleaned["deputy"])
                    organising.enter_leave(
                        by_id[cleaned["staff"]], cleaned["starts_on"], cleaned["ends_on"], deputy=deputy, by=here
                    )
                    attempt.reference = address
                    text = _("已记下请假：%(name)s") % {"name": by_id[cleaned["staff"]].user.name}
                    messages.success(request, text, extra_tags="ok")
            return redirect(attempt.reference)
        except TeamRefusal as refusal:
            form.add_error(_FIELDS.get(refusal.code), str(refusal))
    result = _leaves(here, people)
    sealed_fields.load_for(
        [person.user for row in result for person in (_whose(row), row.deputy) if person is not None]
    )
    context = {
        "form": form,
        "can_enter": len(form.fields["staff"].choices) > 1,  # type: ignore[attr-defined]
        "team_url": here.side.home,
        "is_office": side == "authority",
        "rows": [
            {
                "row": row,
                "who": handler_name(_whose(row)),
                "deputy": handler_name(row.deputy) if row.deputy else "",
                "is_now": row.starts_on <= here.today,
                "url": here.side.address("leave-cancel", row.pk) if may_speak_for(_whose(row), here) else "",
            }
            for row in result
        ],
    }
    return render(request, "team/leave.html", context, status=422 if form.is_bound else 200)


#: Where a refusal of the rule is shown.
_FIELDS = {
    "past_day": "ends_on",
    "wrong_days": "ends_on",
    "already_away": "starts_on",
    "bad_deputy": "deputy",
    "not_at_work": "staff",
    "not_yours_to_change": "staff",
}


@never_cache
@require_POST
def leave_cancel(request: HttpRequest, pk: int, side: str = "enterprise") -> HttpResponseBase:
    here = here_of(request, side)
    row = next((one for one in _leaves(here, _people(here)) if one.pk == pk), None)
    if row is None or not may_speak_for(_whose(row), here):
        raise Http404

    def act() -> tuple[str, str]:
        organising.cancel_leave(row, by=here)
        return here.side.address("leave"), _("请假已取消。已经交出去的案件不会自动回来。")

    return redirect_once(request, act)


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def two_persons(request: HttpRequest) -> HttpResponseBase:
    """/enterprise/team/two-persons/: which steps somebody else must approve, place by place."""
    here = here_of(request, "enterprise")
    posts = [post for post in here.reach.posts if HEAD["enterprise"] in here.reach.may_give(post)]
    if not posts:
        raise Http404
    chosen = here.reach.by_code.get(request.POST.get("post") or request.GET.get("post", ""), posts[0])
    setting = organising.two_persons_at(chosen)
    first: dict[str, Any] = {"post": chosen.code}
    if setting is not None:
        first |= {name: getattr(setting, name) for name in _SETTING}
    form = TwoPersonsForm(posted(request), reach=here.reach, initial=first)
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                if request.POST.get("do") == "drop":
                    organising.drop_two_persons(form.chosen_post, by=here)
                else:
                    values = {name: form.cleaned_data[name] for name in _SETTING}
                    organising.set_two_persons(form.chosen_post, **values, by=here)
                attempt.reference = f"{reverse('enterprises:enterprise-two-persons')}?post={form.chosen_post.code}"
                messages.success(request, _("已保存，从现在起生效。已经在等批准的不受影响。"), extra_tags="ok")
        return redirect(attempt.reference)
    return render(
        request,
        "team/two_persons.html",
        {"form": form, "setting": setting, "rows": _settings(here.reach), "back": here.side.home},
        status=422 if form.is_bound else 200,
    )


def _settings(reach: Reach) -> list[dict[str, Any]]:
    """What is in force at the places of this manager, and who wrote it."""
    enterprises = {post.enterprise.pk for post in reach.posts if post.enterprise}
    rows = list(
        TwoPersons.objects.filter(enterprise_id__in=enterprises, ended_at=None).select_related(
            "enterprise", "branch", "set_by"
        )
    )
    sealed_fields.load_for([row.set_by for row in rows])
    known = {
        (post.enterprise.pk, post.branch.pk if post.branch else None): post for post in reach.posts if post.enterprise
    }
    return [
        {
            "row": row,
            "by": row.set_by.name,
            "where": known[row.enterprise_id, row.branch_id],
            "url": (
                f"{reverse('enterprises:enterprise-two-persons')}?post={known[row.enterprise_id, row.branch_id].code}"
            ),
        }
        for row in rows
        if (row.enterprise_id, row.branch_id) in known
    ]
