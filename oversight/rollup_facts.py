"""What a case counts for: the formulas of oversight/figures.py once more, as rows of one case that can be added up.

The one rule: nothing here depends on the present moment. What will be late unless something happens is a row of the
day on which it will be; whoever reads asks up to today. So a row changes with a step of its case and never by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from complaints.models.settlement import MONEY_KINDS
from complaints.workflow import ANY_E, Outcome, Status
from oversight import figures
from oversight.models import AMOUNTS, MEASURES
from oversight.working_time import between

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
    """Rows of one kind. ``counts`` are conditions, ``amounts`` are numbers; of a case ``c`` stands beside each."""

    kind: str
    rows: str
    day: str
    ref: str = "0"
    enterprise: str = "c.enterprise_id"
    branch: str = "c.branch_id"
    counts: Mapping[str, str]
    amounts: Mapping[str, str]

    def select(self) -> str:
        found = [f"c.id as complaint_id, '{self.kind}'::varchar as kind, {self.ref}::bigint as ref, {self.day} as day, c.region,"
                 f" {self.enterprise}::bigint as enterprise, {self.branch}::bigint as branch, c.problem, c.object, c.channel"]
        for name in MEASURES:
            kind = "bigint" if name in AMOUNTS else "int"
            said = (f"nullif(({self.counts[name]})::int, 0)" if name in self.counts
                    else f"({self.amounts[name]})" if name in self.amounts else "null")
            found.append(f"{said}::{kind} as {name}")
        return f"select {', '.join(found)} from {self.rows}"


_CASES = """
select c.id, c.handling_region_id as region, c.enterprise_id, c.branch_id, c.problem_category as problem,
       c.object_category as object, c.channel, c.status, c.outcome, c.is_not_kept, c.is_in_part, c.received_at, c.closed_at,
       c.next_due_at, c.currency, c.consumer_id, c.linked_group, (c.facts #>> '{{rating,overall}}')::int as mark
from complaints_complaint c where {which} and c.status <> 'draft'
"""
#: A stage with what its clock of negotiation did while it was there.
_STAGES = """
select e.*, ran.due as ran_out_at,
       coalesce(e.is_overdue and e.accepted_at < e.from_at and exists (
           select from complaints_deadline d where d.complaint_id = e.complaint_id and d.clock = 'negotiation'
           and d.lapsed_at is not null and d.due_at < e.from_at), false) as is_taken_late
from complaints_engagement e join c on c.id = e.complaint_id
cross join lateral (
    select min(d.due_at) as due from complaints_deadline d
    where d.complaint_id = e.complaint_id and d.clock = 'negotiation' and d.due_at >= e.from_at
      and (e.until_at is null or d.due_at <= e.until_at)
      and (d.lapsed_at is not null or d.ended_at is null and (
           d.state = 'running' or d.state = 'paused' and d.chase_at is not null))) ran
"""
_OF_STAGE = "e join c on c.id = e.complaint_id"
_stage = partial(Source, ref="e.id", enterprise="e.enterprise_id", branch="e.branch_id")
_RAN = "(e.is_taken_late or e.ran_out_at is not null)"
_ENDS = f"e.ended_by <> '{figures.PASSED_ON}'"
_GIVEN_BACK = f"({_ENDS} and e.odr_result = 'returned' and e.ended_by not in {_in(('duplicate', 'succession'))})"
_IN_TIME = f"({_ENDS} and not e.is_overdue)"
_FORWARDING = ("exists (select from complaints_deadline d where d.complaint_id = e.complaint_id and d.clock = 'forwarding'"
               " and d.started_at = e.until_at and {})")
_NEGOTIATION = ("exists (select from complaints_deadline d where d.complaint_id = e.complaint_id and d.clock = 'negotiation'"
                " and {})")
_OFFERS = "exists (select from complaints_offer o where o.engagement_id = e.id and {})"
_PASSED = (f"exists (select from complaints_engagement p where p.complaint_id = e.complaint_id and p.until_at = e.from_at"
           f" and p.ended_by = '{figures.PASSED_ON}')")
#: 重复投诉: the same person against the same enterprise within 60 days before; linked cases are ignored.
_AGAIN = """exists (
    select from complaints_complaint o join complaints_engagement p on p.complaint_id = o.id
    where o.consumer_id = c.consumer_id and o.id <> c.id and p.enterprise_id = e.enterprise_id
      and p.from_at < e.from_at and p.from_at >= e.from_at - interval '60 days'
      and (o.linked_group is null or c.linked_group is null or o.linked_group <> c.linked_group))"""
_CENTS = "round(o.amount * 100)"
_IS_MONEY = (f"o.owed_by = 'enterprise' and o.kind in {_in(MONEY_KINDS)} and o.amount > 0"
             " and (o.state = 'confirmed' and o.confirmed_at is not null or o.state = 'silent' and o.reported_at is not null)")
_VOUCHER = f"o.kind = '{figures.VOUCHER}'"


def _span(begin: str, end: str, *, name: str) -> dict[str, str]:
    lengths = between(_local(begin), _local(end))
    return {f"{name}_{unit}": length for unit, length in lengths.items()}


def _closed() -> dict[str, str]:
    plain = {f"closed_{outcome}": f"c.outcome = '{outcome}'" for outcome in Outcome
             if f"closed_{outcome}" in MEASURES and outcome != Outcome.MEDIATED}
    return {**plain, "closed": "true", "closed_mediated": f"c.outcome = '{Outcome.MEDIATED}' and not c.is_not_kept",
            "closed_not_kept": f"c.outcome = '{Outcome.MEDIATED}' and c.is_not_kept",
            "handled": "f.from_at is not null", "rated": "c.mark is not null"}


def _known(amounts: Mapping[str, str]) -> dict[str, str]:
    return {name: said for name, said in amounts.items() if name in MEASURES}


SOURCES = (
    Source(kind="received", rows="c", day=_day("c.received_at"), counts={"received": "true"}, amounts={}),
    Source(kind="closed", day=_day("c.closed_at"), counts=_closed(),
           rows="c left join lateral (select e.from_at from complaints_engagement e where e.complaint_id = c.id"
                f" order by e.from_at, e.id limit 1) f on true where c.status = '{Status.CLOSED}'",
           amounts={**_known(_span("f.from_at", "c.closed_at", name="handled")), "marks": "c.mark"}),
    # A date that stands on a case is the midnight at which it is late.
    Source(kind="open", rows=f"c where c.status <> '{Status.CLOSED}'",
           day=f"coalesce({_day('c.next_due_at')}, date '{NEVER}')", counts={"open": "true"}, amounts={}),
    _stage(kind="delivered", rows=_OF_STAGE, day=_day("e.from_at"), amounts={}, counts={
        "delivered": f"not {_PASSED}", "again": f"not {_PASSED} and {_AGAIN}",
        "waiting": f"e.until_at is null and e.first_contact_at is null and c.status in {_in(ANY_E)}"}),
    _stage(kind="ended", rows=f"{_OF_STAGE} where e.until_at is not null", day=_day("e.until_at"), amounts={}, counts={
        **{f"ended_{result}": f"{_ENDS} and e.odr_result = '{result}'" for result in figures.RESULTS},
        # What must be known to count cases where stages are counted.
        "ended_again": f"{_ENDS} and exists (select from complaints_engagement p where p.complaint_id = e.complaint_id"
                       f" and p.odr_result = e.odr_result and p.ended_by <> '{figures.PASSED_ON}'"
                       " and (p.until_at, p.id) < (e.until_at, e.id))",
        "in_part": f"{_ENDS} and e.odr_result = 'settled' and c.is_in_part",
        "in_time": _IN_TIME, "in_time_reported": f"{_IN_TIME} and e.ended_by in {_in(figures.OWN_REPORT)}",
        "in_time_apart": f"{_IN_TIME} and e.odr_result in ('withdrawn', 'returned')",
        "ended_late": f"{_ENDS} and e.is_overdue", "ran_out_ended": _RAN,
        "routed": f"{_ENDS} and not (e.odr_result = 'returned' and e.ended_by = 'duplicate')",
        "misrouted": _GIVEN_BACK,
        "mended": f"{_GIVEN_BACK} and " + _FORWARDING.format("d.ended_at is not null and d.lapsed_at is null"),
        "mended_late": f"{_GIVEN_BACK} and " + _FORWARDING.format("d.lapsed_at is not null"),
        "mended_waiting": f"{_GIVEN_BACK} and " + _FORWARDING.format("d.ended_at is null and d.lapsed_at is null"),
        "offered": f"{_ENDS} and " + _OFFERS.format("true"),
        "offered_last_day": f"{_ENDS} and " + _OFFERS.format("true") + " and (" + _NEGOTIATION.format(
            "d.due_at >= e.from_at and d.derivation -> 'pauses' @> '[{\"remaining\": 0}]'") + " or " + _OFFERS.format(
            _NEGOTIATION.format(f"d.last_day = {_day('o.made_at')}")) + ")",
        "ended_last_day": f"{_ENDS} and " + _NEGOTIATION.format(f"d.last_day = {_day('e.until_at')}")}),
    # It is late from the midnight on that ends this day; a successor has it late from its first moment on.
    _stage(kind="ran_out", rows=f"{_OF_STAGE} where {_RAN}", amounts={},
           day=f"case when e.is_taken_late then {_day('e.from_at')} else {_day('e.ran_out_at')} - 1 end",
           counts={"ran_out": "not e.is_taken_late", "ran_out_taken": "e.is_taken_late"}),
    _stage(kind="responded", rows=f"{_OF_STAGE} where e.first_contact_at >= e.from_at", day=_day("e.first_contact_at"),
           counts={"responded": "true"}, amounts=_known(_span("e.from_at", "e.first_contact_at", name="response"))),
    _stage(kind="accepted", rows=f"{_OF_STAGE} where e.accepted_at >= e.from_at", day=_day("e.accepted_at"),
           counts={"accepted": "true"}, amounts=_known(_span("e.from_at", "e.accepted_at", name="accept"))),
    Source(kind="reviewed", ref="d.id", amounts={},
           rows="complaints_deadline d join c on c.id = d.complaint_id where d.clock = 'review' and ("
                "d.lapsed_at is not null or d.state = 'running' or d.state = 'met' and exists (select from"
                " complaints_handlingstep s where s.complaint_id = d.complaint_id and s.audience = 'parties'"
                f" and s.step in {_in(figures.DECISIONS)} and s.happened_at = d.ended_at))",
           day=f"case when d.lapsed_at is not null or d.state = 'running' then {_day('d.due_at')} else {_day('d.ended_at')} end",
           counts={"review_late": "d.lapsed_at is not null or d.state = 'running'",
                   "review_met": "d.lapsed_at is null and d.state <> 'running'"}),
    Source(kind="promise", ref="o.id", enterprise="o.enterprise_id", branch="g.branch_id", day="d.last_day", amounts={},
           rows="complaints_obligation o join c on c.id = o.complaint_id"
                " left join complaints_engagement g on g.id = o.engagement_id"
                " cross join lateral (select d.last_day, d.state from complaints_deadline d where d.complaint_id = o.complaint_id"
                " and d.obligation_id = o.id and d.clock = 'performance' order by d.id desc limit 1) d"
                " where o.owed_by = 'enterprise' and o.state not in ('proposed', 'dropped', 'waived') and d.state <> 'paused'",
           counts={"promise_due": "true", "promise_kept": "o.state = 'confirmed' and not o.is_late",
                   "promise_late": "o.state = 'confirmed' and o.is_late", "promise_silent": "o.state = 'silent'",
                   "promise_broken": "o.state = 'broken'", "promise_waiting": "o.state in ('due', 'reported')"}),
    Source(kind="money", ref="o.id", enterprise="o.enterprise_id", branch="g.branch_id",
           rows="complaints_obligation o join c on c.id = o.complaint_id"
                f" left join complaints_engagement g on g.id = o.engagement_id where {_IS_MONEY}",
           day=f"case when o.state = 'confirmed' then {_day('o.confirmed_at')} else {_day('o.reported_at')} end",
           counts={"recovered_n": f"o.state = 'confirmed' and not {_VOUCHER}", "foreign_n": "c.currency <> 'CNY'"},
           amounts={
               "recovered": f"case when o.state = 'confirmed' and not {_VOUCHER} and c.currency = 'CNY' then {_CENTS} end",
               "vouchers": f"case when o.state = 'confirmed' and {_VOUCHER} and c.currency = 'CNY' then {_CENTS} end",
               "unconfirmed": f"case when o.state = 'silent' and c.currency = 'CNY' then {_CENTS} end"}),
)


def facts(which: str) -> str:
    """The statement that says what cases count for. ``which`` is a condition on ``c``, a complaint.

    It wants the parameters of ``working_time.decrees`` beside those of ``which``.
    """
    rows = " union all ".join(source.select() for source in SOURCES)
    return (f"with c as materialized ({_CASES.format(which=which)}), e as materialized ({_STAGES})"
            f" select {', '.join(COLUMNS)} from ({rows}) f where {' or '.join(f'{name} is not null' for name in MEASURES)}")
