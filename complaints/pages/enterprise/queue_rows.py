"""The rows of an enterprise's lists: whose clock each shows, what is new in it, who has it.

A page costs the same number of queries however many cases there are; of a case that was given up only our own time
with it is shown. A clock that somebody else owes is shown with the name, and colours nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import CharField, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.masking import masked_name
from accounts.roles import Right
from complaints import wording
from complaints.assignment import assigning
from complaints.desks import queue_lists
from complaints.desks.enterprise_workspace import Workspace, case_url
from complaints.models import Complaint, Deadline, Engagement, HandlingStep
from complaints.procedure.workflow import LOOK, Status
from complaints.reading.case import why_url
from complaints.reading.case_people import label_of
from complaints.reading.case_rows import CaseExtras, beside
from complaints.wording import next_action
from complaints.wording.clock import clock_facts
from complaints.wording.standing import standing
from enterprises.models import Absence, Staff

#: Rows of a list as its template shows them.
Lines = list[dict[str, Any]]
RELATED = ("handler__user", "branch")


def with_newest_step(rows: QuerySet[queue_lists.Row], *, path: str = "") -> QuerySet[queue_lists.Row]:
    """Each row with the newest step of its case and its number, looks at the contact aside; ``path`` leads there."""
    newest = (
        HandlingStep.objects.filter(complaint=OuterRef(f"{path}pk"), audience="parties")
        .exclude(step=LOOK)
        .order_by("-sequence")
    )
    annotated: QuerySet[queue_lists.Row] = rows.annotate(
        newest_step=Subquery(newest.values("step")[:1], output_field=CharField()),
        newest_sequence=Subquery(newest.values("sequence")[:1], output_field=IntegerField()),
    )
    return annotated


def marked(cases: queue_lists.Rows, workspace: Workspace) -> queue_lists.Rows:
    """Each case with its newest step, with how far this person has read it, and whether its handler is on leave."""
    leave = Absence.objects.on(workspace.today).filter(staff=OuterRef("handler"))
    return with_newest_step(cases).annotate(read_to=assigning.read_to(workspace.user), is_on_leave=Exists(leave))


def rows_of(
    cases: list[Complaint], workspace: Workspace, *, given_up: Mapping[int, Engagement] | None = None
) -> list[dict[str, Any]]:
    """The lines of the queue, as the template shows them; the consumer is masked. ``is_new``: entries that this person
    has not seen. Of a case that was ``given_up`` only our own time with it is shown: what came of that, and when.

    One query for names and live clocks together, however many rows there are.
    """
    if not cases:
        return []
    more, rows = beside(cases), []
    for case in cases:
        time = (given_up or {}).get(case.pk)
        facts = _facts_given_up(case, time) if time is not None else _facts(case, workspace, more)
        rows.append(
            {
                "complaint": case,
                "url": case_url(case),
                "consumer": masked_name(more.names.get(case.pk, "")),
                "problem": case.item_name or label_of(case.problem_category) or case.title,
            }
            | facts
        )
    return rows


def _facts(case: Complaint, workspace: Workspace, more: CaseExtras) -> dict[str, Any]:
    is_refused, clocks = case.pk in more.refused, more.clocks.get(case.pk, [])
    stands = standing(case, is_refused=is_refused)
    deadline, facts = _clock(case, clocks, workspace)
    step = getattr(case, "newest_step", "") or ""
    last_event = wording.label(step, kind="step") if step else ""
    if is_refused and step in ("make_offer", "replace_offer"):
        last_event = _("一项也没有同意")
    read_to = getattr(case, "read_to", None)
    return {
        "status": stands.text,
        "tone": stands.tone,
        "icon": stands.icon,
        "clock": facts,
        "clock_url": why_url(case, deadline) if deadline else "",
        "last_event": last_event,
        "last_event_at": case.last_event_at,
        "is_new": case.status in queue_lists.HERE
        and (read_to is None or read_to < (getattr(case, "newest_sequence", None) or 0)),
        "handler": case.handler.user.name if case.handler and _is_there(case, case.handler, workspace) else None,
    }


def _clock(
    case: Complaint, clocks: list[Deadline], workspace: Workspace
) -> tuple[Deadline | None, dict[str, Any] | None]:
    """The clock by which the list stands; what we owe, else what others owe, with their name."""
    own = [c for c in clocks if c.owed_by == "enterprise" and c.due_at == case.enterprise_due_at and c.ended_at is None]
    if own and case.enterprise_due_at != case.next_due_at:
        first = min(own, key=lambda clock: clock.pk)
        return first, clock_facts(
            deadline=first, now=workspace.now, calendar=workspace.calendar, status=Status(case.status)
        )
    deadline, facts = next_action.listed_facts(case, clocks, now=workspace.now, calendar=workspace.calendar)
    if deadline is not None and facts is not None and deadline.owed_by != "enterprise":
        # Overdue is a word about somebody: here it is another one.
        whose = deadline.owed_by == "authority" or "listed_as" in facts
        name = next_action.listed_name(deadline) if whose else wording.label(deadline.owed_by, kind="side")
        facts = facts | {"listed_as": name, "is_theirs": True}
    return deadline, facts


def _is_there(case: Complaint, handler: Staff, workspace: Workspace) -> bool:
    """Whether an open case lies with this handler; a closed one names who handled it. What an authority has is handed
    to nobody here, so that it may name somebody who left."""
    if case.status == Status.CLOSED:
        return True
    may_have = handler.user.is_active and handler.role in Right.ANSWER_CASE.posts
    return may_have and handler.holds(workspace.today) and not getattr(case, "is_on_leave", False)


def _facts_given_up(case: Complaint, time: Engagement) -> dict[str, Any]:
    """Whatever happened to the case later is another enterprise's matter."""
    return {
        "problem": case.item_name or label_of(case.problem_category) or case.number,
        "status": wording.label(time.result, kind="odr_result"),
        "tone": "neutral",
        "last_event_at": time.until_at or case.last_event_at,
        "handler": "",
    }
