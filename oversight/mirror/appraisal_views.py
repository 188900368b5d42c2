"""/authority/appraisals/: the grades of the year, proposed and decided; /open/appraisal/: the formula and the grades.

Officers of the authority that enrolled an enterprise grade it, two for each; the public reads decided
ones.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.public_pages import public_page
from accounts.roles import Right
from complaints.desks.authority_workspace import Workspace, officer_page
from enterprises.models import Appraisal
from oversight.mirror import appraising
from oversight.mirror.appraising import PARTS, AppraisalRefused
from oversight.presenting.leagues import RANKED_FROM
from web.templatetags.portal import name_of

PAGE = 100


@officer_page("GET", "POST")
def appraisals(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    year = appraising.last_year(workspace.today)
    enterprises = appraising.enterprises_of(workspace.user, on=workspace.today)
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered:
                try:
                    messages.success(request, _done(request, workspace, year), extra_tags="ok")
                except AppraisalRefused as refused:
                    messages.error(request, str(refused), extra_tags="bad")
                attempt.reference = request.path
        return redirect(attempt.reference)
    shown = list(enterprises[:PAGE])
    figures = appraising.computed(shown, year)
    made = {row.enterprise_id: row for row in Appraisal.objects.filter(enterprise__in=shown, year=year)}
    may_decide = appraising.offices(workspace.user, on=workspace.today, right=Right.DECIDE_APPRAISAL).exists()
    rows: list[dict[str, Any]] = []
    for enterprise in shown:
        row = made.get(enterprise.pk)
        points = row.points if row else appraising.points_of(figures[enterprise.pk]) if enterprise.pk in figures else {}
        by_formula = (
            row.computed
            if row
            else (
                appraising.grade_of(sum(points.values()), was_suspended=bool(figures[enterprise.pk]["suspended"]))
                if points
                else ""
            )
        )
        rows.append(
            {
                "firm": enterprise,
                "name": name_of(enterprise),
                "row": row,
                "points": points,
                "total": sum(points.values()),
                "computed": by_formula,
                "url": reverse("complaints:open-enterprise", args=[enterprise.code]),
                "may_decide": (
                    may_decide
                    and row is not None
                    and row.decided_at is None
                    and row.proposed_by_id != workspace.user.pk
                ),
            }
        )
    return render(
        request,
        "open/appraisals.html",
        {"year": year, "rows": rows, "grades": Appraisal.Grade.choices, "now": workspace.now, "few": RANKED_FROM},
    )


def _done(request: HttpRequest, workspace: Workspace, year: int) -> str:
    """What was asked for, and what to say of it."""
    number = request.POST.get("which", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise AppraisalRefused(_("请选一家企业。"))
    if request.POST.get("do") == "propose":
        enterprise = appraising.enterprises_of(workspace.user, on=workspace.today).filter(pk=int(number)).first()
        if enterprise is None:
            raise Http404
        appraising.propose(
            enterprise,
            year,
            request.POST.get("grade", ""),
            request.POST.get("reason", ""),
            by=workspace.user,
            now=workspace.now,
        )
        return _("已提出，等另一名人员决定。")
    agrees = request.POST.get("do") == "approve"
    row = appraising.decide(int(number), agrees=agrees, by=workspace.user, on=workspace.today, now=workspace.now)
    return (_("已公布：%(name)s") if agrees else _("已退回：%(name)s")) % {"name": name_of(row.enterprise)}


@public_page(parameters=("after",))
def method(request: HttpRequest) -> HttpResponse:
    typed = request.GET.get("after", "")
    after = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else 0
    newest = Appraisal.objects.filter(decided_at__isnull=False).order_by("-year").values_list("year", flat=True).first()
    rows = (
        list(
            Appraisal.objects.filter(decided_at__isnull=False, year=newest, enterprise_id__gt=after)
            .select_related("enterprise")
            .order_by("enterprise_id")[: PAGE + 1]
        )
        if newest
        else []
    )
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return render(
        request,
        "open/appraisal.html",
        {
            "parts": PARTS,
            "formula": appraising.FORMULA,
            "a_from": appraising.A_FROM,
            "b_from": appraising.B_FROM,
            "few": RANKED_FROM,
            "year": newest,
            "next_url": f"?after={rows[-1].enterprise_id}" if more else "",
            "rows": [
                {
                    "row": row,
                    "name": name_of(row.enterprise),
                    "url": reverse("complaints:open-enterprise", args=[row.enterprise.code]),
                }
                for row in rows
            ],
        },
    )
