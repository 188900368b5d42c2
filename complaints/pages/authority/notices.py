"""/authority/notices/: what could not be delivered in this region, what waits, what was sent.

A notice of another region does not exist here; each order is carried out once,
however often its form arrives.
"""

from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from accounts.roles import Right
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.notices import delivery
from complaints.pages.authority.forms import ListFilter
from complaints.parties.actors import stands_to
from complaints.procedure.refusals import not_yours
from complaints.reading.case import AUTHORITY, case_url
from complaints.reading.sent_notices import in_cases, notice_row

SET_ASIDE, WAITING, SENT = "set_aside", "waiting", "sent"
#: What was sent long ago is on the case's own page.
SENT_SINCE = timedelta(days=30)
_IN_STATE = {SET_ASIDE: ("set_aside",), WAITING: ("queued", "leased"), SENT: ("sent", "told")}


class NoticeFilter(ListFilter):
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[(SET_ASIDE, _("没有送到")), (WAITING, _("等待发送")), (SENT, _("已发出，近30天"))],
    )
    q = forms.CharField(
        label=_("投诉编号"), required=False, max_length=40, widget=forms.TextInput(attrs={"type": "search", "size": 20})
    )


@officer_page("GET")
def notices(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form = NoticeFilter(request.GET)
    asked = form.read()
    state = asked.get("state", SET_ASIDE)
    cases = workspace.cases()
    if asked.get("q"):
        cases = cases.filter(number__icontains=asked["q"])
    condition = Q(state__in=_IN_STATE[state])
    if state == SENT:
        condition &= Q(sent_at__gt=workspace.now - SENT_SINCE) | Q(state="told")
    page = keyset.page_by_pk(
        list(keyset.walk_by_pk(in_cases(cases, condition), request.GET, falling=True)), request.GET
    )
    here = f"{request.path}?{urlencode(asked)}" if asked else request.path
    context = {
        "rows": [notice_row(row, AUTHORITY) for row in page.rows],
        "filter": form,
        "state": state,
        "may_order": workspace.may(Right.ORDER_NOTICE),
        "now": workspace.now,
        "is_narrowed": bool(asked),
        **keyset.neighbours(page, here),
        "here": here,
    }
    return render(request, "authority/notices.html", context)


@officer_page("POST")
def order(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Send it once more, or note that the addressee was told otherwise."""
    notice = in_cases(workspace.cases(), Q(pk=pk)).first()
    what = request.POST.get("what", "")
    if notice is None or what not in (delivery.AGAIN, delivery.TOLD):
        raise Http404
    if not any(actor.may(Right.ORDER_NOTICE) and stands_to(actor, notice.complaint) for actor in workspace.actors):
        raise not_yours()
    # Two pages offer it; no address of the form is believed.
    is_from_case = request.POST.get("from") == "case"
    here = reverse("complaints:authority-notices")
    to = f"{case_url(notice.complaint, AUTHORITY)}#notices" if is_from_case else here
    with once(request) as attempt:
        if not attempt.answered:
            delivery.order(notice.pk, what, by=workspace.user, now=workspace.now)
            attempt.reference = to
    if not attempt.answered:
        messages.success(
            request, gettext("已排入发送。") if what == delivery.AGAIN else gettext("已记录。"), extra_tags="ok"
        )
    return redirect(attempt.reference)
