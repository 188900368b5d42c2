"""The lines of the queue, ready to be shown.

A page of rows costs one query however many there are (names and live clocks together) beside the one that
reads them, and of a case that was given up only our own time with it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, IntegerField, OuterRef, QuerySet, Subquery

from accounts.masking import masked_name
from complaints import wording
from complaints.assignment import assigning
from complaints.desks.enterprise_workspace import Workspace, case_url
from complaints.desks.queue_lists import HERE, Rows, Shown
from complaints.models import Complaint, Deadline, Engagement, HandlingStep
from complaints.procedure.workflow import LOOK, Status
from complaints.reading.case import why_url
from complaints.reading.case_people import label_of
from complaints.reading.case_rows import beside
from complaints.wording import duty


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue; the consumer is masked. ``is_new``: entries that this person has not seen."""

    complaint: Complaint
    url: str
    consumer: str
    problem: str
    status: str
    tone: str
    icon: str
    clock: dict[str, Any] | None
    clock_url: str
    last_event: str
    last_event_at: datetime
    is_new: bool
    handler: str | None


def with_newest_step(rows: QuerySet[Shown], *, path: str = "") -> QuerySet[Shown]:
    """Each row with the newest step of its case and its number, looks at the contact aside; ``path`` leads there."""
    newest = (
        HandlingStep.objects.filter(complaint=OuterRef(f"{path}pk"), audience="parties")
        .exclude(step=LOOK)
        .order_by("-sequence")
    )
    found: QuerySet[Shown] = rows.annotate(
        newest_step=Subquery(newest.values("step")[:1], output_field=CharField()),
        newest_sequence=Subquery(newest.values("sequence")[:1], output_field=IntegerField()),
    )
    return found


def marked(cases: Rows, workspace: Workspace) -> Rows:
    """Each case with its newest step and with how far this person has read it."""
    return with_newest_step(cases).annotate(read_to=assigning.read_to(workspace.user))


def rows_of(
    cases: list[Complaint], workspace: Workspace, *, given_up: Mapping[int, Engagement] | None = None
) -> list[Row]:
    """Of a case that was ``given_up`` only our own time with it is shown: what came of that, and when."""
    if not cases:
        return []
    more, found = beside(cases), []
    for case in cases:
        name = masked_name(more.names.get(case.pk, ""))
        if given_up and case.pk in given_up:
            found.append(_given_up(case, given_up[case.pk], name))
        else:
            found.append(_row(case, workspace, name, more.clocks.get(case.pk, [])))
    return found


def _row(case: Complaint, workspace: Workspace, consumer: str, clocks: list[Deadline]) -> Row:
    status = Status(case.status)
    deadline, facts = duty.listed_facts(case, clocks, now=workspace.now, calendar=workspace.calendar)
    if deadline is not None and facts is not None and deadline.owed_by == "authority":
        # Overdue is a word about somebody: here it is another one.
        facts = facts | {"listed_as": duty.listed_name(deadline)}
    step = getattr(case, "newest_step", "") or ""
    read_to = getattr(case, "read_to", None)
    return Row(
        complaint=case,
        url=case_url(case),
        consumer=consumer,
        problem=case.item_name or label_of(case.problem_category) or case.title,
        status=wording.label(case.outcome or status, kind="outcome" if case.outcome else "status"),
        tone=wording.tone(status, case.outcome),
        icon=wording.icon(status, case.outcome),
        clock=facts,
        clock_url=why_url(case, deadline) if deadline else "",
        last_event=wording.label(step, kind="step") if step else "",
        last_event_at=case.last_event_at,
        is_new=status in HERE and (read_to is None or read_to < (getattr(case, "newest_sequence", None) or 0)),
        handler=case.handler.user.name if case.handler else None,
    )


def _given_up(case: Complaint, time: Engagement, consumer: str) -> Row:
    """Whatever happened to the case later is another enterprise's matter."""
    ended_at = time.until_at or case.last_event_at
    return Row(
        complaint=case,
        url=case_url(case),
        consumer=consumer,
        problem=case.item_name or label_of(case.problem_category) or case.number,
        status=wording.label(time.odr_result, kind="odr_result"),
        tone="neutral",
        icon="",
        clock=None,
        clock_url="",
        last_event="",
        last_event_at=ended_at,
        is_new=False,
        handler="",
    )
