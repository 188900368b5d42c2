"""/authority/urges/new/: one instruction for many cases of a list.

Only cases that somebody else owes something in: what lies with the own authority, or waits for the consumer, is left
out and counted. Nothing is ticked beforehand, and nothing is sent before the number of cases and of those who get it
was read (``sure``). How many go at once, and from which number on a second person approves, are policies.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.desks import authority_lists as case_rows
from complaints.desks import keyset
from complaints.desks.authority_lists import ListedCase
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import asked_for
from complaints.desks.keyset import BY_DUE
from complaints.forms.staff_forms import ManyInstructionsForm
from complaints.handling import Move
from complaints.handling.steps import proposals, supervision
from complaints.models import Matter
from complaints.pages.authority.supervision.instructions import taken_on_many
from complaints.procedure.workflow import Status

S = Status
#: The policies: how many cases at once, from how many on a second person approves.
MOST, SECOND = "urge_most", "urge_second_person"
_OF_ENTERPRISES = (S.WITH_ENTERPRISE, S.NEGOTIATING, S.PERFORMING)
_OF_AUTHORITIES = (S.TRIAGE, S.REVIEW, S.MEDIATING, S.MEDIATION_SUSPENDED)
_OF_CONSUMERS = (S.AWAITING_CONSUMER, S.AWAITING_MATERIAL)


@officer_page("GET", "POST")
def new_instructions(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The cases of an address of /authority/cases/, none ticked; POST: the instruction for those that are."""
    if not workspace.may("urge"):
        raise Http404
    most, second = (
        workspace.conditions.policies.number(name, workspace.first_region).number for name in (MOST, SECOND)
    )
    filtered, cases = asked_for(workspace, request.GET)
    form = ManyInstructionsForm(request.POST, today=workspace.today, most=most) if request.method == "POST" else None
    is_read = form is not None and request.POST.get("sure") == str(len(form.numbers))
    if form is not None and is_read:
        needs_second = len(form.numbers) >= second

        def build(filled: Any) -> Move:
            move = supervision.urge(text=filled.cleaned_data["text"], last_day=filled.cleaned_data["last_day"])
            return proposals.propose(move=move) if needs_second else move

        do = "propose_urge" if needs_second else "urge"
        if done := taken_on_many(request, workspace, do, form, build, back="authority-urges", back_text=_("督办")):
            return done
    own, others = Q(status__in=_OF_AUTHORITIES) & workspace.mine(), Q(status__in=_OF_ENTERPRISES)
    others |= Q(status__in=_OF_AUTHORITIES) & ~workspace.mine()
    counts = keyset.counts({"own": cases.filter(own), "consumer": cases.filter(status__in=_OF_CONSUMERS)})
    if form is not None and form.numbers:
        cases = workspace.cases().filter(number__in=form.numbers[:most])
    listed = list(cases.filter(others).select_related(*case_rows.RELATED).order_by(BY_DUE.field, "pk")[: most + 1])
    more, listed = len(listed) > most, listed[:most]
    shown = form or ManyInstructionsForm(None, today=workspace.today, most=most)
    urged = Matter.objects.filter(kind="urge", complaint__in=listed).order_by().values_list("complaint_id")
    groups = _groups(case_rows.rows_of(listed, workspace), dict(urged.annotate(at=Max("opened_at"))))
    ticked = set(shown.numbers)
    firms = [(to, n) for to, rows in groups if (n := sum(row.complaint.number in ticked for row, _at in rows))]
    is_valid = form is not None and form.is_valid()
    context = {
        "groups": groups,
        "form": shown,
        "ticked": ticked,
        "firms": firms,
        # What was typed is right and only the number was not read yet.
        "to_read": is_valid and not is_read,
        "more": more,
        "most": most,
        "second": second,
        "own": keyset.count_text(counts["own"]) if counts["own"] else "",
        "consumer": keyset.count_text(counts["consumer"]) if counts["consumer"] else "",
        "back_url": f"{reverse('complaints:authority-cases')}?{urlencode(filtered.address())}",
    }
    status = 422 if form is not None and not is_valid else 200
    return render(request, "authority/supervision/urges_new.html", context, status=status)


def _groups(
    rows: Sequence[ListedCase], urged: Mapping[int, datetime]
) -> list[tuple[str, list[tuple[ListedCase, datetime | None]]]]:
    """By who gets the instruction, in the order in which the first of each is due; each case with its last one."""
    groups: dict[str, list[tuple[ListedCase, datetime | None]]] = {}
    for row in rows:
        case = row.complaint
        to = row.respondent if case.status in _OF_ENTERPRISES else str(case.handling_authority or "")
        groups.setdefault(to, []).append((row, urged.get(case.pk)))
    return list(groups.items())
