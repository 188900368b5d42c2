"""/enterprise/reply/ and /authority/replies/: an enterprise replies to its figures, an officer checks before the public
reads it. /enterprise/performance/reply/: what it says to its index of perfunctory answers goes to the authority as it
is, and like the index is never published.

A manager of the whole enterprise writes; who checks works at the authority that enrolled it, and refuses
on a ground of the list only.
"""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once, redirect_once
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.staff_access import staff_page
from complaints.parties.conditions import current_calendar
from enterprises.enrolment import replying
from enterprises.enrolment.replying import ReplyRefused, State
from enterprises.models import PublicReply
from enterprises.models.published import LONGEST
from oversight.figures.definitions import Scope
from oversight.figures.figures import Measure
from oversight.mirror import perfunctory
from oversight.presenting.choosing import THIRTY, ChoiceForm, understood
from routing.pages.profile import Lead, lead_of
from web.templatetags.portal import name_of

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TONES: dict[str, str] = {
    State.WAITING: "warn",
    State.SHOWN: "ok",
    State.REFUSED: "bad",
    State.REPLACED: "neutral",
    State.WITHDRAWN: "neutral",
}


class ReplyForm(forms.Form):
    """What is to be said."""

    text = forms.CharField(
        label=gettext_lazy("说明"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("500字以内。说您的数字和做了什么，不写消费者和其他人的信息。"),
    )


@staff_page(lead_of, "GET", "POST")
def own(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    if lead.branch_ids is not None:
        raise Http404
    form = ReplyForm(request.POST if request.method == "POST" and request.POST.get("do") != "take_down" else None)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):

        def replied() -> tuple[str, str]:
            if form.is_bound:
                replying.write(lead.enterprise, form.cleaned_data["text"], by=lead.user, now=lead.now)
                return request.path, _("已提交，核对后公开。")
            replying.take_down(lead.enterprise, now=lead.now)
            return request.path, _("已撤下，公众看不到了。")

        return redirect_once(request, replied)
    rows = replying.of_enterprise(lead.enterprise.pk)
    return render(
        request,
        "open/own_reply.html",
        {
            "form": form,
            "rows": [_line(row) for row in rows],
            "can_take_down": any(row.state in (State.WAITING, State.SHOWN) for row in rows),
            "public_url": reverse("complaints:open-enterprise", args=[lead.enterprise.code]),
        },
        status=422 if form.is_bound else 200,
    )


def _line(row: PublicReply) -> dict[str, Any]:
    return {
        "row": row,
        "state": State(row.state).label,
        "tone": TONES[row.state],
        "ground": PublicReply.Ground(row.ground).label if row.ground else "",
    }


@staff_page(lead_of, "GET", "POST")
def about_answers(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    """The index of the days that the address names, its own words about it, and what was said before."""
    if lead.branch_ids is not None:
        raise Http404
    asked = understood(ChoiceForm(request.GET, today=lead.today, usual=THIRTY), request.GET)
    whole_firm = Scope(enterprise_id=lead.enterprise.pk, is_own=True)
    shares = perfunctory.shares(Measure(whole_firm, asked.period, lead.now, current_calendar()))
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not shares:
        form.add_error(None, _("这段时间没有提过方案，没有可以说明的数。"))
    if form.is_bound and form.is_valid():

        def replied() -> tuple[str, str]:
            text = form.cleaned_data["text"]
            perfunctory.reply(lead.enterprise.pk, text, asked.period, by=lead.user, now=lead.now)
            return (f"{reverse('oversight:performance')}{asked.url()}", _("已写下，监管部门在这些数旁边看到；不公布。"))

        return redirect_once(request, replied)
    return render(
        request,
        "enterprise/performance_reply.html",
        {
            "form": form,
            "perfunctory": shares,
            "period": asked.period,
            "replies": perfunctory.replies(lead.enterprise.pk),
            "back_url": f"{reverse('oversight:performance')}{asked.url()}",
        },
        status=422 if form.is_bound else 200,
    )


@officer_page("GET", "POST")
def check(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    waiting = replying.to_check(workspace.user, on=workspace.today)
    if request.method == "POST":
        given, shows = request.POST.get("ground", ""), request.POST.get("do") == "show"
        number = request.POST.get("reply", "")
        reply = waiting.filter(public_id=number).first() if UUID_TEXT.fullmatch(number) else None
        if given not in PublicReply.Ground.values:
            given = "" if shows else "?"
        with once(request) as attempt:
            if not attempt.answered:
                if given == "?":
                    messages.error(request, _("不公开的，请选理由。"), extra_tags="bad")
                elif reply is None:
                    messages.error(request, _("这条说明刚有变化，请看最新的。"), extra_tags="warn")
                else:
                    try:
                        ground, by = "" if shows else given, workspace.user
                        replying.decide(reply, ground, by=by, on=workspace.today, now=workspace.now)
                        done = _("已办：%(name)s") % {"name": name_of(reply.enterprise)}
                        messages.success(request, done, extra_tags="ok")
                    except ReplyRefused as refused:
                        messages.error(request, str(refused), extra_tags="warn")
                attempt.reference = request.path
        return redirect(attempt.reference)
    rows = replying.read(waiting[: replying.BATCH])
    return render(
        request,
        "open/check_replies.html",
        {
            "now": workspace.now,
            "grounds": PublicReply.Ground.choices,
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
