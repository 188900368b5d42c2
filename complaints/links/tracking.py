"""Finding a case by its number and the token of its receipt. A wrong number and a wrong token get the same answer, and
every wrong try counts: the sixth within an hour is not looked up."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode

from accounts.sign_in.known_browsers import Browser
from accounts.sign_in.limits import Limit, TooManyTries, count, line_of, waits_until, wide_network_of
from complaints.filing.drafts import tracking_digest
from complaints.models import Complaint
from complaints.procedure.numbering import province_of, tidy
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from database.row_security import nothing_held, show
from web import cells

WITHIN = timedelta(hours=1)
OF_BROWSER = Limit("wrong_tracking_browser", 5, WITHIN)
#: Many people may share one line (a telephone network, an office): it has room for them; its network has more.
OF_LINE = Limit("wrong_tracking_line", 60, WITHIN)
OF_NETWORK = Limit("wrong_tracking_network", 600, timedelta(days=1))
#: A browser that opened this very case before counts apart, whatever others try.
OF_KNOWN = Limit("wrong_tracking_known", 5, WITHIN)
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
    def counted(self) -> list[tuple[Limit, str]]:
        """What a wrong try counts for, and under which name."""
        if self.known is not None:
            return [(OF_KNOWN, self.known.mark)]
        of_browser, network = f"{self.line}\n{self.browser}", wide_network_of(self.address)
        return [(OF_BROWSER, of_browser), (OF_LINE, self.line), (OF_NETWORK, network)]


def find_tracked(*, number: str, token: str, seeker: Seeker, now: datetime) -> Complaint | None:
    """The case that both belong to; None is a wrong try and was counted. TooManyTries: nothing was looked up."""
    with transaction.atomic():
        # Tries sent at once are counted one after the other.
        with connection.cursor() as cursor:
            line = salted_hmac("complaints.links.tracking", seeker.line, algorithm="sha256").hexdigest()
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tracking:{line}"])
        if seeker.known is not None and not seeker.known.knows(opened(tidy(number))):
            seeker = replace(seeker, known=None)
        until = next(filter(None, (waits_until(limit, who, now=now) for limit, who in seeker.counted)), None)
        if until is None:
            case = case_of_digest(number=tidy(number), digest=tracking_digest(token), now=now)
            if case is None:
                for limit, who in seeker.counted:
                    count(limit.kind, who, now=now)
            return case
    raise TooManyTries(until)


def kept_by(number: str) -> tuple[str, list[str]]:
    """(where another province's portal asks for the token of this number, provinces whose portals did not answer). A
    number that names its province goes there unseen; for an older one all are asked, at the same time."""
    province = province_of(number)
    asked = [province] if province else list(settings.CELLS) if number else []
    asked = [one for one in asked if one in settings.CELLS]
    found, away = "", []

    def knows(one: str) -> bool | None:
        try:
            return bool(cells.tell(one, reverse("complaints:cell-number"), {"number": number})["known"] or province)
        except cells.Away:
            return None

    with nothing_held(), ThreadPoolExecutor(max_workers=max(1, len(asked))) as lines:
        for one, known in zip(asked, lines.map(knows, asked), strict=True):
            if known:
                page = reverse("complaints:track")
                found = f"{settings.CELLS[one]}{page}?{urlencode({'number': number})}"
            elif known is None:
                away.append(one)
    return found, [] if found else away


def opened(number: str) -> str:
    """For what a browser is known that opened this case by its receipt."""
    return f"case {number}"


def case_of_digest(*, number: str, digest: str, now: datetime) -> Complaint | None:
    """The case with its organisations and without its people; not for a representative whose term is over. Who shows
    the digest of a case's token may see that case for the rest of this request."""
    shown = show(digest, number=number)
    in_term = Q(represented_until=None) | Q(represented_until__gte=now.astimezone(SHANGHAI).date())
    cases = Complaint.objects.exclude(status=Status.DRAFT).select_related(*RELATED)
    case = cases.filter(in_term, number=number).first()
    # Asked for even where the token is another one: the time of an answer tells nothing.
    return case if case is not None and case.pk == shown.case else None


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
