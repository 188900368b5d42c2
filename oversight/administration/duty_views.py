"""/administration/changes/: who is to hold a duty, for all administrators: agreed to, stopped, and what came of it."""

import uuid
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.sign_in.step_up import fresh_factor
from database.row_security import working_as_steps
from enterprises.team.team import TeamRefusal
from oversight.administration import duty_changes
from web.incoming import ID_DIGITS, whole


def shown(me: User, *, now: datetime, most: int) -> list[dict[str, Any]]:
    """The newest changes of duties, with who asked, agreed and ended them, and what ``me`` may do about each."""
    with working_as_steps():
        newest = duty_changes.read()[:most]
    keys = {key for one in newest for key in (one.subject, one.asked_by, one.agreed_by, one.ended_by)}
    known = list(User.objects.filter(person_key__in=[key for key in keys if _is_key(key)]))
    sealed_fields.load_for(known)
    people = {str(user.person_key): user for user in known}
    # Administrators are colleagues of each other.
    names = {key: user.name or key for key, user in people.items()}
    names |= {"command": gettext("服务器上的命令"), "system": gettext("系统")}
    results = []
    for one in newest:
        state_now = one.state(now=now)
        is_open, is_about_me = one.is_open(now=now), one.subject == str(me.person_key)
        results.append(
            {
                "change": one,
                "state": duty_changes.STATES[state_now],
                "is_agreed": state_now == "agreed",
                "subject": one.name_of(people[one.subject]) if one.subject in people else one.subject,
                "asked_by": names.get(one.asked_by, one.asked_by),
                "agreed_by": names.get(one.agreed_by, one.agreed_by),
                "ended_by": names.get(one.ended_by, one.ended_by),
                "may_agree": state_now == "waits" and duty_changes.may_agree(one, me),
                "may_stop": is_open and not is_about_me,
                "is_open": is_open,
            }
        )
    return results


def _is_key(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """/administration/changes/: duties given and taken, accounts opened again: agree, stop, and what came of it."""
    if not isinstance(request.user, User):
        raise Http404
    me, now = request.user, timezone.now()
    if request.method == "POST":
        number, what = whole(request.POST.get("number"), ID_DIGITS), request.POST.get("do", "")
        if number is None or what not in ("agree", "stop"):
            raise TeamRefusal("no_such_change", gettext("没有这样的操作。"))

        def done() -> tuple[str, str]:
            with working_as_steps():
                (duty_changes.agree if what == "agree" else duty_changes.stop)(number, by=me, now=now)
            return request.path, gettext("已同意。") if what == "agree" else gettext("已撤销。")

        return redirect_once(request, done)
    context = {"now": now, "rows": shown(me, now=now, most=100)}
    return render(request, "administration/changes.html", context)
