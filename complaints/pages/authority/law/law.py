"""/authority/policies/ and /authority/law/<mark>/: the numbers of the procedure, a change of one, what it would have
done, and the decision of a second person; and the same as a question (replay).

A page never changes a number: it puts up a change for trial, and a change that was tried is decided by
somebody else. Cases in a list are those of the own region, by both walls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, Officer, Policy, Region
from authorities.policies import measured
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.decision_form import DecisionForm
from complaints.forms.fields import Choices
from complaints.law import changing, working
from complaints.law.numbers import bounds_of, moves
from complaints.models import LawChange, LawEffect
from complaints.pages.authority.law.law_forms import PolicyForm, ReplayForm
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import AUTHORITY, case_url
from complaints.reading.case_people import Fact
from complaints.wording.policies import GROUPS, POLICIES, name_of
from enterprises.models import Enterprise
from web.languages import named
from web.listing import labelled, listed

#: Effects on one page; groups told one by one; changes that a list shows.
PAGE, MOST_GROUPS, MOST_CHANGES = 50, 50, 100
#: Officers that are named where only they can go on.
MOST_NAMED = 5
STATES: dict[str, tuple[Any, str]] = {
    "trying": (gettext_lazy("正在试算"), "info"),
    "tried": (gettext_lazy("等另一人决定"), "warn"),
    "applying": (gettext_lazy("正在重算各案的日期"), "info"),
    "done": (gettext_lazy("已定"), "ok"),
    "refused": (gettext_lazy("没有同意"), "bad"),
    "dropped": (gettext_lazy("已撤回"), "neutral"),
    "failed": (gettext_lazy("没有算成"), "bad"),
}
VERDICTS: dict[str, tuple[Any, str]] = {
    "late": (gettext_lazy("会逾期"), "bad"),
    "in_time": (gettext_lazy("会按时"), "ok"),
    "unknown": (gettext_lazy("说不准"), "neutral"),
    "later": (gettext_lazy("推后"), "info"),
    "earlier": (gettext_lazy("提前"), "warn"),
    "kept": (gettext_lazy("提前，但留足时间"), "warn"),
}
_REPLAYED, _MOVED = ("late", "in_time", "unknown"), ("later", "earlier", "kept")


@dataclass(frozen=True, slots=True)
class Office:
    """Where this person sits today: every authority, those where he may draft, those of which he is the head."""

    all: tuple[Authority, ...]
    drafts: tuple[Authority, ...]
    heads: tuple[Authority, ...]

    @property
    def whole_country(self) -> bool:
        return any(a.level == Authority.Level.NATIONAL for a in self.all)


def office_of(workspace: Workspace) -> Office:
    posts = list(
        Officer.objects.on(workspace.today)
        .filter(user=workspace.user)
        .select_related("authority__region")
        .order_by("pk")
    )

    def those(right: Right | None) -> tuple[Authority, ...]:
        return tuple(dict.fromkeys(post.authority for post in posts if right is None or post.role in right.posts))

    return Office(those(None), those(Right.DRAFT_LAW), those(Right.DECIDE_LAW))


def seen_by(office: Office) -> QuerySet[LawChange]:
    """Changes of the own authority and of those below it."""
    lies = Q(pk__in=[])
    for authority in office.all:
        lies |= Q(authority=authority) | Q(
            authority__region_id__gte=authority.region_id, authority__region_id__lte=authority.region.last
        )
    return LawChange.objects.filter(lies).select_related("authority__region", "region")


def url_of(change: LawChange) -> str:
    return reverse("complaints:authority-law-change", args=[change.mark])


# --- the numbers ------------------------------------------------------------------------------------------------------


@officer_page("GET")
def policies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """What holds today, here and in the whole country, with its basis; and the changes that are under way."""
    office = office_of(workspace)
    rows: dict[str, list[Policy]] = defaultdict(list)
    for row in Policy.objects.on(workspace.today).select_related("region").order_by("region__id", "version"):
        if row.region is None or _is_here(row.region, office):
            rows[row.name].append(row)
    coming = {
        row.name
        for row in Policy.objects.filter(starts_on__gt=workspace.today).select_related("region")
        if row.region is None or _is_here(row.region, office)
    }
    groups = [
        {
            "title": title,
            "rows": [
                _number(name, row, is_coming=n == 0 and name in coming)
                for name in POLICIES
                if POLICIES[name][0] == group
                for n, row in enumerate(rows.get(name, []))
            ],
        }
        for group, title in GROUPS.items()
    ]
    changes = list(seen_by(office).filter(kind="policy").order_by("-pk")[:MOST_CHANGES])
    return render(
        request,
        "law/policies.html",
        {
            "groups": groups,
            "now": workspace.now,
            "tab": "policies",
            "waiting": shown(row for row in changes if row.state in ("trying", "tried")),
            "decided": shown(row for row in changes if row.state not in ("trying", "tried")),
        },
    )


def _is_here(region: Region, office: Office) -> bool:
    return any(region.covers(a.region_id) or a.region.covers(region.pk) for a in office.all)


def _number(name: str, row: Policy, *, is_coming: bool) -> dict[str, Any]:
    return {
        "name": name_of(name),
        "value": measured(row.number, row.unit),
        "where": named(row.region) if row.region else _("全国"),
        "is_local": row.region is not None,
        "row": row,
        "is_coming": is_coming,
        "url": reverse("complaints:authority-policy") + "?" + urlencode({"name": name}),
    }


@officer_page("GET", "POST")
def policy(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/policies/new/?name=…: the history of one number, and the draft of a change."""
    name = request.GET.get("name", "")
    if name not in POLICIES:
        return redirect("complaints:authority-policies")
    office = office_of(workspace)
    rows = [
        row
        for row in Policy.objects.filter(name=name).select_related("region").order_by("region__id", "-version")
        if row.region is None or _is_here(row.region, office)
    ]
    if not rows or (request.method == "POST" and not office.drafts):
        raise Http404
    today = next((row for row in rows if row.holds(workspace.today)), rows[0])
    bounds = bounds_of(name, today.unit)
    places = places_of(office.drafts)
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        regions=_choices(places),
        units=bounds.units,
        today=workspace.today,
    )
    if form.is_bound:
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                said = form.cleaned_data
                region = places.get(said["region"])
                try:
                    attempt.reference = url_of(
                        changing.draft_policy(
                            by=workspace.user,
                            authority=_whose(office.drafts, region),
                            region=region,
                            name=name,
                            number=said["number"],
                            unit=said["unit"],
                            starts_on=said["starts_on"],
                            legal_basis=said["legal_basis"],
                            why=said["why"],
                            now=workspace.now,
                        )
                    )
                except StepNotAllowed as wrong:
                    form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    return render(
        request,
        "law/policy.html",
        {
            "form": form,
            "title": name_of(name),
            "name": name,
            "bounds": bounds,
            "is_clock": bool(moves(name)),
            "may_change": bool(office.drafts),
            "rows": [
                {
                    "value": measured(row.number, row.unit),
                    "where": named(row.region) if row.region else _("全国"),
                    "row": row,
                    "is_now": row.holds(workspace.today),
                }
                for row in rows
            ],
        },
        status=422 if form.is_bound else 200,
    )


def places_of(authorities: Sequence[Authority]) -> dict[str, Region | None]:
    """What these authorities may speak for, by the value of a choice: the country, their own region, those below."""
    found: dict[str, Region | None] = {}
    for authority in authorities:
        if authority.level == Authority.Level.NATIONAL:
            found["0"] = None
        found[str(authority.region_id)] = authority.region
        for below in Jurisdiction.load().authorities:
            if authority.region.covers(below.region_id) and below.level != Authority.Level.OFFICE:
                found[str(below.region_id)] = below.region
    return found


def _choices(places: dict[str, Region | None]) -> Choices:
    return [(key, named(region) if region else str(_("全国"))) for key, region in places.items()]


def _whose(authorities: Sequence[Authority], region: Region | None) -> Authority:
    fitting = [a for a in authorities if changing.may_change(a, region)]
    return fitting[0] if fitting else authorities[0]


# --- one change -------------------------------------------------------------------------------------------------------


@officer_page("GET")
def change(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    office = office_of(workspace)
    return _show(request, workspace, office, _found(office, mark), None)


@officer_page("POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """同意, from when it holds; or 不同意 with the reason."""
    office = office_of(workspace)
    found = _found(office, mark)
    form = _decision(found, request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            said = form.cleaned_data
            verb = changing.approve if said["decision"] == "grant" else changing.refuse
            verb(mark, by=workspace.user, heads=office.heads, text=said["text"], now=workspace.now)
            attempt.reference = url_of(found)
    if not attempt.reference:
        return _show(request, workspace, office, found, form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@officer_page("POST")
def drop(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    found = _found(office_of(workspace), mark)
    with once(request) as attempt:
        if not attempt.answered:
            changing.drop(mark, by=workspace.user, now=workspace.now)
            attempt.reference = url_of(found)
            messages.success(request, _("已撤回。"), extra_tags="ok")
    return redirect(attempt.reference)


def _found(office: Office, mark: str) -> LawChange:
    found = seen_by(office).filter(mark=mark).first()
    if found is None:
        raise Http404
    return found


def _decision(found: LawChange, data: Any) -> DecisionForm:
    grant = _("同意，立即载入并重算在办的日期") if found.kind == "calendar" else _("同意，到施行日生效")
    return DecisionForm(data, grant=grant, refuse=_("不同意"))


def _show(
    request: HttpRequest,
    workspace: Workspace,
    office: Office,
    found: LawChange,
    form: DecisionForm | None,
    *,
    status: int = 200,
) -> HttpResponseBase:
    verdicts = _MOVED if found.kind == "calendar" else _REPLAYED
    is_whole, groups = _sees_whole(found, office), seen_groups(found, office)
    counts = (
        working.counts_of(found)
        if is_whole
        else {verdict: sum(counted.get(verdict, 0) for _key, counted in groups) for verdict in verdicts}
    )
    show = request.GET.get("show", "")
    show = show if show in verdicts else next((v for v in verdicts if counts[v]), verdicts[0])
    effects = (
        LawEffect.objects.filter(change=found, verdict=show, complaint__in=workspace.cases())
        .select_related("complaint")
        .order_by("pk")
    )
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        effects = effects.filter(pk__gt=int(after))
    page = list(effects[: PAGE + 1])
    may_decide = changing.may_decide(found, workspace.user, office.heads, on=workspace.today)
    people = list(User.objects.filter(pk__in=[pk for pk in (found.asked_by_id, found.decided_by_id) if pk]))
    sealed_fields.load_for(people)
    names = {person.pk: person.name for person in people}
    return render(
        request,
        "law/change.html",
        {
            "change": found,
            "title": title_of(found),
            "facts": facts_of(found),
            "state": state_of(found),
            "now": workspace.now,
            "is_whole": is_whole,
            "is_calendar": found.kind == "calendar",
            "is_replay": found.kind == "replay",
            "counts": counts,
            "is_clock": (
                "name" not in found.change
                or bool(moves(found.change["name"]))
                or found.change["name"] == "weekend_roll"
            ),
            "approvers": (
                approvers_of(found.authority, workspace)
                if found.kind == "calendar" and found.state == "tried" and not may_decide
                else ""
            ),
            "asked_by": names.get(found.asked_by_id or 0, ""),
            "decided_by": names.get(found.decided_by_id or 0, ""),
            "tabs": [
                {
                    "title": VERDICTS[v][0],
                    "tone": VERDICTS[v][1] if counts[v] else "neutral",
                    "count": counts[v],
                    "url": f"?show={v}",
                    "is_current": v == show,
                }
                for v in verdicts
            ],
            "groups": groups_of(groups, verdicts),
            "verdicts": [VERDICTS[v][0] for v in verdicts],
            "rows": [_row(effect) for effect in page[:PAGE]],
            "listed": working.MOST_EFFECTS,
            "next_url": f"?{urlencode({'show': show, 'after': page[PAGE - 1].pk})}" if len(page) > PAGE else "",
            "form": form or _decision(found, None),
            "may_decide": may_decide,
            "has_form": form is not None or may_decide,
            "is_own": found.asked_by_id == workspace.user.pk,
            "may_drop": (
                found.asked_by_id == workspace.user.pk and found.kind != "replay" and found.state in ("trying", "tried")
            ),
            "tab": found.kind,
        },
        status=status,
    )


def approvers_of(asked: Authority | None, workspace: Workspace) -> str:
    """Who may approve a calendar that this authority puts up, for whoever puts it up or waits for it."""
    officers = changing.calendar_approvers(asked, on=workspace.today, without=workspace.user)
    if not officers:
        return _("现在没有人可以批准：总局或者所在省的省局须先有一名负责人在岗。")
    return _("可以批准的人：%(names)s。") % {"names": in_words(officers)}


def in_words(officers: Sequence[Officer]) -> str:
    """Authority and name of the first of them."""
    shown = officers[:MOST_NAMED]
    sealed_fields.load_for(officer.user for officer in shown)
    return listed(dict.fromkeys(f"{named(officer.authority)} {officer.user.name}" for officer in shown))


def _row(effect: LawEffect) -> dict[str, Any]:
    return {
        "effect": effect,
        "number": effect.complaint.number,
        "url": case_url(effect.complaint, AUTHORITY),
        "clock": wording.label(effect.clock, kind="clock"),
        "owed_by": wording.label(effect.owed_by, kind="side"),
    }


def _sees_whole(found: LawChange, office: Office) -> bool:
    """Whether all that was tried lies where this person sits."""
    return office.whole_country or (
        found.region is not None and any(a.region.covers(found.region.pk) for a in office.all)
    )


def seen_groups(found: LawChange, office: Office) -> list[tuple[list[str], dict[str, int]]]:
    """([clock, enterprise, authority], counts by verdict); what moves elsewhere is not told here. One query, or
    none."""
    groups = [(key.split("|"), counted) for key, counted in found.groups.items()]
    if _sees_whole(found, office):
        return groups
    regions = dict(
        Authority.objects.filter(pk__in={int(key[2]) for key, _counted in groups if key[2]}).values_list(
            "pk", "region_id"
        )
    )
    return [
        (key, counted)
        for key, counted in groups
        if key[2] and int(key[2]) in regions and any(a.region.covers(regions[int(key[2])]) for a in office.all)
    ]


def groups_of(groups: list[tuple[list[str], dict[str, int]]], verdicts: Sequence[str]) -> list[dict[str, Any]]:
    """By clock, enterprise and authority, those with most of the first verdict first."""
    groups = sorted(
        (group for group in groups if any(group[1].get(v) for v in verdicts)),
        key=lambda group: [-group[1].get(v, 0) for v in verdicts],
    )[:MOST_GROUPS]
    authorities = Authority.objects.in_bulk({int(key[2]) for key, _counted in groups if key[2]})
    enterprises = Enterprise.objects.in_bulk([int(key[1]) for key, _counted in groups if key[1]])
    return [
        {
            "clock": wording.label(key[0], kind="clock"),
            "enterprise": named(enterprises[int(key[1])]) if key[1] and int(key[1]) in enterprises else "–",
            "authority": named(authorities[int(key[2])]) if key[2] and int(key[2]) in authorities else "–",
            "numbers": [counted.get(v, 0) for v in verdicts],
        }
        for key, counted in groups
    ]


def state_of(found: LawChange) -> dict[str, Any]:
    words, tone = STATES[found.state]
    if found.kind == "replay" and found.state == "tried":
        words, tone = _("已算完"), "ok"
    return {"words": words, "tone": tone, "is_moving": found.state in changing.WORKING}


def title_of(found: LawChange) -> str:
    told = found.change
    if "name" in told:
        before, after = measured(*told["before"]), measured(told["number"], told["unit"])
        return labelled(name_of(told["name"]), f"{before} → {after}")
    return _("%(year)s年工作日历") % {"year": told["year"]}


def facts_of(found: LawChange) -> list[Fact]:
    """What is meant, in words."""
    told = found.change
    facts = [Fact(_("哪里"), named(found.region) if found.region else _("全国"))]
    if found.kind == "policy":
        facts += [
            Fact(_("施行"), date.fromisoformat(told["starts_on"]).isoformat()),
            Fact(_("依据"), told["legal_basis"]),
        ]
    if "days" in told:
        off = sum(not works for _day, works, *_names in told["days"])
        facts += [
            Fact(_("来源"), told["source"]),
            Fact(_("内容"), _("放假%(off)s天，调休上班%(on)s天") % {"off": off, "on": len(told["days"]) - off}),
        ]
    if found.since and found.until:
        facts.append(
            Fact(_("试算的期限"), _("%(since)s至%(until)s开始的") % {"since": found.since, "until": found.until})
        )
    if found.why:
        facts.append(Fact(_("为什么"), found.why))
    return facts


def shown(changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "change": change,
            "title": title_of(change),
            "url": url_of(change),
            "state": state_of(change),
            "where": named(change.region) if change.region else _("全国"),
        }
        for change in changes
    ]


# --- replay -----------------------------------------------------------------------------------------------------------


@officer_page("GET", "POST")
def replay(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/policies/replay/: what other rules would have done to recorded cases."""
    office = office_of(workspace)
    places = places_of(office.all)
    names = [(name, name_of(name)) for name in POLICIES if moves(name)] + [("weekend_roll", name_of("weekend_roll"))]
    form = ReplayForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        names=names,
        regions=_choices(places),
        today=timezone.localdate(workspace.now),
    )
    if form.is_bound:
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                said = form.cleaned_data
                region = places.get(said["region"])
                is_calendar = said["name"] == ReplayForm.CALENDAR
                try:
                    attempt.reference = url_of(
                        changing.ask_replay(
                            by=workspace.user,
                            authority=_whose(office.all, region),
                            region=region,
                            since=said["since"],
                            until=said["until"],
                            now=workspace.now,
                            year=said["read"] if is_calendar else None,
                            **(
                                {}
                                if is_calendar
                                else {"name": said["name"], "number": said["number"], "unit": said["unit"]}
                            ),
                        )
                    )
                except StepNotAllowed as wrong:
                    form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    earlier = seen_by(office).filter(kind="replay").order_by("-pk")[:MOST_CHANGES]
    return render(
        request,
        "law/replay.html",
        {"form": form, "rows": shown(earlier), "now": workspace.now, "tab": "replay"},
        status=422 if form.is_bound else 200,
    )
