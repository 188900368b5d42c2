"""The figures counted again, slowly: plain Python over rows and the record, case by case.

Written from the procedure, section 7, and from nothing else; it shares no line with the formulas that it checks.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.audit.core.record import DAY, HERE, Book, Stage, local
from tests.audit.core.rows import Case

MONEY = {"original_channel", "transfer", "bill_credit"}
#: Where a case lies with an enterprise that has to answer, or whose consumer answers it.
HELD = {"with_enterprise", "negotiating", "awaiting_consumer"}
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")


def quantile(values: list[int], q: float) -> float:
    """Between the two neighbours, by proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def within(values: list[int], share: float) -> int:
    """The least of them that so many in a hundred do not exceed."""
    return sorted(values)[-(-round(share * 100) * len(values) // 100) - 1]


@dataclass
class World:
    """Figures of one scope and period. ``cases`` are those of the place; None: all."""

    book: Book
    first: date
    last: date
    now: datetime
    cases_of_place: Iterable[Case] | None = None
    enterprise: int | None = None
    category: str = ""
    channel: str = ""
    branch: int | None = None
    cases: list[Case] = field(init=False)
    stages: list[Stage] = field(init=False)
    promises: list[tuple[Case, Any]] = field(init=False)

    def __post_init__(self) -> None:
        every = self.book.rows.cases.values() if self.cases_of_place is None else self.cases_of_place
        self.days = self.book.days
        here = [
            case
            for case in every
            if (not self.category or self.category in (case.row.problem_category, case.row.object_category))
            and self.channel in ("", case.row.channel)
        ]
        self.cases = [case for case in here if self._is_ours(case.row)]
        of_cases = (self.book.stages.get(case.row.pk, ()) for case in here)
        self.stages = [stage for stages in of_cases for stage in stages if self._is_ours(stage.row)]
        # A branch answers for what it promised in its own time with a case.
        own = {stage.row.pk for stage in self.stages}
        promises = [
            (case, o)
            for case in here
            for o in case.promises
            if (self.enterprise in (None, o.enterprise_id) if self.branch is None else o.engagement_id in own)
        ]
        self.promises = [(case, o) for case, o in promises if o.state not in ("proposed", "dropped", "waived")]

    def _is_ours(self, row: Any) -> bool:
        return self.enterprise in (None, row.enterprise_id) and self.branch in (None, row.branch_id)

    def within(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= local(moment).date() <= self.last

    @property
    def end(self) -> datetime:
        """The end of the period, or now while it still runs."""
        return min(self.now, datetime.combine(self.last + DAY, time.min, HERE))

    def open_now(self) -> dict[str, int]:
        """Late by any clock; by one of the parties; by one that only authorities know of; by both. Of closed cases:
        what is still owed and late."""
        names = ("open", "overdue", "late_outside", "late_inside", "late_twice", "due_soon", "late_when_closed")
        n: Counter[str] = Counter(dict.fromkeys(names, 0))
        horizon = self.days.nth_after(local(self.now).date(), 2)
        for case in self.cases:
            live = [c for c in case.clocks if c.ended_at is None and c.state in ("running", "lapsed")]
            late = {_is_among_authorities(c) for c in live if c.lapsed_at is not None or c.due_at <= self.now}
            if case.row.status == "closed":
                n["late_when_closed"] += bool(late)
                continue
            n["open"] += 1
            n["overdue"] += bool(late)
            n["late_outside"] += False in late
            n["late_inside"] += True in late
            n["late_twice"] += len(late) == 2
            last_days = [
                local(c.due_at - timedelta(microseconds=1)).date() for c in live if not _is_among_authorities(c)
            ]
            n["due_soon"] += False not in late and any(day <= horizon for day in last_days)
        return dict(n)

    def received(self) -> int:
        return sum(self.within(case.row.received_at) for case in self.cases)

    def ended(self) -> list[Stage]:
        return [s for s in self.stages if s.has_ended and self.within(s.row.until_at)]

    def settled(self) -> dict[str, int]:
        n: Counter[str] = Counter(dict.fromkeys((*RESULTS, "let_rest", "in_part"), 0))
        for stage in self.ended():
            n[stage.result] += 1
            n["let_rest"] += stage.is_let_rest
            n["in_part"] += stage.result == "settled" and stage.case.row.is_in_part
        return dict(n)

    def on_time(self) -> dict[str, int]:
        n: Counter[str] = Counter(in_time=0, reported=0, apart=0, late=0, open_overdue=0)
        for stage in self.ended():
            if stage.is_late:
                n["late"] += 1
                continue
            n["in_time"] += 1
            n["apart"] += stage.row.odr_result in ("withdrawn", "returned")
            n["reported"] += stage.row.ended_by in ("report", "unreachable") and any(
                e.step == "report_failure" for e in stage.entries
            )
        n["open_overdue"] = sum(stage.had_run_out(self.end) for stage in self.open_stages())
        return dict(n)

    def open_stages(self) -> list[Stage]:
        """As they stood at the end of the period."""
        end = self.end
        return [s for s in self.stages if s.row.from_at < end and (s.row.until_at is None or s.row.until_at >= end)]

    def delivered(self) -> list[Stage]:
        """Times with a case that began within the period; a merger begins none."""
        return [s for s in self.stages if not s.is_by_merger and self.within(s.row.from_at)]

    def again(self) -> int:
        """Of these: whose consumer had another case with the enterprise within sixty days before."""
        return sum(stage.row.pk in self.book.again for stage in self.delivered())

    def first_responses(self) -> list[Stage]:
        results = [s for s in self.stages if self.within(s.first_response)]
        return [s for s in results if not (s.is_passed_on and self._had_contact(s))]

    def _had_contact(self, stage: Stage) -> bool:
        """The one before had reached the consumer already."""
        every = self.book.stages[stage.case.row.pk]
        before = next(other for other in every if other.row is stage.before)
        return before.first_response is not None or (before.is_passed_on and self._had_contact(before))

    def unanswered(self) -> list[Stage]:
        """Nobody has reached the consumer, neither here nor before it was passed on; as of now."""
        waiting = [s for s in self.open_stages() if s.row.until_at is None and s.case.row.status in HELD]
        return [s for s in waiting if s.first_response is None and not (s.is_passed_on and self._had_contact(s))]

    def response_lengths(self) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {"minutes": [], "days": []}
        for stage in self.first_responses():
            moment = stage.first_response
            assert moment is not None
            result["minutes"].append(self.days.working_minutes(stage.row.from_at, moment))
            result["days"].append(self.days.working_days(local(stage.row.from_at).date(), local(moment).date()))
        return result

    def acceptance_lengths(self) -> list[int]:
        return [
            self.days.working_minutes(s.row.from_at, s.accepted)
            for s in self.stages
            if s.accepted is not None and self.within(s.accepted)
        ]

    def closed(self) -> list[tuple[Case, Any]]:
        """Closed now, by the day of the entry that closed it last."""
        closed = [(case, self.book.closing(case)) for case in self.cases if case.row.status == "closed"]
        return [(case, entry) for case, entry in closed if self.within(entry.happened_at)]

    def marks(self) -> list[int]:
        return [int(case.row.mark) for case, _entry in self.closed() if case.row.mark is not None]

    def handling_lengths(self) -> dict[str, list[int]]:
        result: dict[str, list[int]] = {"wd": [], "cd": []}
        for case, closing in self.closed():
            delivered = [e.happened_at for e in case.entries if e.step == "forward"]
            if delivered:
                first, last = local(delivered[0]).date(), local(closing.happened_at).date()
                result["wd"].append(self.days.working_days(first, last))
                result["cd"].append((last - first).days)
        return result

    def mediated(self) -> dict[str, int]:
        n: Counter[str] = Counter(mediated=0, not_kept=0, terminated=0)
        for case, closing in self.closed():
            if closing.outcome == "mediated":
                n["not_kept" if case.row.is_not_kept else "mediated"] += 1
            n["terminated"] += closing.outcome == "mediation_terminated"
        return dict(n)

    def reviews(self) -> dict[str, int]:
        """Met = decided (and told, which is one transaction); late = the day passed without it."""
        n: Counter[str] = Counter(met=0, late=0)
        for case in self.cases:
            for clock in case.clocks:
                if clock.clock != "review":
                    continue
                if clock.lapsed_at is not None or (clock.state == "running" and clock.due_at <= self.now):
                    n["late"] += self.within(clock.due_at)
                elif clock.ended_at is not None and any(
                    e.step in ("accept", "refuse", "redirect") and e.happened_at == clock.ended_at for e in case.entries
                ):
                    n["met"] += self.within(clock.ended_at)
        return dict(n)

    def kept(self) -> dict[str, int]:
        """Promises by their newest clock, and how each ended."""
        n: Counter[str] = Counter(due=0, kept=0, late=0, silent=0, broken=0, waiting=0)
        for case, promise in self.promises:
            clocks = [c for c in case.clocks if c.obligation_id == promise.pk and c.clock == "performance"]
            if not clocks or clocks[-1].state == "paused":
                continue
            if not (clocks[-1].due_at <= self.now and self.first <= clocks[-1].last_day <= self.last):
                continue
            n["due"] += 1
            if promise.state == "confirmed":
                n["late" if _failed_once(case, promise) else "kept"] += 1
            else:
                n[{"silent": "silent", "broken": "broken"}.get(promise.state, "waiting")] += 1
        return dict(n)

    def misroutes(self) -> dict[str, int]:
        """Given back as not one's own, and the entry by which the case left the intake again."""
        n: Counter[str] = Counter(ended=0, misrouted=0, in_time=0, late=0, waiting=0)
        for stage in self.ended():
            n["ended"] += not (stage.row.odr_result == "returned" and stage.row.ended_by == "duplicate")
            if not stage.is_given_back:
                continue
            n["misrouted"] += 1
            last = self.days.nth_after(local(stage.row.until_at).date(), 1)
            moment = stage.left_intake
            if moment is not None:
                n["in_time" if local(moment).date() <= last else "late"] += 1
            else:
                n["late" if local(self.now).date() > last else "waiting"] += 1
        return dict(n)

    def mending(self) -> list[float]:
        """Hours from each return as not one's own until the case left the intake; of those that left it."""
        given_back = [s for s in self.ended() if s.is_given_back and s.left_intake is not None]
        return [(s.left_intake - s.row.until_at).total_seconds() / 3600 for s in given_back]

    def recovered(self) -> dict[str, dict[str, Decimal]]:
        result: dict[str, dict[str, Decimal]] = {}
        for case, promise in self.promises:
            kind: Any = None
            if promise.state == "confirmed" and self.within(promise.confirmed_at):
                kind = {"voucher": "vouchers"}.get(promise.kind, "confirmed")
            elif promise.state == "silent" and self.within(promise.reported_at):
                kind = "unconfirmed"
            if kind and promise.amount and promise.kind in MONEY | {"voucher"}:
                nothing = dict.fromkeys(("confirmed", "vouchers", "unconfirmed"), Decimal(0))
                result.setdefault(case.row.currency, nothing)[kind] += promise.amount
        return result


def _failed_once(case: Case, promise: Any) -> bool:
    """Its day passed without a word of it being done, or somebody said that it was broken."""
    steps = ("lapse_performance", "report_breach", "lapse_performance_answer")
    return any(e.step in steps and e.data.get("obligation") == promise.ordinal for e in case.entries)


def _is_among_authorities(clock: Any) -> bool:
    """Only they know of it: a lead, a dispute about jurisdiction, what a superior asks of a lower authority."""
    is_asked = clock.clock == "instruction" and clock.owed_by == "authority" and clock.audience == "authority"
    return is_asked or clock.clock in ("lead", "jurisdiction")
