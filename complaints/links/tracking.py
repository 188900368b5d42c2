"""Finding a case by its number and the token of its receipt. A wrong number and a wrong token get the same answer, and
every wrong try counts: the sixth within an hour is not looked up."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime

from accounts.sign_in.known_browsers import Browser
from accounts.sign_in.limits import Limit, TooManyTries, count, line_of, waits_until, wide_network_of
from complaints.filing.drafts import tracking_digest
from complaints.models import Complaint, TrackingTry
from complaints.procedure.numbering import tidy
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from database.row_security import show

TRIES = 5
#: Many people may share one line (a telephone network, an office): it has room for them; its network has more.
TRIES_OF_ADDRESS = 60
OF_NETWORK = Limit("wrong_tracking_network", 600, timedelta(days=1))
#: A browser that opened this very case before counts apart, whatever others try.
OF_KNOWN = Limit("wrong_tracking_known", TRIES, timedelta(hours=1))
WITHIN = timedelta(hours=1)
RELATED = (
    *("enterprise", "branch", "handling_authority", "picked_enterprise", "picked_branch"),
    *("service_region", "consumer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """Who tries: an address, the browser there as far as it can be told, and for which cases it is known."""

    address: str
    browser: str
    known: Browser | None = None

    @property
    def line(self) -> str:
        return line_of(self.address)

    @property
    def address_digest(self) -> str:
        return _digest(self.line)

    @property
    def browser_digest(self) -> str:
        return _digest(f"{self.line}\n{self.browser}")


def _digest(text: str) -> str:
    return salted_hmac("complaints.links.tracking", text, algorithm="sha256").hexdigest()


def find_tracked(*, number: str, token: str, seeker: Seeker, now: datetime) -> Complaint | None:
    """The case that both belong to; None is a wrong try and was counted. TooManyTries: nothing was looked up."""
    with transaction.atomic():
        # Tries sent at once are counted one after the other.
        with connection.cursor() as cursor:
            key = f"tracking:{seeker.address_digest}"
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        known = seeker.known if seeker.known is not None and seeker.known.knows(opened(tidy(number))) else None
        until = waits_until(OF_KNOWN, known.mark, now=now) if known is not None else _waits_until(seeker, now=now)
        if until is None:
            case = case_of_digest(number=tidy(number), digest=tracking_digest(token), now=now)
            if case is None and known is not None:
                count(OF_KNOWN.kind, known.mark, now=now)
            elif case is None:
                count(OF_NETWORK.kind, wide_network_of(seeker.address), now=now)
                browser, address = seeker.browser_digest, seeker.address_digest
                TrackingTry.objects.create(browser_digest=browser, address_digest=address, at=now)
            return case
    raise TooManyTries(until)


def opened(number: str) -> str:
    """For what a browser is known that opened this case by its receipt."""
    return f"case {number}"


def case_of_digest(*, number: str, digest: str, now: datetime) -> Complaint | None:
    """The case with its organisations and without its people; not for a representative whose term is over. Who shows
    the digest of a case's token may see that case for the rest of this request."""
    show(digest)
    in_term = Q(represented_until=None) | Q(represented_until__gte=now.astimezone(SHANGHAI).date())
    cases = Complaint.objects.exclude(status=Status.DRAFT).select_related(*RELATED)
    case = cases.filter(in_term, number=number).first()
    # Compared even when there is no case: the time of an answer tells nothing.
    kept = case.tracking_digest if case is not None else ""
    return case if hmac.compare_digest(digest, kept or "0" * len(digest)) else None


def _waits_until(seeker: Seeker, *, now: datetime) -> datetime | None:
    recent = TrackingTry.objects.filter(at__gt=now - WITHIN).order_by("-at")
    of_browser, of_address = Q(browser_digest=seeker.browser_digest), Q(address_digest=seeker.address_digest)
    for whose, most in ((of_browser, TRIES), (of_address, TRIES_OF_ADDRESS)):
        wrong = list(recent.filter(whose).values_list("at", flat=True)[:most])
        if len(wrong) == most:
            return wrong[-1] + WITHIN
    return waits_until(OF_NETWORK, wide_network_of(seeker.address), now=now)


OPEN_FOR = timedelta(minutes=30)
KEPT_IN_SESSION = "tracked"


def open_until(request: HttpRequest) -> datetime | None:
    """Until when this browser may look without the token again."""
    kept: dict[str, Any] = request.session.get(KEPT_IN_SESSION) or {}
    return parse_datetime(kept.get("until", ""))


def proven(request: HttpRequest, number: str, *, now: datetime) -> Complaint | None:
    """The case whose token this browser gave within half an hour."""
    kept = request.session.get(KEPT_IN_SESSION) or {}
    until = parse_datetime(kept.get("until", ""))
    if kept.get("number") != number or until is None or now >= until:
        return None
    return case_of_digest(number=number, digest=kept["digest"], now=now)
