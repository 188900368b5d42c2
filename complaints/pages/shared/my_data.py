"""Privacy: what we hold about you, who looked, what you agreed to, a copy, and closing the account.

Every right is a page of its own, at most three taps away, and works without JavaScript.
"""

from __future__ import annotations

import json

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import security_log
from accounts.idempotency import once
from accounts.models import User
from accounts.sign_in.contacts import Contact
from accounts.sign_in.limits import client_address
from accounts.sign_in.step_up import fresh_factor
from complaints.models import Complaint
from complaints.parties.actors import actors_of
from complaints.privacy import my_data
from complaints.procedure.refusals import StepNotAllowed
from complaints.reading.case import names_of


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What we hold, who looked, which consents stand."""
    user = _person(request)
    held = [
        Contact(channel, address).masked for channel, address in (("sms", user.phone), ("email", user.email)) if address
    ]
    contact_accesses = my_data.looks_at(user)
    names = names_of({look.organisation for look in contact_accesses})
    return render(
        request,
        "consumer/privacy.html",
        {
            "held": held,
            "cases": Complaint.objects.filter(consumer_id=user.pk).count(),
            "consents": my_data.standing_consents(user),
            "looks": [(look, names.get(look.organisation, look.organisation)) for look in contact_accesses],
        },
    )


@fresh_factor
@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    """Everything in one file that people and programs can read."""
    user, now = _person(request), timezone.now()
    security_log.note("data_copied", now=now, user=user, address=client_address(request))
    text = json.dumps(my_data.copy_of(user, now=now), ensure_ascii=False, indent=2, default=str)
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="12315-{timezone.localdate(now):%Y%m%d}.json"'},
    )


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
    return render(
        request,
        "consumer/close_account.html",
        {"works": works, "open_cases": open_cases, "until": my_data.kept_until(user, now=now), "now": now},
    )


@require_GET
def closed(request: HttpRequest) -> HttpResponse:
    """Said once it is done; there is no session any more."""
    return render(request, "consumer/account_closed.html")
