"""/enterprise/measures/: one answer to equal cases, from choosing them to what became of each.

Who sees the branch where a measure was made sees the measure, and of its cases only the own ones.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.masking import masked_name
from accounts.roles import Right
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.handling import StepNotAllowed, WrongInput
from complaints.measures import sending
from complaints.measures.choosing import MOST_CASES, NOTE, LeftOut, Pick, Rule, from_lines, picks_of
from complaints.measures.sending import MeasureWorkers
from complaints.models import Complaint, Measure, Obligation
from complaints.models.settlement import MONEY_KINDS
from complaints.pages.enterprise.measure_forms import ChoosingForm, DoneForm, RuleForm, kinds_in
from complaints.pages.enterprise.offer_card import card_of
from complaints.pages.shared.exports import ENTERPRISE, query_of, visibility_of
from complaints.reading.case_people import label_of, names_of_consumers
from complaints.reading.case_settlement import answer_view
from complaints.tables.exporting.selecting import chosen
from complaints.tables.many_cases import offer_of, open_demands
from complaints.tables.sheets import SheetRefused, form_of, lines_of, pasted
from web.incoming import ID_DIGITS, posted, whole

PAGE = 50
#: Of a table of at most five hundred cases; it is read while somebody waits.
MOST_MB = 2


@workspace_page("GET")
def measures(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The measures of this workspace, newest first, each with how it stands."""
    results = list(sending.readable(workspace.actors).select_related("made_by__user").order_by("-pk")[:PAGE])
    ids = [one.public_id for one in results]
    offers = list(sending.offers_of(ids, workspace.engagements()).only("pk", "measure_id", "state"))
    states = sending.states_of(offers)
    by_measure: dict[UUID | None, list[str]] = defaultdict(list)
    for offer in offers:
        by_measure[offer.measure_id].append(states[offer.pk])
    context = {
        "rows": [
            {
                "measure": one,
                "url": _url("measure", one.public_id),
                "by": one.made_by.user.name,
                "counts": _counts(one, by_measure[one.public_id]),
                "chosen": len(one.picks),
            }
            for one in results
        ],
        "new_url": reverse("complaints:enterprise-measure-new"),
        "may_make": workspace.may(Right.MAKE_MEASURE),
        "now": workspace.now,
    }
    return render(request, "measures/list.html", context)


@workspace_page("GET", "POST")
def measure_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """Which cases; ``?view=…``: those of the queue, ``?again=<id>``: those that another measure left out."""
    query = query_of(request.GET, ENTERPRISE)
    listed = chosen(visibility_of(workspace), query, most=MOST_CASES + 1) if query else []
    form = ChoosingForm(
        posted(request),
        request.FILES or None,
        listed=str(len(listed) or "") if len(listed) <= MOST_CASES else f"{MOST_CASES}+",
        initial={"use_list": bool(query), **_again(workspace, request.GET)},
    )
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                try:
                    picks, left = _chosen(workspace, form, listed)
                    measure = sending.make(
                        title=form.cleaned_data["title"],
                        picks=picks,
                        left_out=left,
                        actor=workspace.actors[0],
                        now=workspace.now,
                    )
                    attempt.reference = _url("measure", measure.public_id)
                except (WrongInput, SheetRefused) as wrong:
                    given = [name for name in ("file", "lines") if form.cleaned_data.get(name)]
                    field = given[0] if given else "use_list"
                    form.add_error(field if field in form.fields else None, str(wrong))
        if attempt.reference:
            return redirect(attempt.reference)
    context = {"form": form, "back": reverse("complaints:enterprise-measures"), "most": MOST_CASES}
    return render(request, "measures/new.html", context, status=422 if form.errors else 200)


@workspace_page("GET", "POST")
def measure(request: HttpRequest, workspace: Workspace, public_id: UUID) -> HttpResponseBase:
    """A draft: the rule, tried out, then sent. Afterwards: how it stands."""
    result = measure_or_404(workspace, public_id)
    if result.sent_at is not None:
        # The same form again leads to what came of it.
        is_again = request.method == "POST"
        return redirect(_url("measure", public_id)) if is_again else _sent_measure(request, workspace, result)
    if result.proposed_at is not None:
        return redirect(_url("measure-approval", public_id))
    picked = workspace.cases().filter(pk__in=[pick.case for pick in picks_of(result.picks)])
    kinds = kinds_in(chain.from_iterable(open_demands(picked.values_list("pk", flat=True)).values()))
    rule = Rule.of(result.rule)
    if rule is not None:
        # What the rule leaves open is asked for by other kinds of demands: their cases are left out.
        kinds = {kind: count for kind, count in kinds.items() if kind in rule.kinds}
    if request.method != "POST":
        form = RuleForm(kinds=kinds, today=workspace.today, rule=rule)
        is_tried = rule is not None and "preview" in request.GET
        outcome = sending.try_out(result, rule, by=workers(workspace)) if rule is not None and is_tried else None
        return _draft(request, workspace, result, form, outcome=outcome)
    form = RuleForm(request.POST, kinds=kinds, today=workspace.today)
    if not form.is_valid():
        return _draft(request, workspace, result, form, status=422)
    if "send" not in request.POST:
        result = measure_or_404(workspace, public_id, lock=True)
        if result.sent_at is not None or result.proposed_at is not None:
            # Sent by somebody since it was looked at: what it said stays.
            return redirect(_url("measure", public_id))
        result.rule = form.rule().kept()
        result.save(update_fields=["rule"])
        outcome = sending.try_out(result, form.rule(), by=workers(workspace))
        return _draft(request, workspace, result, form, outcome=outcome)
    with once(request) as attempt:
        if not attempt.answered:
            outcome = sending.send(measure_or_404(workspace, public_id, lock=True), form.rule(), by=workers(workspace))
            attempt.reference = _url("measure", public_id)
            waits = _("已把%(n)s件方案提请批准，批准后才发送；期限不停。")
            text = waits if outcome.is_for_two else _("已发送%(n)s件方案。")
            messages.success(request, text % {"n": len(outcome.done)}, extra_tags="ok")
    return redirect(attempt.reference)


@workspace_page("GET", "POST")
def performed(request: HttpRequest, workspace: Workspace, public_id: UUID) -> HttpResponseBase:
    result = measure_or_404(workspace, public_id)
    if result.sent_at is None:
        return redirect(_url("measure", public_id))
    offers = list(sending.offers_of([result.public_id], workspace.engagements()).only("pk", "state"))
    due = list(sending.states_of(offers).values()).count("accepted")
    form = DoneForm(posted(request), request.FILES or None)
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                try:
                    outcome = _reported(workspace, measure_or_404(workspace, public_id, lock=True), form)
                    attempt.reference = _url("measure", public_id)
                    messages.success(request, _("已报告%(n)s件做到。") % {"n": len(outcome.done)}, extra_tags="ok")
                except (WrongInput, SheetRefused) as wrong:
                    form.add_error("file" if form.cleaned_data.get("file") else "lines", str(wrong))
        if attempt.reference:
            return redirect(attempt.reference)
    context = {"form": form, "measure": result, "due": due, "back": _url("measure", public_id)}
    return render(request, "measures/performed.html", context, status=422 if form.errors else 200)


def _reported(workspace: Workspace, result: Measure, form: DoneForm) -> sending.MeasureOutcome:
    cleaned = form.cleaned_data
    proofs, left = None, list[LeftOut]()
    if cleaned["lines"] or cleaned["file"]:
        proofs, left = from_lines(_lines(cleaned["lines"], cleaned["file"]), workspace.cases())
        bare = [pick for pick in proofs if not pick.word and not cleaned["proof"]]
        if bare:
            text = _("%(number)s没有证明。请写上，或者填共同的证明。") % {"number": bare[0].number}
            raise WrongInput("missing", text, field="lines")
    outcome = sending.report_performed(
        result, proofs=proofs, proof=cleaned["proof"], channel=cleaned["channel"], by=workers(workspace)
    )
    if not outcome.done:
        raise StepNotAllowed("nothing_due", _("没有一件待做到。"))
    if left:
        result.left_out += [LeftOut(one.number, one.why, "report_performed").kept() for one in left if one.step != NOTE]
        result.save(update_fields=["left_out"])
    return outcome


def workers(workspace: Workspace) -> MeasureWorkers:
    return MeasureWorkers(cases=workspace.cases(), actors=workspace.actors, now=workspace.now)


def _url(page: str, public_id: UUID) -> str:
    return reverse(f"complaints:enterprise-{page}", args=[public_id])


def measure_or_404(workspace: Workspace, public_id: UUID, *, lock: bool = False) -> Measure:
    """The measure, if this workspace sees the branch where it was made; Http404 else."""
    rows = sending.readable(workspace.actors).filter(public_id=public_id)
    people = ("made_by__user", "proposed_by__user", "decided_by__user")
    return get_object_or_404(rows.select_for_update(of=("self",)) if lock else rows.select_related(*people))


def _again(workspace: Workspace, asked: QueryDict) -> dict[str, str]:
    """The cases that got nothing from another measure, to be chosen anew."""
    try:
        before = measure_or_404(workspace, UUID(asked.get("again", "")))
    except (ValueError, Http404):
        return {}
    amounts = {pick.number: pick.word for pick in picks_of(before.picks)}
    numbers = dict.fromkeys(one["number"] for one in before.left_out if one["step"] == "make_offer")
    lines = [f"{number},{amounts[number]}" if amounts[number] else number for number in numbers if number in amounts]
    return {"title": before.title, "lines": "\n".join(lines)}


def _chosen(workspace: Workspace, form: ChoosingForm, listed: list[int]) -> tuple[list[Pick], list[LeftOut]]:
    cleaned = form.cleaned_data
    left: list[LeftOut] = []
    if cleaned.get("use_list"):
        if len(listed) > MOST_CASES:
            raise WrongInput("too_many", _("一次最多%(n)s件，请分成几次。") % {"n": MOST_CASES}, field="use_list")
        cases = workspace.cases().filter(pk__in=listed).order_by("pk")
        picks = [Pick(pk, number) for pk, number in cases.values_list("pk", "number")]
    else:
        picks, left = from_lines(_lines(cleaned["lines"], cleaned["file"]), workspace.cases())
    if not picks:
        raise WrongInput("nobody", _("没有找到这些投诉。"), field="lines")
    return picks, left


def _lines(text: str, file: UploadedFile | None) -> Iterator[tuple[int, list[str]]]:
    if file is None:
        yield from pasted(text)
        return
    if (file.size or 0) > MOST_MB << 20:
        raise SheetRefused(_("文件太大，最多%(n)s MB。请分成几份。") % {"n": MOST_MB})
    with NamedTemporaryFile() as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        kept.seek(0)
        yield from lines_of(Path(kept.name), form_of(kept.read(8)))


def _draft(
    request: HttpRequest,
    workspace: Workspace,
    result: Measure,
    form: RuleForm,
    *,
    outcome: sending.MeasureOutcome | None = None,
    status: int = 200,
) -> HttpResponseBase:
    context = {
        "measure": result,
        "form": form,
        "chosen": len(result.picks),
        "may_make": workspace.may(Right.MAKE_MEASURE),
        "with_amount": sum(bool(pick.word) for pick in picks_of(result.picks)),
        "missing": result.left_out,
        "outcome": outcome,
        "preview": _preview(workspace, result, outcome) if outcome and outcome.done else None,
        "tried": _tried(workspace, outcome) if outcome else [],
        "back": reverse("complaints:enterprise-measures"),
        "by": result.made_by.user.name,
        "returned_by": result.decided_by.user.name if result.decided_by else "",
    }
    return render(request, "measures/draft.html", context, status=status)


def _tried(workspace: Workspace, outcome: sending.MeasureOutcome) -> list[dict[str, Any]]:
    """The first cases that get their offer, each with its own sum."""
    cases = {case.number: case for case in workspace.cases().filter(number__in=outcome.done[:PAGE])}
    names = names_of_consumers(case.pk for case in cases.values())
    return [
        case_cells(cases[number], names) | {"sum": sending.paid_for(outcome.answers[number])}
        for number in outcome.done[:PAGE]
        if number in cases
    ]


def _preview(workspace: Workspace, result: Measure, outcome: sending.MeasureOutcome) -> dict[str, Any]:
    """What the consumer of the first case will see: the same card."""
    number = outcome.done[0]
    shorts = outcome.answers[number]
    answers, promises = offer_of(shorts)
    card = card_of(
        [short.demand for short in shorts],
        answers,
        promises,
        message=outcome.messages[number],
        by=workspace.actors[0].name,
        at=workspace.now,
    )
    title = _("%(number)s的消费者会看到") % {"number": number}
    amounts = [s.demand.amount if s.verdict == "grant" and s.amount is None else s.amount for s in shorts]
    shown = [answer_view(s.demand, s.verdict, text=s.reason, amount=a) for s, a in zip(shorts, amounts, strict=True)]
    return card | {"title": title, "answers": [replace(one, note="") for one in shown]}


def _counts(result: Measure, states: list[str]) -> list[dict[str, Any]]:
    here = _url("measure", result.public_id)
    return [
        {
            "title": sending.STATES[state][0],
            "tone": sending.STATES[state][1],
            "count": count,
            "state": state,
            "url": f"{here}?{urlencode({'state': state})}",
        }
        for state, count in sending.counted(states).items()
        if count
    ]


def case_cells(case: Complaint, names: Mapping[int, str]) -> dict[str, Any]:
    """What a list of the cases of a measure shows of one; ``names``: of the consumers, by case."""
    return {
        "case": case,
        "url": case_url(case),
        "consumer": masked_name(names.get(case.pk, "")),
        "problem": case.item_name or label_of(case.problem_category),
    }


def number_after(request: HttpRequest) -> int:
    """The key behind which the page of a list begins; 0 for the first page."""
    after = request.GET.get("after", "")
    return whole(after, ID_DIGITS) or 0


def _sent_measure(request: HttpRequest, workspace: Workspace, result: Measure) -> HttpResponseBase:
    offers = list(
        sending.offers_of([result.public_id], workspace.engagements())
        .defer("message", "counter_demand")
        .order_by("complaint_id", "pk")
    )
    states = sending.states_of(offers)
    asked, behind = request.GET.get("state", ""), number_after(request)
    state = asked if asked in sending.STATES else ""
    meant = [o for o in offers if (not state or states[o.pk] == state) and o.complaint_id > behind]
    page = meant[:PAGE]
    cases = Complaint.objects.visible_to(workspace.user, on=workspace.today).in_bulk([o.complaint_id for o in page])
    names = names_of_consumers(cases)
    totals = dict(
        Obligation.objects.filter(offer__in=[o.pk for o in page], owed_by="enterprise", kind__in=MONEY_KINDS)
        .order_by()
        .values_list("offer_id")
        .annotate(n=Sum("amount"))
    )
    here = _url("measure", result.public_id)
    following = urlencode({"state": state, "after": page[-1].complaint_id}) if len(meant) > PAGE else ""
    context = {
        "measure": result,
        "by": result.made_by.user.name,
        "counts": _counts(result, list(states.values())),
        "state": state,
        "state_text": sending.STATES[state][0] if state else "",
        "here": here,
        "total": len(offers),
        "rows": [
            {
                **case_cells(case, names),
                "state": sending.STATES[states[o.pk]][0],
                "tone": sending.STATES[states[o.pk]][1],
                "answered_at": o.answered_at,
                "total": totals.get(o.pk),
            }
            for o in page
            if (case := cases.get(o.complaint_id)) is not None
        ],
        "next_url": f"{here}?{following}" if following else "",
        "missing": [one for one in result.left_out if one["step"] == "make_offer"],
        "not_reported": [one for one in result.left_out if one["step"] == "report_performed"],
        "decided_by": result.decided_by.user.name if result.decided_by else "",
        "may_make": workspace.may(Right.MAKE_MEASURE),
        "may_report": workspace.may(Right.MAKE_MEASURE) and "accepted" in states.values(),
        "performed_url": _url("measure-performed", result.public_id),
        "back": reverse("complaints:enterprise-measures"),
        "again_url": f"{reverse('complaints:enterprise-measure-new')}?{urlencode({'again': str(result.public_id)})}",
    }
    return render(request, "measures/show.html", context)
