"""The offer editor: make an offer, or replace the one on the table by a better one.

Adding a row, taking one away and looking at the preview are submits like any
other, so that the editor works without a script and keeps what was typed. What an offer lacks is
shown once before it goes; whoever sends it nevertheless has seen it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Field
from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from complaints import wording
from complaints.desks.enterprise_workspace import Workspace, held, workspace_page
from complaints.forms import enterprise_offer_form
from complaints.forms.fields import Day, Money
from complaints.handling import Answer, Move, Promise
from complaints.handling.steps import advising, offers
from complaints.models import Complaint, Demand, OfferAnswer
from complaints.models.settlement import MONEY_KINDS
from complaints.pages.enterprise.steps import answer, step_context
from complaints.pages.enterprise.work import similar_shown
from complaints.pages.shared.step_pages import StepContext, StepPage, draw
from complaints.procedure.categories import problem_label
from complaints.procedure.workflow import Audience
from complaints.reading import case_form
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import AnswerView, answer_view
from complaints.settlement import answer_templates, offer_terms
from complaints.settlement.legal_minimum import minimum_of
from complaints.settlement.offer_findings import Finding
from enterprises.directory.expectations import similar_ended
from enterprises.models import TemplateVersion
from web.dates import day_text, moment
from web.incoming import whole
from web.templatetags.portal import money

#: What ends the writing of an offer, or sends it back to be written on.
_AFTER_WRITING = frozenset({"propose", "approve", "send_back", "make_offer", "replace_offer"})


@workspace_page("GET", "POST")
def make_offer(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/offer/"""
    return _editor(request, workspace, held(workspace, number), "make_offer")


@workspace_page("GET", "POST")
def replace_offer(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/replace/: better or equal for each demand, once."""
    return _editor(request, workspace, held(workspace, number), "replace_offer")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEditor:
    """One offer being written; ``texts``: the templates of its enterprise by version, in the order of their names."""

    workspace: Workspace
    case: CasePage
    step: str
    texts: dict[int, TemplateVersion]

    @property
    def demands(self) -> list[Demand]:
        return [d for d in self.case.demands if not d.is_settled and not d.is_given_up]

    def form(
        self, data: QueryDict | None = None, initial: dict[str, Any] | None = None
    ) -> enterprise_offer_form.OfferForm:
        typed = None if data is None else enterprise_offer_form.without_blank_rows(data.dict())
        added = {}
        if typed is not None and not enterprise_offer_form.count_of(typed):
            # Nothing was written of what is granted: the rows that are missing, with their sums.
            added = enterprise_offer_form.first_rows(self.demands, typed)
            typed |= added
        form = enterprise_offer_form.OfferForm(
            typed,
            demands=self.demands,
            today=self.case.today,
            initial=initial,
            count=enterprise_offer_form.count_of((initial or {}) if typed is None else typed),
            templates=[(pk, version.template.name) for pk, version in self.texts.items()],
        )
        form.is_bare = len(added) > 1
        return form

    @property
    def page(self) -> StepPage[CasePage]:
        return StepPage(
            name=self.step,
            steps=(self.step,),
            form=lambda case, data: self.form(data),
            build=lambda form: _move(self, form),
            template="enterprise/offer.html",
            more=lambda case, form: self.shown(form),
        )

    def shown(self, form: enterprise_offer_form.OfferForm) -> dict[str, Any]:
        typed = {name: form[name].value() for name in form.fields}
        complaint = self.case.complaint
        figures = figures_of(complaint, form.demands, typed, form.count)
        form.laws = {d.ordinal: figures["minimum"].lines_for(d.kind) for d in form.demands}
        return {
            "ended": similar_ended(complaint.enterprise_id, complaint.problem_category, on=self.case.today),
            "problem": problem_label(complaint.problem_category),
            "step": self.step,
            "figures": figures,
            "sum": _sum(figures),
            "similar": similar_shown(complaint, seen=self.workspace.engagements()),
        }


def _editor(request: HttpRequest, workspace: Workspace, case: CasePage, step: str) -> HttpResponseBase:
    texts = {version.pk: version for version in answer_templates.in_use(case.complaint.enterprise_id or 0)}
    editor, at = OfferEditor(workspace=workspace, case=case, step=step, texts=texts), step_context(request, case)
    if request.method != "POST":
        if not editor.page.is_open(at.steps):
            return at.closed(at, editor.page)
        draft = offer_terms.kept_draft(case.complaint, user=workspace.user, step=step)
        if draft:
            return draw(at, editor.page, editor.form(initial=draft[0]), saved_at=draft[1])
        back = _sent_back(case, step)
        first = back or (
            _values_of_open_offer(case) if step == "replace_offer" else enterprise_offer_form.first_rows(editor.demands)
        )
        return draw(at, editor.page, editor.form(initial=first), is_back=bool(back))
    typed = request.POST.dict()
    if typed.keys() & {"save", "forget"} and case.may(step):
        return _drafted(at, editor, typed)
    if typed.keys() & {"add", "remove", "use"}:
        return draw(at, editor.page, editor.form(initial=_rearranged(editor, typed)))
    form = editor.form(request.POST)
    if case.may(step) and form.is_valid():
        findings = _findings(editor, form)
        if "preview" in typed or not {_token(f) for f in findings} <= set(typed.get("anyway", "").split()):
            preview = _preview(case, form, findings)
            form.found = _by_field(findings)
            is_behind = case_form.is_behind(case, typed.get("version", ""), step, form)
            status = case_form.status_of(form) if is_behind else 200
            return draw(at, editor.page, form, preview=preview, status=status)
    elif "preview" in typed:
        return draw(at, editor.page, form, status=422)
    done = answer(at, editor.page, form)
    if done.status_code == 302:
        offer_terms.forget_draft(case.complaint, user=workspace.user)
    return done


def _drafted(at: StepContext[CasePage], editor: OfferEditor, typed: dict[str, str]) -> HttpResponseBase:
    """Keep what is typed, or throw it away. A script asks for a line and keeps the page as it is."""
    request, case, user = at.request, editor.case, editor.workspace.user
    if "forget" in typed:
        offer_terms.forget_draft(case.complaint, user=user)
        return redirect(request.path)
    form = editor.form(initial=typed)
    fields = {name: value for name, value in typed.items() if name in form.fields}
    is_kept = case.engagement is not None and offer_terms.keep_draft(
        case.complaint, case.engagement, user=user, step=editor.step, typed=fields, now=case.now
    )
    if request.accepts("application/json") and not request.accepts("text/html"):
        text = _("草稿已保存 %(time)s") % {"time": moment(case.now)} if is_kept else _("太长，没有存为草稿。")
        figures = figures_of(case.complaint, editor.demands, typed, form.count)
        return JsonResponse({"words": text, "sum": _sum(figures)})
    return draw(at, editor.page, form, saved_at=case.now if is_kept else None, status=200 if is_kept else 422)


def _sum(figures: Mapping[str, Any]) -> str:
    """What the offer comes to, beside what was asked for."""
    missing, offered = figures["missing"], money(figures["offered"])
    if missing is None:
        return offered
    if missing > 0:
        beside = _("比要求少%(less)s") % {"less": money(missing)}
    else:
        beside = _("比要求多%(more)s") % {"more": money(-missing)} if missing else _("与要求相同")
    return f"{offered} · {beside}"


def _token(finding: Finding) -> str:
    return f"{finding.code}:{finding.field}"


def _findings(editor: OfferEditor, form: enterprise_offer_form.OfferForm) -> list[Finding]:
    case = editor.case
    if case.engagement is None:
        return []
    return advising.advice(
        case.complaint,
        case.engagement,
        case.demands,
        answers=form.answers(),
        promises=form.promises(),
        message=form.cleaned_data["message"],
        is_measure=False,
        template=editor.texts.get(form.cleaned_data.get("template") or 0),
        now=case.now,
    )


def _move(editor: OfferEditor, form: enterprise_offer_form.OfferForm) -> Move:
    verb = offers.make_offer if editor.step == "make_offer" else offers.replace_offer
    return verb(
        answers=form.answers(),
        promises=form.promises(),
        message=form.cleaned_data["message"],
        template_version=form.cleaned_data.get("template"),
    )


def _rearranged(editor: OfferEditor, typed: dict[str, Any]) -> dict[str, Any]:
    """One row more, one less, or a template below what is written; nothing is judged yet and nothing is lost."""
    if "use" in typed:
        return typed | _used(editor, typed)
    if "add" in typed:
        return typed | {"rows": str(min(enterprise_offer_form.count_of(typed) + 1, enterprise_offer_form.MOST_ROWS))}
    return enterprise_offer_form.without_row(typed, enterprise_offer_form.row_number(typed["remove"]))


def _used(editor: OfferEditor, typed: dict[str, Any]) -> dict[str, Any]:
    pick = typed.get("pick", "")
    version = editor.texts.get(whole(pick, 18) or 0)
    if version is None:
        return {}
    case, rows, name = editor.case, enterprise_offer_form.count_of(typed), editor.case.person.name
    offered = figures_of(case.complaint, editor.demands, typed, rows)["offered"]
    days = [
        _cleaned(Day(required=False), typed.get(f"promise-{place}-due_on"))
        for place in range(1, rows + 1)
        if typed.get(f"promise-{place}-owed_by") != "consumer"
    ]
    last_day = max(filter(None, days), default=None)
    values = {
        # Of a name in letters nobody can tell how to begin a letter.
        "消费者称呼": f"{name[0]}先生/女士" if name and "\u4e00" <= name[0] <= "\u9fff" else "",
        "案件编号": case.complaint.number,
        "商品或服务": case.complaint.item_name,
        "经办人": case.actor.name if case.actor else "",
        "金额": money(offered) if offered else "",
        "履行日": day_text(last_day) if last_day else "",
    }
    text = answer_templates.filled(version.body, values)
    return {
        "template": str(version.pk),
        "pick": "",
        "message": "\n".join(filter(None, [typed.get("message", "").strip(), text])),
    }


def _sent_back(case: CasePage, step: str) -> dict[str, Any]:
    """The offer that a second person sent back, as first values; nothing once something followed."""
    last = next((event.step for event in case.timeline if event.step in _AFTER_WRITING), "")
    if last != "send_back":
        return {}
    matter = (
        case.complaint.matters.filter(
            kind="proposal", audience=Audience.ENTERPRISE, enterprise=case.complaint.enterprise_id, state="refused"
        )
        .order_by("-pk")
        .first()
    )
    if matter is None or matter.subject != step or matter.measure_id is not None:
        return {}
    return enterprise_offer_form.proposed_values(matter.data.get("payload", {}))


def _values_of_open_offer(case: CasePage) -> dict[str, Any]:
    open_offer = case.open_offer
    if open_offer is None:
        return {"rows": 1}
    answers = OfferAnswer.objects.filter(offer=open_offer.offer).select_related("demand")
    return enterprise_offer_form.offer_values(open_offer.offer, list(answers), [o.row for o in open_offer.obligations])


def _preview(case: CasePage, form: enterprise_offer_form.OfferForm, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same card that the consumer gets, from what is typed and not yet sent; and what it lacks."""
    by, message = case.actor.name if case.actor else "", form.cleaned_data["message"]
    card = card_of(form.demands, form.answers(), form.promises(), message=message, at=case.now, by=by)
    return card | {
        "findings": [_shown(form, f) for f in findings],
        "seen": " ".join(map(_token, findings)),
        "is_for_two": any(finding.is_second for finding in findings),
    }


def _by_field(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Those that stand beside their field: what is read in its words."""
    result: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.better:
            result.setdefault(finding.field, []).append(finding)
    return result


def card_of(
    demands: Sequence[Demand],
    answers: Sequence[Answer],
    promises: Sequence[Promise],
    *,
    message: str,
    by: str,
    at: datetime,
) -> dict[str, Any]:
    """An offer that was not sent yet, for components/offer_card.html."""
    by_ordinal = {d.ordinal: d for d in demands}
    sums = [p.amount for p in promises if p.owed_by == "enterprise" and p.kind in MONEY_KINDS and p.amount is not None]
    return {
        "title": _("消费者会看到"),
        "at": at,
        "by": by,
        "answers": [_answer(by_ordinal[a.demand], a) for a in answers],
        "obligations": [_promise(p) for p in promises],
        "total": sum(sums) if sums else None,
        "message": message,
    }


def _shown(form: enterprise_offer_form.OfferForm, finding: Finding) -> dict[str, str]:
    """A finding in words, with the control where it is mended."""
    if finding.field not in form.fields:
        return {"text": finding.text, "target": finding.field, "label": ""}
    field = form[finding.field]
    return {"text": finding.text, "target": field.id_for_label or field.auto_id, "label": str(field.label)}


def _answer(demand: Demand, answer: Answer) -> AnswerView:
    amount = answer.amount if not isinstance(answer.amount, str) else None
    texts = [_("同意%(amount)s") % {"amount": money(amount)}] if answer.verdict == "part" and amount is not None else []
    text = "\n".join([*texts, answer.reason]).strip()
    return answer_view(demand, answer.verdict, text=text, amount=amount, is_separable=answer.is_separable)


def _promise(promise: Promise) -> dict[str, Any]:
    where = wording.label(promise.kind, kind="obligation_kind")
    if promise.payee_last4:
        where = _("%(kind)s，尾号%(last4)s") % {"kind": where, "last4": promise.payee_last4}
    if promise.owed_by == "consumer":
        where = f"{_('由消费者做')} · {where}"
    after = ""
    if promise.after is not None:
        after = _("事项%(n)s确认后%(days)s个工作日内") % {"n": promise.after, "days": promise.days_after}
    return {
        "what": promise.what,
        "amount": promise.amount,
        "to_whom": where,
        "due_on": None if promise.is_done else promise.due_on,
        "due_text": _("企业说已经做到") if promise.is_done else after,
        "proof": promise.proof,
    }


def figures_of(complaint: Complaint, demands: Iterable[Demand], typed: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """The sums beside an offer while it is written: ``asked`` (None where no demand names a sum), the money that the
    enterprise has ``offered``, how much is ``missing`` (negative when more is offered), the legal ``minimum``.

    ``typed``: values of the editor's fields by name, for ``rows`` promises; ``demands``: the open ones.
    """
    demands = list(demands)
    sums = [d.amount for d in demands if d.amount is not None]
    offered = Decimal(0)
    for place in range(1, rows + 1):
        row = f"promise-{place}-"
        if typed.get(f"{row}kind") in MONEY_KINDS and typed.get(f"{row}owed_by", "enterprise") == "enterprise":
            offered += _cleaned(Money(), typed.get(f"{row}amount")) or 0
    asked = sum(sums, Decimal(0)) if sums else None
    missing = None if asked is None else asked - offered
    return {"asked": asked, "offered": offered, "missing": missing, "minimum": minimum_of(complaint, demands)}


def _cleaned(field: Field, value: Any) -> Any:
    """The value as ``field`` reads it; None for what it cannot read."""
    try:
        return field.clean(str(value or ""))
    except ValidationError:
        return None
