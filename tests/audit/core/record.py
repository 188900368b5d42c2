"""What the record says of each stage, whatever the period: results, moments, what ran out; and working days.

Written from the procedure, section 7, and from nothing else.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from tests.audit.core.rows import Case, Rows

HERE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
#: Working days are counted from here on.
BEGIN = date(1990, 1, 1)
#: Visible to the consumer as they are; a logged contact counts when somebody was reached.
VISIBLE = {"send_message", "ask_consumer", "make_offer", "answer_question"}
#: Who comes again within so many days comes again.
AGAIN = timedelta(days=60)


def local(moment: datetime) -> datetime:
    return moment.astimezone(HERE)


class Days:
    """Is this day worked? Counted day by day from 1990 on."""

    def __init__(self, decreed: dict[date, bool]) -> None:
        self.decreed = decreed
        self.until = list(accumulate(self.works(BEGIN + n * DAY) for n in range(130 * 366)))

    def works(self, day: date) -> bool:
        return self.decreed.get(day, day.weekday() < 5)

    def working_days(self, first: date, last: date) -> int:
        """After the first day, up to and including the last."""
        return self.until[(last - BEGIN).days] - self.until[(first - BEGIN).days] if last > first else 0

    def working_minutes(self, first: datetime, last: datetime) -> int:
        """Nine to five on working days, whole minutes."""
        a, b = (local(m).replace(second=0, microsecond=0) for m in (first, last))
        if a.date() == b.date():
            return self._minutes(a, b)
        evening = datetime.combine(a.date(), time(17), HERE)
        morning = datetime.combine(b.date(), time(9), HERE)
        between = self.working_days(a.date(), b.date() - DAY)
        return self._minutes(a, evening) + 8 * 60 * between + self._minutes(morning, b)

    def _minutes(self, a: datetime, b: datetime) -> int:
        """Of one day."""
        opens, closes = (datetime.combine(a.date(), time(h), HERE) for h in (9, 17))
        begin, end = max(a, opens), min(b, closes)
        return int((end - begin).total_seconds() // 60) if end > begin and self.works(a.date()) else 0

    def nth_after(self, day: date, n: int) -> date:
        while n:
            day += DAY
            n -= self.works(day)
        return day


@dataclass(eq=False)
class Stage:
    """One entity's time with a case, and what the record says of it, whatever the period."""

    row: Any
    case: Case
    days: Days

    @cached_property
    def before(self) -> Any:
        """The stage before it, if there is one."""
        return ([row for row in self.case.stages if row.pk < self.row.pk] or [None])[-1]

    @cached_property
    def is_by_merger(self) -> bool:
        """A merger began it; where an authority had the case it ended in the same moment, and nobody delivered it."""
        return any(e.step == "pass_to_successor" and e.happened_at == self.row.from_at for e in self.case.entries)

    @cached_property
    def is_passed_on(self) -> bool:
        """A merger handed it over from the one before, which had the case until then."""
        before = self.before
        return before is not None and self.is_by_merger and before.until_at == self.row.from_at

    @cached_property
    def entries(self) -> list[Any]:
        """Those written in it, or in the stage that it goes on with."""
        since, until = self.before.from_at if self.is_passed_on else self.row.from_at, self.row.until_at
        return [e for e in self.case.entries if since <= e.happened_at and (until is None or e.happened_at <= until)]

    @cached_property
    def lapse(self) -> datetime | None:
        """When the ten days ran out, while this entity (or whom it follows) had the case."""
        return next((e.happened_at for e in self.entries if e.step == "lapse_negotiation"), None)

    @cached_property
    def result(self) -> str:
        return "failed" if self._said_no_later() or self._took_a_refusal() else str(self.row.odr_result)

    @cached_property
    def is_let_rest(self) -> bool:
        """Nothing was granted and the consumer left it at that, as the entry of that moment says; what was once taken
        for a settlement is the same."""
        let_rest = any(
            (e.step, e.to_status) == ("let_rest", "closed") and e.happened_at == self.row.until_at for e in self.entries
        )
        return let_rest or self._took_a_refusal()

    @property
    def has_ended(self) -> bool:
        """A merger passes a stage on and does not end it."""
        return self.row.until_at is not None and self.row.ended_by != "succession"

    @property
    def is_given_back(self) -> bool:
        return self.has_ended and self.row.odr_result == "returned" and self.row.ended_by != "duplicate"

    @property
    def is_late(self) -> bool:
        return self.lapse is not None and self.lapse <= self.row.until_at

    def belongs(self, entry: Any) -> bool:
        """Written before another entity had the case."""
        later = [row for row in self.case.stages if row.pk > self.row.pk]
        return not later or bool(entry.written_at < later[0].from_at)

    def _said_no_later(self) -> bool:
        """An answer after the silence: a no is a decline."""
        until = self.row.until_at
        return any(
            (e.step, e.reason) == ("answer_late", "declined_late") and self.belongs(e) and e.written_at >= until
            for e in self.case.entries
            if until is not None
        )

    def _took_a_refusal(self) -> bool:
        """What was taken for a settlement though the offers that were accepted refused and neither granted nor promised
        anything, as the entries say (procedure, section 3: nothing granted is nothing to accept)."""
        accepted = [e for e in self.entries if e.step == "accept_offer"]
        ended_it = accepted and accepted[-1].outcome == "settled" and accepted[-1].happened_at == self.row.until_at
        if not ended_it:
            return False
        made = {e.data["offer"]: e.data for e in self.entries if e.step in ("make_offer", "replace_offer")}
        verdicts, is_promised = set(), False
        for entry in accepted:
            offer, taken = made[entry.data["offer"]], set(entry.data["demands"])
            verdicts |= {a["verdict"] for a in offer["answers"] if a["demand"] in taken}
            is_promised |= any(p["owed_by"] == "enterprise" for p in offer["promises"])
        return verdicts == {"refuse"} and not is_promised

    @cached_property
    def first_response(self) -> datetime | None:
        """The first sign that the consumer got of it; what a predecessor did is not this one's."""
        row = self.row
        moments = []
        for entry in self.case.entries:
            if entry.written_at < row.from_at or not self.belongs(entry):
                continue
            if entry.step in VISIBLE:
                moments.append(entry.written_at)
            elif entry.step == "log_contact" and entry.data["reached"]:
                shown = datetime.fromisoformat(entry.data["at"])
                is_late = local(entry.written_at).date() > self.days.nth_after(local(shown).date(), 1)
                moments.append(max(entry.written_at if is_late else shown, row.from_at))
        return min(moments, default=None)

    @cached_property
    def accepted(self) -> datetime | None:
        accepted = [e for e in self.case.entries if e.step == "accept_case" and self.belongs(e)]
        return next((e.happened_at for e in accepted if e.happened_at >= self.row.from_at), None)

    @cached_property
    def left_intake(self) -> datetime | None:
        """After it was given back: when the case left the intake again."""
        intake = ("filed", "triage")
        moved = [e for e in self.case.entries if e.written_at > self.row.until_at and e.from_status in intake]
        return min((e.happened_at for e in moved if e.to_status not in ("", *intake)), default=None)

    def had_run_out(self, end: datetime) -> bool:
        if self.lapse is not None and self.lapse <= end:
            return True
        clocks = [c for c in self.case.clocks if c.clock == "negotiation"]
        unswept = [c for c in clocks if c.ended_at is None and c.lapsed_at is None]
        unswept = [c for c in unswept if c.state == "running" or c.chase_at is not None]
        return any(self.row.from_at <= c.due_at <= end for c in unswept)


class Book:
    """All rows with what they say, whatever is asked: read once, asked for many scopes and periods."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.days = rows, Days(rows.decreed)
        self.stages = {
            pk: [Stage(row, case, self.days) for row in case.stages] for pk, case in rows.cases.items() if case.stages
        }

    @cached_property
    def again(self) -> set[int]:
        """Ids of stages whose consumer had another case with the enterprise within sixty days before."""
        by_whom: dict[tuple[int, int], list[Stage]] = {}
        for stages in self.stages.values():
            for stage in stages:
                if stage.case.row.consumer_id is not None:
                    key = (stage.case.row.consumer_id, stage.row.enterprise_id)
                    by_whom.setdefault(key, []).append(stage)
        results = set()
        for stages in by_whom.values():
            stages.sort(key=lambda stage: stage.row.from_at)
            for at, stage in enumerate(stages):
                since, group = stage.row.from_at - AGAIN, stage.case.row.linked_group
                for other in reversed(stages[:at]):
                    if other.row.from_at < since:
                        break
                    is_linked = group is not None and other.case.row.linked_group == group
                    if other.case is not stage.case and other.row.from_at < stage.row.from_at and not is_linked:
                        results.add(stage.row.pk)
                        break
        return results

    def closing(self, case: Case) -> Any:
        """The entry that closed it last."""
        ends = [e for e in case.entries if e.to_status == "closed"]
        return [e for e in ends if e.from_status != "closed" or e.step == "answer_late"][-1]
