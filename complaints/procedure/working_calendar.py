"""The working days of one zone (which day is worked, the n-th one after a day); when people may be disturbed. Two
tables hold day → number of working days so far → day; outside them the same numbers come from division."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Listed = tuple[bool, str, str]

#: What a plain weekend is called in a stored derivation.
WEEKEND = ("周末", "weekend")

_ONE_DAY = timedelta(days=1)
#: The tables cover at least these years; other years cost a division more.
_TABLE_YEARS = (2015, 2035)


def _weekdays_until(ordinal: int) -> int:
    """Mondays to Fridays from day 1 (a Monday) up to and including ``ordinal``."""
    weeks, days = divmod(ordinal, 7)
    return weeks * 5 + min(days, 5)


def _nth_weekday(number: int) -> int:
    weeks, days = divmod(number - 1, 5)
    return weeks * 7 + days + 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one zone. Build it with ``build`` or ``weekdays_only``."""

    known_years: frozenset[int]
    source: str
    version: str
    zone: ZoneInfo
    has_no_source: bool = False
    _listed: dict[date, Listed] = field(default_factory=dict, repr=False, hash=False)
    _base: int = field(default=0, repr=False, compare=False)
    _before: int = field(default=0, repr=False, compare=False)
    _counts: list[int] = field(default_factory=list, repr=False, compare=False)
    _ordinals: list[int] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def build(
        cls,
        days: Iterable[tuple[date, bool, str, str]],
        known_years: Iterable[int],
        *,
        source: str,
        version: str,
        zone: ZoneInfo = SHANGHAI,
    ) -> Calendar:
        """``days``: (day, is it worked, name, name_en), a row a day that a decree names. Raises ValueError when one day
        is given two different answers."""
        listed: dict[date, Listed] = {}
        for day, works, name, name_en in days:
            if listed.setdefault(day, (works, name, name_en))[0] != works:
                raise ValueError(f"{day}: the calendar says both working and off")
        return cls._with_tables(listed, frozenset(known_years), source, version, zone, False)

    @classmethod
    def weekdays_only(cls, zone: ZoneInfo) -> Calendar:
        """No calendar at all: Monday to Friday, never provisional, and the derivation says so."""
        return cls._with_tables({}, frozenset(), "", "", zone, True)

    @classmethod
    def _with_tables(
        cls,
        listed: dict[date, Listed],
        known: frozenset[int],
        source: str,
        version: str,
        zone: ZoneInfo,
        has_no_source: bool,
    ) -> Calendar:
        years = {*_TABLE_YEARS, *known, *(day.year for day in listed)}
        base = date(min(years), 1, 1).toordinal()
        counts, ordinals = [], []
        for ordinal in range(base, date(max(years), 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            if listed[day][0] if day in listed else day.weekday() < 5:
                ordinals.append(ordinal)
            counts.append(len(ordinals))
        before = _weekdays_until(base - 1)
        return cls(known, source, version, zone, has_no_source, listed, base, before, counts, ordinals)

    def after(self, day: date, number: int) -> date:
        """The ``number``-th working day after ``day``, which itself is not counted."""
        index = day.toordinal() - self._base
        if index >= 0 < number:
            try:
                return date.fromordinal(self._ordinals[self._counts[index] + number - 1])
            except IndexError:
                pass  # beyond the tables
        if number < 1:
            raise ValueError("count at least one working day")
        return self._nth(self._count_until(day) + number)

    def before(self, day: date, number: int) -> date:
        """The ``number``-th working day before ``day``, which itself is not counted."""
        if number < 1:
            raise ValueError("count at least one working day")
        return self._nth(self._count_until(day - _ONE_DAY) - number + 1)

    def count(self, first: date, last: date) -> int:
        """Working days in (first, last]; 0 when ``last`` is not after ``first``."""
        return max(0, self._count_until(last) - self._count_until(first))

    def is_working(self, day: date) -> bool:
        listed = self._listed.get(day)
        return day.weekday() < 5 if listed is None else listed[0]

    def is_known(self, year: int) -> bool:
        return year in self.known_years

    def is_holiday(self, day: date) -> bool:
        """Off by decree: not an ordinary weekend."""
        listed = self._listed.get(day)
        return listed is not None and not listed[0]

    def names_of(self, day: date) -> tuple[str, str]:
        """The decree's name for the day and the same in English ("周末", "weekend" for a plain one), or twice ""."""
        if listed := self._listed.get(day):
            return listed[1], listed[2] or listed[1]
        return WEEKEND if day.weekday() >= 5 else ("", "")

    def local_day(self, start: date | datetime) -> date:
        """The day here of a moment; a date stays what it is. Naive moments: ValueError."""
        if not isinstance(start, datetime):
            return start
        if start.utcoffset() is None:
            raise ValueError("a moment needs a time zone")
        return start.astimezone(self.zone).date()

    def moment(self, day: date, at: time = time.min) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)

    def _count_until(self, day: date) -> int:
        ordinal = day.toordinal()
        index = ordinal - self._base
        if index < 0:
            return _weekdays_until(ordinal)
        if index < len(self._counts):
            return self._before + self._counts[index]
        end = self._base + len(self._counts) - 1
        return self._before + len(self._ordinals) + _weekdays_until(ordinal) - _weekdays_until(end)

    def _nth(self, number: int) -> date:
        index = number - self._before
        if index <= 0:
            return date.fromordinal(_nth_weekday(number))
        if index <= len(self._ordinals):
            return date.fromordinal(self._ordinals[index - 1])
        end = self._base + len(self._counts) - 1
        return date.fromordinal(_nth_weekday(index - len(self._ordinals) + _weekdays_until(end)))


#: What rings or buzzes.
LOUD = frozenset({"sms", "voice"})
_FROM, _UNTIL = time(8), time(21)
#: On working days.
DIGESTS = (time(8, 30), time(14))
#: Reminders fall due at 08:30 sharp: the digest waits until the sweep has written them.
GATHERS = timedelta(minutes=2)


def is_quiet(moment: datetime) -> bool:
    return not _FROM <= moment.astimezone(SHANGHAI).time() < _UNTIL


def not_before(channel: str, moment: datetime) -> datetime:
    """The first instant from ``moment`` on at which this channel may be used."""
    if channel not in LOUD or not is_quiet(moment):
        return moment
    here = moment.astimezone(SHANGHAI)
    day = here.date() + timedelta(days=1) if here.time() >= _UNTIL else here.date()
    return datetime.combine(day, _FROM, SHANGHAI)


def next_digest(moment: datetime, calendar: Calendar) -> datetime:
    """When what is written at ``moment`` is told in a digest: 08:30 or 14:00 of a working day, and two minutes."""
    here = moment.astimezone(SHANGHAI)
    day = here.date()
    if calendar.is_working(day):
        for at in DIGESTS:
            gathered = datetime.combine(day, at, SHANGHAI) + GATHERS
            if here < gathered:
                return gathered
    return datetime.combine(calendar.after(day, 1), DIGESTS[0], SHANGHAI) + GATHERS
