"""Complaints of nobody proven, counted so that a flood of them buries no enterprise. Nobody is sent away: whoever
shares a line with many is asked for more work of the browser, or for a code; who is signed in has an own budget."""

from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in.codes import HARDEST_LEVEL, MoreWork, is_worked_for
from accounts.sign_in.limits import Limit, client_address, count, counted, line_of, waits_until

HOUR = timedelta(hours=1)
#: So many of one line in an hour take the browser's first work, and each as many more double it.
EASY = 30
OF_LINE = Limit("unproven_filing", EASY * HARDEST_LEVEL, HOUR)
#: Without work, as browsers without scripts file.
UNWORKED = Limit("unproven_filing_unworked", 5, HOUR)
#: Of somebody signed in, who gave a number that no code has proved.
OF_PERSON = Limit("unproven_filing_of_person", 10, timedelta(days=1))


def count_one(request: HttpRequest, *, now: datetime) -> None:
    """Raises MoreWork with the level that is asked for; the page offers a code in its place."""
    user, line = request.user, line_of(client_address(request))
    if isinstance(user, User) and waits_until(OF_PERSON, str(user.pk), now=now) is None:
        count(OF_PERSON.kind, str(user.pk), now=now)
        return
    worked = is_worked_for(request.POST.get("proof", ""), now=now)
    level = min(counted(OF_LINE, line, now=now) // EASY + 1, HARDEST_LEVEL)
    free_again = waits_until(UNWORKED, line, now=now)
    if worked < level and (worked or free_again is not None):
        raise MoreWork(level, free_again or now + HOUR)
    for limit in (OF_LINE,) if worked else (OF_LINE, UNWORKED):
        count(limit.kind, line, now=now)
