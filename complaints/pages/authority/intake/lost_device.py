"""/authority/lost-device/: somebody lost a telephone or fears for the account; after a call-back everything of it ends.

Whether there is such an account is not said. The officer gets in nowhere: sessions and programs' tokens end, the
person is told at every address, and both sides stand in the security log.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.roles import Right
from accounts.sign_in import changes
from accounts.sign_in.contacts import Contact, known_user, parse_contact
from accounts.sign_in.limits import Limit, TooManyTries, client_address, count, waits_until
from accounts.sign_in.step_up import fresh_factor
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Pick, PlainForm
from web.dates import moment
from web.incoming import posted

#: By one officer; who works through more is asked by the log.
OF_OFFICER = Limit("ended_for_others", 30, timedelta(days=1))
#: How the officer knows that it is the person; the code stands in the security log.
HOW = [
    ("called_back", gettext_lazy("回拨了账号里的这个号码，本人确认")),
    ("organisation", gettext_lazy("回拨了本人单位的登记电话，单位确认")),
    ("in_person", gettext_lazy("本人带证件来到柜台")),
]


class LostDeviceForm(PlainForm):
    address = forms.CharField(
        label=gettext_lazy("账号的手机号或邮箱"),
        max_length=254,
        error_messages={"required": gettext_lazy("请填手机号或邮箱")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "off"}),
    )
    how = Pick(label=gettext_lazy("怎么核实的"), choices=HOW)

    def clean_address(self) -> Contact:
        contact = parse_contact(self.cleaned_data["address"])
        if contact is None:
            raise forms.ValidationError(_("请填11位手机号，或像 name@example.org 这样的邮箱"))
        return contact


@officer_page("GET", "POST")
@fresh_factor
def lost_device(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """One form; the same answer whether or not there is an account."""
    actor = next((actor for actor in workspace.actors if actor.may(Right.WRITE_DOWN)), None)
    if actor is None:
        raise Http404
    form = LostDeviceForm(posted(request))
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            _end(request, workspace, actor, form.cleaned_data)
            return redirect("complaints:authority-lost-device")
        except TooManyTries as wait:
            status = wait.refuse(request)
            form.add_error(None, _("今天办得太多了，请在%(moment)s之后再办。") % {"moment": moment(wait.until)})
    return render(request, "authority/lost_device.html", {"form": form}, status=status)


def _end(request: HttpRequest, workspace: Workspace, actor: Any, cleaned: dict[str, Any]) -> None:
    now, who = workspace.now, str(workspace.user.pk)
    with once(request) as attempt:
        if attempt.answered:
            return
        until = waits_until(OF_OFFICER, who, now=now)
        if until is not None:
            raise TooManyTries(until)
        count(OF_OFFICER.kind, who, now=now)
        user = known_user(cleaned["address"])
        if user is not None:
            by = {"by": workspace.user, "organisation": actor.organisation, "address": client_address(request)}
            changes.end_everything(user, reason=cleaned["how"], now=now, **by)
        attempt.reference = reverse("complaints:authority-lost-device")
        text = _("已办。如果%(masked)s有账号，它在所有设备上都已退出，程序令牌已作废，也通知了本人。")
        messages.success(request, text % {"masked": cleaned["address"].masked}, extra_tags="ok")
