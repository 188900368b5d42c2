"""Under which conditions a step is judged: calendar, policies, jurisdiction. Loaded once for a whole batch and handed
down; a dated import brings its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import QuerySet

from authorities import calendar as loaded
from authorities import freshness
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, CalendarVersion
from authorities.policies import Limits, Policies
from complaints.procedure.working_calendar import Calendar
from database.prepared import PreparedQuery
from enterprises.models import Branch, BranchAuthority, Enterprise, Succession, TwoPersons
from enterprises.team.staffing import Worker, setting_for, worker

Value = TypeVar("Value")

_kept: dict[tuple[str, int], Calendar] = {}


def newest_calendar(country: str) -> QuerySet[CalendarVersion]:
    """The one that counts now, by its id alone; with it the state of what steps read."""
    return freshness.beside(CalendarVersion.objects.filter(country=country).order_by("-pk").only("pk"))[:1]


_NEWEST = PreparedQuery(newest_calendar, str)


class _Read(NamedTuple):
    """What was read, and the state of the tables just before."""

    state: freshness.State
    calendar: Calendar
    policies: Policies
    jurisdiction: Jurisdiction


#: By country. One assignment replaces a row, so threads see the old one or the new one.
_read: dict[str, _Read] = {}


@dataclass(frozen=True, slots=True)
class Conditions:
    """``tells`` off: an import of old cases writes no notice. ``issues`` off: nor an official document, as theirs were
    issued. ``reminds`` off: its sweeps look for lapses only, as a reminder of years ago helps nobody.

    Rows of the directory that a batch asks for are read once and kept with it."""

    calendar: Calendar
    policies: Policies
    jurisdiction: Jurisdiction
    tells: bool = True
    issues: bool = True
    reminds: bool = True
    _kept: dict[tuple[str, Any], Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def at(cls, now: datetime, *, country: str = "CN", newest: CalendarVersion | None = None) -> Conditions:
        """As they stand at ``now``: one query, whatever the batch; more after a change. None for whoever asked for the
        ``newest`` calendar in this transaction already.

        What was read for the same state of the tables and the same day is not read again."""
        state = freshness.state() if newest is None else freshness.state_in(newest)
        known = _read.get(country)
        if known is None or known.state != state or known.policies.on != known.calendar.local_day(now):
            calendar = current_calendar(country)
            known = _Read(state, calendar, Policies.load(calendar.local_day(now)), Jurisdiction.load())
            _read[country] = known
        return cls(known.calendar, known.policies, known.jurisdiction)

    def limits(self, region_id: int | None = None) -> Limits:
        """The numbers in force, for a sentence; the national ones without a region."""
        return Limits(self.policies, region_id)

    def enterprise(self, enterprise_id: int) -> Enterprise | None:
        """The enterprise as it stands now, however many cases of the batch go to it."""
        return self.once("enterprise", enterprise_id, lambda: Enterprise.objects.filter(pk=enterprise_id).first())

    def read_ahead(self, enterprise_ids: Iterable[int]) -> None:
        """One query for the enterprises that a batch is about to ask for one by one."""
        missing = [pk for pk in set(enterprise_ids) if ("enterprise", pk) not in self._kept]
        for pk, row in Enterprise.objects.in_bulk(missing).items():
            self._kept["enterprise", pk] = row

    def branch(self, branch_id: int, enterprise_id: int) -> Branch | None:
        """The branch, if it is one of that enterprise."""
        result = self.once("branch", branch_id, lambda: Branch.objects.filter(pk=branch_id).first())
        return result if result is not None and result.enterprise_id == enterprise_id else None

    def county_of(self, branch_id: int, day: date) -> Authority | None:
        """The authority that takes the failed cases of a branch, by its dated row."""

        def read() -> Authority | None:
            row = BranchAuthority.objects.on(day).filter(branch_id=branch_id).select_related("authority").first()
            return row.authority if row else None

        return self.once("county", (branch_id, day), read)

    def with_successors(self, enterprise_id: int) -> set[int]:
        """The entity and whoever succeeded it, however often: consent goes with a merger."""

        def read() -> set[int]:
            result, fresh = {enterprise_id}, {enterprise_id}
            while fresh:
                fresh = (
                    set(Succession.objects.filter(predecessor_id__in=fresh).values_list("successor_id", flat=True))
                    - result
                )
                result |= fresh
            return result

        return self.once("successors", enterprise_id, read)

    def know_successors(self, enterprise_ids: Iterable[int], rows: Iterable[Succession]) -> None:
        """What ``with_successors`` would find, of rows that were read at once: all that follow these enterprises."""
        after: dict[int, set[int]] = defaultdict(set)
        for row in rows:
            after[row.predecessor_id].add(row.successor_id)
        for first in enterprise_ids:
            result, fresh = {first}, {first}
            while fresh:
                fresh = {later for one in fresh for later in after[one]} - result
                result |= fresh
            self._kept["successors", first] = result

    def worker(self, enterprise_id: int, day: date, *, pk: int | None, number: str = "") -> Worker | None:
        """Who of that enterprise has this id or 工号 and may hold a case."""
        return self.once(
            "worker", (enterprise_id, day, pk, number), lambda: worker(enterprise_id, day, pk=pk, number=number)
        )

    def two_persons(self, enterprise_id: int, branch_id: int | None) -> TwoPersons | None:
        """What the enterprise itself lets a second person approve there."""
        return self.once("two_persons", (enterprise_id, branch_id), lambda: setting_for(enterprise_id, branch_id))

    def once(self, kind: str, key: Any, read: Callable[[], Value]) -> Value:
        """What ``read`` finds, asked for once however many cases of the batch want to know it."""
        if (kind, key) not in self._kept:
            self._kept[kind, key] = read()
        kept: Value = self._kept[kind, key]
        return kept


def current_calendar(country: str = "CN") -> Calendar:
    """The newest loaded calendar, built once per version and process."""
    return calendar_of(country, _NEWEST.first(country))


def calendar_of(country: str, newest: CalendarVersion | None) -> Calendar:
    """The calendar of this version, for whoever asked for the newest along with something else."""
    key = (country, newest.pk if newest is not None else 0)
    if key not in _kept:
        rows = loaded.rows(country)
        _kept.clear()
        _kept[key] = Calendar.build(rows.days, rows.known_years, source=rows.source, version=rows.version)
    return _kept[key]
