"""The cases of an authority's desk that meet the conditions of an address: for the list, an export, an instruction.

A condition narrows what the desk sees and never widens it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from authorities.models import Authority, Officer, Region
from complaints.desks.authority_lists import (
    LYING,
    PASSED_ON,
    at_an_authority,
    at_an_enterprise,
    due_soon,
    late,
    midnight,
    waits_for,
)
from complaints.desks.authority_workspace import Workspace
from complaints.desks.case_filter import ALL_AT, ANY, NONE_AT, OF_A_STAGE, CaseFilter
from complaints.desks.case_filter import OPEN as OPEN_CASES
from complaints.desks.case_search import matching, number_in
from complaints.handling.steps import platform
from complaints.models import Complaint, Engagement
from complaints.models.complaint import OPEN, lies_in
from complaints.procedure.workflow import Status
from complaints.reading.case_people import by_name
from enterprises.models import Branch, Enterprise

#: A piece of a name may mean so many enterprises; more are not told apart by it.
MOST_FIRMS = 200


def asked_for(workspace: Workspace, asked: Mapping[str, str]) -> tuple[CaseFilter, QuerySet[Complaint]]:
    """The conditions of an address, and the cases of this desk that meet them."""
    form = CaseFilter(
        asked,
        officers=_officers(workspace, asked.get("officer", "")),
        regions=workspace.choices.parts,
        office=_office(workspace, asked.get("officer", "")),
    )
    given = form.said
    chosen = narrowed(workspace.cases(), given, workspace)
    if given.get("q"):
        # Of these there may be very many, so words are looked for among the newest only.
        is_long = given["status"] in (Status.CLOSED, ANY)
        chosen = matching(chosen, given["q"], newest_by="received_at" if is_long else "")
    return form, chosen


def narrowed(cases: QuerySet[Complaint], values: dict[str, Any], workspace: Workspace) -> QuerySet[Complaint]:
    """The conditions of the filter, one after the other."""
    status = values["status"]
    if status == OPEN_CASES and not number_in(values.get("q", "")):
        cases = cases.filter(OPEN)
    elif status not in (OPEN_CASES, ANY):
        cases = cases.filter(status=status)
    if values.get("overdue") == "1":
        cases = cases.filter(late(workspace.now))
    elif values.get("overdue") == "soon":
        cases = cases.filter(due_soon(workspace.now, workspace.calendar))
    if values.get("waiting") in LYING:
        cases = cases.filter(LYING[values["waiting"]](workspace))
    elif values.get("waiting"):
        cases = cases.filter(waits_for(values["waiting"]))
    if values.get("platform"):
        cases = cases.filter(
            platform.wanted(
                values["platform"], now=workspace.now, calendar=workspace.calendar, region_id=workspace.first_region
            )
        )
    if values.get("officer") == "me":
        cases = cases.filter(officer__user=workspace.user)
    elif values.get("officer", "").startswith(NONE_AT):
        cases = cases.filter(
            at_an_authority(), officer=None, handling_authority_id=int(values["officer"].removeprefix(NONE_AT))
        )
    elif values.get("officer", "").startswith(ALL_AT):
        cases = cases.filter(
            OPEN, ~at_an_enterprise(), handling_authority_id=int(values["officer"].removeprefix(ALL_AT))
        )
    elif values.get("officer"):
        cases = cases.filter(officer=None if values["officer"] == "none" else int(values["officer"]))
    if values.get("region"):
        region = Region.objects.filter(code=values["region"]).first()
        cases = cases.filter(lies_in(region)) if region else cases.none()
    if values.get("category"):
        cases = cases.filter(Q(problem_category=values["category"]) | Q(object_category=values["category"]))
    if values.get("channel"):
        cases = cases.filter(channel=values["channel"])
    if values.get("received_from"):
        cases = cases.filter(received_at__gte=midnight(values["received_from"]))
    if values.get("received_to"):
        cases = cases.filter(received_at__lt=midnight(values["received_to"] + timedelta(days=1)))
    if values.get("enterprise") and not any(values.get(name) for name in OF_A_STAGE):
        cases = cases.filter(_against(values["enterprise"]))
    return cases


def ended(values: dict[str, Any], cases: QuerySet[Complaint]) -> QuerySet[Engagement]:
    """An enterprise's time with one of ``cases`` that ended so, or then; one for each case, the
    last. The enterprise that is asked for is the one whose time it was, whoever has the case now."""
    stages = Engagement.objects.filter(until_at__isnull=False).exclude(ended_by=PASSED_ON)
    if values.get("result"):
        stages = stages.filter(odr_result=values["result"])
    if values.get("ended_from"):
        stages = stages.filter(until_at__gte=midnight(values["ended_from"]))
    if values.get("ended_to"):
        stages = stages.filter(until_at__lt=midnight(values["ended_to"] + timedelta(days=1)))
    if values.get("enterprise"):
        enterprise = id_of(values["enterprise"])
        stages = stages.filter(enterprise_id__in=[enterprise] if enterprise else _enterprises(values["enterprise"]))
    again = stages.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    return stages.filter(~Exists(again), complaint__in=cases)


def _against(text: str) -> Q:
    """An enterprise by its number in the directory, or by a piece of a name."""
    enterprise = id_of(text)
    if enterprise:
        return Q(enterprise_id=enterprise)
    branches = Branch.objects.filter(Q(name__icontains=text) | Q(name_en__icontains=text)).order_by("pk")
    return (
        Q(enterprise_id__in=_enterprises(text))
        | Q(branch_id__in=list(branches.values_list("pk", flat=True)[:MOST_FIRMS]))
        | Q(enterprise=None, respondent_named__icontains=text)
    )


def id_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _enterprises(text: str) -> list[int]:
    enterprises = Enterprise.objects.filter(Q(name__icontains=text) | Q(name_en__icontains=text)).order_by("pk")
    return list(enterprises.values_list("pk", flat=True)[:MOST_FIRMS])


def _officers(workspace: Workspace, one_more: str) -> list[Officer]:
    """Who may handle cases at these authorities today; ``one_more`` (an id) is asked for wherever in these regions that
    is."""
    rows = [officer for officer in workspace.choices.officers if officer.user_id != workspace.user.pk]
    if (
        one_more.isascii()
        and one_more.isdigit()
        and len(one_more) < 10
        and int(one_more) not in {row.pk for row in rows}
    ):
        rows += Officer.objects.filter(workspace.around("authority__region_id"), pk=int(one_more)).select_related(
            "user"
        )
        return by_name(rows)
    return rows


def _office(workspace: Workspace, asked: str) -> Authority | None:
    """The office in these regions, or above one of them, whose cases are asked for."""
    key = asked.removeprefix(NONE_AT).removeprefix(ALL_AT)
    if key == asked or not (key.isascii() and key.isdigit() and len(key) < 10):
        return None
    office = Authority.objects.filter(pk=int(key)).select_related("region").first()
    regions = [actor.region for actor in workspace.actors if actor.region is not None]
    is_near = office is not None and any(
        first <= office.region_id <= last or office.region.covers(first) for first, last in regions
    )
    return office if is_near else None
