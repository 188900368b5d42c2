"""What a station did in a month, and how good its log is.

Settled is what the consumer confirmed; every number is the length of a list that can be read, and nothing
here tells who a consumer is.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from accounts.keys import sealed_fields
from complaints.models import Complaint, StationEntry
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Station

#: The consumer's word came so much later than the entry: the memory of a dispute "on the spot" is stale.
SLOW = timedelta(days=3)
#: So many entries of a month are read for copied texts.
MOST = 2000
#: Lists behind the numbers.
ALL, CONFIRMED, UNCONFIRMED, DENIED, COPIED, SLOW_ANSWER, NO_AMOUNT = (
    "all",
    "confirmed",
    "unconfirmed",
    "denied",
    "copied",
    "slow",
    "no_amount",
)
LISTS = (ALL, CONFIRMED, UNCONFIRMED, DENIED, COPIED, SLOW_ANSWER, NO_AMOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One station's month. ``money``: of confirmed entries; ``filed``: complaints written down for consumers."""

    entries: Sequence[StationEntry]
    copied: frozenset[int]
    filed: int
    is_cut: bool

    def of(self, name: str) -> list[StationEntry]:
        """The entries behind one number."""
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
    def confirmed_share(self) -> int | None:
        """In whole percent; None without an entry."""
        return round(100 * self.count(CONFIRMED) / len(self.entries)) if self.entries else None


def first_of(text: str, *, today: date) -> date:
    """The month that ``2026-11`` names; this month for anything else."""
    try:
        year, month = (int(part) for part in text.split("-"))
        found = date(year, month, 1)
    except ValueError:
        return today.replace(day=1)
    return found if date(2020, 1, 1) <= found <= today else today.replace(day=1)


def next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def month_of(station: Station, first: date) -> Month:
    """Three queries and the keys of the texts."""
    begin, end = (datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (first, next_month(first)))
    found: QuerySet[StationEntry] = StationEntry.objects.filter(station=station, at__gte=begin, at__lt=end)
    entries = list(found.order_by("-at", "-pk")[: MOST + 1])
    sealed_fields.load_for(entries)
    cut = entries[:MOST]
    filed = Complaint.objects.filter(station=station, filed_at__gte=begin, filed_at__lt=end).count()
    return Month(entries=cut, copied=_copied(cut), filed=filed, is_cut=len(entries) > MOST)


def _copied(entries: Sequence[StationEntry]) -> frozenset[int]:
    """Entries whose text stands word for word in another one of the month."""
    words = {entry.pk: "".join(unicodedata.normalize("NFKC", entry.problem).split()) for entry in entries}
    often = Counter(text for text in words.values() if text)
    return frozenset(pk for pk, text in words.items() if often[text] > 1)
