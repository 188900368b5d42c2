"""Below /authority/urges/: what was reported upwards, what waits for a decision, what is overdue by unit and person.

Each number is counted by the condition of the list that it opens, and a page of rows costs the same
number of queries however long the list is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from authorities.models import Authority, Officer
from complaints import wording
from complaints.desks import keyset
from complaints.desks.authority_lists import RELATED, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.instruction_lists import told_here, told_words
from complaints.models import Complaint, Deadline, HandlingStep, Matter
from complaints.models.complaint import OPEN
from complaints.pages.authority.case import step_url
from complaints.procedure.workflow import HIDDEN_CLOCKS, Status
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, case_url
from complaints.wording.clock import clock_facts
from database.prepared import PreparedQuery
from enterprises.models import Branch, Enterprise
from web.languages import named

BY_DUE = keyset.Order("due_at")
_OF_A_CLOCK = (*(f"complaint__{name}" for name in (*RELATED, "handling_authority")), "escalated_to")
_NONE = "none"


# --- reported upwards -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One overdue thing that superiors were told of."""

    complaint: Complaint
    url: str
    what: str
    who: str
    person: str
    clock: dict[str, Any]
    told: str
    told_at: datetime | None
    why: str


@officer_page("GET")
def escalated(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/escalated/: who owes what since when, and whom that was reported to; the oldest first."""
    found = reported(workspace)
    page = keyset.page_of(found, request.GET, BY_DUE, related=_OF_A_CLOCK)
    count = keyset.counts({"all": found})["all"]
    here = reverse("complaints:authority-escalated")
    return render(
        request,
        "authority/supervision/escalated.html",
        {
            "rows": _reported(page.rows, workspace),
            "count": count,
            "count_words": keyset.in_words(count),
            "now": workspace.now,
            "previous_url": f"{here}?before={page.before}" if page.before else "",
            "next_url": f"{here}?after={page.after}" if page.after else "",
        },
    )


def reported(workspace: Workspace) -> QuerySet[Deadline]:
    """What is owed in these regions and was reported to these authorities, or past them."""
    return Deadline.objects.filter(
        ended_at=None, escalated_to__in=told_here(workspace), complaint__in=workspace.cases()
    )


def _reported(clocks: Sequence[Deadline], workspace: Workspace) -> list[Reported]:
    why = explained([clock.complaint_id for clock in clocks])
    sealed_fields.load_for(c.complaint.officer.user for c in clocks if c.complaint.officer is not None)
    found = []
    for clock in clocks:
        case = clock.complaint
        facts = clock_facts(deadline=clock, now=workspace.now, calendar=workspace.calendar, status=Status(case.status))
        is_theirs = clock.owed_by == "authority"
        has_it = case.handling_authority if is_theirs else case.branch or case.enterprise
        found.append(
            Reported(
                complaint=case,
                url=case_url(case, AUTHORITY),
                what=wording.label(clock.clock, kind="clock"),
                clock=facts,
                who=named(has_it) if has_it else "",
                person=case.officer.user.name if is_theirs and case.officer else "",
                told=told_words(clock),
                told_at=clock.escalated_at,
                why=why.get((case.pk, clock.pk), "") if is_theirs else "",
            )
        )
    return found


_ENTRIES = PreparedQuery(
    lambda cases: HandlingStep.objects.filter(
        complaint_id__any_of=cases, audience=AUTHORITY, step="explain_overdue"
    ).only("complaint_id", "data", "reason"),
    list,
)
"""By the ids of cases: where an officer has said why something is late."""


def _worded(entries: Iterable[HandlingStep]) -> list[tuple[HandlingStep, str]]:
    return [(entry, wording.label(entry.reason, kind="overdue_reason")) for entry in entries]


def explained(case_ids: Iterable[int]) -> Mapping[tuple[int, int], str]:
    """(case, clock) → why it is late, where an officer has said so; one query."""
    return {
        (entry.complaint_id, entry.data.get("deadline", 0)): words
        for entry, words in _worded(_ENTRIES(sorted(set(case_ids))))
    }


# --- waiting for a decision -------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an enterprise asked for, and whether it can be decided by this desk now."""

    matter: Matter
    row: Any
    what: str
    waits: str
    url: str


#: The step that decides, by what was asked for.
_DECIDES = {"extension": "grant_extension", "return": "grant_return"}


@officer_page("GET")
def decisions(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/decisions/: more time that was asked for, and cases that an enterprise wants to give back."""
    waiting = workspace.cases().filter(OPEN & (Q(waits_for("extension")) | Q(waits_for("return"))))
    page = keyset.page_of(waiting, request.GET, related=RELATED)
    count = keyset.counts({"all": waiting})["all"]
    here = reverse("complaints:authority-decisions")
    return render(
        request,
        "authority/supervision/decisions.html",
        {
            "rows": _asked(page.rows, workspace),
            "count": count,
            "count_words": keyset.in_words(count),
            "now": workspace.now,
            "previous_url": f"{here}?before={page.before}" if page.before else "",
            "next_url": f"{here}?after={page.after}" if page.after else "",
        },
    )


def _asked(cases: list[Complaint], workspace: Workspace) -> list[Asked]:
    rows = {row.complaint.pk: row for row in rows_of(cases, workspace)}
    matters = list(
        Matter.objects.filter(complaint__in=rows, kind__in=_DECIDES, state="open").order_by("opened_at", "pk")
    )
    sealed_fields.load_for(matters)
    units = _meant_units(matters)
    place, found = {pk: number for number, pk in enumerate(rows)}, []
    for matter in matters:
        step = _DECIDES[matter.kind]
        agreed = matter.kind == "return" or bool(matter.data.get("consumer_agreed"))
        may = agreed and workspace.may(step)
        what = (
            _("延期%(n)s个工作日") % {"n": matter.data.get("days", "")}
            if matter.kind == "extension"
            else _returned_to(matter, units)
        )
        found.append(
            Asked(
                matter=matter,
                row=rows[matter.complaint_id],
                what=what,
                waits=_("等决定") if agreed else _("等消费者同意"),
                url=step_url(rows[matter.complaint_id].complaint, step) if may else "",
            )
        )
    return sorted(found, key=lambda asked: place[asked.matter.complaint_id])


def _meant_units(matters: Iterable[Matter]) -> dict[tuple[int, int | None], str]:
    """The names of whom enterprises say the case belongs to; two queries."""
    wanted = [(m.data.get("enterprise"), m.data.get("branch")) for m in matters if m.kind == "return"]
    enterprises = Enterprise.objects.in_bulk({enterprise for enterprise, _branch in wanted if enterprise})
    branches = Branch.objects.in_bulk({branch for _enterprise, branch in wanted if branch})
    return {
        (enterprise, branch): named(branches.get(branch) or enterprises[enterprise])
        for enterprise, branch in wanted
        if enterprise in enterprises
    }


def _returned_to(matter: Matter, units: Mapping[tuple[int, int | None], str]) -> str:
    unit = units.get((matter.data.get("enterprise") or 0, matter.data.get("branch")))
    return _("申请退回，应由%(unit)s答复") % {"unit": unit} if unit else _("申请退回")


# --- overdue by unit and person ---------------------------------------------------------------
def late_at_us(now: datetime) -> Q:
    """An authority owes something of an open case, and the day for it has passed."""
    owed = Deadline.objects.filter(
        complaint=OuterRef("pk"), owed_by="authority", ended_at=None, due_at__lte=now, state__in=["running", "lapsed"]
    ).exclude(clock__in=HIDDEN_CLOCKS)
    return OPEN & Q(next_due_at__lte=now) & Q(Exists(owed))


@officer_page("GET")
def overdue(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/overdue/?unit=…&officer=…: how much is late with whom, and why; each number opens its list
    below.
    """
    late = workspace.cases().filter(late_at_us(workspace.now))
    asked = {name: request.GET.get(name, "") for name in ("unit", "officer")}
    said = {
        name: value
        for name, value in asked.items()
        if value == _NONE or (value.isascii() and value.isdigit() and len(value) < 10)
    }
    counted = list(late.order_by().values("handling_authority", "officer").annotate(n=Count("pk")))
    listed = _narrowed(late, said)
    page = keyset.page_of(listed, request.GET, related=(*RELATED, "handling_authority"))
    beside, more = _overdue_rows(
        page.rows,
        sorted({one["handling_authority"] for one in counted}),
        sorted({one["officer"] for one in counted if one["officer"]}),
    )
    rows = rows_of(page.rows, workspace, beside=beside)
    why = {entry.complaint_id: words for entry, words in _worded(more["entries"])}
    names = {row.pk: named(row) for row in more["units"]}
    return render(
        request,
        "authority/supervision/overdue.html",
        {
            "units": _units(counted, said, names),
            "people": _people(counted, said, names, more["officers"]),
            "said": said,
            "now": workspace.now,
            "rows": [(row, named(row.complaint.handling_authority), why.get(row.complaint.pk, "")) for row in rows],
            "count": sum(one["n"] for one in counted),
            "all_url": reverse("complaints:authority-overdue"),
            "previous_url": _url(said, before=page.before),
            "next_url": _url(said, after=page.after),
        },
    )


def _narrowed(cases: QuerySet[Complaint], said: Mapping[str, str]) -> QuerySet[Complaint]:
    if said.get("unit", _NONE) != _NONE:
        cases = cases.filter(handling_authority_id=int(said["unit"]))
    if said.get("officer") == _NONE:
        cases = cases.filter(officer=None)
    elif "officer" in said:
        cases = cases.filter(officer_id=int(said["officer"]))
    return cases


#: By the ids of cases, of authorities, of officers.
_overdue_rows = case_rows.Reading(
    entries=_ENTRIES,
    units=PreparedQuery(lambda cases, units: Authority.objects.filter(pk__any_of=units), list, list),
    officers=PreparedQuery(
        lambda cases, units, officers: Officer.objects.filter(pk__any_of=officers).select_related("user", "authority"),
        list,
        list,
        list,
    ),
)


def _units(counted: list[dict[str, Any]], said: Mapping[str, str], names: Mapping[int, str]) -> list[dict[str, Any]]:
    numbers: dict[int, int] = {}
    for one in counted:
        numbers[one["handling_authority"]] = numbers.get(one["handling_authority"], 0) + one["n"]
    rows = [
        {
            "name": names.get(pk, ""),
            "n": n,
            "url": _url({"unit": str(pk)}),
            "is_chosen": said.get("unit") == str(pk) and "officer" not in said,
        }
        for pk, n in numbers.items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["name"]))


def _people(
    counted: list[dict[str, Any]], said: Mapping[str, str], units: Mapping[int, str], officers: Iterable[Officer]
) -> list[dict[str, Any]]:
    """Of the chosen unit, else of all; nobody's cases by unit, under 未指派."""
    chosen = [one for one in counted if said.get("unit") in (None, str(one["handling_authority"]))]
    known = {row.pk: row for row in officers}
    found = []
    for one in chosen:
        officer = known.get(one["officer"] or 0)
        code, unit = str(one["officer"] or _NONE), str(one["handling_authority"])
        found.append(
            {
                "name": officer.user.name if officer else _("未指派"),
                "unit": units.get(one["handling_authority"], ""),
                "n": one["n"],
                "url": _url({"unit": unit, "officer": code}),
                "is_chosen": (said.get("unit"), said.get("officer")) == (unit, code),
            }
        )
    return sorted(found, key=lambda row: (-row["n"], row["unit"], row["name"]))


def _url(said: Mapping[str, str], **key: str) -> str:
    if key and not any(key.values()):
        return ""
    query = urlencode({**said, **{name: value for name, value in key.items() if value}})
    here = reverse("complaints:authority-overdue")
    return f"{here}?{query}" if query else here
