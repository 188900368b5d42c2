"""Below /authority/urges/: what was reported upwards, what waits for a decision, what is overdue by unit and person.

Each number is counted by the condition of the list that it opens, and a page of rows costs the same
number of queries however long the list is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from complaints.desks.authority_lists import RELATED, late_inside, rows_of, waits_for
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.instruction_lists import escalation_text, own_and_above
from complaints.models import Complaint, Deadline, HandlingStep, Matter
from complaints.models.complaint import OPEN
from complaints.pages.authority.cases import step_url
from complaints.procedure.workflow import HIDDEN_CLOCKS, Status
from complaints.reading import case_rows
from complaints.reading.case import AUTHORITY, case_url
from complaints.wording.clock import clock_facts
from database.prepared import PreparedQuery
from enterprises.models import Branch, Enterprise
from web.incoming import ID_DIGITS, whole
from web.languages import named

BY_DUE = keyset.Order("due_at")
_OF_A_CLOCK = (*(f"complaint__{name}" for name in (*RELATED, "handling_authority")), "escalated_to")
_NONE = "none"


@officer_page("GET")
def escalated(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/escalated/: who owes what since when, and whom that was reported to; the oldest first."""
    rows = reported(workspace)
    page = keyset.page_of(rows, request.GET, BY_DUE, related=_OF_A_CLOCK)
    return _listed(request, workspace, "escalated", rows, page, _reported(page.rows, workspace))


def _listed(
    request: HttpRequest,
    workspace: Workspace,
    name: str,
    every: QuerySet[Any],
    page: keyset.KeysetPage[Any],
    rows: list[dict[str, Any]],
) -> HttpResponseBase:
    count = keyset.counts({"all": every})["all"]
    context = {
        "rows": rows,
        "count": count,
        "count_text": keyset.count_text(count),
        "now": workspace.now,
        **keyset.neighbours(page, request.path),
    }
    return render(request, f"authority/supervision/{name}.html", context)


def reported(workspace: Workspace) -> QuerySet[Deadline]:
    """What is owed in these regions and was reported to these authorities, or past them."""
    return Deadline.objects.filter(
        ended_at=None, escalated_to__in=own_and_above(workspace), complaint__in=workspace.cases()
    )


def _reported(clocks: Sequence[Deadline], workspace: Workspace) -> list[dict[str, Any]]:
    entries = _ENTRIES(sorted({clock.complaint_id for clock in clocks}))
    explained = {(entry.complaint_id, entry.data.get("deadline", 0)): _reason(entry) for entry in entries}
    sealed_fields.load_for(c.complaint.officer.user for c in clocks if c.complaint.officer is not None)
    rows = []
    for clock in clocks:
        case, now = clock.complaint, workspace.now
        is_theirs = clock.owed_by == "authority"
        has_it = case.handling_authority if is_theirs else case.branch or case.enterprise
        rows.append(
            {
                "complaint": case,
                "url": case_url(case, AUTHORITY),
                "what": wording.label(clock.clock, kind="clock"),
                "clock": clock_facts(deadline=clock, now=now, calendar=workspace.calendar, status=Status(case.status)),
                "who": named(has_it) if has_it else "",
                "person": case.officer.user.name if is_theirs and case.officer else "",
                "reported": escalation_text(clock),
                "reported_at": clock.escalated_at,
                "why": explained.get((case.pk, clock.pk), "") if is_theirs else "",
            }
        )
    return rows


_ENTRIES = PreparedQuery(
    lambda cases: HandlingStep.objects.filter(
        complaint_id__any_of=cases, audience=AUTHORITY, step="explain_overdue"
    ).only("complaint_id", "data", "reason"),
    list,
)
"""By the ids of cases: where an officer has said why something is late."""


def _reason(entry: HandlingStep) -> str:
    return wording.label(entry.reason, kind="overdue_reason")


#: The step that decides, by what was asked for.
_DECIDES = {"extension": "grant_extension", "return": "grant_return"}


@officer_page("GET")
def decisions(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/decisions/: more time that was asked for, and cases that an enterprise wants to give back."""
    waiting = workspace.cases().filter(OPEN & (Q(waits_for("extension")) | Q(waits_for("return"))))
    page = keyset.page_of(waiting, request.GET, related=RELATED)
    return _listed(request, workspace, "decisions", waiting, page, _asked(page.rows, workspace))


def _asked(cases: list[Complaint], workspace: Workspace) -> list[dict[str, Any]]:
    """What enterprises asked for, in the order of their cases."""
    beside, more = _asked_rows(cases)
    rows = {row.complaint.pk: row for row in rows_of(cases, workspace, beside=beside)}
    matters = more["matters"]
    units = _meant_units(matters)
    asked: list[dict[str, Any]] = []
    for matter in matters:
        row, data, step = rows[matter.complaint_id], matter.data, _DECIDES[matter.kind]
        agreed = matter.kind == "return" or bool(data.get("consumer_agreed"))
        unit = units.get((data.get("enterprise") or 0, data.get("branch")))
        if matter.kind == "extension":
            what = _("延期%(n)s个工作日") % {"n": data.get("days", "")}
        else:
            what = _("申请退回，应由%(unit)s答复") % {"unit": unit} if unit else _("申请退回")
        waits = _("等决定") if agreed else _("等消费者同意")
        # Whether it can be decided here now.
        url = step_url(row.complaint, step) if agreed and workspace.may(step) else ""
        asked.append({"matter": matter, "row": row, "what": what, "waits": waits, "url": url})
    order = list(rows)
    return sorted(asked, key=lambda one: order.index(one["matter"].complaint_id))


def _meant_units(matters: Iterable[Matter]) -> dict[tuple[int, int | None], str]:
    """The names of whom enterprises say the case belongs to; two queries."""
    meant = [(m.data.get("enterprise"), m.data.get("branch")) for m in matters if m.kind == "return"]
    enterprises = Enterprise.objects.in_bulk({enterprise for enterprise, _branch in meant if enterprise})
    branches = Branch.objects.in_bulk({branch for _enterprise, branch in meant if branch})
    return {
        (enterprise, branch): named(branches.get(branch) or enterprises[enterprise])
        for enterprise, branch in meant
        if enterprise in enterprises
    }


def late_at_us(now: datetime) -> Q:
    """An authority owes something of an open case, and the day for it has passed."""
    owed = Deadline.objects.filter(
        complaint=OuterRef("pk"), owed_by="authority", ended_at=None, due_at__lte=now, state__in=["running", "lapsed"]
    ).exclude(clock__in=HIDDEN_CLOCKS)
    return (OPEN & Q(next_due_at__lte=now) & Q(Exists(owed))) | late_inside(now)


@officer_page("GET")
def overdue(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/urges/overdue/?unit=…&officer=…: how much is late with whom; each number opens its list below."""
    late = workspace.cases().filter(late_at_us(workspace.now))
    asked = {name: request.GET.get(name, "") for name in ("unit", "officer")}
    chosen = {name: value for name, value in asked.items() if value == _NONE or whole(value, ID_DIGITS) is not None}
    counted = list(late.order_by().values("handling_authority", "officer").annotate(n=Count("pk")))
    listed = late
    if chosen.get("unit", _NONE) != _NONE:
        listed = listed.filter(handling_authority_id=int(chosen["unit"]))
    if "officer" in chosen:
        of = Q(officer=None) if chosen["officer"] == _NONE else Q(officer_id=int(chosen["officer"]))
        listed = listed.filter(of)
    page = keyset.page_of(listed, request.GET, related=(*RELATED, "handling_authority"))
    beside, more = _overdue_rows(
        page.rows,
        sorted({one["handling_authority"] for one in counted}),
        sorted({one["officer"] for one in counted if one["officer"]}),
    )
    why = {entry.complaint_id: _reason(entry) for entry in more["entries"]}
    names = {row.pk: named(row) for row in more["units"]}
    context = {
        "units": _units(counted, chosen, names),
        "people": _people(counted, chosen, names, more["officers"]),
        "chosen": chosen,
        "now": workspace.now,
        "rows": [
            (row, named(row.complaint.handling_authority), why.get(row.complaint.pk, ""))
            for row in rows_of(page.rows, workspace, beside=beside)
        ],
        "count": sum(one["n"] for one in counted),
        "all_url": reverse("complaints:authority-overdue"),
        **keyset.neighbours(page, _url(chosen)),
    }
    return render(request, "authority/supervision/overdue.html", context)


#: By the ids of cases.
_asked_rows = case_rows.Reading(
    matters=PreparedQuery(
        lambda cases: Matter.objects.filter(complaint_id__any_of=cases, kind__in=list(_DECIDES), state="open").order_by(
            "opened_at", "pk"
        ),
        list,
    )
)
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


def _units(counted: list[dict[str, Any]], chosen: Mapping[str, str], names: Mapping[int, str]) -> list[dict[str, Any]]:
    numbers: Counter[int] = Counter()
    for one in counted:
        numbers[one["handling_authority"]] += one["n"]
    rows = [
        {
            "name": names.get(pk, ""),
            "n": n,
            "url": _url({"unit": str(pk)}),
            "is_chosen": chosen.get("unit") == str(pk) and "officer" not in chosen,
        }
        for pk, n in numbers.items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["name"]))


def _people(
    counted: list[dict[str, Any]], chosen: Mapping[str, str], units: Mapping[int, str], officers: Iterable[Officer]
) -> list[dict[str, Any]]:
    """Of the chosen unit, else of all; nobody's cases by unit, under 未指派."""
    known = {row.pk: row for row in officers}
    rows = []
    for one in counted:
        officer = known.get(one["officer"] or 0)
        query = {"unit": str(one["handling_authority"]), "officer": str(one["officer"] or _NONE)}
        if chosen.get("unit") in (None, query["unit"]):
            rows.append(
                {
                    "name": officer.user.name if officer else _("未指派"),
                    "unit": units.get(one["handling_authority"], ""),
                    "n": one["n"],
                    "url": _url(query),
                    "is_chosen": chosen == query,
                }
            )
    return sorted(rows, key=lambda row: (-row["n"], row["unit"], row["name"]))


def _url(query: Mapping[str, str]) -> str:
    here = reverse("complaints:authority-overdue")
    return f"{here}?{urlencode(query)}" if query else here
