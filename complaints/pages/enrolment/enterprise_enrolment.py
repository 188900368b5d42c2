"""/enterprise/enrolment/: the enterprise's own standing, and what it files with the authority that enrolled it.

Whoever manages the whole enterprise files; the answer of the authority stands beside what was filed.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.pages.enrolment.enrolment_forms import FILINGS, filed_data, filed_rows, filing_form
from complaints.pages.public import enterprises
from complaints.webhooks.endpoints import head_manager
from enterprises.enrolment import enrolled
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentEntry, EnrolmentFiling, ExitGround
from web.templatetags.portal import name_of

SHOWN = 20
TONES = {"filed": "info", "noted": "ok", "asked_back": "warn"}


def _enterprise(workspace: Workspace) -> Enterprise:
    actor = head_manager(workspace.actors)
    found = (
        Enterprise.objects.select_related("enrolled_by", "domicile").filter(pk=actor.enterprise_id or 0).first()
        if actor is not None
        else None
    )
    if found is None:
        raise Http404
    return found


@workspace_page("GET")
def enrolment(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Standing, history, what was filed and what came of it."""
    enterprise = _enterprise(workspace)
    return render(
        request,
        "enrol/own.html",
        {
            **enterprises.facts_of(enterprise, on=workspace.today),
            "entries": [
                {
                    "on_day": row.on_day,
                    "what": EnrolmentEntry.Kind(row.kind).label,
                    "who": name_of(row.authority),
                    "ground": enrolled.ground_words(row),
                    "text": row.text,
                }
                for row in enrolled.history(enterprise)
            ],
            "filings": [
                {"row": row, "rows": filed_rows(row.kind, row.data), "tone": TONES[row.state]}
                for row in enterprise.filings.all()[:SHOWN]
            ],
            "kinds": [
                {"label": label, "url": reverse("complaints:enterprise-filing", args=[code])}
                for code, label in EnrolmentFiling.Kind.choices
            ],
            "public_url": reverse("complaints:open-enterprise", args=[enterprise.code]),
        },
    )


@workspace_page("GET", "POST")
def filing(request: HttpRequest, workspace: Workspace, kind: str) -> HttpResponseBase:
    """One kind of filing."""
    enterprise = _enterprise(workspace)
    if kind not in FILINGS:
        raise Http404
    form = filing_form(kind, request.POST if request.method == "POST" else None, today=workspace.today)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    enrolled.file(enterprise, kind, filed_data(form), by=workspace.user, now=workspace.now)
                    attempt.reference = reverse("complaints:enterprise-enrolment")
                    messages.success(request, _("已提交备案。监管部门处理后，这里会写明。"), extra_tags="ok")
            return redirect(attempt.reference)
        except EnrolmentRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    is_exit = kind == EnrolmentFiling.Kind.EXIT
    return render(
        request,
        "enrol/filing.html",
        {
            "form": form,
            "title": EnrolmentFiling.Kind(kind).label,
            "is_exit": is_exit,
            "earliest": enrolled.first_last_day(
                ExitGround.OWN_REQUEST, region_id=enterprise.domicile_id, today=workspace.today
            )
            if is_exit
            else None,
        },
        status=status,
    )
