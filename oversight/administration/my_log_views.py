"""/account/log/: what the security log says of whoever is signed in, every entry of it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import SecurityEvent, User
from complaints.desks import keyset
from oversight.administration.views import NEWEST, kind_label


@never_cache
@login_required
@require_safe
def my_log(request: HttpRequest) -> HttpResponse:
    """What this person did, and what others did to the account; newest first, a page at a time."""
    me = request.user
    if not isinstance(me, User):
        raise Http404
    mine = Q(person_key=me.person_key) | Q(subject=str(me.person_key))
    page = keyset.page_of(SecurityEvent.objects.filter(mine), request.GET, NEWEST)
    rows: list[dict[str, Any]] = [
        {
            "at": row.at,
            "kind": kind_label(row.kind),
            "organisation": row.organisation,
            "is_mine": row.person_key == me.person_key,
            # Where somebody else sat is not this person's business.
            "address": row.address if row.person_key == me.person_key else "",
        }
        for row in page.rows
    ]
    context = {"rows": rows, **keyset.neighbours(page, reverse("oversight:my-log"))}
    return render(request, "administration/my_log.html", context)
