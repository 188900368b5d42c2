"""/administration/holds/: legal holds, placed and ended by two of the security and audit administrators."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import redirect_once
from accounts.models import User
from accounts.sign_in.step_up import fresh_factor
from complaints.forms.fields import FILL, Day, Dropdown, PlainForm
from complaints.privacy import holds
from complaints.procedure.numbering import tidy
from complaints.procedure.refusals import WrongInput
from database.row_security import working_as_steps
from web.incoming import posted


class HoldForm(PlainForm):
    """What is kept, why, and until when."""

    subject = forms.CharField(
        label=_("案件编号或者人员代码"),
        max_length=40,
        help_text=_("人员代码写在案件记录和安全日志里。"),
        error_messages={"required": FILL},
    )
    ground = Dropdown(label=_("原因"), choices=[("", _("请选择")), *holds.GROUNDS.items()])
    until = Day(label=_("保全到哪一天"), help_text=_("最长一年，可以延长；到期前14天提醒。"))

    def clean_subject(self) -> str:
        typed: str = self.cleaned_data["subject"]
        return tidy(typed) or typed.lower()


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """The holds that stand; a form for another; agreeing to one and ending one."""
    if not isinstance(request.user, User):
        raise Http404
    me, now = request.user, timezone.now()
    asked = posted(request)
    name = asked.get("hold", "") if asked is not None else ""
    form = HoldForm(None if name else asked)

    def done(act: Callable[[], Any], text: str) -> HttpResponseBase:
        def acted() -> tuple[str, str]:
            with working_as_steps():
                act()
            return request.path, text

        return redirect_once(request, acted)

    with working_as_steps():
        standing = holds.standing(now=now)
    if name:
        one = next((hold for hold in standing if hold.name == name), None)
        if asked is not None and asked.get("does") == "release":
            return done(lambda: holds.release(name, by=me, now=now), gettext("已记下。两个人同意后结束。"))
        if one is None:
            raise Http404
        return done(
            lambda: holds.ask(subject=one.subject, ground=one.ground, until=one.until, by=me, now=now),
            gettext("已同意。"),
        )
    if form.is_bound and form.is_valid():
        try:
            return done(
                lambda: holds.ask(**form.cleaned_data, by=me, now=now),
                gettext("已记下。另一个人同意后生效；在此之前先保留%(days)s天。") % {"days": holds.WAITS_FOR.days},
            )
        except WrongInput as wrong:
            form.add_error(wrong.field, wrong.reason)
    mine = str(me.person_key)
    rows = [
        {
            "hold": hold,
            "may_agree": not hold.is_agreed and mine not in hold.agreed,
            "may_release": mine not in hold.released,
            "ends_soon": hold.ends_soon(now=now),
        }
        for hold in standing
    ]
    return render(
        request,
        "administration/holds.html",
        {"form": form, "rows": rows, "waits_for": holds.WAITS_FOR.days},
        status=422 if form.is_bound else 200,
    )
