"""Files good rows in batches, forwards each batch, can stop and go on at any row, and tells what came of it.

A batch is filed and forwarded in one transaction, so a crash leaves whole batches only; a row that is there already
(source and number) is passed over, so going on is running again.
"""

import itertools
import logging
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Protocol, TextIO, TypeVar
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
from complaints.tables.importing.directory import BuiltDirectory
from complaints.tables.importing.reading import BadCell, BadRow, BadRows
from complaints.tables.importing.rows import DoubtfulRows, ImportedRow
from enterprises.directory.reasons import say

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

    @property
    def forwarded(self) -> int:
        return self.statuses[Status.WITH_ENTERPRISE]


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
    """One import on its way. ``clock`` is the page or the API's; with ``dated`` the rows' days decide."""

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
    ) -> None:
        self.source = source
        self.conditions = conditions
        self.forward = forward
        self.bad = bad
        self.clock = clock
        self.is_stopped = is_stopped
        self.progress = progress
        self.tally = Tally()
        self._started = time.monotonic(), time.process_time()

    def run(self, rows: Iterable[ImportedRow | None]) -> Tally:
        """File as the rows come, at the present moment."""
        for batch in _batched(self._counted(rows), BATCH):
            if self._is_over():
                break
            self._file(batch, now=self.clock())
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
                self._file(batch, now=now)
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
        self.tally.cpu_seconds = time.process_time() - self._started[1]
        return self.tally

    def _file(self, batch: Sequence[ImportedRow], *, now: datetime) -> None:
        try:
            self._together(batch, now=now)
        except OperationalError:
            raise  # the database is away: what was acknowledged stands, run again
        except Exception as problem:
            if not isinstance(problem, WrongInput):
                log.exception("a batch of %s rows failed; each is tried by itself", len(batch))
            for row in batch:
                self._alone(row, now=now)
        self.progress(self.tally)

    def _alone(self, row: ImportedRow, *, now: datetime) -> None:
        try:
            self._together([row], now=now)
        except OperationalError:
            raise
        except WrongInput as refused:
            self.bad.add(BadRow.of(row.number, BadCell(refused.field, "", str(refused))))
        except Exception as problem:
            log.exception("row %s could not be saved", row.number)
            self.bad.add(BadRow.of(row.number, BadCell("", type(problem).__name__, _("这一行无法保存"))))

    def _together(self, batch: Sequence[ImportedRow], *, now: datetime) -> None:
        for attempt in range(1, RETRIES + 1):
            try:
                return self._once(batch, now=now)
            except IntegrityError:
                # Somebody else files the same source at this moment: look again who is there.
                if attempt == RETRIES:
                    raise

    def _once(self, batch: Sequence[ImportedRow], *, now: datetime) -> None:
        conditions = self.conditions.at(now)
        with transaction.atomic():
            there = _there(self.source, batch)
            fresh = [row for row in batch if row.request.external_id not in there]
            filed: list[int] = []
            if fresh:
                cases = handling.file([row.request for row in fresh], actor=COMPLAINANT, now=now, conditions=conditions)
                filed = [case.pk for case in cases]
                self.forward(now=now, limit=len(filed), conditions=conditions, only=filed)
        self._count(fresh, filed, len(there))

    def _count(self, fresh: Sequence[ImportedRow], filed: Sequence[int], there: int) -> None:
        tally = self.tally
        tally.there += there
        tally.filed += len(fresh)
        tally.by_number += sum(row.by_number for row in fresh)
        rows = list(Complaint.objects.filter(pk__in=filed).values_list("pk", "status", "reason", "respondent_named"))
        several = _several([pk for pk, _status, reason, _named in rows if reason == AMBIGUOUS])
        for pk, status, reason, named in rows:
            tally.statuses[status] += 1
            if status == Status.TRIAGE:
                tally.triage[reason, several.get(pk, 0)] += 1
                if named:
                    tally.unnamed[named] += 1


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


MOST_REASONS = 10
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_BARS = 0.2
_WIDTH = 30


class Progress:
    """A bar on a terminal, a line every ten seconds elsewhere; always on stderr."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.total = max(total, 1)
        self.stream = stream or sys.stderr
        self.is_terminal = self.stream.isatty()
        self.started = self.last = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self.last < (SECONDS_BETWEEN_BARS if self.is_terminal else SECONDS_BETWEEN_LINES):
            return
        self.last = now
        done = tally.filed + tally.there
        share = min(done / self.total, 1.0)
        rate = done / max(now - self.started, 0.001)
        text = f"{share:4.0%}  {tally.rows:,} rows, {tally.filed:,} filed, {rate:,.0f} rows/s"
        if self.is_terminal:
            bar = "#" * round(share * _WIDTH)
            self.stream.write(f"\r[{bar:<{_WIDTH}}] {text}  ")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()

    def end(self) -> None:
        if self.is_terminal:
            self.stream.write("\n")


def directory_lines(built: BuiltDirectory, *, dry_run: bool = False) -> Iterator[str]:
    """What was built from the names of the file."""
    verb = "would be new" if dry_run else "new"
    yield (
        f"directory: {built.named:,} enterprises named in {built.rows:,} rows; {built.enterprises:,} {verb}, "
        f"{built.names:,} other names {verb}, {built.cities:,} places {verb}"
    )
    if built.too_long:
        yield f"directory: {built.too_long:,} names are too long for an enterprise and were left out"
    if built.unplaced:
        top = ", ".join(f"{state} ({count})" for state, count in built.unplaced.most_common(5))
        yield f"directory: {built.unplaced.total():,} enterprises without a place, as the state is not known: {top}"


def doubt_lines(doubted: Mapping[str, DoubtfulRows]) -> Iterator[str]:
    """What good rows say that cannot be; they were taken as they stand."""
    for what, rows in doubted.items():
        more = ", …" if rows.count > len(rows.first) else ""
        yield f"doubt: {rows.count:,} × {what}; taken as written (rows {', '.join(map(str, rows.first))}{more})"


def bad_lines(bad: BadRows) -> Iterator[str]:
    """Bad cells by column and reason, the commonest first."""
    for (column, reason), count in bad.reasons.most_common(MOST_REASONS):
        yield f"bad: {count:,} × {column or 'the row'}: {reason}"
    rest = bad.cells - sum(count for _reason, count in bad.reasons.most_common(MOST_REASONS))
    if rest:
        yield f"bad: {rest:,} × for other reasons"


def filing_lines(tally: Tally, bad: BadRows, *, dry_run: bool = False) -> Iterator[str]:
    """The figures of the rows, and why what went to a person went there."""
    if dry_run:
        yield (
            f"rows {tally.rows:,}: would be filed {tally.filed:,}, already there {tally.there:,}, "
            f"bad {bad.rows:,}; dry run: nothing was written"
        )
        yield from bad_lines(bad)
        return
    yield (f"rows {tally.rows:,}: filed {tally.filed:,}, already there {tally.there:,}, bad {bad.rows:,}")
    if tally.filed:
        routed = tally.forwarded + sum(
            count for status, count in tally.statuses.items() if status not in ("with_enterprise", "triage", "filed")
        )
        yield (
            f"routed without a person: {routed:,} of {tally.filed:,} ({routed / tally.filed:.1%}), "
            f"of these by the source's own number {tally.by_number:,}"
        )
        for (reason, several), count in tally.triage.most_common(MOST_REASONS):
            yield f"triage: {count:,} × {reason}: {say({'code': reason, 'count': several})}"
        for named, count in tally.unnamed.most_common(5):
            yield f"triage: {count:,} × “{named}”"
        yield (
            f"{tally.seconds:.1f} s ({tally.cpu_seconds:.1f} s of CPU here), "
            f"{tally.filed / max(tally.seconds, 0.001):,.0f} rows/s"
        )
    elif not bad.rows and not tally.stopped:
        yield "nothing new"
    yield from bad_lines(bad)
    if tally.lapses:
        yield f"clocks: {tally.lapses:,} cases looked at as their days came"
    if tally.stopped:
        yield "stopped; run the same command again to go on"
