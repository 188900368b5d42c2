"""Under which conditions a step is judged: calendar, policies, jurisdiction.

The one rule: loaded once for a whole batch and handed down; a dated import brings its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max

from authorities import calendar as loaded
from authorities.jurisdiction import Jurisdiction
from authorities.models import CalendarVersion
from authorities.policies import Policies
from complaints.deadlines import Calendar
from enterprises.models import Enterprise

_kept: dict[tuple[str, int], Calendar] = {}


@dataclass(frozen=True, slots=True)
class Conditions:
    """``tells`` off: an import of old cases writes no notice."""

    calendar: Calendar
    policies: Policies
    jurisdiction: Jurisdiction
    tells: bool = True
    _enterprises: dict[int, Enterprise | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def at(cls, now: datetime, *, country: str = "CN") -> Conditions:
        """As they stand at ``now``: three to five queries, whatever the batch."""
        calendar = current_calendar(country)
        return cls(calendar, Policies.load(calendar.local_day(now)), Jurisdiction.load())

    def enterprise(self, enterprise_id: int) -> Enterprise | None:
        """The enterprise as it stands now: read once a batch, however many cases go to it."""
        if enterprise_id not in self._enterprises:
            self._enterprises[enterprise_id] = Enterprise.objects.filter(pk=enterprise_id).first()
        return self._enterprises[enterprise_id]


def current_calendar(country: str = "CN") -> Calendar:
    """The newest loaded calendar, built once per version and process."""
    newest = CalendarVersion.objects.filter(country=country).aggregate(newest=Max("id"))["newest"]
    key = (country, newest or 0)
    if key not in _kept:
        rows = loaded.rows(country)
        _kept.clear()
        _kept[key] = Calendar.build(rows.days, rows.known_years, source=rows.source,
                                    version=rows.version)
    return _kept[key]
