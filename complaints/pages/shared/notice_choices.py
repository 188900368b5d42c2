"""/account/notices/: how I want to be told; and the one click out of a letter.

Turning off by the address in a letter takes no session and answers the same to everybody; turning on
again takes signing in.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.display import remember
from accounts.idempotency import once
from accounts.models import User
from complaints.forms.fields import Pick
from complaints.models import NoticeChoice
from complaints.notices import notice_choices

_HOW = [
    ("each", gettext_lazy("每次都通知")),
    ("digest", gettext_lazy("合成一封，工作日上午或下午发")),
    ("none", gettext_lazy("不发，只在案件页里看")),
]
_GROUPS = {
    "reminders": gettext_lazy("到期提醒"),
    "progress": gettext_lazy("办理进展"),
    notice_choices.ALL: gettext_lazy("到期提醒和办理进展"),
}


class ChoiceForm(forms.Form):
    """``ways``: the ways on which this person can be reached."""

    first = Pick(
        label=gettext_lazy("先用哪种方式通知您"), choices=[], help_text=gettext_lazy("这种方式送不到时，自动换另一种。")
    )
    language = Pick(label=gettext_lazy("通知用的语言"), choices=lambda: settings.LANGUAGES)
    reminders = Pick(
        label=gettext_lazy("到期提醒"),
        choices=_HOW,
        help_text=gettext_lazy("轮到您、快到期时的提醒。关掉后期限照样计算；最后一天的提醒仍然会发。"),
    )
    progress = Pick(
        label=gettext_lazy("办理进展"),
        choices=_HOW,
        help_text=gettext_lazy("企业受理、转到哪个单位、企业发来消息等，不用您马上答复的。"),
    )

    def __init__(self, *args: Any, ways: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.use_required_attribute = False
        words = {"sms": _("短信"), "email": _("邮件")}
        if len(ways) > 1:
            self.fields["first"].choices = [(way, words[way]) for way in ways]  # type: ignore[attr-defined]
        else:
            del self.fields["first"]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Channel, language, and what may be folded or turned off."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    wish = NoticeChoice.objects.filter(pk=user.pk).first() or NoticeChoice(user=user)
    ways = [way for way, address in (("sms", user.phone), ("email", user.email)) if address]
    form = ChoiceForm(
        request.POST if request.method == "POST" else None,
        ways=ways,
        initial={
            "first": wish.first or ways[0] if ways else "",
            "language": user.language,
            "reminders": wish.reminders,
            "progress": wish.progress,
        },
    )
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        with once(request) as attempt:
            if not attempt.answered:
                notice_choices.choose(
                    user,
                    first=said.get("first", ""),
                    language=said["language"],
                    reminders=said["reminders"],
                    progress=said["progress"],
                    now=timezone.now(),
                )
                attempt.reference = reverse("complaints:notice-choices")
                messages.success(request, _("已保存，从下一条通知起生效。"), extra_tags="ok")
        response = redirect(attempt.reference)
        remember(response, settings.LANGUAGE_COOKIE_NAME, said["language"])
        return response
    return render(request, "consumer/notice_choices.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@csrf_exempt  # Mail programs send the one click (RFC 8058): what may be done stands signed in the address.
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, token: str) -> HttpResponse:
    """A click shows the question, the button or the mail program turns it off; a second time changes nothing."""
    found = notice_choices.read_token(token)
    if found is None:
        raise Http404
    is_off = False
    if request.method == "POST":
        if not notice_choices.turn_off(*found, now=timezone.now()):
            raise Http404
        is_off = True
    return render(request, "consumer/notice_off.html", {"what": _GROUPS[found[1]], "is_off": is_off})
