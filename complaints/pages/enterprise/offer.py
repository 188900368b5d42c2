"""The answer to a complaint: make an offer, or replace the one on the table by a better one.

The complaint stands on the left, the answer in the middle, what the consumer will read on the right. Adding a promise,
taking one away and looking at the preview are submits like any other, so that the page works without a script and keeps
what was typed. What an offer lacks is shown once before it goes; whoever sends it nevertheless has seen it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from complaints.desks.enterprise_workspace import Workspace, held, workspace_page
from complaints.forms import enterprise_offer_form, offer_templates, offer_values
from complaints.forms.enterprise_offer_form import OfferForm
from complaints.forms.promise_rows import MOST_ROWS, count_of, row_number
from complaints.handling import Move
from complaints.handling.steps import advising, offers
from complaints.models import Demand, OfferAnswer
from complaints.pages.enterprise.offer_card import ANSWERS, card_of, effect_of, figures_of, lines_of, sum_of
from complaints.pages.enterprise.steps import answer, step_context
from complaints.pages.enterprise.templates import says_text
from complaints.pages.enterprise.work import sent_back, similar_shown
from complaints.pages.shared.step_pages import StepContext, StepPage, draw
from complaints.procedure.categories import problem_label
from complaints.reading import case_form
from complaints.reading.case import CasePage
from complaints.settlement import answer_templates, offer_terms
from complaints.settlement.offer_findings import Finding
from enterprises.directory.expectations import similar_ended
from enterprises.models import TemplateVersion
from web.dates import day_text, moment
from web.incoming import ID_DIGITS, whole
from web.templatetags.portal import money


@workspace_page("GET", "POST")
def make_offer(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/offer/"""
    return _editor(request, workspace, held(workspace, number), "make_offer")


@workspace_page("GET", "POST")
def replace_offer(request: HttpRequest, workspace: Workspace, number: str) -> HttpResponseBase:
    """/enterprise/cases/<ref>/replace/: better or equal for each demand, once."""
    return _editor(request, workspace, held(workspace, number), "replace_offer")


#: So many working days a verdict gives to do what it grants, until somebody writes another day.
DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEditor:
    """One offer being written; ``texts``: the templates that fit the case by version, those meant for it first."""

    workspace: Workspace
    case: CasePage
    step: str
    texts: dict[int, TemplateVersion]

    @property
    def demands(self) -> list[Demand]:
        return [d for d in self.case.demands if not d.is_settled and not d.is_given_up]

    @property
    def lines(self) -> dict[str, Any]:
        """The line of each demand as a verdict opens it."""
        return enterprise_offer_form.first_lines(self.demands, due_on=self.case.calendar.after(self.case.today, DAYS))

    def form(self, typed: Mapping[str, Any] | None = None, initial: dict[str, Any] | None = None) -> OfferForm:
        typed = None if typed is None else enterprise_offer_form.without_blanks(typed)
        return OfferForm(
            typed,
            demands=self.demands,
            today=self.case.today,
            initial=initial,
            count=count_of((initial or {}) if typed is None else typed),
        )

    def read(self, form: OfferForm) -> OfferForm:
        """The same form, judged as far as it is filled in."""
        if not form.is_bound:
            form = self.form({name: _as_sent(form[name].value()) for name in form.fields})
        form.is_valid()
        return form

    @property
    def page(self) -> StepPage[CasePage]:
        return StepPage(
            name=self.step,
            steps=(self.step,),
            form=lambda case, data: self.form(None if data is None else data.dict()),
            build=lambda form: _move(self, form),
            template="enterprise/offer.html",
            more=lambda case, form: self.shown(form),
        )

    def shown(self, form: OfferForm) -> dict[str, Any]:
        complaint, demands, read = self.case.complaint, self.demands, self.read(form)
        figures = figures_of(complaint, demands, read.promises())
        form.wanted = offer_terms.wanted(self.case.offers[0].offer) if self.case.offers else {}
        form.laws = {d.ordinal: figures["minimum"].lines_for(d.kind) for d in demands}
        return {
            "ended": similar_ended(complaint.enterprise_id, complaint.problem_category, on=self.case.today),
            "problem": problem_label(complaint.problem_category),
            "step": self.step,
            "macros": [{"pk": pk, "name": one.template.name, "says": says_text(one)} for pk, one in self.texts.items()],
            "used": form["template"].value(),
            "figures": figures,
            "sum": sum_of(figures),
            "similar": similar_shown(complaint, jobs=self.workspace.jobs),
            "may": {name: self.case.may(step) for name, step in (("ask", "ask_consumer"), ("contact", "log_contact"))},
        } | self.seen(read)

    def seen(self, read: OfferForm) -> dict[str, Any]:
        """What the consumer will read of what is written so far, and what follows from it; ``read``: `read`."""
        case = self.case
        answers, promises = [a for a in read.answers() if a.verdict], read.promises()
        message = str(read["message"].value() or "")
        by = case.actor.name if case.actor else ""
        refused = sum(a.verdict == "refuse" for a in answers)
        owed = any(p.owed_by == "enterprise" for p in promises)
        kind = (
            "refused" if refused and refused == len(read.demands) and not owed else "in_part" if refused else "granted"
        )
        return {
            "card": card_of(read.demands, answers, promises, message=message, at=case.now, by=by),
            "effect": effect_of(len(read.demands) - len(answers), promises, kind),
            "consumers_answers": ANSWERS[kind] if answers else (),
        }


def _as_sent(value: Any) -> str:
    return "" if value in (None, False) else "on" if value is True else str(value)


def _editor(request: HttpRequest, workspace: Workspace, case: CasePage, step: str) -> HttpResponseBase:
    offered = answer_templates.in_use(
        case.complaint.enterprise_id or 0, branch_id=case.complaint.branch_id, problem=case.complaint.problem_category
    )
    texts = {version.pk: version for version in offered}
    editor, at = OfferEditor(workspace=workspace, case=case, step=step, texts=texts), step_context(request, case)
    if request.method != "POST":
        if not editor.page.is_open(at.steps):
            return at.closed(at, editor.page)
        draft = offer_terms.kept_draft(case.complaint, user=workspace.user, step=step)
        if draft:
            first = editor.lines | offer_values.of_before(draft[0])
            return draw(at, editor.page, editor.form(initial=first), saved_at=draft[1])
        back = _sent_back(case, step)
        first = editor.lines | (back or (_values_of_open_offer(case) if step == "replace_offer" else {}))
        return draw(at, editor.page, editor.form(initial=first), is_back=bool(back))
    typed = request.POST.dict()
    if typed.keys() & {"save", "forget"} and case.may(step):
        return _drafted(at, editor, typed)
    if "use" in typed and _is_asked_by_script(request):
        return _applied(editor, typed)
    if typed.keys() & {"add", "remove", "use"}:
        return draw(at, editor.page, editor.form(initial=_rearranged(editor, typed)))
    form = editor.form(typed)
    if case.may(step) and form.is_valid():
        findings = _findings(editor, form)
        if "preview" in typed or not {_token(f) for f in findings} <= set(typed.get("anyway", "").split()):
            form.found = _by_field(form, findings)
            found: dict[str, Any] = {
                "findings": [_shown(form, f) for f in findings],
                "seen": " ".join(map(_token, findings)),
                "is_for_two": any(finding.is_second for finding in findings),
            }
            is_behind = case_form.is_behind(case, typed.get("version", ""), step, form)
            status = case_form.status_of(form) if is_behind else 200
            return draw(at, editor.page, form, status=status, is_looked_at=True, **found)
    elif "preview" in typed:
        return draw(at, editor.page, form, status=422)
    done = answer(at, editor.page, form)
    if done.status_code == 302:
        offer_terms.forget_draft(case.complaint, user=workspace.user)
    return done


def _drafted(at: StepContext[CasePage], editor: OfferEditor, typed: dict[str, str]) -> HttpResponseBase:
    """Keep what is typed, or throw it away. A script asks for a line and for what the consumer will read, and keeps the
    page as it is."""
    request, case, user = at.request, editor.case, editor.workspace.user
    if "forget" in typed:
        offer_terms.forget_draft(case.complaint, user=user)
        return redirect(request.get_full_path())
    form = editor.form(initial=typed)
    fields = {name: value for name, value in typed.items() if name in form.fields}
    is_kept = case.engagement is not None and offer_terms.keep_draft(
        case.complaint, case.engagement, user=user, step=editor.step, typed=fields, now=case.now
    )
    if _is_asked_by_script(request):
        text = _("草稿已保存 %(time)s") % {"time": moment(case.now)} if is_kept else _("太长，没有存为草稿。")
        return JsonResponse(_read_back(editor, form) | {"words": text})
    return draw(at, editor.page, form, saved_at=case.now if is_kept else None, status=200 if is_kept else 422)


def _is_asked_by_script(request: HttpRequest) -> bool:
    return request.accepts("application/json") and not request.accepts("text/html")


def _read_back(editor: OfferEditor, form: OfferForm) -> dict[str, Any]:
    """What the page shows beside the fields, for the script."""
    read = editor.read(form)
    seen, figures = editor.seen(read), figures_of(editor.case.complaint, editor.demands, read.promises())
    reads = lines_of(seen["card"], seen["consumers_answers"])
    return {"sum": sum_of(figures), "effect": seen["effect"], "reads": reads}


def _applied(editor: OfferEditor, typed: dict[str, Any]) -> HttpResponseBase:
    """What a template fills: the fields that are others than what was typed."""
    values = _rearranged(editor, typed)
    form = editor.form(initial=values)
    sent = {name: _as_sent(form[name].value()) for name in form.fields}
    fields = {name: value for name, value in sent.items() if value != typed.get(name, "")}
    return JsonResponse(_read_back(editor, form) | {"fields": fields})


def _token(finding: Finding) -> str:
    return f"{finding.code}:{finding.field}"


def _findings(editor: OfferEditor, form: OfferForm) -> list[Finding]:
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


def _move(editor: OfferEditor, form: OfferForm) -> Move:
    verb = offers.make_offer if editor.step == "make_offer" else offers.replace_offer
    return verb(
        answers=form.answers(),
        promises=form.promises(),
        message=form.cleaned_data["message"],
        template_version=form.cleaned_data.get("template"),
    )


def _rearranged(editor: OfferEditor, typed: dict[str, Any]) -> dict[str, Any]:
    """One promise more, one less, or a template below what is written; nothing is judged yet and nothing is lost."""
    if "use" in typed:
        return typed | _used(editor, typed)
    if "add" in typed:
        return typed | {"rows": str(min(count_of(typed) + 1, MOST_ROWS))}
    return enterprise_offer_form.without_more(typed, row_number(typed["remove"]))


def _used(editor: OfferEditor, typed: dict[str, Any]) -> dict[str, Any]:
    version = editor.texts.get(whole(typed["use"], ID_DIGITS) or 0)
    if version is None:
        return {}
    case, demands, says = editor.case, editor.demands, answer_templates.said_by(version)
    due_on = case.calendar.after(case.today, says.days) if says.days else case.today
    typed = offer_templates.with_lines(typed, says, demands, opened=editor.lines, due_on=due_on)
    promises = [p for p in editor.read(editor.form(typed)).promises() if p.owed_by == "enterprise"]
    offered = figures_of(case.complaint, demands, promises)["offered"]
    last_day = max((p.due_on for p in promises if isinstance(p.due_on, date)), default=None)
    values = answer_templates.values(
        name=answer_templates.addressed(case.person.name),
        number=case.complaint.number,
        item=case.complaint.item_name,
        worker=case.actor.name if case.actor else "",
        sum=money(offered) if offered else "",
        day=day_text(last_day) if last_day else "",
    )
    words = answer_templates.filled(version.body, values)
    return offer_templates.with_words(typed, says, demands, words) | {"template": str(version.pk)}


def _sent_back(case: CasePage, step: str) -> dict[str, Any]:
    """The offer that a second person sent back, as first values; nothing once something followed."""
    return offer_values.proposed_values(payload) if (payload := sent_back(case, (step,))) else {}


def _values_of_open_offer(case: CasePage) -> dict[str, Any]:
    open_offer = case.open_offer
    if open_offer is None:
        return {}
    answers = OfferAnswer.objects.filter(offer=open_offer.offer).select_related("demand")
    return offer_values.offer_values(open_offer.offer, list(answers), [o.row for o in open_offer.obligations])


def _by_field(form: OfferForm, findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Those that stand beside their field: what is read in its words."""
    result: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.better:
            result.setdefault(form.field_of(finding.field) or finding.field, []).append(finding)
    return result


def _shown(form: OfferForm, finding: Finding) -> dict[str, str]:
    """A finding in words, with the control where it is mended."""
    name = form.field_of(finding.field)
    if name is None:
        return {"text": finding.text, "target": finding.field, "label": ""}
    field = form[name]
    return {"text": finding.text, "target": field.id_for_label or field.auto_id, "label": str(field.label)}
