"""The figures counted again, slowly: plain Python over rows and the record, day by day.

Written from the procedure, section 7, and from nothing else; it shares no line
with the formulas that it checks.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from authorities.models import CalendarDay
from complaints.models import Complaint, Deadline, Engagement, HandlingStep, Matter, Obligation

HERE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
#: Visible to the consumer as they are; a logged contact counts when somebody was reached.
VISIBLE = {"send_message", "ask_consumer", "make_offer", "answer_question"}
MONEY = {"original_channel", "transfer", "bill_credit"}


def local(moment: datetime) -> datetime:
    return moment.astimezone(HERE)


class Days:
    """Is this day worked? Asked day by day."""

    def __init__(self) -> None:
        self.decreed = dict(CalendarDay.objects.values_list("day", "is_working"))

    def works(self, day: date) -> bool:
        return self.decreed.get(day, day.weekday() < 5)

    def working_days(self, first: date, last: date) -> int:
        """After the first day, up to and including the last."""
        n, day = 0, first
        while day < last:
            day += DAY
            n += self.works(day)
        return n

    def working_minutes(self, first: datetime, last: datetime) -> int:
        """Nine to five on working days, whole minutes."""
        a, b = (local(m).replace(second=0, microsecond=0) for m in (first, last))
        total, day = 0, a.date()
        while day <= b.date():
            if self.works(day):
                opens, closes = (datetime.combine(day, time(h), HERE) for h in (9, 17))
                begin, end = max(a, opens), min(b, closes)
                if end > begin:
                    total += int((end - begin).total_seconds() // 60)
            day += DAY
        return total

    def nth_after(self, day: date, n: int) -> date:
        while n:
            day += DAY
            n -= self.works(day)
        return day


def quantile(values: list[int], q: float) -> float:
    """Between the two neighbours, by proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def within(values: list[int], share: float) -> int:
    """The least of them that so many in a hundred do not exceed."""
    enough = round(share * 100) * len(values)
    return next(value for value in sorted(values) if 100 * sum(other <= value for other in values) >= enough)


@dataclass
class Stage:
    """One entity's time with a case, and the entries written in it."""

    row: Engagement
    entries: list[HandlingStep]

    @property
    def lapse(self) -> datetime | None:
        """When the ten days ran out, while this entity (or whom it follows) had the case."""
        results = [e.happened_at for e in self.entries if e.step == "lapse_negotiation"]
        return results[0] if results else None


@dataclass
class World:
    """Everything of one scope, read once."""

    first: date
    last: date
    now: datetime
    regions: tuple[int, int]
    enterprise: int | None = None
    category: str = ""
    channel: str = ""
    days: Days = field(default_factory=Days)

    def __post_init__(self) -> None:
        low, high = self.regions
        here = [c for c in Complaint.objects.all() if c.status != "draft" and low <= c.handling_region_id <= high]
        self.by_id = {
            c.pk: c
            for c in here
            if (not self.category or self.category in (c.problem_category, c.object_category))
            and self.channel in ("", c.channel)
        }
        self.cases = [c for c in self.by_id.values() if self._is_ours(c)]
        self.entries: dict[int, list[HandlingStep]] = self._of_cases(
            HandlingStep.objects.filter(audience="parties").order_by("sequence")
        )
        self.clocks: dict[int, list[Deadline]] = self._of_cases(Deadline.objects.order_by("pk"))
        self.engagements: dict[int, list[Engagement]] = self._of_cases(Engagement.objects.order_by("pk"))
        rows = [row for rows in self.engagements.values() for row in rows]
        self.stages = [self._stage(row) for row in rows if self._is_ours(row)]
        promised = self._of_cases(Obligation.objects.filter(owed_by="enterprise").order_by("pk"))
        promises = [o for rows in promised.values() for o in rows if self._is_ours(o)]
        self.promises = [o for o in promises if o.state not in ("proposed", "dropped", "waived")]

    def _is_ours(self, row: Complaint | Engagement | Obligation) -> bool:
        return self.enterprise in (None, row.enterprise_id)

    def _of_cases(self, rows: Iterable[Any]) -> dict[int, list[Any]]:
        """The rows of each case of the scope, in their order."""
        result: dict[int, list[Any]] = {pk: [] for pk in self.by_id}
        for row in rows:
            if row.complaint_id in result:
                result[row.complaint_id].append(row)
        return result

    def _stage(self, row: Engagement) -> Stage:
        before = self._before(row)
        since = before.from_at if before is not None and before.ended_by == "succession" else row.from_at
        entries = [e for e in self.entries[row.complaint_id] if since <= e.happened_at]
        return Stage(row, [e for e in entries if row.until_at is None or e.happened_at <= row.until_at])

    def within(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= local(moment).date() <= self.last

    def open_now(self) -> dict[str, int]:
        """Inside: on a matter that is for authorities alone, a lead or a dispute."""
        names = ("open", "overdue", "late_outside", "late_inside", "late_twice", "due_soon", "late_when_closed")
        n = dict.fromkeys(names, 0)
        theirs = set(Matter.objects.filter(audience="authority").values_list("pk", flat=True))
        horizon = self.days.nth_after(local(self.now).date(), 2)
        for case in self.cases:
            live = [c for c in self.clocks[case.pk] if c.ended_at is None and c.state in ("running", "lapsed")]
            inside = [c for c in live if c.clock in ("lead", "jurisdiction") or c.matter_id in theirs]
            outside = [c for c in live if c not in inside]
            is_late, is_late_inside = (any(c.due_at <= self.now for c in clocks) for clocks in (outside, inside))
            if case.status == "closed":
                n["late_when_closed"] += is_late or is_late_inside
                continue
            n["open"] += 1
            n["overdue"] += is_late or is_late_inside
            n["late_outside"] += is_late
            n["late_inside"] += is_late_inside
            n["late_twice"] += is_late and is_late_inside
            soon = any(local(c.due_at - timedelta(microseconds=1)).date() <= horizon for c in outside)
            n["due_soon"] += soon and not is_late
        return n

    def received(self) -> int:
        return sum(self.within(c.received_at) for c in self.cases)

    def ended(self) -> list[Stage]:
        return [s for s in self.stages if self.within(s.row.until_at) and s.row.ended_by != "succession"]

    def settled(self) -> dict[str, int]:
        n: Counter[str] = Counter()
        for stage in self.ended():
            was_refused = self._said_no_later(stage.row) or self._took_a_refusal(stage)
            result = "failed" if was_refused else stage.row.odr_result
            n[result] += 1
            n["in_part"] += result == "settled" and self.by_id[stage.row.complaint_id].is_in_part
        return dict(n)

    def _said_no_later(self, row: Engagement) -> bool:
        """An answer after the silence: a no is a decline."""
        declined = [e for e in self.entries[row.complaint_id] if (e.step, e.reason) == ("answer_late", "declined_late")]
        until = row.until_at
        return any(self._belongs(e, row) and until is not None and e.written_at >= until for e in declined)

    def _took_a_refusal(self, stage: Stage) -> bool:
        """What was taken for a settlement though the offers that were accepted refused and neither granted nor promised
        anything, as the entries say (procedure, section 3: nothing granted is nothing to accept)."""
        accepted = [e for e in stage.entries if e.step == "accept_offer"]
        ended_it = accepted and accepted[-1].outcome == "settled" and accepted[-1].happened_at == stage.row.until_at
        if not ended_it:
            return False
        made = {e.data["offer"]: e.data for e in stage.entries if e.step in ("make_offer", "replace_offer")}
        verdicts, is_promised = set(), False
        for entry in accepted:
            offer, taken = made[entry.data["offer"]], set(entry.data["demands"])
            verdicts |= {a["verdict"] for a in offer["answers"] if a["demand"] in taken}
            is_promised |= any(p["owed_by"] == "enterprise" for p in offer["promises"])
        return verdicts == {"refuse"} and not is_promised

    def on_time(self) -> dict[str, int]:
        n: Counter[str] = Counter(in_time=0, reported=0, late=0, open_overdue=0)
        for stage in self.ended():
            until = stage.row.until_at
            assert until is not None
            if stage.lapse is not None and stage.lapse <= until:
                n["late"] += 1
            else:
                n["in_time"] += 1
                n["reported"] += stage.row.ended_by in ("report", "unreachable") and any(
                    e.step == "report_failure" for e in stage.entries
                )
        end = min(self.now, datetime.combine(self.last + DAY, time.min, HERE))
        for stage in self.stages:
            row = stage.row
            if row.from_at < end and (row.until_at is None or row.until_at >= end):
                n["open_overdue"] += self._was_overdue(stage, end)
        return dict(n)

    def _was_overdue(self, stage: Stage, end: datetime) -> bool:
        if stage.lapse is not None and stage.lapse <= end:
            return True
        clocks = [c for c in self.clocks[stage.row.complaint_id] if c.clock == "negotiation"]
        unswept = [c for c in clocks if c.ended_at is None and c.lapsed_at is None]
        unswept = [c for c in unswept if c.state == "running" or c.chase_at is not None]
        return any(stage.row.from_at <= c.due_at <= end for c in unswept)

    def first_responses(self) -> list[Stage]:
        return [s for s in self.stages if self.within(self.first_response(s))]

    def first_response(self, stage: Stage) -> datetime | None:
        row = stage.row
        moments = []
        for entry in self.entries[row.complaint_id]:
            if entry.written_at < row.from_at or not self._belongs(entry, row):
                continue
            if entry.step in VISIBLE:
                moments.append(entry.written_at)
            elif entry.step == "log_contact" and entry.data["reached"]:
                shown = datetime.fromisoformat(entry.data["at"])
                is_late = local(entry.written_at).date() > self.days.nth_after(local(shown).date(), 1)
                moments.append(max(entry.written_at if is_late else shown, row.from_at))
        before = self._before(row)
        if before is not None and before.ended_by == "succession" and before.first_contact_at is not None:
            return None
        return min(moments, default=None)

    def _belongs(self, entry: HandlingStep, row: Engagement) -> bool:
        later = [e for e in self.engagements[row.complaint_id] if e.pk > row.pk]
        return not later or entry.written_at < later[0].from_at

    def _before(self, row: Engagement) -> Engagement | None:
        return ([e for e in self.engagements[row.complaint_id] if e.pk < row.pk] or [None])[-1]

    def response_lengths(self) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {"minutes": [], "days": []}
        for stage in self.first_responses():
            moment = self.first_response(stage)
            assert moment is not None
            result["minutes"].append(self.days.working_minutes(stage.row.from_at, moment))
            result["days"].append(self.days.working_days(local(stage.row.from_at).date(), local(moment).date()))
        return result

    def acceptance_lengths(self) -> list[int]:
        results = []
        for stage in self.stages:
            row = stage.row
            entries = [e for e in self.entries[row.complaint_id] if e.step == "accept_case" and self._belongs(e, row)]
            accepted = [e.happened_at for e in entries if e.happened_at >= row.from_at]
            if accepted and self.within(accepted[0]):
                results.append(self.days.working_minutes(row.from_at, accepted[0]))
        return results

    def closed(self) -> list[tuple[Complaint, HandlingStep]]:
        """Closed now, by the day of the entry that closed it last."""
        results = []
        for case in self.cases:
            if case.status == "closed":
                ends = [e for e in self.entries[case.pk] if e.to_status == "closed"]
                closing = [e for e in ends if e.from_status != "closed" or e.step == "answer_late"][-1]
                if self.within(closing.happened_at):
                    results.append((case, closing))
        return results

    def handling_lengths(self) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {"wd": [], "cd": []}
        for case, closing in self.closed():
            delivered = [e.happened_at for e in self.entries[case.pk] if e.step == "forward"]
            if delivered:
                first, last = local(delivered[0]).date(), local(closing.happened_at).date()
                result["wd"].append(self.days.working_days(first, last))
                result["cd"].append((last - first).days)
        return result

    def mediated(self) -> dict[str, int]:
        n: Counter[str] = Counter(mediated=0, not_kept=0, terminated=0)
        for case, closing in self.closed():
            if closing.outcome == "mediated":
                n["not_kept" if case.is_not_kept else "mediated"] += 1
            n["terminated"] += closing.outcome == "mediation_terminated"
        return dict(n)

    def reviews(self) -> dict[str, int]:
        """Met = decided (and told, which is one transaction); late = the day passed without it."""
        n: Counter[str] = Counter(met=0, late=0)
        for case in self.cases:
            decided = [e.happened_at for e in self.entries[case.pk] if e.step in ("accept", "refuse", "redirect")]
            for clock in self.clocks[case.pk]:
                if clock.clock != "review":
                    continue
                if clock.lapsed_at is not None or (clock.state == "running" and clock.due_at <= self.now):
                    n["late"] += self.within(clock.due_at)
                elif clock.ended_at is not None and clock.ended_at in decided:
                    n["met"] += self.within(clock.ended_at)
        return dict(n)

    def kept(self) -> dict[str, int]:
        n: Counter[str] = Counter(due=0, kept=0, late=0, silent=0, broken=0, waiting=0)
        for promise in self.promises:
            clocks = [c for c in self.clocks[promise.complaint_id] if c.obligation_id == promise.pk]
            clocks = [c for c in clocks if c.clock == "performance"]
            if not clocks or clocks[-1].state == "paused":
                continue
            if not (clocks[-1].due_at <= self.now and self.first <= clocks[-1].last_day <= self.last):
                continue
            n["due"] += 1
            if promise.state == "confirmed":
                n["late" if self._failed_once(promise) else "kept"] += 1
            else:
                n[{"silent": "silent", "broken": "broken"}.get(promise.state, "waiting")] += 1
        return dict(n)

    def _failed_once(self, promise: Obligation) -> bool:
        """Its day passed without a word of it being done, or somebody said that it was broken."""
        steps = ("lapse_performance", "report_breach", "lapse_performance_answer")
        failures = [e for e in self.entries[promise.complaint_id] if e.step in steps]
        return any(e.data.get("obligation") == promise.ordinal for e in failures)

    def misroutes(self) -> dict[str, int]:
        """Given back as not one's own, and the entry by which the case left the intake again."""
        n: Counter[str] = Counter(ended=0, misrouted=0, in_time=0, late=0, waiting=0)
        for stage in self.ended():
            row = stage.row
            if row.odr_result == "returned" and row.ended_by == "duplicate":
                continue
            n["ended"] += 1
            if row.odr_result != "returned":
                continue
            n["misrouted"] += 1
            until = row.until_at
            assert until is not None
            last = self.days.nth_after(local(until).date(), 1)
            intake = ("filed", "triage")
            moved = [e for e in self.entries[row.complaint_id] if e.written_at > until and e.from_status in intake]
            moment = min((e.happened_at for e in moved if e.to_status not in ("", *intake)), default=None)
            if moment is not None:
                n["in_time" if local(moment).date() <= last else "late"] += 1
            else:
                n["late" if local(self.now).date() > last else "waiting"] += 1
        return dict(n)

    def mending(self) -> list[float]:
        """Hours from each return as not one's own until the case left the intake; of those that left it."""
        results = []
        for stage in self.ended():
            row = stage.row
            if row.odr_result != "returned" or row.ended_by == "duplicate":
                continue
            until = row.until_at
            assert until is not None
            left = [
                entry.happened_at
                for entry in self.entries[row.complaint_id]
                if entry.written_at > until and entry.from_status in ("filed", "triage")
                if entry.to_status not in ("", "filed", "triage")
            ]
            if left:
                results.append((min(left) - until).total_seconds() / 3600)
        return results

    def recovered(self) -> dict[str, dict[str, Decimal]]:
        result: dict[str, dict[str, Decimal]] = {}
        for promise in self.promises:
            kind: Any = None
            if promise.state == "confirmed" and self.within(promise.confirmed_at):
                kind = {"voucher": "vouchers"}.get(promise.kind, "confirmed")
            elif promise.state == "silent" and self.within(promise.reported_at):
                kind = "unconfirmed"
            if kind and promise.amount and promise.kind in MONEY | {"voucher"}:
                nothing = dict.fromkeys(("confirmed", "vouchers", "unconfirmed"), Decimal(0))
                sums = result.setdefault(self.by_id[promise.complaint_id].currency, nothing)
                sums[kind] += promise.amount
        return result
