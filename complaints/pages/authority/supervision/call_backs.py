"""/authority/call-backs/: the sample of a month, who rings whom, the script, and what came of it; /open/call-backs/:
the draw.

Who handled a case finds no form for it, and is refused by name when sending one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from complaints.desks.authority_lists import RELATED, ListedCase, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.forms.supervision_forms import CallBackForm
from complaints.handling import Move
from complaints.handling.steps import casework
from complaints.models import CallBack, CallBackMonth, Complaint, Obligation
from complaints.pages.authority.case import step_url
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Outcome
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, case_url, page_of
from complaints.reading.case_form import take_step
from complaints.reading.case_people import names_given
from database.prepared import CombinedQuery, PreparedQuery
from enterprises.models import Enterprise
from web.languages import named

MONTHS = 12
FIRMS = 50
Rows = QuerySet[CallBack]
#: Code → words and condition. What is open is shown of all months, what is over of the chosen one.
_OPEN = ("mine", "open", "nobody")
VIEWS: dict[str, tuple[Any, Any]] = {
    "mine": (gettext_lazy("等我回访"), lambda workspace: Q(state="open", officer__user=workspace.user)),
    "open": (gettext_lazy("待回访"), lambda workspace: Q(state="open")),
    "nobody": (gettext_lazy("还没有人"), lambda workspace: Q(state="open", officer=None)),
    "ended": (gettext_lazy("已结束"), lambda workspace: ~Q(state="open")),
    "found": (gettext_lazy("需要重新办理的"), lambda workspace: ~Q(finding="")),
}
_AGREED = (Outcome.SETTLED, Outcome.SETTLED_ELSEWHERE, Outcome.MEDIATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One case of the sample in a list."""

    row: ListedCase
    call: CallBack
    url: str
    who: str
    why: str
    state: str
    tone: str
    finding: str


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
        for code, (_words, condition) in VIEWS.items()
    }
    view = request.GET.get("view", "")
    wanted = [view] if view in VIEWS else ["mine", "open"]
    counts, ids = keyset.counts_and_ids(lists, {code: _walk(lists[code], request.GET) for code in wanted})
    if view not in VIEWS:
        view = "mine" if counts["mine"] else "open"
    said = {"view": view} | ({"month": str(month)} if month else {})
    shown, before, after = _page(ids[view], request.GET)
    figures, enterprises = _figures(rows)
    return render(
        request,
        "authority/supervision/call_backs.html",
        {
            "months": [{"row": one, "url": _url({"month": str(one)}), "is_current": one == month} for one in drawn],
            "coming": [one for one in months if one.drawn_at is None],
            "month": month,
            "now": workspace.now,
            "tabs": [
                {
                    "title": words,
                    "url": _url(said | {"view": code}),
                    "is_current": code == view,
                    "value": counts[code],
                    "words": keyset.in_words(counts[code]),
                    "tone": "bad" if code == "found" and counts[code] else "neutral",
                }
                for code, (words, _condition) in VIEWS.items()
            ],
            "rows": _called(shown, workspace),
            "figures": figures,
            "firms": enterprises,
            "public_url": reverse("complaints:open-call-backs"),
            "previous_url": _url(said, before=before),
            "next_url": _url(said, after=after),
        },
    )


def _key(asked: Any, name: str) -> int:
    """A key that is no number is no key."""
    typed = asked.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0


def _walk(rows: Rows, asked: Any) -> Rows:
    """The rows of a page and one more, by id; backwards where the page before is asked for."""
    if _key(asked, "before"):
        return rows.filter(pk__lt=_key(asked, "before")).order_by("-pk")[: keyset.PAGE + 1]
    return rows.filter(pk__gt=_key(asked, "after")).order_by("pk")[: keyset.PAGE + 1]


def _page(ids: list[int], asked: Any) -> tuple[list[int], str, str]:
    """The ids of the page, and the keys of the pages before and after it."""
    more, found = len(ids) > keyset.PAGE, ids[: keyset.PAGE]
    if _key(asked, "before"):
        found.reverse()
        return found, str(found[0]) if found and more else "", str(found[-1]) if found else ""
    return found, str(found[0]) if found and _key(asked, "after") else "", str(found[-1]) if more else ""


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


def _called(ids: list[int], workspace: Workspace) -> list[Called]:
    if not ids:
        return []
    calls, names, clocks = _ROWS(ids)
    cases = [call.complaint for call in calls]
    sealed_fields.load_for([*names, *case_rows.people_of(calls), *case_rows.people_of(cases)])
    rows = rows_of(cases, workspace, beside=case_rows.CaseExtras.of(names, clocks))
    shown = {row.complaint.pk: row for row in rows}
    return [
        Called(
            row=shown[call.complaint_id],
            call=call,
            url=reverse("complaints:authority-call-back", args=[call.pk]),
            who=call.officer.user.name if call.officer else "",
            why=wording.label(call.why, kind="call_back_why"),
            state=wording.label(call.state, kind="call_back_state"),
            tone=_TONES[call.state],
            finding=wording.label(call.finding, kind="call_back_finding") if call.finding else "",
        )
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
            "share": _share(one["disagree"], one["reached"]),
        }
        for one in counted
        if one[enterprise] is not None
    ]
    return (
        total
        | {
            "reached_share": _share(total["reached"], total["ended"]),
            "disagree_share": _share(total["disagree"], total["reached"]),
        },
        enterprises[:FIRMS],
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "–"


def _url(said: dict[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    return f"{reverse('complaints:authority-call-backs')}?{urlencode(said | {k: v for k, v in key.items() if v})}"


@officer_page("GET", "POST")
def call_back(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One case of the sample: the script, or what was said."""
    call = _seen(workspace).select_related("month", "officer__user", "complaint").filter(pk=pk).first()
    if call is None:
        raise Http404
    officer_case = setting_of(workspace, call.complaint.number, request.GET)
    questions = questions_of(call.complaint)
    if request.method != "POST":
        return _show(request, officer_case, call, CallBackForm(None, questions=questions))
    form = CallBackForm(request.POST, questions=questions)

    def moves() -> Sequence[Move] | None:
        if officer_case.found.actor is None or not officer_case.found.actor.may("call_back"):
            raise not_yours()
        if not form.is_valid():
            return None
        reached, said = form.cleaned_data["reached"] == "yes", form.cleaned_data
        overall = int(said["overall"]) if said.get("overall") else None
        return [
            casework.call_back(
                reached=reached,
                satisfied=None if overall is None or not reached else overall >= 3,
                text=said["text"],
                overall=overall if reached else None,
                answers=form.answers if reached else {},
                disagrees=reached and bool(said["disagrees"]),
            )
        ]

    to = reverse("complaints:authority-call-back", args=[call.pk])
    done = take_step(request, officer_case.found, moves, form=form, to=to, now=workspace.now)
    if not done.address:
        return _show(request, officer_case, call, form, status=422)
    if done.is_new:
        messages.success(request, _("回访已记录。"), extra_tags="ok")
    return redirect(done.address)


def questions_of(case: Complaint) -> list[str]:
    """What there is to ask: no word of a settlement or of promises where there were none."""
    has_promises = Obligation.objects.filter(complaint=case).exclude(state__in=["proposed", "dropped"]).exists()
    return [
        "contacted",
        "attitude",
        *(["agreed"] if case.outcome in _AGREED else []),
        "accepted",
        *(["performed"] if has_promises else []),
    ]


def _show(
    request: HttpRequest, officer_case: OfficerCase, call: CallBack, form: CallBackForm, *, status: int = 200
) -> HttpResponseBase:
    workspace, case, page = (
        officer_case.workspace,
        call.complaint,
        page_of(officer_case.found, now=officer_case.workspace.now),
    )
    may = "call_back" in officer_case.may
    handled = drawing.handlers_of([case.pk])[case.pk]
    is_own = workspace.user.person_key in handled or (
        case.officer is not None and case.officer.user_id == workspace.user.pk
    )
    shown = _called([call.pk], workspace)[0]
    ground = {"not_kept": "broken_promise"}.get(call.finding, "")
    return render(
        request,
        "authority/supervision/call_back.html",
        {
            "call": shown,
            "page": page,
            "case": case,
            "is_own": is_own,
            "now": workspace.now,
            "form": form if may and not is_own and call.state == "open" else None,
            "left": casework.CALL_BACK_TRIES - call.attempts,
            "list_url": reverse("complaints:authority-call-backs"),
            "said": [m for m in page.confidential if m.step == "call_back"],
            "case_url": case_url(case, AUTHORITY),
            "reopen_url": (
                f"{step_url(case, 'reopen')}?{urlencode({'ground': ground})}"
                if call.finding and "reopen" in officer_case.may
                else ""
            ),
        },
        status=status,
    )


@require_safe
def public(request: HttpRequest) -> HttpResponseBase:
    """/open/call-backs/: for each month the digest of the seed before, the seed after, and how many were drawn of how
    many.
    """
    return render(
        request,
        "open/call_backs.html",
        {"months": list(CallBackMonth.objects.order_by("-month")[: 2 * MONTHS]), "now": timezone.now()},
    )
