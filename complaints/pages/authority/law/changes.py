"""/authority/law/<mark>/: one change of the law's data, what it would have done, and the decision of a second person.

Cases in a list are those of the own region, by both row security and the query.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority, Officer, Region
from authorities.policies import measured
from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.staff_forms import DecisionForm
from complaints.law import changing, working
from complaints.law.numbers import moves
from complaints.models import LawChange, LawEffect
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import AUTHORITY, case_url
from complaints.reading.case_people import Fact
from complaints.wording.policies import name_of
from enterprises.models import Enterprise
from web.incoming import ID_DIGITS, whole
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
    rows = Officer.objects.on(workspace.today).filter(user=workspace.user)
    posts = list(rows.select_related("authority__region").order_by("pk"))

    def those(right: Right | None) -> tuple[Authority, ...]:
        return tuple(dict.fromkeys(post.authority for post in posts if right is None or post.role in right.posts))

    return Office(those(None), those(Right.DRAFT_LAW), those(Right.DECIDE_LAW))


def seen_by(office: Office) -> QuerySet[LawChange]:
    """Changes of the own authority and of those below it."""
    lies = Q(pk__in=[])
    for authority in office.all:
        region = authority.region
        lies |= Q(authority=authority) | Q(authority__region__id__range=(region.pk, region.last))
    return LawChange.objects.filter(lies).select_related("authority__region", "region")


def url_of(change: LawChange) -> str:
    return reverse("complaints:authority-law-change", args=[change.mark])


def put_up(request: HttpRequest, form: forms.Form, draft: Callable[[dict[str, Any]], LawChange]) -> str:
    """The address of the change that ``draft`` puts up for trial, once; "" where the form has errors."""
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            try:
                attempt.reference = url_of(draft(form.cleaned_data))
            except StepNotAllowed as wrong:
                form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
    return attempt.reference


def place_name(region: Region | None) -> str:
    return named(region) if region else _("全国")


@officer_page("GET")
def change(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    office = office_of(workspace)
    return _show(request, workspace, office, _find(office, mark))


@officer_page("POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """同意, from when it holds; or 不同意 with the reason."""
    office = office_of(workspace)
    change = _find(office, mark)
    form = _decision(change, request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            text = form.cleaned_data["text"]
            verb = changing.approve if form.cleaned_data["decision"] == "grant" else changing.refuse
            verb(mark, by=workspace.user, heads=office.heads, text=text, now=workspace.now)
            attempt.reference = url_of(change)
    if not attempt.reference:
        return _show(request, workspace, office, change, form)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@officer_page("POST")
def drop(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    change = _find(office_of(workspace), mark)
    with once(request) as attempt:
        if not attempt.answered:
            changing.drop(mark, by=workspace.user, now=workspace.now)
            attempt.reference = url_of(change)
            messages.success(request, _("已撤回。"), extra_tags="ok")
    return redirect(attempt.reference)


def _find(office: Office, mark: str) -> LawChange:
    return get_object_or_404(seen_by(office), mark=mark)


def _decision(change: LawChange, data: Any) -> DecisionForm:
    grant = _("同意，立即载入并重算在办的日期") if change.kind == "calendar" else _("同意，到施行日生效")
    return DecisionForm(data, grant=grant, refuse=_("不同意"))


def _show(
    request: HttpRequest, workspace: Workspace, office: Office, change: LawChange, form: DecisionForm | None = None
) -> HttpResponseBase:
    """``form``: what was sent and is wrong."""
    is_calendar, is_asker = change.kind == "calendar", change.asked_by_id == workspace.user.pk
    verdicts = _MOVED if is_calendar else _REPLAYED
    is_whole, groups = _sees_whole(change, office), seen_groups(change, office)
    counts = {verdict: sum(counted.get(verdict, 0) for _key, counted in groups) for verdict in verdicts}
    if is_whole:
        counts = working.counts_of(change)
    show = request.GET.get("show", "")
    show = show if show in verdicts else next((v for v in verdicts if counts[v]), verdicts[0])
    effects = LawEffect.objects.filter(change=change, verdict=show, complaint__in=workspace.cases())
    if after := whole(request.GET.get("after"), ID_DIGITS):
        effects = effects.filter(pk__gt=after)
    page = list(effects.select_related("complaint").order_by("pk")[: PAGE + 1])
    may_decide = changing.may_decide(change, workspace.user, office.heads, on=workspace.today)
    people = list(User.objects.filter(pk__in=[pk for pk in (change.asked_by_id, change.decided_by_id) if pk]))
    sealed_fields.load_for(people)
    names = {person.pk: person.name for person in people}
    number = change.change.get("name")
    waits_for_others = is_calendar and change.state == "tried" and not may_decide
    context = {
        "change": change,
        "title": title_of(change),
        "facts": facts_of(change),
        "state": state_of(change),
        "is_whole": is_whole,
        "is_calendar": is_calendar,
        "is_replay": change.kind == "replay",
        "counts": counts,
        "is_clock": number is None or bool(moves(number)) or number == "weekend_roll",
        "approvers": approvers_of(change.authority, workspace) if waits_for_others else "",
        "asked_by": names.get(change.asked_by_id or 0, ""),
        "decided_by": names.get(change.decided_by_id or 0, ""),
        "tabs": [
            keyset.figure(VERDICTS[v][0], counts[v], f"?show={v}", VERDICTS[v][1], is_current=v == show)
            for v in verdicts
        ],
        "groups": groups_of(groups, verdicts),
        "verdicts": [VERDICTS[v][0] for v in verdicts],
        "rows": [
            {
                "effect": effect,
                "number": effect.complaint.number,
                "url": case_url(effect.complaint, AUTHORITY),
                "clock": wording.label(effect.clock, kind="clock"),
                "owed_by": wording.label(effect.owed_by, kind="side"),
            }
            for effect in page[:PAGE]
        ],
        "listed": working.MOST_EFFECTS,
        "next_url": f"?{urlencode({'show': show, 'after': page[PAGE - 1].pk})}" if len(page) > PAGE else "",
        "form": form or _decision(change, None),
        "has_form": form is not None or may_decide,
        "is_own": is_asker,
        "may_drop": is_asker and change.kind != "replay" and change.state in ("trying", "tried"),
        "tab": change.kind,
    }
    return render(request, "law/change.html", context, status=422 if form else 200)


def approvers_of(asked: Authority | None, workspace: Workspace) -> str:
    """Who may approve a calendar that this authority puts up, for whoever puts it up or waits for it."""
    officers = changing.calendar_approvers(asked, on=workspace.today, without=workspace.user)
    if not officers:
        return _("现在没有人可以批准：总局或者所在省的省局须先有一名负责人在岗。")
    return _("可以批准的人：%(names)s。") % {"names": names_of(officers)}


def names_of(officers: Sequence[Officer]) -> str:
    """Authority and name of the first of them."""
    shown = officers[:MOST_NAMED]
    sealed_fields.load_for(officer.user for officer in shown)
    return listed(dict.fromkeys(f"{named(officer.authority)} {officer.user.name}" for officer in shown))


def _sees_whole(change: LawChange, office: Office) -> bool:
    """Whether all that was tried lies where this person sits."""
    region = change.region
    return office.whole_country or (region is not None and any(a.region.covers(region.pk) for a in office.all))


def seen_groups(change: LawChange, office: Office) -> list[tuple[list[str], dict[str, int]]]:
    """([clock, enterprise, authority], counts by verdict) as far as this office sees it; one query, or none."""
    groups = [(key.split("|"), counted) for key, counted in change.groups.items()]
    if _sees_whole(change, office):
        return groups
    rows = Authority.objects.filter(pk__in={int(key[2]) for key, _counted in groups if key[2]})
    own = {str(row.pk) for row in rows if any(a.region.covers(row.region_id) for a in office.all)}
    return [(key, counted) for key, counted in groups if key[2] in own]


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


def state_of(change: LawChange) -> dict[str, Any]:
    label, tone = STATES[change.state]
    if change.kind == "replay" and change.state == "tried":
        label, tone = _("已算完"), "ok"
    return {"text": label, "tone": tone, "is_moving": change.state in changing.WORKING}


def title_of(change: LawChange) -> str:
    new = change.change
    if "name" in new:
        before, after = measured(*new["before"]), measured(new["number"], new["unit"])
        return labelled(name_of(new["name"]), f"{before} → {after}")
    return _("%(year)s年工作日历") % {"year": new["year"]}


def facts_of(change: LawChange) -> list[Fact]:
    new = change.change
    facts = [Fact(_("哪里"), place_name(change.region))]
    if change.kind == "policy":
        facts += [Fact(_("施行"), new["starts_on"]), Fact(_("依据"), new["legal_basis"])]
    if "days" in new:
        off = sum(not works for _day, works, *_names in new["days"])
        content = _("放假%(off)s天，调休上班%(on)s天") % {"off": off, "on": len(new["days"]) - off}
        facts += [Fact(_("来源"), new["source"]), Fact(_("内容"), content)]
    if change.since and change.until:
        period = _("%(since)s至%(until)s开始的") % {"since": change.since, "until": change.until}
        facts.append(Fact(_("试算的期限"), period))
    if change.why:
        facts.append(Fact(_("为什么"), change.why))
    return facts


def shown(changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "change": change,
            "title": title_of(change),
            "url": url_of(change),
            "state": state_of(change),
            "where": place_name(change.region),
        }
        for change in changes
    ]
