"""/authority/mediation/<ref>/body/: the link of the body to which this mediation was handed.

As with a respondent's link, it is sent or shown once and kept as a digest; it is dead once the mediation
is taken back or over.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase, setting_of
from complaints.handling.steps import contact as answer_links
from complaints.links import answer_links as answering
from complaints.models import Matter
from complaints.pages.mediation.respondent import LinkForm, given_out, live_link
from complaints.reading.case import page_of
from complaints.reading.mediation_facts import desk_url


class BodyLinkForm(LinkForm):
    """How the link goes out, and whose phone codes are sent to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Nothing can be done by this link without a code.
        self.fields["phone"].required = True
        self.fields["phone"].label = gettext_lazy("承办人的手机")
        self.fields["phone"].help_text = gettext_lazy("约定调解会、提出方案、报告结果时，向这个手机发验证码。")


@officer_page("GET", "POST")
def body(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """The link, since when and until when; POST makes a new one and shows or sends it once."""
    officer_case = setting_of(workspace, number, request.GET)
    delegation = officer_case.around.matters.get("delegation")
    if delegation is None:
        raise Http404
    form = BodyLinkForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _show(request, officer_case, delegation, form)
    return given_out(
        request,
        officer_case,
        form,
        step="invite_body",
        verb=answer_links.invite_body,
        access=answering.BODY,
        here=reverse("complaints:authority-body", args=[number]),
        to=delegation.data.get("body", ""),
        show=lambda: _show(request, officer_case, delegation, form, status=422),
    )


def _show(
    request: HttpRequest, officer_case: OfficerCase, delegation: Matter, form: BodyLinkForm, *, status: int = 200
) -> HttpResponseBase:
    case, now = officer_case.found.complaint, officer_case.workspace.now
    link = live_link(case, is_bodys=True)
    if link is not None and link.delegation_id != delegation.pk:
        # Of an earlier delegation: it opens nothing any more.
        link = None
    contact = answering.phone_of(link) if link is not None else None
    return render(
        request,
        "authority/body_link.html",
        {
            "case": case,
            "page": page_of(officer_case.found, now=now),
            "form": form,
            "back": desk_url(case),
            "link": link,
            "masked": contact.masked if contact else "",
            "is_over": link is not None and link.expires_at <= now,
            "body": delegation.data.get("body", ""),
            "may_invite": "invite_body" in officer_case.may,
        },
        status=status,
    )
