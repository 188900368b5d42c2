"""The last dispatch taken back by one key, while nobody at the enterprise has opened the case (docs/decisions/0019)."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.idempotency import once
from complaints import handling
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import officer_case_of
from complaints.handling.steps import authority
from complaints.models import Engagement, Reading
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from database.row_security import working_as_steps
from web.languages import named


def sent(number: str, workspace: Workspace) -> dict[str, Any] | None:
    """What the list says of the case that was sent a moment ago, and where it is taken back; None where it was read."""
    if not number:
        return None
    stage = (
        Engagement.objects.filter(complaint__in=workspace.cases().filter(number=number[:32]), until_at=None)
        .filter(complaint__status=Status.WITH_ENTERPRISE)
        .select_related("enterprise", "branch")
        .first()
    )
    if stage is None:
        return None
    with working_as_steps():
        # Who reads what at an enterprise is no officer's to see; whether anybody did is asked of the own case alone.
        if Reading.objects.filter(engagement=stage).exists():
            return None
    address = reverse("complaints:authority-triage-back", args=[number])
    return {"number": number, "to": named(stage.branch or stage.enterprise), "url": address}


@officer_page("POST")
def take_back(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/authority/triage/<number>/back/: a recall, with this reason. Whoever has it now sends it on; where that is
    this officer too, the page for it follows, else the list."""
    officer_case = officer_case_of(workspace, number, request.GET)
    case, actor = officer_case.access.complaint, officer_case.access.actor
    if actor is None:
        raise Http404
    with override(settings.LANGUAGE_CODE):
        reason = _("分送有误，企业还没有打开，收回另送。")
    with once(request) as attempt:
        if not attempt.answered:
            try:
                handling.take(authority.recall(text=reason, unread=True), [case.pk], actor=actor, now=workspace.now)
                now = officer_case_of(workspace, number, request.GET)
                who = {"authority": named(now.access.complaint.handling_authority)}
                text = _("已收回，企业没有打开过。现在由%(authority)s审查，由它另送。") % who
                messages.success(request, text, extra_tags="ok")
                may_send = "forward" in now.may
                attempt.reference = (
                    reverse("complaints:authority-forward", args=[number])
                    if may_send
                    else reverse("complaints:authority-triage")
                )
            except StepNotAllowed as refusal:
                attempt.reference = reverse("complaints:authority-case", args=[number])
                messages.error(request, refusal.reason, extra_tags="bad")
    return redirect(attempt.reference)
