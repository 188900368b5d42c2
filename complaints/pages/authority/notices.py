"""/authority/notices/: what could not be delivered in this region, what waits, what was sent.

A notice of another region does not exist here; each order is carried out once,
however often its form arrives.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.roles import Right
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.models import Notice
from complaints.notices import delivery
from complaints.parties.actors import stands_to
from complaints.procedure.refusals import not_yours
from complaints.reading.case import AUTHORITY, case_url
from complaints.reading.notices_told import in_cases, notice_row

PAGE = 25
SET_ASIDE, WAITING, SENT = "set_aside", "waiting", "sent"
#: What was sent long ago is on the case's own page.
SENT_SINCE = timedelta(days=30)
_IN_STATE = {SET_ASIDE: ("set_aside",), WAITING: ("queued", "leased"), SENT: ("sent", "told")}


class NoticeFilter(forms.Form):
    """What cannot be read is left out."""

    state = forms.ChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=[
            (SET_ASIDE, gettext_lazy("没有送到")),
            (WAITING, gettext_lazy("等待发送")),
            (SENT, gettext_lazy("已发出，近30天")),
        ],
    )
    q = forms.CharField(
        label=gettext_lazy("投诉编号"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search", "size": 20}),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")

    def said(self) -> dict[str, str]:
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


@officer_page("GET")
def notices(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form = NoticeFilter(request.GET)
    said = form.said()
    state = said.get("state", SET_ASIDE)
    cases = workspace.cases()
    if said.get("q"):
        cases = cases.filter(number__icontains=said["q"])
    condition = Q(state__in=_IN_STATE[state])
    if state == SENT:
        condition &= Q(sent_at__gt=workspace.now - SENT_SINCE) | Q(state="told")
    page, before, after = _page(in_cases(cases, condition), request.GET)
    return render(
        request,
        "authority/notices.html",
        {
            "rows": [notice_row(row, AUTHORITY) for row in page],
            "filter": form,
            "state": state,
            "may_order": workspace.may(Right.ORDER_NOTICE),
            "now": workspace.now,
            "is_narrowed": bool(said),
            "previous_url": _url(said, before=before),
            "next_url": _url(said, after=after),
            "here": _url(said),
        },
    )


def _page(rows: QuerySet[Notice], asked: Any) -> tuple[list[Notice], str, str]:
    """Newest first; one page and the keys before and after it. A key that is no number is no key."""
    before, after = _key(asked.get("before")), _key(asked.get("after"))
    if before is not None:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE][::-1]
        return found, str(found[0].pk) if found and more else "", str(found[-1].pk) if found else ""
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return found, str(found[0].pk) if found and after is not None else "", str(found[-1].pk) if more else ""


def _key(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _url(said: dict[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    query = said | {name: value for name, value in key.items() if value}
    here = reverse("complaints:authority-notices")
    return f"{here}?{urlencode(query)}" if query else here


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
    to = (
        case_url(notice.complaint, AUTHORITY) + "#notices"
        if request.POST.get("from") == "case"
        else reverse("complaints:authority-notices")
    )
    with once(request) as attempt:
        if not attempt.answered:
            delivery.order(notice.pk, what, by=workspace.user, now=workspace.now)
            attempt.reference = to
    if not attempt.answered:
        messages.success(request, _("已排入发送。") if what == delivery.AGAIN else _("已记录。"), extra_tags="ok")
    return redirect(attempt.reference)
