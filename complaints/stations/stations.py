"""What a station writes down, the consumer's word on it, what it did in a month, and its letter of a working day.

The letter says numbers and statuses alone; where nothing moved nobody is written to.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from accounts.keys import keyring, row_tags, sealed_fields
from accounts.letters import send_to
from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import parse_contact
from accounts.sign_in.limits import Limit, TooManyTries, count, waits_until
from authorities.periods import holds_on
from complaints.models import Complaint, StationEntry
from complaints.models.notices import CLOCKS_DIFFER
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.wording.standing import standing
from database.row_security import working_as_steps
from enterprises.models import Station, StationStaff
from web.languages import named
from web.small_numbers import share_text, too_few

VALID_FOR = timedelta(days=7)
#: As long as what is said in a case is kept after its end.
KEPT_FOR = timedelta(days=3 * 365)
TOKEN_BYTES = 16
LONGEST_TOKEN = 64
#: Links to one phone, whichever station sends them.
OF_PHONE = Limit("station_link", 5, timedelta(days=1))
#: What the source of a complaint begins with that a station wrote down.
SOURCE = "station-"
#: So many lines a page; older ones are with the authority.
SHOWN = 200


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def stations_of(user: User, *, on: date) -> list[Station]:
    """Where this person works on that day, the oldest post first; one query."""
    rows = Station.objects.filter(holds_on(on), holds_on(on, prefix="staff__"), staff__user=user)
    return list(rows.select_related("authority", "enterprise").order_by("staff__pk").distinct())


def cases_of(station: Station) -> QuerySet[Complaint]:
    """What was filed here and may still be followed here; the newest first. First check: the own station alone."""
    return Complaint.objects.filter(station=station, station_sees=True).order_by("-filed_at", "-pk")


def write_down(entry: StationEntry, *, language: str, place: str) -> None:
    """A new entry of the log. With the number of a signed sheet it is confirmed at once; else its phone gets a link.
    ``place``: where the portal stands, without a slash at the end. Raises TooManyTries."""
    if entry.sheet:
        entry.state, entry.answered_at = StationEntry.CONFIRMED, entry.at
    entry.save()
    if not entry.sheet:
        send_link(entry, language=language, place=place, now=entry.at)


def send_link(entry: StationEntry, *, language: str, place: str, now: datetime) -> None:
    """A new link to the consumer; the one before it opens nothing any more. Raises TooManyTries."""
    contact = parse_contact(entry.phone)
    if contact is None or entry.state != StationEntry.UNCONFIRMED:
        return
    until = waits_until(OF_PHONE, contact.address, now=now)
    if until is not None:
        raise TooManyTries(until)
    count(OF_PHONE.kind, contact.address, now=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    entry.token_digest, entry.expires_at = token_digest(token), now + VALID_FOR
    entry.save(update_fields=["token_digest", "expires_at"])
    with override(language):
        OutgoingMessage.objects.create(
            channel=contact.channel,
            address=contact.address,
            person_key=None,
            created_at=now,
            useful_until=entry.expires_at,
            subject=gettext("请确认服务站的记录") if contact.channel == "email" else "",
            body=gettext("【12315】请确认和解 %(link)s")
            % {"link": f"{place}{reverse('complaints:station-confirm-link', args=[token])}"},
        )


@working_as_steps()
def of_token(token: str, *, now: datetime) -> StationEntry | None:
    """The entry that this link asks about; None for one that is unknown, over or was answered."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    return (
        StationEntry.objects.select_related("station")
        .filter(token_digest=token_digest(token), state=StationEntry.UNCONFIRMED, expires_at__gt=now)
        .first()
    )


def answer(entry: StationEntry, *, is_right: bool, now: datetime) -> bool:
    """The consumer's word, once. False where somebody answered first."""
    state = StationEntry.CONFIRMED if is_right else StationEntry.DENIED
    return bool(
        StationEntry.objects.filter(pk=entry.pk, state=StationEntry.UNCONFIRMED).update(
            state=state, answered_at=now, token_digest=""
        )
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one station since a day: what counts as settled, and what does not."""

    confirmed: int
    unconfirmed: int
    denied: int


def counted(station: Station, *, since: date) -> Counted:
    """One query. ``since``: a local day, included."""
    return counted_each([station], since=since)[station.pk]


def counted_each(stations: Iterable[Station], *, since: date) -> dict[int, Counted]:
    """The same of many, by id; one query as well."""
    ids, begin = [station.pk for station in stations], datetime.combine(since, datetime.min.time(), SHANGHAI)
    rows = StationEntry.objects.filter(station_id__in=ids, at__gte=begin).order_by().values_list("station_id", "state")
    result = {(station, state): n for station, state, n in rows.annotate(n=Count("pk"))}
    states = (StationEntry.CONFIRMED, StationEntry.UNCONFIRMED, StationEntry.DENIED)
    return {pk: Counted(*(result.get((pk, state), 0) for state in states)) for pk in ids}


@working_as_steps()
def moved_each(stations: Iterable[Station], *, since: date, until: date = date.max) -> dict[int, int]:
    """Complaints that each station filed for consumers since a local day and before another, by id: what it did not
    settle on the spot.
    Numbers alone: the authority of a station may not see each of these cases. One query over an index of sources.
    """
    sources = {f"{SOURCE}{station.code}": station.pk for station in stations}
    begin, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (since, until))
    rows = Complaint.objects.filter(source__in=list(sources), received_at__gte=begin, received_at__lt=end)
    rows = rows.exclude(status=Status.DRAFT)
    found = rows.order_by().values_list("source").annotate(n=Count("pk"))
    return dict.fromkeys(sources.values(), 0) | {sources[source]: n for source, n in found}


def sign(entry: StationEntry, *, sheet: str, now: datetime) -> None:
    """The consumer signed a sheet; the link that was sent opens nothing any more."""
    StationEntry.objects.filter(pk=entry.pk, state=StationEntry.UNCONFIRMED).update(
        state=StationEntry.CONFIRMED, sheet=sheet, answered_at=now, token_digest=""
    )


def forget(*, now: datetime, limit: int) -> int:
    """What was said and the phone go, with the key; counts, amounts and answers stay. How many entries."""
    old = list(
        StationEntry.objects.filter(at__lt=now - KEPT_FOR)
        .exclude(problem=b"")
        .order_by("at")[:limit]
        .values_list("pk", "person_key")
    )
    if not old:
        return 0
    with transaction.atomic():
        StationEntry.objects.filter(pk__in=[pk for pk, _key in old]).update(problem=b"", phone=b"", token_digest="")
        keyring.destroy([key for _pk, key in old], now=now)
    return len(old)


#: The consumer's word came so much later than the entry: the memory of a dispute "on the spot" is stale.
SLOW = timedelta(days=3)
#: So many entries of a month are read for copied texts.
MOST = 2000
#: Lists behind the numbers.
LISTS = ("all", "confirmed", "unconfirmed", "denied", "copied", "slow", "no_amount")
ALL, CONFIRMED, UNCONFIRMED, DENIED, COPIED, SLOW_ANSWER, NO_AMOUNT = LISTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One station's month. ``money``: of confirmed entries; ``filed``: complaints written down for consumers."""

    entries: Sequence[StationEntry]
    copied: frozenset[int]
    filed: int
    is_cut: bool

    def of(self, name: str) -> list[StationEntry]:
        if name in (CONFIRMED, UNCONFIRMED, DENIED):
            return [entry for entry in self.entries if entry.state == name]
        if name == COPIED:
            return [entry for entry in self.entries if entry.pk in self.copied]
        if name == SLOW_ANSWER:
            return [entry for entry in self.entries if entry.answered_at and entry.answered_at - entry.at > SLOW]
        if name == NO_AMOUNT:
            return [entry for entry in self.entries if entry.amount is None and entry.how in ("refund", "replace")]
        return list(self.entries)

    def count(self, name: str) -> int:
        return len(self.of(name))

    @property
    def money(self) -> Decimal:
        return sum((entry.amount or Decimal(0) for entry in self.of(CONFIRMED)), Decimal(0))

    @property
    def confirmed_share(self) -> str:
        return share_text(self.count(CONFIRMED), len(self.entries), digits=0)

    @property
    def why_no_share(self) -> str:
        return too_few(len(self.entries))


def first_of(text: str, *, today: date) -> date:
    """The month that ``2026-11`` names; this month for anything else."""
    try:
        year, month = (int(part) for part in text.split("-"))
        result = date(year, month, 1)
    except ValueError:
        return today.replace(day=1)
    return result if date(2020, 1, 1) <= result <= today else today.replace(day=1)


def next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def month_of(station: Station, first: date) -> Month:
    """Three queries and the keys of the texts."""
    begin, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (first, next_month(first)))
    results: QuerySet[StationEntry] = StationEntry.objects.filter(station=station, at__gte=begin, at__lt=end)
    entries = list(results.order_by("-at", "-pk")[: MOST + 1])
    sealed_fields.load_for(entries)
    cut = entries[:MOST]
    filed = Complaint.objects.filter(station=station, filed_at__gte=begin, filed_at__lt=end).count()
    return Month(entries=cut, copied=_copied(cut), filed=filed, is_cut=len(entries) > MOST)


def _copied(entries: Sequence[StationEntry]) -> frozenset[int]:
    """Entries whose text stands word for word in another one of the month."""
    labels = {entry.pk: "".join(unicodedata.normalize("NFKC", entry.problem).split()) for entry in entries}
    often = Counter(text for text in labels.values() if text)
    return frozenset(pk for pk, text in labels.items() if often[text] > 1)


LETTERS_BATCH = 200
#: From this hour on: people read it at work.
LETTERS_HOUR = 8
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=2)
#: Of one letter; the rest stands in the list of the station.
MOST_LINES = 50


def sweep_station_letters(*, now: datetime) -> int:
    """How many people were dealt with; who left, and what moved before somebody came, is told to nobody."""
    here, calendar = now.astimezone(SHANGHAI), current_calendar()
    today = here.date()
    if here.hour < LETTERS_HOUR or not calendar.is_working(today):
        return 0
    begun = calendar.moment(today)
    with transaction.atomic():
        posts = list(
            StationStaff.objects.filter(
                Q(told_at=None) | Q(told_at__lt=begun) | Q(told_at__gt=now + CLOCKS_DIFFER),
                holds_on(today),
                holds_on(today, prefix="station__"),
            )
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("user", "station")
            .order_by("pk")[:LETTERS_BATCH]
        )
        if not posts:
            return 0
        sealed_fields.load_for([post.user for post in posts])
        # The first letter tells of the day before it.
        since = {post.pk: post.told_at or begun - timedelta(days=1) for post in posts}
        news: dict[int, list[Complaint]] = defaultdict(list)
        for station in {post.station_id: post.station for post in posts}.values():
            first = min(since[post.pk] for post in posts if post.station_id == station.pk)
            news[station.pk] = list(
                cases_of(station)
                .filter(status_since__gt=first, status_since__lte=now)
                .exclude(status=Status.FILED)
                .order_by("-status_since", "-pk")
            )
        for post in posts:
            moved = [case for case in news[post.station_id] if case.status_since > since[post.pk]]
            if moved and post.user.is_active and post.user.email and row_tags.stands(post):
                _write_letter(post, post.user, moved, now=now)
            post.told_at = now
        StationStaff.objects.bulk_update(posts, ["told_at"])
    return len(posts)


def _write_letter(post: StationStaff, user: User, moved: list[Complaint], *, now: datetime) -> None:
    def text() -> tuple[str, str]:
        slots = {"station": named(post.station), "n": len(moved)}
        lines = [
            _("%(number)s：%(status)s") % {"number": case.number, "status": standing(case).text}
            for case in moved[:MOST_LINES]
        ]
        address = f"{settings.SITE_URL}{reverse('complaints:station-cases')}"
        body = "\n".join([*lines, "", _("全部：%(address)s") % {"address": address}])
        return _("【12315】%(station)s代为提交的投诉有进展：%(n)s件") % slots, body

    send_to(user, text, now=now, of_use=OF_USE)
