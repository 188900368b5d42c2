"""Reads uploaded tables, tries them out and carries them out. The states of the lines say how far it came.

A piece is read, tried or carried out in one transaction with the states of its lines, so whoever is killed loses one
piece and doubles none. A piece never cuts a case in two: the lines of a case follow each other. What somebody may do
is asked anew for each table, with the visibility of whoever sent it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.evidence import outgoing
from complaints.handling import Effect, Move, StepNotAllowed, StepResult, WrongInput
from complaints.models import Complaint, Demand, RoundTrip, RoundTripRow
from complaints.parties.actors import Actor
from complaints.procedure.urgency import by_itself
from complaints.record.events import plain_version
from complaints.tables import uploads
from complaints.tables.exporting.selecting import Visibility, people_of, visibility_of_person
from complaints.tables.many_cases import due_obligations, open_demands, rehearse, take_all, why_refused
from complaints.tables.round_trip import asking, rows
from complaints.tables.uploads import BATCH, mark_bad
from database.sweeping import Overtaken, save_progress

log = logging.getLogger(__name__)

#: Lines read together.
PIECE = 500
#: One case may stand in so many lines.
MOST_OF_A_CASE = 20


def sweep_round_trips(*, now: datetime) -> int:
    """How many tables were worked on. Any number of sweeps may run; each takes what no other one holds."""

    def work(trip: RoundTrip, is_late: Callable[[], bool]) -> None:
        visibility = visibility_of_person(trip.asked_by, enterprise_id=trip.enterprise_id, authority_id=None, now=now)
        worker = _Worker(trip, visibility, now)
        for state in asking.WORKING:
            while trip.state == state and not is_late():
                worker.go_on()

    def fail(trip: RoundTrip, code: str, text: str) -> None:
        asking.fail(trip, code, text, now=now)

    rows = RoundTrip.objects.filter(state__in=asking.WORKING).select_related("asked_by")
    return uploads.sweep(rows, work, fail, now=now)


@dataclass
class _Worker:
    trip: RoundTrip
    visibility: Visibility
    now: datetime
    _colleagues: rows.Colleagues | None = field(default=None)

    @property
    def actor(self) -> Actor:
        return self.visibility.actor

    def go_on(self) -> None:
        """One piece of what is next; sets the state of the table where a part is through."""
        {"reading": self.read, "checking": self.check, "applying": self.apply}[self.trip.state]()

    # --- reading ---

    def read(self) -> None:
        """All of the file from where it was left, piece by piece."""
        path, lines = uploads.lines_below_heading(self.trip.mark, self.trip.form, rows.heading)
        done, piece = self.trip.read_rows, list[tuple[int, dict[str, str]]]()
        for place, line in enumerate(lines, start=1):
            if place > asking.MOST_ROWS:
                raise uploads.too_long(asking.MOST_ROWS)
            if place <= done:
                continue
            piece.append(line)
            if len(piece) == PIECE:
                self._keep(piece)
                piece = []
        self._keep(piece)
        self._turn_to("checking")
        outgoing.remove(path)

    def _keep(self, piece: Sequence[tuple[int, dict[str, str]]]) -> None:
        trip = self.trip
        result = self._cases({cells.get("number", "") for _line, cells in piece})
        kept = [row for line, cells in piece if (row := self._row(line, cells, result)) is not None]
        with self._holding():
            RoundTripRow.objects.bulk_create(kept)
            trip.read_rows += len(piece)
            trip.blank_rows += len(piece) - len(kept)
            save_progress(trip, "read_rows", "blank_rows", now=self.now)

    def _cases(self, numbers: set[str]) -> dict[str, int]:
        with self.visibility.under_row_security():
            return dict(self.visibility.cases().filter(number__in=numbers - {""}).values_list("number", "pk"))

    def _row(self, line: int, cells: dict[str, str], result: dict[str, int]) -> RoundTripRow | None:
        """None for a line that asks for nothing."""
        number, version = cells.get("number", ""), cells.get("version", "").strip('"')
        row = RoundTripRow(trip=self.trip, enterprise_id=self.trip.enterprise_id, line=line, number=number[:60])
        if not cells.get("step"):
            if set(cells) & rows.FILLED_IN:
                return _bad(row, "step", _("填了内容，但没有写步骤。"))
            return None
        try:
            row.step = rows.code_of(cells["step"], "step", "step")
        except WrongInput as wrong:
            return _bad(row, wrong.field, wrong.reason)
        row.case_id = result.get(number)
        if row.case_id is None:
            return _bad(row, "number", _("没有找到这件投诉。"))
        given = rows.read_by(row.step, cells)
        row.said = {"cells": given, "version": version}
        row.key = rows.key_of(
            self.trip.enterprise_id, number, version, row.step, given, digest=self.trip.digest, line=line
        )
        return row

    # --- trying out ---

    def check(self) -> None:
        with self._holding():
            batch = self._batch("read", BATCH)
            if not batch:
                # Tried for the first time, it waits for somebody; once more after "all" (asking.is_long), it begins
                # unless a line is bad.
                if self.trip.mode == "all" and not asking.counts_of(self.trip)["bad"]:
                    return self._turn_to("applying")
                return self._turn_to("checked", mode="")
            moves = self._moves(batch, good="good")
            self._judge(rehearse([one.move for one in moves], now=self.now), moves, good="good", bad="bad")
            self._save(batch)

    # --- carrying out ---

    def apply(self) -> None:
        if self.trip.mode == "all" and not asking.is_long(asking.counts_of(self.trip)):
            return self._apply_all()
        try:
            with self._holding():
                batch = self._batch("good", BATCH)
                if not batch:
                    return asking.end(self.trip, "done", now=self.now)
                self._take(batch)
                self._save(batch)
        except IntegrityError:
            # The same line was carried out by another table at this moment: looked up anew with the next round.
            log.info("table %s met another one", self.trip.mark)

    def _apply_all(self) -> None:
        with self._holding():
            batch = self._batch("good", asking.MOST_AT_ONCE + MOST_OF_A_CASE)
            self._take(batch)
            refused = [row for row in batch if row.state not in ("done", "same")]
            if refused:
                transaction.set_rollback(True)
            else:
                self._save(batch)
                asking.end(self.trip, "done", now=self.now)
        if refused:
            for row in refused:
                row.state = "bad"
            with self._holding():
                RoundTripRow.objects.bulk_update(refused, ["state", "column", "problem"])
                self._turn_to("checked", mode="")

    def _take(self, batch: Sequence[RoundTripRow]) -> None:
        # Before the lines are compared: a table with the same lines waits here, or has them done already.
        list(
            Complaint.objects.select_for_update(of=("self",))
            .filter(pk__in={r.case_id for r in batch})
            .order_by("pk")
            .values_list("pk")
        )
        moves = self._moves(batch, good="done")
        taken = take_all([one.move for one in moves], now=self.now)
        self._judge(taken, moves, good="done", bad="refused")

    # --- both ---

    @contextmanager
    def _holding(self) -> Iterator[None]:
        """A transaction that holds the table, so that nobody leases it and its lines are read as they are."""
        with transaction.atomic():
            held = RoundTrip.objects.select_for_update(no_key=True).filter(pk=self.trip.pk)
            if held.values_list("state", "mode").first() != (self.trip.state, self.trip.mode):
                raise Overtaken
            yield

    def _batch(self, state: str, size: int) -> list[RoundTripRow]:
        """The next lines in this state, in the order of their cases, the lines of a case together."""
        result = RoundTripRow.objects.filter(trip=self.trip, state=state).order_by("case_id", "line")
        batch = list(result[:size])
        if len(batch) == size and size <= BATCH:
            last = batch[-1].case_id
            batch = [row for row in batch if row.case_id != last] + list(result.filter(case_id=last))
        for row in batch:
            row.trip = self.trip
        return batch

    def _moves(self, batch: Sequence[RoundTripRow], *, good: str) -> list[_Meant]:
        """The moves of the lines that can be taken; the other lines get their state here."""
        ids = {row.case_id for row in batch if row.case_id is not None}
        with self.visibility.under_row_security():
            cases = self.visibility.cases().filter(pk__in=ids).values_list("pk", "handler", "facts")
            seen = {pk: (handler, facts) for pk, handler, facts in cases}
        demands, due = open_demands(seen), due_obligations(complaint_id__in=seen)
        earlier = {
            row.key: row
            for row in (
                RoundTripRow.objects.filter(
                    enterprise_id=self.trip.enterprise_id, state="done", key__in=[row.key for row in batch]
                )
                .select_related("trip")
                .defer("said")
            )
        }
        versions: dict[int, set[str]] = defaultdict(set)
        meant: list[_Meant] = []
        counted: dict[int, int] = defaultdict(int)
        keys: dict[str, int] = {}
        stepped: set[int] = set()
        bad = "bad" if good == "good" else "refused"
        for row in batch:
            case = row.case_id or 0
            counted[case] += 1
            if case not in seen:
                mark_bad(row, "number", _("没有找到这件投诉。"), state=bad)
            elif row.key in earlier:
                mark_bad(row, "", _same(earlier[row.key]), state="same")
                versions[case].add(earlier[row.key].after)
            elif row.key in keys:
                mark_bad(row, "", _("与第%(n)s行相同，只算一次。") % {"n": keys[row.key]}, state="same")
            elif counted[case] > MOST_OF_A_CASE:
                mark_bad(row, "number", _("同一件投诉最多写%(n)s行。") % {"n": MOST_OF_A_CASE}, state=bad)
            elif row.step == "make_offer" and (is_urgent := by_itself(seen[case][1])):
                mark_bad(row, "step", is_urgent, state=bad)
            else:
                keys[row.key] = row.line
                try:
                    move = rows.move_of(
                        row.step,
                        row.said.get("cells", {}),
                        demands=demands[case],
                        due=due[case],
                        colleagues=self._people(),
                        handler=seen[case][0],
                    )
                except StepNotAllowed as wrong:
                    mark_bad(row, wrong.field, wrong.reason, state=bad)
                    continue
                wanted = {row.said.get("version", "")} - {""}
                if wanted:
                    wanted |= versions[case]
                meant.append(_Meant(row, (case, _only_if(move, wanted, stepped), self.actor), demands[case]))
        return meant

    def _judge(self, taken: Sequence[StepResult], meant: Sequence[_Meant], *, good: str, bad: str) -> None:
        if len(taken) != len(meant):
            raise LookupError("a case has gone")
        for one, result in zip(meant, taken, strict=True):
            row, refusal = one.row, result.refusal
            if refusal is None:
                row.state, row.column, row.problem = good, "", ""
                row.after = plain_version(result.complaint) if good == "done" else ""
                continue
            column = rows.column_of(row.step, refusal.field, row.said.get("cells", {}), one.demands)
            mark_bad(
                row,
                column or ("number" if not isinstance(refusal, WrongInput) else "step"),
                why_refused(result),
                state=bad,
            )

    def _save(self, batch: Sequence[RoundTripRow]) -> None:
        RoundTripRow.objects.bulk_update(batch, ["state", "column", "problem", "after"])
        save_progress(self.trip, now=self.now)

    def _turn_to(self, state: str, *, mode: str | None = None) -> None:
        mode = self.trip.mode if mode is None else mode
        with transaction.atomic():
            if not RoundTrip.objects.filter(pk=self.trip.pk, state=self.trip.state).update(state=state, mode=mode):
                raise Overtaken
            self.trip.state, self.trip.mode = state, mode
            if state == "checked":
                asking.tell(self.trip, now=self.now)

    def _people(self) -> rows.Colleagues:
        if self._colleagues is None:
            self._colleagues = rows.Colleagues.of(people_of(self.trip.enterprise_id, now=self.now))
        return self._colleagues


@dataclass(frozen=True, slots=True)
class _Meant:
    row: RoundTripRow
    move: tuple[int, Move, Actor]
    demands: Sequence[Demand]


def _bad(row: RoundTripRow, column: str, problem: str) -> RoundTripRow:
    mark_bad(row, column, problem)
    return row


def _same(earlier: RoundTripRow) -> str:
    return _("这一行已经在表格%(mark)s第%(n)s行办过，没有再办。") % {"mark": earlier.trip.mark, "n": earlier.line}


def _only_if(move: Move, versions: set[str], stepped: set[int]) -> Move:
    """Refused where the case is not as it was when the table went out, but for what this table did to it."""

    def carry(file: CaseFile, actor: Actor) -> Effect:
        case = file.complaint.pk
        if versions and case not in stepped and plain_version(file.complaint) not in versions:
            raise StepNotAllowed(
                "moved_on", _("下载表格之后案件有了变化，请先看案件，再重新下载填写。"), field="version"
            )
        effect = move.carry(file, actor)
        stepped.add(case)
        return effect

    return replace(move, carry=carry)
