"""/authority/cases/<ref>/slip/: a slip for the person at the counter, who follows the case with it."""

from django.http import Http404, HttpRequest, HttpResponseBase

from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.pages.authority.intake.on_behalf import may_write_down
from complaints.pages.shared.slips import hand_over
from complaints.reading.case import AUTHORITY, case_url


@officer_page("GET", "POST")
def slip(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    result = workspace.find(number)
    if result.actor is None or not may_write_down(result.actor):
        raise Http404
    case, name = result.complaint, result.actor.organisation
    back = case_url(case, AUTHORITY)
    return hand_over(request, case, organisation=name, base="staff", back=back, now=workspace.now)
