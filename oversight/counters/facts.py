"""What a case counts for: the formulas of oversight/figures/figures.py once more, as rows of one case that can be added
up.

Nothing here depends on the present moment. What will be late unless something happens is a row of the
day on which it will be; whoever reads asks up to today. So a row changes with a step of its case and never by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.workflow import ANY_E, Outcome, Status
from oversight.figures import figures
from oversight.figures.working_time import measuring
from oversight.models import AMOUNTS, MEASURES

#: The days of cases that nobody has to do anything about by a date.
NEVER = "9999-12-31"
ZONE = "Asia/Shanghai"
KEY = ("complaint_id", "kind", "ref")
PLACE = ("day", "region", "enterprise", "branch", "problem", "object", "channel")
COLUMNS = (*KEY, *PLACE, *MEASURES)


def _local(moment: str) -> str:
    return f"({moment} at time zone '{ZONE}')"


def _day(moment: str) -> str:
    return f"{_local(moment)}::date"


def _in(values: object) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of one kind. ``counts`` are conditions, ``amounts`` are numbers; ``of`` has the columns of its case."""

    kind: str
    rows: str
    day: str
    of: str = "c"
    ref: str = "0"
    enterprise: str = "c.enterprise_id"
    branch: str = "c.branch_id"
    counts: Mapping[str, str]
    amounts: Mapping[str, str]

    def select(self) -> str:
        of = self.of
        place = (
            f"{of}.region, {self.enterprise}::bigint as enterprise, {self.branch}::bigint as branch, {of}.problem,"
            f" {of}.object, {of}.channel"
        )
        found = [
            f"{of}.complaint_id, '{self.kind}'::varchar as kind, {self.ref}::bigint as ref, {self.day} as day, {place}"
        ]
        for name in MEASURES:
            kind = "bigint" if name in AMOUNTS else "int"
            said = (
                f"nullif(({self.counts[name]})::int, 0)"
                if name in self.counts
                else f"({self.amounts[name]})"
                if name in self.amounts
                else "null"
            )
            found.append(f"{said}::{kind} as {name}")
        return f"select {', '.join(found)} from {self.rows}"

    @property
    def is_always_counted(self) -> bool:
        return "true" in self.counts.values()


_CASES = """
select c.id as complaint_id, c.handling_region_id as region, c.enterprise_id, c.branch_id, c.problem_category
    as problem,
       c.object_category as object, c.channel, c.status, c.outcome, c.is_not_kept, c.is_in_part, c.received_at,
           c.closed_at,
       c.next_due_at, c.currency, c.consumer_id, c.linked_group, (c.facts #>> '{{rating,overall}}')::int as mark
from complaints_complaint c where {which} and c.status <> 'draft'
"""
#: Everything below is joined and grouped, never looked up row by row: five cases and five millions take the same
#: statement.
_CLOCKS = """
select d.id, d.complaint_id, d.clock, d.state, d.started_at, d.ended_at, d.due_at, d.lapsed_at, d.last_day,
    d.obligation_id,
       d.lapsed_at is not null or d.ended_at is null and (d.state = 'running' or d.state = 'paused'
           and d.chase_at is not null) as is_over,
       d.derivation -> 'pauses' @> '[{{"remaining": 0}}]' as is_used_up
from complaints_deadline d join c on c.complaint_id = d.complaint_id
where d.clock in ('negotiation', 'forwarding', 'review', 'performance') and {which}
"""
_TIMES = """
select e.id, e.complaint_id, e.enterprise_id, e.branch_id, e.from_at, e.until_at, e.odr_result, e.ended_by,
    e.is_overdue, e.accepted_at,
       e.first_contact_at, c.region, c.problem, c.object, c.channel, c.status, c.is_in_part, c.consumer_id,
           c.linked_group
from complaints_engagement e join c on c.complaint_id = e.complaint_id where {which}
"""
#: When somebody was first asked about a case.
_BEGUN = "select t.complaint_id, min(t.from_at) as from_at from t group by t.complaint_id"
#: What the clocks of its case did to a stage: negotiation while it was there, forwarding after it was given back.
_CLOCKED = f"""
select t.id,
       min(d.due_at) filter (where d.clock = 'negotiation' and d.is_over and d.due_at >= t.from_at
                             and (t.until_at is null or d.due_at <= t.until_at)) as ran_out_at,
       bool_or(d.clock = 'negotiation' and d.lapsed_at is not null and d.due_at < t.from_at) as had_lapsed,
       bool_or(d.clock = 'negotiation' and d.due_at >= t.from_at and d.is_used_up) as is_used_up,
       bool_or(d.clock = 'negotiation' and d.last_day = {_day("t.until_at")}) as ended_last_day,
       bool_or(d.clock = 'forwarding' and d.started_at = t.until_at and d.lapsed_at is null and d.ended_at is not null)
           as is_mended,
       bool_or(d.clock = 'forwarding' and d.started_at = t.until_at and d.lapsed_at is not null) as is_mended_late,
       bool_or(d.clock = 'forwarding' and d.started_at = t.until_at and d.lapsed_at is null and d.ended_at is null)
           as is_to_mend
from t join d on d.complaint_id = t.complaint_id where d.clock in ('negotiation', 'forwarding') group by t.id
"""
_OFFERED = f"""
select t.id, bool_or(d.last_day = {_day("o.made_at")}) as on_last_day
from t join complaints_offer o on o.engagement_id = t.id
left join d on d.complaint_id = t.complaint_id and d.clock = 'negotiation' group by t.id
"""
#: Other stages of the case: the one that passed it on, and an earlier one that ended in the same way.
_BESIDE = f"""
select t.id, bool_or(p.until_at = t.from_at and p.ended_by = '{figures.PASSED_ON}') as is_passed_on,
       bool_or(p.odr_result = t.odr_result and p.ended_by <> '{figures.PASSED_ON}' and (p.until_at, p.id) < (t.until_at,
           t.id)) as is_same_end
from t join t p on p.complaint_id = t.complaint_id where p.until_at = t.from_at or p.id <> t.id group by t.id
"""
#: 重复投诉: the same person against the same enterprise within 60 days before; linked cases are ignored.
_REPEATED = """
select distinct t.id from t join complaints_complaint o on o.consumer_id = t.consumer_id and o.id <> t.complaint_id
join complaints_engagement p on p.complaint_id = o.id and p.enterprise_id = t.enterprise_id
where p.from_at < t.from_at and p.from_at >= t.from_at - interval '60 days'
  and (o.linked_group is null or t.linked_group is null or o.linked_group <> t.linked_group)
"""
_STAGES = f"""
select t.*, {_local("t.from_at")} as from_here, w.ran_out_at, w.is_used_up, w.ended_last_day, w.is_mended,
    w.is_mended_late, w.is_to_mend,
       coalesce(t.is_overdue and t.accepted_at < t.from_at and w.had_lapsed, false) as is_taken_late,
       o.id is not null as has_offered, o.on_last_day, coalesce(b.is_passed_on, false) as is_passed_on, b.is_same_end,
           r.id is not null as is_repeated
from t left join clocked w on w.id = t.id left join offered o on o.id = t.id left join beside b on b.id = t.id left
    join repeated r on r.id = t.id
"""
#: The last clock of each promise.
_PROMISED = """
select distinct on (d.obligation_id) d.obligation_id, d.complaint_id, d.last_day, d.state
from d where d.clock = 'performance' and d.obligation_id is not null order by d.obligation_id, d.id desc
"""
_OWED = """
select o.id, o.complaint_id, o.enterprise_id, o.owed_by, o.kind, o.amount, o.state, o.is_late, o.confirmed_at,
    o.reported_at, e.branch_id,
       c.region, c.problem, c.object, c.channel, c.currency
from complaints_obligation o join c on c.complaint_id = o.complaint_id left join t e on e.id = o.engagement_id
where o.owed_by = 'enterprise' and {which}
"""
_PARTS = {
    "d": _CLOCKS,
    "t": _TIMES,
    "begun": _BEGUN,
    "clocked": _CLOCKED,
    "offered": _OFFERED,
    "beside": _BESIDE,
    "repeated": _REPEATED,
    "e": _STAGES,
    "promised": _PROMISED,
    "o": _OWED,
}
_stage = partial(Source, of="e", ref="e.id", enterprise="e.enterprise_id", branch="e.branch_id")
_RAN = "(e.is_taken_late or e.ran_out_at is not null)"
_ENDS = f"e.ended_by <> '{figures.PASSED_ON}'"
_GIVEN_BACK = f"({_ENDS} and e.odr_result = 'returned' and e.ended_by not in {_in(('duplicate', 'succession'))})"
_IN_TIME = f"({_ENDS} and not e.is_overdue)"
_CENTS = "round(o.amount * 100)"
_IS_MONEY = (
    f"o.kind in {_in(MONEY_KINDS)} and o.amount > 0"
    " and (o.state = 'confirmed' and o.confirmed_at is not null or o.state = 'silent' and o.reported_at is not null)"
)
_VOUCHER = f"o.kind = '{figures.VOUCHER}'"


def _closed() -> dict[str, str]:
    plain = {
        f"closed_{outcome}": f"c.outcome = '{outcome}'"
        for outcome in Outcome
        if f"closed_{outcome}" in MEASURES and outcome != Outcome.MEDIATED
    }
    return {
        **plain,
        "closed": "true",
        "closed_mediated": f"c.outcome = '{Outcome.MEDIATED}' and not c.is_not_kept",
        "closed_not_kept": f"c.outcome = '{Outcome.MEDIATED}' and c.is_not_kept",
        "handled": "c.at_a is not null",
        "rated": "c.mark is not null",
    }


def _lengths(name: str) -> dict[str, str]:
    units = {f"{name}_{unit}": unit for unit in ("wd", "cd", "minutes")}
    return {measure: unit for measure, unit in units.items() if measure in MEASURES}


SOURCES = (
    Source(kind="received", rows="c", day=_day("c.received_at"), counts={"received": "true"}, amounts={}),
    Source(
        kind="closed",
        day="c.at_b::date",
        counts=_closed(),
        rows=measuring(
            f"select c.*, {_local('f.from_at')} as at_a, {_local('c.closed_at')} as at_b from c"
            f" left join begun f on f.complaint_id = c.complaint_id where c.status = '{Status.CLOSED}'"
        )
        + " c",
        amounts={**_lengths("handled"), "marks": "c.mark"},
    ),
    # A date that stands on a case is the midnight at which it is late.
    Source(
        kind="open",
        rows=f"c where c.status <> '{Status.CLOSED}'",
        day=f"coalesce({_day('c.next_due_at')}, date '{NEVER}')",
        counts={"open": "true"},
        amounts={},
    ),
    _stage(
        kind="delivered",
        rows="e",
        day="e.from_here::date",
        amounts={},
        counts={
            "delivered": "not e.is_passed_on",
            "again": "not e.is_passed_on and e.is_repeated",
            "waiting": f"e.until_at is null and e.first_contact_at is null and e.status in {_in(ANY_E)}",
        },
    ),
    _stage(
        kind="ended",
        rows="e where e.until_at is not null",
        day=_day("e.until_at"),
        amounts={},
        counts={
            **{f"ended_{result}": f"{_ENDS} and e.odr_result = '{result}'" for result in figures.RESULTS},
            # What must be known to count cases where stages are counted.
            "ended_again": f"{_ENDS} and e.is_same_end",
            "in_part": f"{_ENDS} and e.odr_result = 'settled' and e.is_in_part",
            "in_time": _IN_TIME,
            "in_time_reported": f"{_IN_TIME} and e.ended_by in {_in(figures.OWN_REPORT)}",
            "in_time_apart": f"{_IN_TIME} and e.odr_result in ('withdrawn', 'returned')",
            "ended_late": f"{_ENDS} and e.is_overdue",
            "ran_out_ended": _RAN,
            "routed": f"{_ENDS} and not (e.odr_result = 'returned' and e.ended_by = 'duplicate')",
            "misrouted": _GIVEN_BACK,
            "mended": f"{_GIVEN_BACK} and e.is_mended",
            "mended_late": f"{_GIVEN_BACK} and e.is_mended_late",
            "mended_waiting": f"{_GIVEN_BACK} and e.is_to_mend",
            "offered": f"{_ENDS} and e.has_offered",
            "offered_last_day": (
                f"{_ENDS} and e.has_offered and (coalesce(e.is_used_up, false) or coalesce(e.on_last_day, false))"
            ),
            "ended_last_day": f"{_ENDS} and e.ended_last_day",
        },
    ),
    # It is late from the midnight on that ends this day; a successor has it late from its first moment on.
    _stage(
        kind="ran_out",
        rows=f"e where {_RAN}",
        amounts={},
        day=f"case when e.is_taken_late then e.from_here::date else {_day('e.ran_out_at')} - 1 end",
        counts={"ran_out": "not e.is_taken_late", "ran_out_taken": "e.is_taken_late"},
    ),
    _stage(
        kind="responded",
        day="e.at_b::date",
        counts={"responded": "true"},
        amounts=_lengths("response"),
        rows=measuring(
            f"select e.*, e.from_here as at_a, {_local('e.first_contact_at')} as at_b from e where e.first_contact_at"
            " >= e.from_at"
        )
        + " e",
    ),
    _stage(
        kind="accepted",
        day="e.at_b::date",
        counts={"accepted": "true"},
        amounts=_lengths("accept"),
        rows=measuring(
            f"select e.*, e.from_here as at_a, {_local('e.accepted_at')} as at_b from e where e.accepted_at >="
            " e.from_at"
        )
        + " e",
    ),
    Source(
        kind="reviewed",
        ref="d.id",
        amounts={},
        rows=(
            "d join c on c.complaint_id = d.complaint_id where d.clock = 'review' and ("
            "d.lapsed_at is not null or d.state = 'running' or d.state = 'met' and exists (select from"
            " complaints_handlingstep s where s.complaint_id = d.complaint_id and s.audience = 'parties'"
            f" and s.step in {_in(figures.DECISIONS)} and s.happened_at = d.ended_at))"
        ),
        day=(
            f"case when d.lapsed_at is not null or d.state = 'running' then {_day('d.due_at')} else"
            f" {_day('d.ended_at')} end"
        ),
        counts={
            "review_late": "d.lapsed_at is not null or d.state = 'running'",
            "review_met": "d.lapsed_at is null and d.state <> 'running'",
        },
    ),
    Source(
        kind="promise",
        of="o",
        ref="o.id",
        enterprise="o.enterprise_id",
        branch="o.branch_id",
        day="d.last_day",
        amounts={},
        rows=(
            "o join promised d on d.obligation_id = o.id and d.complaint_id = o.complaint_id"
            " where o.state not in ('proposed', 'dropped', 'waived') and d.state <> 'paused'"
        ),
        counts={
            "promise_due": "true",
            "promise_kept": "o.state = 'confirmed' and not o.is_late",
            "promise_late": "o.state = 'confirmed' and o.is_late",
            "promise_silent": "o.state = 'silent'",
            "promise_broken": "o.state = 'broken'",
            "promise_waiting": "o.state in ('due', 'reported')",
        },
    ),
    Source(
        kind="money",
        of="o",
        ref="o.id",
        enterprise="o.enterprise_id",
        branch="o.branch_id",
        rows=f"o where {_IS_MONEY}",
        day=f"case when o.state = 'confirmed' then {_day('o.confirmed_at')} else {_day('o.reported_at')} end",
        counts={"recovered_n": f"o.state = 'confirmed' and not {_VOUCHER}", "foreign_n": "o.currency <> 'CNY'"},
        amounts={
            "recovered": f"case when o.state = 'confirmed' and not {_VOUCHER} and o.currency = 'CNY' then {_CENTS} end",
            "vouchers": f"case when o.state = 'confirmed' and {_VOUCHER} and o.currency = 'CNY' then {_CENTS} end",
            "unconfirmed": f"case when o.state = 'silent' and o.currency = 'CNY' then {_CENTS} end",
        },
    ),
)


def facts(which: str) -> str:
    """The statement that says what cases count for. ``which`` is a condition on {id}, the id of a complaint: each table
    is asked by it, so that whoever plans the statement knows how much of the table that is.

    It wants the parameters of ``working_time.decrees`` beside those of ``which``.
    """
    asked = {"d": _CLOCKS, "t": _TIMES, "o": _OWED}
    said = _PARTS | {
        name: rows.format(which=which.format(id=f"{'e' if name == 't' else name}.complaint_id"))
        for name, rows in asked.items()
    }
    parts = "".join(f", {name} as materialized ({rows})" for name, rows in said.items())
    rows = " union all ".join(source.select() for source in SOURCES if source.is_always_counted)
    some = " union all ".join(source.select() for source in SOURCES if not source.is_always_counted)
    return (
        f"with c as materialized ({_CASES.format(which=which.format(id='c.id'))}){parts} {rows} union all select"
        f" {', '.join(COLUMNS)} from ({some}) f where {' or '.join(f'{name} is not null' for name in MEASURES)}"
    )
