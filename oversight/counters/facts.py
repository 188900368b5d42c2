"""What a case counts for: the formulas of oversight/figures/figures.py once more, as rows of one case that can be added
up.

Nothing here depends on the present moment. What will be late unless something happens is a row of the
day on which it will be; whoever reads asks up to today. So a row changes with a step of its case and never by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from string import Template

from complaints.models.clocks import OF_AUTHORITIES
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.workflow import ANY_E, HIDDEN_CLOCKS, Outcome, Status
from oversight.figures import figures
from oversight.figures.working_time import measuring
from oversight.models import AMOUNTS, MEASURES

#: The days of cases that nobody has to do anything about by a date.
NEVER = "9999-12-31"
ZONE = "Asia/Shanghai"
KEY = ("complaint_id", "kind", "ref")
PLACE = ("day", "region", "enterprise", "branch", "problem", "object", "channel")
COLUMNS = (*KEY, *PLACE, *MEASURES)
#: What facts.sql calls the outcome of a case that was closed because nothing was granted and the consumer left it at
#: that; apart from what was withdrawn otherwise.
LET_REST = "let_rest"


def _local(moment: str) -> str:
    return f"({moment} at time zone '{ZONE}')"


def _day(moment: str) -> str:
    return f"{_local(moment)}::date"


def _end(moment: str) -> str:
    """The day whose midnight is the next one: a time limit that ends at midnight elsewhere ends within a day here."""
    return _day(f"({moment} + interval '1 day' - interval '1 microsecond')")


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
    amounts: Mapping[str, str] = field(default_factory=dict)

    def select(self) -> str:
        numbers = []
        for name in MEASURES:
            value = "null"
            if name in self.counts:
                value = f"nullif(({self.counts[name]})::int, 0)"
            elif name in self.amounts:
                value = f"({self.amounts[name]})"
            numbers.append(f"{value}::{'bigint' if name in AMOUNTS else 'int'} as {name}")
        of = self.of
        return f"""
            select {of}.complaint_id, '{self.kind}'::varchar as kind, {self.ref}::bigint as ref, {self.day} as day,
                {of}.region, {self.enterprise}::bigint as enterprise, {self.branch}::bigint as branch,
                {of}.problem, {of}.object, {of}.channel, {", ".join(numbers)}
            from {self.rows}"""

    @property
    def is_always_counted(self) -> bool:
        return "true" in self.counts.values()


#: The common parts of the statement: c cases, e stages, d clocks, o obligations.
_PARTS = Template(Path(__file__).with_name("facts.sql").read_text(encoding="utf-8"))
_stage = partial(Source, of="e", ref="e.id", enterprise="e.enterprise_id", branch="e.branch_id")
_owed = partial(Source, of="o", ref="o.id", enterprise="o.enterprise_id", branch="o.branch_id")
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
        for outcome in (*Outcome, LET_REST)
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


def _measured_to(moment: str) -> str:
    rows = f"select e.*, e.from_here as at_a, {_local(moment)} as at_b from e where {moment} >= e.from_at"
    return measuring(rows, name="e")


SOURCES = (
    Source(kind="received", rows="c", day=_day("c.received_at"), counts={"received": "true"}),
    Source(
        kind="closed",
        day="c.at_b::date",
        counts=_closed(),
        rows=measuring(
            f"""
            select c.*, {_local("f.from_at")} as at_a, {_local("c.closed_at")} as at_b
            from c
            left join begun f on f.complaint_id = c.complaint_id
            where c.status = '{Status.CLOSED}'""",
            name="c",
        ),
        amounts={**_lengths("handled"), "marks": "c.mark"},
    ),
    # A date that stands on a case is the midnight at which it is late.
    Source(
        kind="open",
        rows=f"c where c.status <> '{Status.CLOSED}'",
        day=f"coalesce({_end('c.next_due_at')}, date '{NEVER}')",
        counts={"open": "true"},
    ),
    # The same of what only authorities know of, and of both: the later of the two dates.
    Source(
        kind="inside",
        rows=f"c join inside i on i.complaint_id = c.complaint_id where c.status <> '{Status.CLOSED}'",
        day=_end("i.due_at"),
        counts={"open_inside": "true"},
    ),
    Source(
        kind="twice",
        rows=f"""
            c join inside i on i.complaint_id = c.complaint_id
            where c.status <> '{Status.CLOSED}' and c.next_due_at is not null""",
        day=_end("greatest(i.due_at, c.next_due_at)"),
        counts={"open_twice": "true"},
    ),
    # What an authority still owes of a closed case.
    Source(
        kind="owing",
        rows=f"""
            c left join inside i on i.complaint_id = c.complaint_id
            where c.status = '{Status.CLOSED}' and coalesce(i.due_at, c.next_due_at) is not null""",
        day=_end("least(i.due_at, c.next_due_at)"),
        counts={"owing": "true"},
    ),
    _stage(
        kind="delivered",
        rows="e",
        day="e.from_here::date",
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
        counts={
            **{f"ended_{result}": f"{_ENDS} and e.odr_result = '{result}'" for result in figures.RESULTS},
            # Part of those that failed.
            "ended_let_rest": f"{_ENDS} and e.is_let_rest",
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
            "mended": f"{_GIVEN_BACK} and e.mending = 1",
            "mended_late": f"{_GIVEN_BACK} and e.mending = 2",
            "mended_waiting": f"{_GIVEN_BACK} and e.mending = 3",
            "offered": f"{_ENDS} and e.has_offered",
            "offered_last_day": f"{_ENDS} and e.has_offered_last",
            "answered": f"{_ENDS} and e.is_answered",
            "ended_last_day": f"{_ENDS} and e.is_answered_last",
        },
    ),
    # It is late from the midnight on that ends this day; a successor has it late from its first moment on.
    _stage(
        kind="ran_out",
        rows=f"e where {_RAN}",
        day=f"case when e.is_taken_late then e.from_here::date else {_day('e.ran_out_at')} - 1 end",
        counts={"ran_out": "not e.is_taken_late", "ran_out_taken": "e.is_taken_late"},
    ),
    _stage(
        kind="responded",
        day="e.at_b::date",
        counts={"responded": "true"},
        amounts=_lengths("response"),
        rows=_measured_to("e.first_contact_at"),
    ),
    _stage(
        kind="accepted",
        day="e.at_b::date",
        counts={"accepted": "true"},
        amounts=_lengths("accept"),
        rows=_measured_to("e.accepted_at"),
    ),
    Source(
        kind="reviewed",
        ref="d.id",
        rows=f"""
            d join c on c.complaint_id = d.complaint_id
            where d.clock = 'review' and (
                d.lapsed_at is not null
                or d.state = 'running'
                or d.state = 'met' and exists (
                    select from complaints_handlingstep s
                    where s.complaint_id = d.complaint_id and s.audience = 'parties'
                        and s.step in {_in(figures.DECISIONS)} and s.happened_at = d.ended_at
                )
            )""",
        day=f"""
            case
                when d.lapsed_at is not null or d.state = 'running' then {_day("d.due_at")}
                else {_day("d.ended_at")}
            end""",
        counts={
            "review_late": "d.lapsed_at is not null or d.state = 'running'",
            "review_met": "d.lapsed_at is null and d.state <> 'running'",
        },
    ),
    _owed(
        kind="promise",
        day="d.last_day",
        rows="""
            o join promised d on d.obligation_id = o.id and d.complaint_id = o.complaint_id
            where o.state not in ('proposed', 'dropped', 'waived') and d.state <> 'paused'""",
        counts={
            "promise_due": "true",
            "promise_kept": "o.state = 'confirmed' and not o.is_late",
            "promise_late": "o.state = 'confirmed' and o.is_late",
            "promise_silent": "o.state = 'silent'",
            "promise_broken": "o.state = 'broken'",
            "promise_waiting": "o.state in ('due', 'reported')",
        },
    ),
    _owed(
        kind="money",
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
    parts = _PARTS.substitute(
        of_case=which.format(id="c.id"),
        of_clock=which.format(id="d.complaint_id"),
        of_stage=which.format(id="e.complaint_id"),
        of_obligation=which.format(id="o.complaint_id"),
        passed_on=figures.PASSED_ON,
        own_report=figures.REPORTED,
        own_claim=figures.CLAIMED,
        of_enterprise=_in(figures.OF_ENTERPRISE),
        hidden=_in(HIDDEN_CLOCKS),
        of_authorities=f"d.ended_at is null and d.clock in {_in(OF_AUTHORITIES)}",
    )
    always = "\nunion all ".join(source.select() for source in SOURCES if source.is_always_counted)
    some = "\nunion all ".join(source.select() for source in SOURCES if not source.is_always_counted)
    return f"""with {parts}
    {always}
    union all
    select {", ".join(COLUMNS)}
    from ({some}) f
    where {" or ".join(f"{name} is not null" for name in MEASURES)}"""
