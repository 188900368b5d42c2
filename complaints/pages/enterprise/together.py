"""/enterprise/measures/together/: the cases ticked in the queue become a measure by a template, tried out at once."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.measures import sending
from complaints.measures.by_template import rule_from
from complaints.measures.choosing import MOST_CASES, LeftOut, Pick
from complaints.settlement import answer_templates
from complaints.tables.many_cases import open_demands
from enterprises.models import TemplateVersion
from web.incoming import ID_DIGITS, whole


@workspace_page("POST")
def together(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Leads to the measure as it would go out: the sum of each case, who is left out and why, one button to send."""
    numbers = list(dict.fromkeys(request.POST.getlist("case")))[:MOST_CASES]
    with once(request) as attempt:
        if not attempt.answered and numbers:
            attempt.reference = _made(workspace, numbers, _template(workspace, request.POST.get("template")))
    if not attempt.reference:
        messages.error(request, _("请先选中要办的案件。"), extra_tags="bad")
        return redirect("complaints:enterprise-work")
    return redirect(attempt.reference)


def _template(workspace: Workspace, asked: str | None) -> TemplateVersion:
    """One of those in use at an enterprise of this person; Http404 else."""
    wanted = whole(asked, ID_DIGITS)
    for enterprise in {actor.enterprise_id for actor in workspace.actors if actor.enterprise_id is not None}:
        for version in answer_templates.in_use(enterprise):
            if version.pk == wanted and version.verdict in answer_templates.FOR_MANY:
                return version
    raise Http404


def _made(workspace: Workspace, numbers: list[str], version: TemplateVersion) -> str:
    seen = {case.number: case for case in workspace.cases().filter(number__in=numbers).order_by("pk")}
    picks = [Pick(seen[number].pk, number) for number in numbers if number in seen]
    measure = sending.make(
        title=version.template.name,
        picks=picks,
        left_out=[LeftOut(number, _("没有找到这件投诉。")) for number in numbers if number not in seen],
        actor=workspace.actors[0],
        now=workspace.now,
    )
    due_on = workspace.calendar.after(workspace.today, version.days)
    measure.rule = rule_from(version, open_demands(pick.case for pick in picks), due_on=due_on).kept()
    measure.save(update_fields=["rule"])
    return f"{reverse('complaints:enterprise-measure', args=[measure.public_id])}?preview=1"
