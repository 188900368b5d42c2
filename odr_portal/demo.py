"""The demo mailbox: every message the portal would send, codes included.

The one rule: outside of a demo this address does not exist.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.models import Notice
from odr_portal.accounts.models import OutgoingMessage

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the mailbox shows it."""

    at: datetime
    channel: str
    to: str
    subject: str
    body: str


def _account_letters(wanted: str) -> list[Letter]:
    rows = OutgoingMessage.objects.order_by("-created_at", "-id")
    if wanted:
        rows = rows.filter(address__icontains=wanted)
    return [
        Letter(row.created_at, row.get_channel_display(), row.address, row.subject, row.body) for row in rows[:SHOWN]
    ]


def _case_letters(wanted: str) -> list[Letter]:
    rows = Notice.objects.select_related("user", "enterprise", "authority", "staff__user")
    if wanted:
        rows = rows.filter(body__icontains=wanted)
    found = []
    for row in rows.order_by("-id")[:SHOWN]:
        person = row.user or (row.staff.user if row.staff else None)
        to = str(person or row.enterprise or row.authority or row.addressee)
        found.append(Letter(row.created_at, row.channel, to, row.subject, row.body))
    return found


@never_cache
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The newest messages, whoever they are for."""
    if not settings.DEMO:
        raise Http404
    wanted = request.GET.get("q", "").strip()[:100]
    letters = sorted(_account_letters(wanted) + _case_letters(wanted), key=lambda letter: letter.at, reverse=True)
    return render(request, "public/demo_mail.html", {"letters": letters[:SHOWN], "wanted": wanted})
