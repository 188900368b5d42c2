"""Privacy and notices: what we hold about you, who looked, a copy, closing the account; how you want to be notified.

Every right is a page of its own, at most three taps away, and works without JavaScript. Turning notices off by the
address in a letter takes no session and answers the same to everybody; turning on again takes signing in.
"""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import security_log
from accounts.display import remember
from accounts.idempotency import once
from accounts.models import User
from accounts.sign_in.contacts import Contact
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints.forms.fields import Pick, PlainForm, set_choices
from complaints.models import Complaint, NoticeChoice
from complaints.notices import notice_choices
from complaints.pages.shared.case_shared import signed_in_page
from complaints.parties.actors import actors_of
from complaints.privacy import my_data
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import names_of
from complaints.reading.case_rows import MOST_NOTICES
from web.incoming import posted


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What we hold, who looked, which consents stand."""
    user, now = _person(request), timezone.now()
    works = len(actors_of(user, on=timezone.localdate(now))) > 1
    contacts = [Contact("sms", user.phone), Contact("email", user.email)]
    contact_accesses = my_data.contact_accesses_of(user)
    names = names_of({access.organisation for access in contact_accesses})
    context = {
        "held": [contact.masked for contact in contacts if contact.address],
        "cases": Complaint.objects.filter(consumer_id=user.pk).count(),
        "consents": my_data.current_consents(user),
        "until": None if works else my_data.kept_unasked_until(user, now=now),
        "accesses": [(access, names.get(access.organisation, access.organisation)) for access in contact_accesses],
    }
    return render(request, "consumer/privacy.html", context)


@fresh_factor
@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    """Everything in one file that people and programs can read."""
    user, now = _person(request), timezone.now()
    security_log.note("data_copied", now=now, user=user, address=client_address(request))
    text = json.dumps(my_data.copy_of(user, now=now), ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": f'attachment; filename="12315-{timezone.localdate(now):%Y%m%d}.json"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """What closing means, then doing it."""
    user, now = _person(request), timezone.now()
    works = len(actors_of(user, on=timezone.localdate(now))) > 1
    open_cases = list(Complaint.objects.filter(consumer_id=user.pk).open().order_by("filed_at")[:20])
    if request.method == "POST" and not works:
        with once(request) as attempt:
            if not attempt.answered:
                try:
                    my_data.close_account(user, now=now)
                except StepNotAllowed:
                    return redirect(reverse("complaints:my-data-close"))
                attempt.reference = reverse("complaints:my-data-closed")
        logout(request)
        return redirect("complaints:my-data-closed")
    until, joint = my_data.kept_until(user, now=now), my_data.has_joint_cases(user)
    context = {"works": works, "open_cases": open_cases, "until": until, "joint": joint, "now": now}
    return render(request, "consumer/close_account.html", context)


@require_GET
def closed(request: HttpRequest) -> HttpResponse:
    """Said once it is done; there is no session any more."""
    return render(request, "consumer/account_closed.html")


_HOW = [("each", _("每次都通知")), ("digest", _("合成一封，工作日上午或下午发")), ("none", _("不发，只在案件页里看"))]
_GROUPS = {"reminders": _("到期提醒"), "progress": _("办理进展"), notice_choices.ALL: _("到期提醒和办理进展")}


class ChoiceForm(PlainForm):
    """``ways``: the ways on which this person can be reached."""

    first = Pick(label=_("先用哪种方式通知您"), choices=[], help_text=_("这种方式送不到时，自动换另一种。"))
    language = Pick(label=_("通知用的语言"), choices=lambda: settings.LANGUAGES)
    reminders = Pick(
        label=_("到期提醒"),
        choices=_HOW,
        help_text=_("轮到您、快到期时的提醒。关掉后期限照样计算；最后一天的提醒仍然会发。"),
    )
    progress = Pick(
        label=_("办理进展"), choices=_HOW, help_text=_("企业受理、转到哪个单位、企业发来消息等，不用您马上答复的。")
    )

    def __init__(self, *args: Any, ways: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        labels = {"sms": _("短信"), "email": _("邮件")}
        if len(ways) > 1:
            set_choices(self, "first", [(way, labels[way]) for way in ways])
        else:
            del self.fields["first"]


@signed_in_page("GET", "POST")
def choices(request: HttpRequest) -> HttpResponse:
    """Channel, language, and what may be folded or turned off."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    wish = NoticeChoice.objects.filter(pk=user.pk).first() or NoticeChoice(user=user)
    ways = [way for way, address in (("sms", user.phone), ("email", user.email)) if address]
    initial = {
        "first": wish.first or ways[0] if ways else "",
        "language": user.language,
        "reminders": wish.reminders,
        "progress": wish.progress,
    }
    form = ChoiceForm(posted(request), ways=ways, initial=initial)
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                notice_choices.choose(user, **{"first": ""} | form.cleaned_data, now=timezone.now())
                attempt.reference = reverse("complaints:notice-choices")
                messages.success(request, _("已保存，从下一条通知起生效。"), extra_tags="ok")
        response = redirect(attempt.reference)
        remember(response, settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"])
        return response
    context = {"form": form, "most_notices": MOST_NOTICES}
    return render(request, "consumer/notice_choices.html", context, status=422 if form.is_bound else 200)


@never_cache
@csrf_exempt  # Mail programs send the one click (RFC 8058): what may be done stands signed in the address.
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, token: str) -> HttpResponse:
    """A click shows the question, the button or the mail program turns it off; a second time changes nothing."""
    result = notice_choices.read_token(token)
    if result is None:
        raise Http404
    is_off = request.method == "POST"
    if is_off and not notice_choices.turn_off(*result, now=timezone.now()):
        raise Http404
    return render(request, "consumer/notice_off.html", {"what": _GROUPS[result[1]], "is_off": is_off})
