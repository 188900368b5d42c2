"""/authority/call-backs/: the sample of a month, who rings whom, the script; /open/call-backs/: the draw.

Who handled a case finds no form for it, and is refused by name when sending one.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.keys import sealed_fields
from complaints import wording
from complaints.assignment import call_backs as drawing
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import officer_case_of
from complaints.forms.staff_forms import CallBackForm
from complaints.handling import Move
from complaints.handling.steps import casework
from complaints.models import CallBack, CallBackMonth, Complaint, Obligation
from complaints.pages.authority.cases import step_url
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Outcome
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import names_given
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Enterprise
from web import small_numbers
from web.incoming import posted
from web.languages import named
from web.small_numbers import is_rounded, rounded_number, share_text, too_few

MONTHS = 12
MOST_ENTERPRISES = 50
Rows = QuerySet[CallBack]
#: Code → label and condition. What is open is shown of all months, what is over of the chosen one.
_OPEN = ("mine", "open", "nobody")
VIEWS: dict[str, tuple[Any, Any]] = {
    "mine": (gettext_lazy("等我回访"), lambda workspace: Q(state="open", officer__user=workspace.user)),
    "open": (gettext_lazy("待回访"), lambda workspace: Q(state="open")),
    "nobody": (gettext_lazy("还没有人"), lambda workspace: Q(state="open", officer=None)),
    "ended": (gettext_lazy("已结束"), lambda workspace: ~Q(state="open")),
    "found": (gettext_lazy("需要重新办理的"), lambda workspace: ~Q(finding="")),
}
_AGREED = (Outcome.SETTLED, Outcome.SETTLED_ELSEWHERE, Outcome.MEDIATED)


def _seen(workspace: Workspace) -> Rows:
    return CallBack.objects.filter(complaint__in=workspace.cases())


def mine(workspace: Workspace) -> Rows:
    """What this person is to ring, of any month."""
    return _seen(workspace).filter(VIEWS["mine"][1](workspace))


@officer_page("GET")
def call_backs(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    months = list(CallBackMonth.objects.order_by("-month")[:MONTHS])
    drawn = [month for month in months if month.drawn_at is not None]
    month = next((one for one in drawn if str(one) == request.GET.get("month", "")), drawn[0] if drawn else None)
    rows = _seen(workspace).filter(month=month) if month else CallBack.objects.none()
    lists = {
        code: (_seen(workspace) if code in _OPEN else rows).filter(condition(workspace))
        for code, (_label, condition) in VIEWS.items()
    }
    view = request.GET.get("view", "")
    wanted = [view] if view in VIEWS else ["mine", "open"]
    counts, ids = keyset.counts_and_ids(lists, {code: keyset.walk_by_pk(lists[code], request.GET) for code in wanted})
    if view not in VIEWS:
        view = "mine" if counts["mine"] else "open"
    query = {"view": view} | ({"month": str(month)} if month else {})
    page = keyset.page_by_pk(ids[view], request.GET)
    figures, enterprises = _figures(rows)
    context = {
        "months": [{"row": one, "url": _url({"month": str(one)}), "is_current": one == month} for one in drawn],
        "month": month,
        "now": workspace.now,
        "tabs": [
            keyset.figure(
                text,
                counts[code],
                _url(query | {"view": code}),
                "bad" if code == "found" else "neutral",
                is_current=code == view,
            )
            for code, (text, _condition) in VIEWS.items()
        ],
        "rows": _called(page.rows, workspace),
        "figures": figures,
        "firms": enterprises,
        "public_url": reverse("complaints:open-call-backs"),
        **keyset.neighbours(page, _url(query)),
    }
    return render(request, "authority/supervision/call_backs.html", context)


_TONES = {"open": "warn", "reached": "ok", "not_reached": "neutral"}


def _cases_of(calls: Any) -> QuerySet[Any]:
    return CallBack.objects.filter(pk__any_of=calls).values("complaint_id")


#: By the ids of call-backs: these with their cases, and what stands beside such a case.
_ROWS = CombinedQuery(
    PreparedQuery(
        lambda calls: (
            CallBack.objects.filter(pk__any_of=calls)
            .select_related("month", "officer__user", *(f"complaint__{name}" for name in RELATED))
            .order_by("pk")
        ),
        list,
    ),
    PreparedQuery(lambda calls: names_given(complaint_id__in=_cases_of(calls)), list),
    PreparedQuery(lambda calls: case_rows.clocks_live(complaint_id__in=_cases_of(calls)), list),
)


def _called(ids: list[int], workspace: Workspace) -> list[dict[str, Any]]:
    if not ids:
        return []
    calls, names, clocks = _ROWS(ids)
    cases = [call.complaint for call in calls]
    sealed_fields.load_for([*names, *case_rows.people_of(calls), *case_rows.people_of(cases)])
    rows = rows_of(cases, workspace, beside=case_rows.CaseExtras.of(names, clocks))
    shown = {row.complaint.pk: row for row in rows}
    return [
        {
            "row": shown[call.complaint_id],
            "call": call,
            "url": reverse("complaints:authority-call-back", args=[call.pk]),
            "who": call.officer.user.name if call.officer else "",
            "why": wording.label(call.why, kind="call_back_why"),
            "state": wording.label(call.state, kind="call_back_state"),
            "tone": _TONES[call.state],
            "finding": wording.label(call.finding, kind="call_back_finding") if call.finding else "",
        }
        for call in calls
    ]


def _figures(rows: Rows) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How many were reached of those that are over, how many of the reached do not agree; and the same by enterprise,
    whoever has most that do not agree first."""
    enterprise = "complaint__enterprise"
    counted = list(
        rows.order_by()
        .values(enterprise, f"{enterprise}__name", f"{enterprise}__name_en")
        .annotate(
            n=Count("pk"),
            reached=Count("pk", filter=Q(state="reached")),
            ended=Count("pk", filter=~Q(state="open")),
            disagree=Count("pk", filter=Q(disagrees=True)),
        )
        .order_by("-disagree", "-n", enterprise)
    )
    total = {name: sum(one[name] for one in counted) for name in ("n", "reached", "ended", "disagree")}
    enterprises = [
        one
        | {
            "name": named(Enterprise(name=one[f"{enterprise}__name"], name_en=one[f"{enterprise}__name_en"])),
            "share": share_text(one["disagree"], one["reached"], digits=0),
        }
        for one in counted
        if one[enterprise] is not None
    ]
    return (
        total
        | {
            "reached_share": share_text(total["reached"], total["ended"], digits=0),
            "why_no_reached": too_few(total["ended"]),
            "why_no_disagree": too_few(total["reached"]),
            "disagree_share": share_text(total["disagree"], total["reached"], digits=0),
        },
        enterprises[:MOST_ENTERPRISES],
    )


def _url(query: dict[str, str]) -> str:
    return f"{reverse('complaints:authority-call-backs')}?{urlencode(query)}"


@officer_page("GET", "POST")
def call_back(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    call = _seen(workspace).select_related("month", "officer__user", "complaint").filter(pk=pk).first()
    if call is None:
        raise Http404
    officer_case = officer_case_of(workspace, call.complaint.number, request.GET)
    form = CallBackForm(posted(request), questions=_questions(call.complaint))

    def moves() -> Sequence[Move] | None:
        if officer_case.access.actor is None or not officer_case.access.actor.may("call_back"):
            raise not_yours()
        if not form.is_valid():
            return None
        reached, cleaned = form.cleaned_data["reached"] == "yes", form.cleaned_data
        overall = int(cleaned["overall"]) if reached and cleaned.get("overall") else None
        return [
            casework.call_back(
                reached=reached,
                satisfied=None if overall is None else overall >= 3,
                text=cleaned["text"],
                overall=overall,
                answers=form.answers if reached else {},
                disagrees=reached and bool(cleaned["disagrees"]),
            )
        ]

    if form.is_bound:
        to = reverse("complaints:authority-call-back", args=[call.pk])
        done = take_step(request, officer_case.access, moves, form=form, to=to, now=workspace.now)
        if done.is_new:
            messages.success(request, _("回访已记录。"), extra_tags="ok")
        if done.address:
            return redirect(done.address)
    case, page = call.complaint, page_of(officer_case.access, now=workspace.now)
    is_own = workspace.user.person_key in drawing.handlers_of([case.pk])[case.pk] or (
        case.officer is not None and case.officer.user_id == workspace.user.pk
    )
    may_answer = "call_back" in officer_case.may and not is_own and call.state == "open"
    ground = urlencode({"ground": "broken_promise" if call.finding == "not_kept" else ""})
    may_reopen = call.finding and "reopen" in officer_case.may
    context = {
        "call": _called([call.pk], workspace)[0],
        "page": page,
        "case": case,
        "is_own": is_own,
        "form": form if may_answer else None,
        "left": casework.CALL_BACK_TRIES - call.attempts,
        "list_url": reverse("complaints:authority-call-backs"),
        "answers": [m for m in page.confidential if m.step == "call_back"],
        "case_url": case_url(case, AUTHORITY),
        "reopen_url": f"{step_url(case, 'reopen')}?{ground}" if may_reopen else "",
    }
    return render(request, "authority/supervision/call_back.html", context, status=422 if form.is_bound else 200)


def _questions(case: Complaint) -> list[str]:
    """What there is to ask: no word of a settlement or of obligations where there were none."""
    has_obligations = Obligation.objects.filter(complaint=case).exclude(state__in=["proposed", "dropped"]).exists()
    agreed = ["agreed"] if case.outcome in _AGREED and not case.was_refused_in_full else []
    return ["contacted", "attitude", *agreed, "accepted", *(["performed"] if has_obligations else [])]


@require_safe
def public(request: HttpRequest) -> HttpResponseBase:
    """/open/call-backs/: for each month the digest of the seed before, the seed after, and how many were drawn of how
    many."""
    months = list(CallBackMonth.objects.order_by("-month")[: 2 * MONTHS])
    return render(
        request,
        "open/call_backs.html",
        {
            "months": [{"row": row, "drawn": _drawn_of(row)} for row in months],
            "is_rounded": any(is_rounded(row.month) for row in months),
            "rounded_from": small_numbers.ROUNDED_FROM,
            "now": timezone.now(),
        },
    )


def _drawn_of(row: CallBackMonth) -> str:
    """How many were drawn of how many; of months whose public counts are rounded both are."""
    drawn, population = row.drawn, row.population
    if is_rounded(row.month):
        population = rounded_number(population, "call-backs", str(row), "population")
        drawn = min(population, rounded_number(drawn, "call-backs", str(row), "drawn"))
    return f"{drawn}/{population}"
