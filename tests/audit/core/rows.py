"""The raw rows, read once by plain SQL: cases with the entries of their record, their stages, clocks and promises."""

import json
from collections import defaultdict, namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: What the auditor reads of each table, by the name of what it reads.
COLUMNS = {
    "cases": """
        select id as pk, status, outcome, is_in_part, is_not_kept, handling_region_id, handling_authority_id,
            officer_id, enterprise_id, branch_id, problem_category, object_category, channel,
            consumer_id, linked_group, currency, received_at, authority_received_at,
            status_since, facts #>> '{rating,overall}' as mark
        from complaints_complaint where status <> 'draft' order by id""",
    "entries": """
        select complaint_id, sequence, step, actor_role, happened_at, written_at, from_status, to_status, outcome,
            reason,
            case when step = any(%(telling)s) then data::text end as data
        from complaints_handlingstep where audience = 'parties' order by complaint_id, sequence""",
    "stages": """
        select id as pk, complaint_id, enterprise_id, branch_id, from_at, until_at, odr_result, ended_by
        from complaints_engagement order by complaint_id, id""",
    "clocks": """
        select d.id as pk, d.complaint_id, d.clock, d.obligation_id, d.state, d.started_at, d.due_at, d.last_day,
            d.chase_at, d.lapsed_at, d.ended_at, d.owed_by, m.audience
        from complaints_deadline d left join complaints_matter m on m.id = d.matter_id
        order by d.complaint_id, d.id""",
    "promises": """
        select o.id as pk, o.complaint_id, o.enterprise_id, o.engagement_id, o.ordinal, o.kind, o.amount, o.state,
            o.reported_at, o.confirmed_at
        from complaints_obligation o where o.owed_by = 'enterprise' order by o.complaint_id, o.id""",
    "regions": "select id as pk, last, code, level, parent_id, country from authorities_region",
    "causes": "select engagement_id, cause from complaints_rootcause",
}
#: The entries of which the auditor reads what they say.
TELLING = (
    *("log_contact", "make_offer", "replace_offer", "accept_offer"),
    *("lapse_performance", "report_breach", "lapse_performance_answer"),
)


@dataclass(eq=False, slots=True)
class Case:
    """A case and what hangs on it, each in its order; ``row`` has its columns."""

    row: Any
    entries: list[Any] = field(default_factory=list)
    stages: list[Any] = field(default_factory=list)
    clocks: list[Any] = field(default_factory=list)
    promises: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class Rows:
    """Everything in one snapshot. ``regions`` by their id, ``decreed`` days by whether they are worked."""

    cases: dict[int, Case]
    regions: dict[int, Any]
    decreed: dict[date, bool]
    causes: dict[int, str]
    _of_regions: dict[int, list[Case]] | None = None

    def within(self, low: int, high: int) -> list[Case]:
        """Cases whose region lies between these two."""
        return [case for case in self.cases.values() if low <= case.row.handling_region_id <= high]

    def of_regions(self) -> dict[int, list[Case]]:
        """The cases of each region that has one, in it or below it."""
        if self._of_regions is None:
            result = defaultdict(list)
            for case in self.cases.values():
                for region in self.above(case.row.handling_region_id):
                    result[region].append(case)
            self._of_regions = dict(result)
        return self._of_regions

    def of_firms(self) -> dict[int, list[Case]]:
        """The cases that each enterprise has or had."""
        result = defaultdict(list)
        for case in self.cases.values():
            for firm in {case.row.enterprise_id, *(stage.enterprise_id for stage in case.stages)} - {None}:
                result[firm].append(case)
        return dict(result)

    def above(self, region: int | None) -> Iterator[int]:
        """A region and all it lies in."""
        while region is not None:
            yield region
            region = self.regions[region].parent_id


def read(cursor: Any) -> Rows:
    """``cursor`` of the database; all is read through it, so one transaction gives one snapshot."""
    cases = {row.pk: Case(row) for row in selected(cursor, "cases")}
    for name in ("entries", "stages", "clocks", "promises"):
        for row in selected(cursor, name):
            if row.complaint_id in cases:
                getattr(cases[row.complaint_id], name).append(row)
    cursor.execute("select day, is_working from authorities_calendarday")
    decreed = dict(cursor.fetchall())
    regions = {row.pk: row for row in selected(cursor, "regions")}
    return Rows(cases, regions, decreed, {row.engagement_id: row.cause for row in selected(cursor, "causes")})


def selected(cursor: Any, name: str) -> Iterable[Any]:
    """The rows of one statement, as named tuples."""
    cursor.execute(COLUMNS[name], {"telling": list(TELLING)} if "%(" in COLUMNS[name] else None)
    columns = [column[0] for column in cursor.description]
    make = namedtuple(name, columns)._make
    at = columns.index("data") if "data" in columns else None
    while some := cursor.fetchmany(10_000):
        for row in some:
            yield make(row if at is None else (*row[:at], json.loads(row[at]) if row[at] else {}, *row[at + 1 :]))
