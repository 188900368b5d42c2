"""/authority/urges/new/: one instruction for up to 200 cases of a list, with what came of it for every case.

Every case is judged for itself in one flush; what was refused says why and hinders none of the others.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.idempotency import once
from complaints.desks.authority_lists import RELATED, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import asked_for
from complaints.desks.keyset import BY_DUE
from complaints.forms.supervision_forms import MOST_URGED, ManyInstructionsForm
from complaints.handling import Move
from complaints.handling.steps import supervision
from complaints.models import Complaint
from complaints.parties.actors import Actor, stands_to
from complaints.tables import many_cases

NOT_HERE = gettext_lazy("没有这件投诉，或者它不在本辖区。")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: numbers that were done, (number, why not) of the others."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, answer: bytes) -> Run:
        said = json.loads(answer)
        return cls(said["done"], [(number, why) for number, why in said["refused"]])

    def reasons(self) -> list[tuple[str, list[str]]]:
        """Each reason with the numbers that it holds back, the most frequent first."""
        found: dict[str, list[str]] = {}
        for number, why in self.refused:
            found.setdefault(why, []).append(number)
        return sorted(found.items(), key=lambda item: -len(item[1]))


def each(numbers: list[str], move: Move, workspace: Workspace) -> Run:
    """Take ``move`` on the cases of this desk with these numbers; the others are named as not there."""
    found = {case.number: case for case in workspace.cases().filter(number__in=numbers)}
    results = many_cases.take_all(
        [(case.pk, move, _actor(workspace, case)) for case in found.values()], now=workspace.now
    )
    refused = {number: str(NOT_HERE) for number in numbers}
    refused |= {result.complaint.number: many_cases.why_refused(result) for result in results}
    return Run([n for n in numbers if not refused[n]], [(n, refused[n]) for n in numbers if refused[n]])


def _actor(workspace: Workspace, case: Complaint) -> Actor:
    """The office in which this person acts on the case: where it is handled, else the first that sees it."""
    able = [actor for actor in workspace.actors if stands_to(actor, case)]
    return next(
        (a for a in able if case.handling_authority_id in a.authority_ids), able[0] if able else workspace.actors[0]
    )


@officer_page("GET", "POST")
def new_instructions(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """GET: the cases of an address of /authority/cases/, all ticked; POST: the instruction for those that stayed
    ticked.
    """
    if not workspace.may("urge"):
        raise Http404
    filtered, cases = asked_for(workspace, request.GET)
    run: Run | None = None
    form: ManyInstructionsForm | None = None
    if request.method == "POST":
        form = ManyInstructionsForm(request.POST, today=workspace.today)
        with once(request) as attempt:
            if attempt.answered:
                run = Run.read(attempt.answer)
            elif form.is_valid():
                move = supervision.urge(text=form.cleaned_data["text"], last_day=form.cleaned_data["last_day"])
                run = each(form.numbers, move, workspace)
                attempt.reference, attempt.answer = request.path, run.as_bytes()
    if run is not None:
        return render(
            request,
            "authority/supervision/run.html",
            {
                "run": run,
                "title": _title(run),
                "reasons": run.reasons(),
                "back_url": reverse("complaints:authority-urges"),
                "back_text": _("督办"),
            },
        )
    if form is not None and form.numbers:
        listed = list(
            workspace.cases()
            .filter(number__in=form.numbers[:MOST_URGED])
            .select_related(*RELATED)
            .order_by(BY_DUE.field, "pk")
        )
    else:
        listed = list(cases.select_related(*RELATED).order_by(BY_DUE.field, "pk")[: MOST_URGED + 1])
    more, listed = len(listed) > MOST_URGED, listed[:MOST_URGED]
    shown = form or ManyInstructionsForm(None, today=workspace.today, numbers=[case.number for case in listed])
    return render(
        request,
        "authority/supervision/urges_new.html",
        {
            "rows": rows_of(listed, workspace),
            "form": shown,
            "ticked": set(shown.numbers),
            "more": more,
            "most": MOST_URGED,
            "back_url": f"{reverse('complaints:authority-cases')}?{urlencode(filtered.address())}",
        },
        status=422 if form is not None else 200,
    )


def _title(run: Run) -> str:
    words = ngettext("已对%(n)s件发出督办", "已对%(n)s件发出督办", len(run.done)) % {"n": len(run.done)}
    return with_rest(words, run)


def with_rest(words: str, run: Run) -> str:
    """18 done, 2 were not."""
    if not run.refused:
        return words
    rest = ngettext("%(n)s件没有办", "%(n)s件没有办", len(run.refused)) % {"n": len(run.refused)}
    return _("%(done)s，%(rest)s") % {"done": words, "rest": rest}
