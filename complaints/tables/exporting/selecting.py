"""Which cases an export holds, and what stands in their rows: with the visibility of whoever asked.

Visibility is asked anew each time rows are read, for the person, the organisation and the
day of the reading. Who left, or no longer sees a case, gets no row of it, whatever was chosen before.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from complaints.desks import authority_workspace, case_query, enterprise_workspace, queue_lists
from complaints.desks.case_query import OF_A_STAGE
from complaints.desks.keyset import BY_DUE
from complaints.models import Complaint, Demand, Engagement, Export, PersonalText
from complaints.parties.actors import Actor, stands_to
from complaints.reading.case_people import demand_text
from complaints.tables.exporting.columns import AUTHORITY, ENTERPRISE, RELATED, CaseRow
from database import row_security
from enterprises.models import Staff
from enterprises.team.staffing import at_work

Workspace = enterprise_workspace.Workspace | authority_workspace.Workspace


class NoWorkspace(Exception):
    """Who asked does not work there any more."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Who asked, as of the moment of reading."""

    side: str
    workspace: Workspace
    actor: Actor

    def cases(self) -> QuerySet[Complaint]:
        """All that this person sees in this organisation, former cases too."""
        seen = Complaint.objects.visible_to(self.workspace.user, on=self.workspace.today)
        if self.side == ENTERPRISE:
            return seen.filter(pk__in=Engagement.objects.filter(self.times()).values("complaint"))
        first, last = self.actor.region or (0, -1)
        return seen.filter(handling_region_id__gte=first, handling_region_id__lte=last)

    def under_row_security(self) -> AbstractContextManager[None]:
        """Around what a sweep reads for this person: the database shows it that person's rows as well. In the person's
        own request they stand already."""
        if row_security.caller() is not None:
            return nullcontext()
        return row_security.seeing_as(self.workspace.user, day=self.workspace.today, is_at_job=self.side == ENTERPRISE)

    def times(self) -> Q:
        mine = Q(enterprise_id=self.actor.enterprise_id)
        return mine if self.actor.branch_ids is None else mine & Q(branch_id__in=self.actor.branch_ids)


def visibility_of(export: Export, *, now: datetime) -> Visibility:
    return visibility_of_person(
        export.asked_by, enterprise_id=export.enterprise_id, authority_id=export.authority_id, now=now
    )


def visibility_of_person(
    user: User, *, enterprise_id: int | None, authority_id: int | None, now: datetime
) -> Visibility:
    """The work of this person for the organisation for which something was asked. Raises NoWorkspace."""
    workspace_for = (
        enterprise_workspace.workspace_for if enterprise_id is not None else authority_workspace.workspace_for
    )
    try:
        workspace: Workspace = workspace_for(user, now=now)
    except Http404:
        raise NoWorkspace from None
    mine = [
        actor
        for actor in workspace.actors
        if (actor.enterprise_id, actor.authority_id) == (enterprise_id, authority_id)
    ]
    if not mine or not user.is_active:
        raise NoWorkspace
    return visibility_at(workspace, mine)


def people_of(enterprise_id: int, *, now: datetime) -> QuerySet[Staff]:
    """Who of an enterprise may be named as the handler of a case."""
    people = at_work(timezone.localdate(now)).filter(enterprise_id=enterprise_id, user__is_active=True)
    return people.filter(role__in=Right.ANSWER_CASE.posts).select_related("user").order_by("pk")


def visibility_at(workspace: Workspace, actors: Sequence[Actor]) -> Visibility:
    """What one organisation's work sees in this workspace; ``actors`` are the jobs there, the first speaks."""
    side = ENTERPRISE if isinstance(workspace, enterprise_workspace.Workspace) else AUTHORITY
    return Visibility(side, replace(workspace, actors=tuple(actors)), actors[0])


def chosen(visibility: Visibility, query: str, *, most: int) -> list[int]:
    """Ids of the cases that the filter means, in the order of the list; at most ``most``."""
    asked = QueryDict(query)
    if isinstance(visibility.workspace, authority_workspace.Workspace):
        form, cases = case_query.asked_for(visibility.workspace, asked)
        if any(form.conditions.get(name) for name in OF_A_STAGE):
            stages = case_query.ended(form.conditions, cases).filter(complaint__in=visibility.cases())
            return list(stages.order_by("-until_at", "-pk").values_list("complaint_id", flat=True)[:most])
        return _ids(cases.filter(pk__in=visibility.cases()), most)
    workspace = visibility.workspace
    queue, view = queue_lists.asked_for(workspace, asked), queue_lists.view_of(asked.get("view", ""))
    if view is queue_lists.PAST:
        times = queue_lists.past_times(workspace, queue).filter(complaint__in=visibility.cases())
        return list(times.order_by("-until_at", "-pk").values_list("complaint_id", flat=True)[:most])
    cases = queue_lists.narrowed(view.of(queue_lists.open_cases(workspace), workspace), queue, workspace)
    return _ids(cases.filter(pk__in=visibility.cases()), most)


def _ids(cases: QuerySet[Complaint], most: int) -> list[int]:
    return list(cases.order_by(BY_DUE.field, "pk").values_list("pk", flat=True)[:most])


def rows_of(visibility: Visibility, ids: Sequence[int], *, kinds: Iterable[str] = ()) -> list[CaseRow]:
    """The rows of these cases in this order; what is not seen any more is left out. ``kinds``: personal texts.

    A few queries, however many cases.
    """
    cases = {case.pk: case for case in visibility.cases().filter(pk__in=ids).select_related(*RELATED)}
    sealed_fields.load_for(
        who.user for case in cases.values() for who in (case.handler, case.officer) if who is not None
    )
    texts = _texts(cases, ["consumer_name", *kinds])
    demands: dict[int, list[str]] = {}
    asked: dict[int, list[str]] = {}
    for demand in Demand.objects.filter(complaint_id__in=cases).order_by("complaint_id", "ordinal"):
        demands.setdefault(demand.complaint_id, []).append(demand_text(demand))
        asked.setdefault(demand.complaint_id, []).append(
            demand_text(demand) if demand.amount is None else f"{demand_text(demand)} {demand.amount}"
        )
    times: dict[int, Engagement] = {}
    if visibility.side == ENTERPRISE:
        for time in Engagement.objects.filter(visibility.times(), complaint_id__in=cases).order_by("pk"):
            times[time.complaint_id] = time
    return [
        CaseRow(
            case=cases[pk],
            name=texts.get(pk, {}).get("consumer_name", ""),
            demands="、".join(demands.get(pk, [])),
            asked=asked.get(pk, []),
            time=times.get(pk),
            is_former=visibility.side == ENTERPRISE and not stands_to(visibility.actor, cases[pk]),
            person={kind: text for kind, text in texts.get(pk, {}).items() if kind in set(kinds)},
        )
        for pk in ids
        if pk in cases
    ]


def _texts(ids: Iterable[int], kinds: Iterable[str]) -> dict[int, dict[str, str]]:
    """Case → kind → text; the newest of each kind, as on the page of the case."""
    result: dict[int, dict[str, str]] = {}
    rows: Any = PersonalText.objects.filter(complaint_id__in=list(ids), audience="parties", kind__in=set(kinds))
    texts = list(rows.order_by("sequence", "pk"))
    sealed_fields.load_for(texts)
    for row in texts:
        result.setdefault(row.complaint_id, {})[row.kind] = row.text
    return result
