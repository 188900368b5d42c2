"""What a month and a quarter of the open data ought to say, counted again from the record of the cases.

Each column is counted as the data dictionary and docs/figures.md word it. A count of a region is of all in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tests.audit.core.counting import MONEY, World
from tests.audit.core.last_day import answered
from tests.audit.core.record import DAY, Book, Stage, local
from tests.audit.core.rows import Case

OUTCOMES = (
    *("settled", "unconfirmed", "settled_elsewhere", "negotiation_failed", "mediated", "not_kept"),
    *("mediation_terminated", "refused", "redirected", "withdrawn", "let_rest"),
)
#: Hours that divide first responses (working hours) and cases that were given back and sent on.
RESPONDED, MENDED = (2, 4, 8, 16, 24, 40), (24, 72)


def months_back(month: date, n: int) -> date:
    """The first day of the month so many months earlier."""
    for _ in range(n):
        month = (month - DAY).replace(day=1)
    return month


def last_of(month: date) -> date:
    return (month + 31 * DAY).replace(day=1) - DAY


class AsOf:
    """The cases as they stood at a moment. ``unsure``: somebody touched them later, so they may have counted otherwise
    then; what came later is left out.
    """

    def __init__(self, book: Book, at: datetime) -> None:
        self.book, self.at = book, at
        cases = book.rows.cases
        touched = {pk for pk, case in cases.items() if case.entries and case.entries[-1].written_at > at}
        self.later = {pk for pk in touched if cases[pk].entries[0].written_at > at}
        self.unsure = touched - self.later
        self.of_enterprise: defaultdict[int, list[Case]] = defaultdict(list)
        for case in cases.values():
            firms = {row.enterprise_id for row in (case.row, *case.stages, *case.promises)}
            for firm in firms - {None}:
                self.of_enterprise[firm].append(case)

    def counts(
        self, days: tuple[date, date], *, region: int | None = None, enterprise: int | None = None, sure: bool = False
    ) -> World:
        """To be asked for these days, here or everywhere, of all or of one enterprise; ``sure``: without ``unsure``."""
        rows = self.book.rows
        here: Iterable[Case] = rows.cases.values()
        if region is not None:
            here = rows.of_regions().get(region, [])
        elif enterprise is not None:
            here = self.of_enterprise[enterprise]
        gone = self.later | self.unsure if sure else self.later
        cases = [case for case in here if case.row.pk not in gone] if gone else here
        return World(self.book, *days, self.at, cases, enterprise)

    def moves(self) -> int:
        """How many times one number may have moved by what was touched later, at the most."""
        cases = self.book.rows.cases
        return sum(1 + len(cases[pk].stages) + len(cases[pk].promises) for pk in self.unsure)


def month_counts(slow: World) -> Counter[str]:
    """The columns of regions.csv but the money."""
    n: Counter[str] = Counter(received=slow.received())
    for case, closing in slow.closed():
        outcome = closing.outcome
        if outcome == "mediated" and case.row.is_not_kept:
            outcome = "not_kept"
        stages = slow.book.stages.get(case.row.pk, ())
        if outcome == "settled" and any(
            stage.row.until_at == closing.happened_at and stage.row.odr_result == "settled" and stage.result == "failed"
            for stage in stages
        ):
            # Nothing was granted, so there was nothing to accept.
            outcome = "let_rest"
        if closing.step == "let_rest":
            outcome = "let_rest"
        if outcome in OUTCOMES:
            n[f"closed_{outcome}"] += 1
            n["closed"] += 1
    reviews = slow.reviews()
    n.update(review_met=reviews["met"], review_late=reviews["late"], reviewed=reviews["met"] + reviews["late"])
    n["recovered_n"] = len(paid(slow))
    return n


def paid(slow: World) -> list[tuple[Case, Any]]:
    """Promises to pay that the consumer confirmed."""
    confirmed = [(case, p) for case, p in slow.promises if p.state == "confirmed" and p.kind in MONEY and p.amount]
    return [(case, p) for case, p in confirmed if slow.within(p.confirmed_at)]


def payments(slow: World) -> list[int]:
    """Those in yuan, each in cents."""
    return [round(100 * promise.amount) for case, promise in paid(slow) if case.row.currency == "CNY"]


def categories(slow: World) -> Counter[tuple[str, str]]:
    """(by what, code) → how many were received."""
    n: Counter[tuple[str, str]] = Counter()
    for case in slow.cases:
        if not slow.within(case.row.received_at):
            continue
        thing = case.row.object_category
        n["channel", case.row.channel or "none"] += 1
        n["problem", case.row.problem_category or "none"] += 1
        n["object", thing or "none"] += 1
        kind, dot, _rest = thing.partition(".")
        if dot and kind in ("goods", "service"):
            n["object", kind] += 1
    return n


def quarter_counts(slow: World) -> Counter[str]:
    """The columns of both tables of quarters; what ran out counts where it ran out, whatever became of it later."""
    n: Counter[str] = Counter()
    ended = slow.settled()
    n.update({name: ended[name] for name in ("settled", "unconfirmed", "settled_elsewhere", "failed", "let_rest")})
    n["other"] = n["settled_elsewhere"] + n["failed"]
    n["ended"] = n["settled"] + n["unconfirmed"] + n["other"]
    n["in_time"] = slow.on_time()["in_time"]
    n["late"] = sum(_ran_out(slow, stage) for stage in slow.stages)
    n["due"] = n["in_time"] + n["late"]
    met, last = (len(stages) for stages in answered(slow))
    n.update(answered=met, last_day=last)
    kept = slow.kept()
    n.update(promised=kept["due"], promises_kept=kept["kept"], promises_not_kept=kept["due"] - kept["kept"])
    n.update(delivered=len(slow.delivered()), again=slow.again())
    marks = slow.marks()
    n.update(rated=len(marks), marks=sum(marks))
    _add_classes(n, "responded", slow.response_lengths()["minutes"], {60 * hours: hours for hours in RESPONDED})
    _add_classes(n, "mended", slow.mending(), {hours: hours for hours in MENDED})
    wrong = slow.misroutes()
    n.update(routed=wrong["ended"], misrouted=wrong["misrouted"])
    return n


def _add_classes(n: Counter[str], name: str, lengths: Iterable[float], edges: dict[int, int]) -> None:
    """How many took no longer than each edge, without those of the one before; and all together."""
    for length in lengths:
        n[next((f"{name}_{hours}h" for edge, hours in edges.items() if length <= edge), f"{name}_later")] += 1
        n[name] += 1


def _ran_out(slow: World, stage: Stage) -> bool:
    """The last day of the time limit is the one before the midnight that is late."""
    row = stage.row
    clocks = [c for c in stage.case.clocks if c.clock == "negotiation"]
    clocks = [c for c in clocks if row.from_at <= c.due_at <= (row.until_at or slow.now)]
    runs = [c for c in clocks if c.ended_at is None and (c.state == "running" or c.chase_at is not None)]
    moments = [c.due_at for c in clocks if c.lapsed_at is not None or c in runs]
    return bool(moments) and slow.first <= local(min(moments)).date() - DAY <= slow.last
