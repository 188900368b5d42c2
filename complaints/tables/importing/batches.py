"""Files good rows in batches, forwards each batch, can stop and go on at any row, and tells what came of it.

A batch is filed and forwarded in one transaction, so a crash leaves whole batches only; a row that is there already
(source and number) is passed over, so going on is running again. Several processes may file a batch each at a time.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from authorities import calendar
from authorities.jurisdiction import Jurisdiction
from authorities.models import Policy
from authorities.policies import Policies
from complaints import handling
from complaints.models import Complaint, ForwardingDecision
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions, current_calendar
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import Role, Status
from complaints.procedure.working_calendar import Calendar
from complaints.tables.importing.reading import BadCell, BadRow, BadRows
from complaints.tables.importing.rows import ImportedRow
from database import second_process

BATCH = 500
MORNING = clock_time(9)
RETRIES = 3
AMBIGUOUS = "ambiguous"
#: Whoever complained there has no account here; the verb makes a key of its own for each case.
COMPLAINANT = Actor(role=Role.CONSUMER, roles=frozenset({Role.CONSUMER}), channel="import")

log = logging.getLogger(__name__)
Item = TypeVar("Item")


class Forward(Protocol):
    """routing.forwarding.sweep_filed: handed in, as routing stands above complaints."""

    def __call__(
        self, *, now: datetime, limit: int, conditions: Conditions | None, only: Sequence[int] | None
    ) -> int: ...


@dataclass(slots=True)
class Tally:
    rows: int = 0
    filed: int = 0
    there: int = 0
    by_number: int = 0
    lapses: int = 0
    stopped: bool = False
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    #: By the reason and, where several enterprises may be meant, how many.
    triage: Counter[tuple[str, int]] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Tally) -> None:
        """What came of one more batch."""
        self.filed += batch.filed
        self.there += batch.there
        self.by_number += batch.by_number
        self.statuses.update(batch.statuses)
        self.triage.update(batch.triage)
        self.unnamed.update(batch.unnamed)

    @property
    def forwarded(self) -> int:
        return self.statuses[Status.WITH_ENTERPRISE]


#: What came of a batch, and which of its rows are bad.
_Filed = tuple[Tally, list[BadRow]]


class SourceConditions:
    """Conditions of a source's own country and zone, on any day."""

    def __init__(self, *, country: str, zone: ZoneInfo, dated: bool) -> None:
        self.dated = dated
        known = not dated and bool(calendar.rows(country).known_years)
        self.calendar = current_calendar(country) if known else Calendar.weekdays_only(zone)
        self.jurisdiction = Jurisdiction.load()
        changes = {
            day
            for pair in Policy.objects.values_list("starts_on", "ends_on")
            for day in (pair[0], pair[1] and pair[1] + timedelta(days=1))
            if day
        }
        self._changes = sorted(changes)
        self._policies: dict[int, Policies] = {}

    def at(self, now: datetime) -> Conditions:
        """Policies are read again only where one of them starts or ends."""
        day = self.calendar.local_day(now)
        period = bisect_right(self._changes, day)
        if period not in self._policies:
            self._policies[period] = Policies.load(day)
        return Conditions(
            self.calendar,
            self._policies[period],
            self.jurisdiction,
            tells=not self.dated,
            issues=not self.dated,
            reminds=not self.dated,
        )


class Batches:
    """One import on its way. ``clock`` is the page or the API's. ``processes``: so many file a batch each at a time,
    this one among them; where the rows' days decide it is one."""

    def __init__(
        self,
        *,
        source: str,
        conditions: SourceConditions,
        forward: Forward,
        bad: BadRows,
        clock: Callable[[], datetime],
        is_stopped: Callable[[], bool],
        progress: Callable[[Tally], None],
        processes: int = 1,
    ) -> None:
        self.source = source
        self.conditions = conditions
        self.forward = forward
        self.bad = bad
        self.clock = clock
        self.is_stopped = is_stopped
        self.progress = progress
        self.processes = processes
        self.tally = Tally()
        self._started = time.monotonic(), _cpu()

    def run(self, rows: Iterable[ImportedRow | None]) -> Tally:
        """File as the rows come, at the present moment. Raises LostWorkError where another process was killed."""
        for several in _batched(_batched(self._counted(rows), BATCH), self.processes):
            if self._is_over():
                break
            *beside, own = [partial(self._file, batch, now=self.clock()) for batch in several]
            others = [second_process.start(filed) for filed in beside]
            self._take(own())
            for filed in others:
                self._take(filed())
        return self._ended()

    def run_dated(self, rows: Iterable[ImportedRow | None], *, zone: ZoneInfo) -> Tally:
        """File in the order of the rows' days; the clocks of each day are judged on that day."""
        ordered = sorted(self._counted(rows), key=lambda row: (_day(row, zone), row.number))
        for day, of_day in itertools.groupby(ordered, key=lambda row: _day(row, zone)):
            if self._is_over():
                break
            todays = list(of_day)
            morning = datetime.combine(day, MORNING, tzinfo=zone)
            self.tally.lapses += handling.sweep_clocks(now=morning, conditions=self.conditions.at(morning))
            now = max(morning, *(row.request.received_at for row in todays))
            for batch in _batched(todays, BATCH):
                self._take(self._file(batch, now=now))
        return self._ended()

    def _counted(self, rows: Iterable[ImportedRow | None]) -> Iterator[ImportedRow]:
        for row in rows:
            self.tally.rows += 1
            if row is not None:
                yield row
            elif self.tally.rows % BATCH == 0:
                self.progress(self.tally)

    def _is_over(self) -> bool:
        self.tally.stopped = self.tally.stopped or self.is_stopped()
        return self.tally.stopped

    def _ended(self) -> Tally:
        self.tally.seconds = time.monotonic() - self._started[0]
        self.tally.cpu_seconds = _cpu() - self._started[1]
        return self.tally

    def _take(self, filed: _Filed) -> None:
        batch, bad = filed
        self.tally.add(batch)
        for one in bad:
            self.bad.add(one)
        self.progress(self.tally)

    def _file(self, batch: Sequence[ImportedRow], *, now: datetime) -> _Filed:
        """Together; where one row breaks the batch, each by itself."""
        try:
            return self._together(batch, now=now), []
        except OperationalError:
            raise  # the database is away: what was acknowledged stands, run again
        except Exception as problem:
            if not isinstance(problem, WrongInput):
                log.exception("a batch of %s rows failed; each is tried by itself", len(batch))
        tally, bad = Tally(), list[BadRow]()
        for row in batch:
            try:
                tally.add(self._together([row], now=now))
            except OperationalError:
                raise
            except WrongInput as refused:
                bad.append(BadRow.of(row.number, BadCell(refused.field, "", str(refused))))
            except Exception as problem:
                log.exception("row %s could not be saved", row.number)
                bad.append(BadRow.of(row.number, BadCell("", type(problem).__name__, _("这一行无法保存"))))
        return tally, bad

    def _together(self, batch: Sequence[ImportedRow], *, now: datetime) -> Tally:
        for _attempt in range(1, RETRIES):
            # Where somebody else files the same source at this moment: look again who is there.
            with suppress(IntegrityError):
                return self._once(batch, now=now)
        return self._once(batch, now=now)

    def _once(self, batch: Sequence[ImportedRow], *, now: datetime) -> Tally:
        conditions = self.conditions.at(now)
        with transaction.atomic():
            there = _there(self.source, batch)
            fresh = [row for row in batch if row.request.external_id not in there]
            filed: list[int] = []
            if fresh:
                cases = handling.file([row.request for row in fresh], actor=COMPLAINANT, now=now, conditions=conditions)
                filed = [case.pk for case in cases]
                self.forward(now=now, limit=len(filed), conditions=conditions, only=filed)
        return _tally_of(fresh, filed, len(there))


def _cpu() -> float:
    """CPU seconds of this process and of those it waited for."""
    return sum(os.times()[:4])


def _tally_of(fresh: Sequence[ImportedRow], filed: Sequence[int], there: int) -> Tally:
    """What came of a batch."""
    tally = Tally(there=there, filed=len(fresh), by_number=sum(row.by_number for row in fresh))
    rows = list(Complaint.objects.filter(pk__in=filed).values_list("pk", "status", "reason", "respondent_named"))
    several = _several([pk for pk, _status, reason, _named in rows if reason == AMBIGUOUS])
    for pk, status, reason, named in rows:
        tally.statuses[status] += 1
        if status == Status.TRIAGE:
            tally.triage[reason, several.get(pk, 0)] += 1
            if named:
                tally.unnamed[named] += 1
    return tally


def _several(cases: Sequence[int]) -> dict[int, int]:
    """How many enterprises may be meant by each of these cases, as routing counted them last."""
    decisions = ForwardingDecision.objects.filter(complaint__in=cases).order_by("pk")
    return {
        case: int(why["count"])
        for case, explanation in decisions.values_list("complaint_id", "explanation")
        for why in explanation.get("why", [])
        if why.get("code") == AMBIGUOUS and "count" in why
    }


def would_file(rows: Iterable[ImportedRow | None], *, source: str) -> Tally:
    """What filing these rows would come to; nothing is written."""
    tally = Tally()
    for batch in _batched(rows, BATCH):
        good = [row for row in batch if row is not None]
        tally.rows += len(batch)
        tally.there += len(_there(source, good))
        tally.filed += len(good)
    tally.filed -= tally.there
    return tally


def _there(source: str, batch: Sequence[ImportedRow]) -> set[str]:
    """The numbers of the batch that have been filed already."""
    return set(
        Complaint.objects.filter(
            external_source=source, external_id__in=[row.request.external_id for row in batch]
        ).values_list("external_id", flat=True)
    )


def _day(row: ImportedRow, zone: ZoneInfo) -> date:
    return row.request.received_at.astimezone(zone).date()


def _batched(rows: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
