"""Printing the slip that hands a case over to its consumer, for officers and for stations."""

from datetime import UTC, datetime, timedelta
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.models import User
from accounts.security_log import note
from accounts.sign_in.limits import Limit, TooManyTries, client_address, count, place_of, waits_until
from complaints.links import slips
from complaints.models import Complaint
from web.dates import moment
from web.qr import qr_code

#: By one person at work: more are a matter for somebody else's eyes.
OF_PERSON = Limit("slips", 60, timedelta(days=1))


def hand_over(
    request: HttpRequest, case: Complaint, *, organisation: str, base: str, back: str, now: datetime
) -> HttpResponse:
    """What the slip is for and one button; the button shows the slip, to be printed. ``base``: the class of the page.

    The caller has found the case under the own role. Each slip stands in the security log."""
    context = {"case": case, "back": back, "body_class": base, "wait": ""}
    until = now + slips.VALID_FOR
    if request.method != "POST":
        return render(request, "slips/ask.html", context | {"is_possible": bool(slips.path_of(case, until=until))})
    user = cast(User, request.user)
    try:
        with once(request) as attempt:
            if not attempt.answered:
                if (free := waits_until(OF_PERSON, str(user.pk), now=now)) is not None:
                    raise TooManyTries(free)
                count(OF_PERSON.kind, str(user.pk), now=now)
                note(
                    "slip_printed",
                    now=now,
                    user=user,
                    organisation=organisation,
                    subject=case.number,
                    address=client_address(request),
                )
                # Pressed twice, it is the same slip.
                attempt.reference = str(int(until.timestamp()))
    except TooManyTries as wait:
        status = wait.refuse(request)
        text = _("今天打印得太多了，请在%(moment)s之后再打。") % {"moment": moment(wait.until)}
        return render(request, "slips/ask.html", context | {"is_possible": True, "wait": text}, status=status)
    until = datetime.fromtimestamp(int(attempt.reference), UTC)
    path = slips.path_of(case, until=until)
    if not path:
        return render(request, "slips/ask.html", context | {"is_possible": False}, status=409)
    address = f"{place_of(request)}{path}"
    shown = {"address": address, "qr": qr_code(address), "until": until, "organisation": organisation}
    return render(request, "slips/slip.html", context | shown)
