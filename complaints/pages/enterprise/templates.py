"""/enterprise/templates/: the answers that an enterprise has prepared, who owns them, how often they were accepted.

Everybody who works there reads and uses them; managers alone write. Each change is a new version, which its writer
tries on past cases before anybody uses it.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints import wording
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.enterprise_offer_form import VERDICTS
from complaints.forms.fields import Choice, FreeText, StepForm, labels_of, set_choices
from complaints.models.settlement import OBLIGATION_KINDS
from complaints.parties.actors import Actor
from complaints.procedure.categories import PROBLEM_CATEGORIES
from complaints.procedure.refusals import WrongInput
from complaints.settlement import answer_templates, template_trials
from complaints.settlement.answer_templates import Says
from complaints.settlement.template_trials import Tried
from enterprises.models import AnswerTemplate, Branch, Staff, TemplateVersion
from web.incoming import posted, whole
from web.languages import named
from web.templatetags.portal import money

#: So many versions of one template are shown.
SHOWN = 20


class TemplateForm(StepForm):
    """What a version sets in an answer."""

    verdict = Choice(
        label=gettext_lazy("怎么答复"),
        required=False,
        help_text=gettext_lazy("还没有答复的每一项都这样答复；金额就是这一项要求的金额，“部分同意”的由经办人填。"),
    )
    way = Choice(label=gettext_lazy("同意的，怎样做到"), required=False, widget=forms.Select)
    days = forms.IntegerField(
        label=gettext_lazy("几个工作日内做到"),
        min_value=0,
        max_value=60,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10"}),
        error_messages={
            name: gettext_lazy("请填0到60之间的整数。") for name in ("required", "invalid", "min_value", "max_value")
        },
    )
    body = FreeText(
        label=gettext_lazy("正文"),
        rows=8,
        longest=answer_templates.LONGEST,
        help_text=gettext_lazy(
            "不同意、部分同意的写进理由，其余的写进给消费者的话。"
            "变量写在大括号里，套用时自动填；要手填的写成 【请填：原因】，没填好不能发送。"
        ),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        options["initial"] = {"days": 5, "verdict": ""} | (options.get("initial") or {})
        super().__init__(data, **options)
        set_choices(self, "verdict", [("", _("由经办人选")), *labels_of(VERDICTS, "verdict")])
        ways = labels_of([kind for kind in OBLIGATION_KINDS if kind != "return_by_consumer"], "obligation_kind")
        set_choices(self, "way", [("", _("这项要求通常的方式")), *ways])

    def says(self) -> Says:
        return Says(**{name: self.cleaned_data[name] for name in Says.__dataclass_fields__})


class NewTemplateForm(TemplateForm):
    name = FreeText(
        label=gettext_lazy("名称"), rows=1, longest=60, help_text=gettext_lazy("同事按名称找，例如“多扣费全退”。")
    )
    problem = Choice(
        label=gettext_lazy("用于哪类问题"),
        required=False,
        widget=forms.Select,
        choices=[("", gettext_lazy("各类问题")), *PROBLEM_CATEGORIES],
    )
    branch = Choice(label=gettext_lazy("用于哪个网点"), required=False, widget=forms.Select)
    field_order = ("name", "problem", "branch", "verdict", "way", "days", "body")

    def __init__(self, data: Any = None, *, branches: Sequence[Branch], **options: Any) -> None:
        super().__init__(data, **options)
        set_choices(self, "branch", [("", gettext_lazy("全部网点")), *((str(b.pk), named(b)) for b in branches)])
        if not branches:
            del self.fields["branch"]

    def where(self) -> dict[str, Any]:
        branch = self.cleaned_data.get("branch")
        return {"problem": self.cleaned_data["problem"], "branch_id": int(branch) if branch else None}


@workspace_page("GET")
def templates(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    results = list(answer_templates.of(_enterprises(workspace)))
    bodies, rates = answer_templates.newest(results), answer_templates.rates(results, now=workspace.now)
    sealed_fields.load_for(template.owner.user for template in results)
    context = {
        "may_write": _manager(workspace) is not None,
        "rows": [
            {
                "template": one,
                "body": bodies[one.pk].body,
                "says": says_text(bodies[one.pk]),
                "is_untried": bodies[one.pk].tried_at is None,
                "owner": one.owner.user.name,
                "at": bodies[one.pk].made_at,
                "rate": rates.get(one.pk, answer_templates.Rate()),
                "url": reverse("complaints:enterprise-template", args=[one.pk]),
            }
            for one in results
        ],
    }
    return render(request, "enterprise/templates.html", context)


@workspace_page("GET", "POST")
def template_new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    staff = _writer(workspace)
    form = NewTemplateForm(posted(request), branches=_branches(workspace, staff))
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                try:
                    made = answer_templates.make(
                        staff=staff, now=workspace.now, name=form.cleaned_data["name"], says=form.says(), **form.where()
                    )
                    attempt.reference = reverse("complaints:enterprise-template", args=[made.pk])
                except WrongInput as wrong:
                    form.add_error(wrong.field, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    context = {"form": form, "variables": _variables()}
    return render(request, "enterprise/template_new.html", context, status=422 if form.errors else 200)


@workspace_page("GET", "POST")
def template(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One template: POST ``what``: change (a new version), use (its trial was looked at), retire, again."""
    ours = AnswerTemplate.objects.filter(enterprise_id__in=_enterprises(workspace)).select_related("branch")
    result = get_object_or_404(ours, pk=pk)
    staff = _writer(workspace, enterprise=result.enterprise_id)
    form = TemplateForm(request.POST if request.POST.get("what") == "change" else None)
    if request.method == "POST":
        what = request.POST.get("what", "")
        if what not in ("change", "use", "retire", "again"):
            raise Http404
        with once(request) as attempt:
            if not attempt.answered and (what != "change" or form.is_valid()):
                try:
                    if what == "change":
                        answer_templates.change(result, staff=staff, says=form.says(), now=workspace.now)
                    elif what == "use":
                        number = whole(request.POST.get("number"), 9) or 0
                        answer_templates.tried(result, number=number, now=workspace.now)
                    else:
                        answer_templates.retire(result, is_retired=what == "retire")
                    attempt.reference = reverse("complaints:enterprise-template", args=[result.pk])
                except WrongInput as wrong:
                    form.add_error(wrong.field, wrong.reason)
        if attempt.reference:
            if not attempt.answered:
                messages.success(request, _("已保存。"), extra_tags="ok")
            return redirect(attempt.reference)
    versions = list(TemplateVersion.objects.filter(template=result).select_related("made_by__user")[:SHOWN])
    sealed_fields.load_for([*versions, *(version.made_by.user for version in versions)])
    newest = versions[0]
    if not form.is_bound:
        form = TemplateForm(initial=dataclasses.asdict(answer_templates.said_by(newest)))
    tried = None
    if newest.tried_at is None:
        seen = template_trials.trial(
            result, answer_templates.said_by(newest), seen=workspace.engagements(), now=workspace.now
        )
        tried = [_tried(one) for one in seen]
    context = {
        "form": form,
        "template": result,
        "versions": [{"row": one, "says": says_text(one)} for one in versions],
        "newest": newest,
        "trial_days": template_trials.WINDOW.days,
        "tried": tried,
        "with_blanks": sum(bool(one["blanks"]) for one in tried or ()),
        "where": _where(result),
        "variables": _variables(),
        "rate": answer_templates.rates([result], now=workspace.now).get(result.pk, answer_templates.Rate()),
    }
    return render(request, "enterprise/template.html", context, status=422 if form.errors else 200)


def says_text(version: TemplateVersion) -> str:
    """What it sets, in a line."""
    facts = [wording.label(version.verdict, kind="verdict") if version.verdict else ""]
    if version.verdict in ("grant", "part"):
        facts += [
            wording.label(version.way, kind="obligation_kind") if version.way else "",
            ngettext("%(n)s个工作日内", "%(n)s个工作日内", version.days) % {"n": version.days},
        ]
    return " · ".join(str(fact) for fact in facts if fact) or _("只有正文")


def _where(template: AnswerTemplate) -> str:
    problem = dict(_each(PROBLEM_CATEGORIES)).get(template.problem, "") if template.problem else ""
    return " · ".join(filter(None, [str(problem), named(template.branch) if template.branch else ""]))


def _each(groups: Any) -> Iterator[tuple[str, Any]]:
    for _name, options in groups:
        yield from options


def _tried(one: Tried) -> dict[str, Any]:
    return {
        "number": one.number,
        "url": reverse("complaints:enterprise-case", args=[one.number]),
        "answers": [
            f"{wording.label(a.demand.kind, kind='demand_kind')} {wording.label(a.verdict, kind='verdict')}"
            + (f" {money(a.amount)}" if a.amount is not None else "")
            for a in one.answers
        ],
        "state": wording.label(one.state, kind="offer_state"),
        "sum": one.sum,
        "blanks": one.blanks,
    }


def _branches(workspace: Workspace, staff: Staff) -> list[Branch]:
    return [branch for branch in workspace.choices.branches if branch.enterprise_id == staff.enterprise_id]


def _variables() -> list[dict[str, Any]]:
    return [
        {"name": f"{{{name}}}", "text": "" if str(text) == name else text}
        for name, text in answer_templates.VARIABLES.items()
    ]


def _enterprises(workspace: Workspace) -> set[int]:
    return {actor.enterprise_id for actor in workspace.actors if actor.enterprise_id is not None}


def _manager(workspace: Workspace, enterprise: int | None = None) -> Actor | None:
    for actor in workspace.actors:
        if actor.may(Right.LEAD_ENTERPRISE) and enterprise in (None, actor.enterprise_id):
            return actor
    return None


def _writer(workspace: Workspace, enterprise: int | None = None) -> Staff:
    actor = _manager(workspace, enterprise)
    if actor is None or actor.staff_id is None:
        raise Http404
    return Staff.objects.get(pk=actor.staff_id)
