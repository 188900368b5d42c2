"""The demo mailbox: every message the portal would send, codes included, as each person would get it.

Outside of a demo this address does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from complaints.models import Notice
from complaints.notices.digests import letter_of
from complaints.reading.sent_notices import CHANNELS, STATES, error_text
from database.row_security import working_as_steps
from web.languages import named

SHOWN = 100
#: A digest holds many rows.
READ = 400
_MESSAGE_STATES = {"given_up": "set_aside"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the mailbox shows it; ``at`` is when it was sent, or will be.

    What waits for tomorrow stands where it was written, lest it hide a code of this minute.
    """

    at: datetime
    written_at: datetime
    channel: str
    to: str
    organisation: str
    subject: str
    body: str
    state: str
    tone: str
    error: str = ""
    is_digest: bool = False
    number: str = ""


def _account_letters(wanted: str) -> list[Letter]:
    rows = OutgoingMessage.objects.exclude(state="withheld").order_by("-created_at", "-id")
    newest = [row for row in rows[:READ] if wanted.casefold() in row.address.casefold()]
    results = []
    for row in newest[:SHOWN]:
        text, tone = STATES[_MESSAGE_STATES.get(row.state, row.state)]
        results.append(
            Letter(
                at=row.sent_at or row.created_at,
                written_at=row.sent_at or row.created_at,
                channel=str(CHANNELS[row.channel]),
                to=row.address,
                organisation="",
                subject=row.subject,
                body=row.body or _("验证码已过期，内容已删除。"),
                state=str(text),
                tone=tone,
                error=error_text(row.last_error),
            )
        )
    return results


def _people(wanted: str) -> list[int]:
    """In a demo there are few enough to read them all; elsewhere this page does not exist."""
    users = list(User.objects.all())
    sealed_fields.load_for(users)
    return [user.pk for user in users if wanted.casefold() in f"{user.name}\n{user.email}\n{user.phone}".casefold()]


def _case_letters(wanted: str, number: str) -> list[Letter]:
    rows = Notice.objects.select_related(
        "user", "enterprise", "authority", "complaint__branch", "complaint__enterprise"
    )
    if number:
        rows = rows.filter(complaint__number__icontains=number)
    if wanted:
        named = Q(enterprise__name__icontains=wanted) | Q(authority__name__icontains=wanted)
        rows = rows.filter(Q(user_id__in=_people(wanted)) | named | Q(body__icontains=wanted))
    letters: dict[Any, list[Notice]] = {}
    for row in rows.order_by("-id")[:READ]:
        key = (row.user_id, row.channel, row.letter) if row.letter else row.pk
        letters.setdefault(key, []).append(row)
    return [_of(rows[::-1]) for rows in letters.values()]


def _of(rows: list[Notice]) -> Letter:
    """As it was sent: folded ones as the digest that they became."""
    first, written = rows[0], letter_of(rows) if rows[0].letter else None
    organisation = first.enterprise or first.authority
    text, tone = STATES[first.state]
    if written is not None:
        subject, body = written.subject, written.body
    else:
        subject, body = ("", first.short) if first.channel == "sms" else (first.subject, first.body)
    return Letter(
        at=first.sent_at or first.send_after,
        written_at=first.sent_at or first.created_at,
        channel=str(CHANNELS.get(first.channel, first.channel)),
        to=str(first.user) if first.user else _("消费者") if first.addressee == "consumer" else "",
        organisation=named(organisation) if organisation else "",
        subject=subject,
        body=body,
        state=str(text),
        tone=tone,
        error=error_text(first.last_error),
        is_digest=written is not None,
        number="" if written is not None else first.complaint.number,
    )


@never_cache
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The newest messages, whoever they are for; or those of one person or one case."""
    if not settings.DEMO:
        raise Http404
    wanted = request.GET.get("q", "").strip()[:100]
    number = request.GET.get("case", "").strip()[:40]
    # The mailbox of everybody, which only a demo has.
    with working_as_steps():
        letters = _case_letters(wanted, number) + ([] if number else _account_letters(wanted))
    letters.sort(key=lambda letter: letter.written_at, reverse=True)
    return render(request, "public/demo_mail.html", {"letters": letters[:SHOWN], "wanted": wanted, "number": number})
