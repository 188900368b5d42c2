"""/enterprise/templates/: the texts that this enterprise answers with, who owns them, how often they were accepted.

Everybody who works there reads and uses them; managers alone write, and each change is a new version.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.fields import FreeText, StepForm
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput
from complaints.settlement import answer_templates
from enterprises.models import AnswerTemplate, Staff, TemplateVersion
from web.incoming import posted

#: So many versions of one template are shown.
SHOWN = 20


class TemplateForm(StepForm):
    body = FreeText(
        label=gettext_lazy("正文"),
        rows=8,
        longest=answer_templates.LONGEST,
        help_text=gettext_lazy("变量写在大括号里，套用时自动填；要手填的写成 【请填：原因】。"),
    )


class NewTemplateForm(TemplateForm):
    name = FreeText(
        label=gettext_lazy("名称"), rows=1, longest=60, help_text=gettext_lazy("同事按名称找，例如“多扣费全退”。")
    )
    field_order = ("name", "body")


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
    form = NewTemplateForm(posted(request))
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                try:
                    made = answer_templates.make(staff=staff, now=workspace.now, **form.cleaned_data)
                    attempt.reference = reverse("complaints:enterprise-template", args=[made.pk])
                except WrongInput as wrong:
                    form.add_error(wrong.field, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    context = {"form": form, "variables": _variables()}
    return render(request, "enterprise/template_new.html", context, status=422 if form.errors else 200)


@workspace_page("GET", "POST")
def template(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One template: POST ``what``: change (a new version), retire, again."""
    result = get_object_or_404(AnswerTemplate, pk=pk, enterprise_id__in=_enterprises(workspace))
    staff = _writer(workspace, enterprise=result.enterprise_id)
    form = TemplateForm(request.POST if request.POST.get("what") == "change" else None)
    if request.method == "POST":
        what = request.POST.get("what", "")
        if what not in ("change", "retire", "again"):
            raise Http404
        with once(request) as attempt:
            if not attempt.answered and (what != "change" or form.is_valid()):
                try:
                    if what == "change":
                        body = form.cleaned_data["body"]
                        answer_templates.change(result, staff=staff, body=body, now=workspace.now)
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
    if not form.is_bound:
        form = TemplateForm(initial={"body": versions[0].body})
    context = {
        "form": form,
        "template": result,
        "versions": versions,
        "variables": _variables(),
        "rate": answer_templates.rates([result], now=workspace.now).get(result.pk, answer_templates.Rate()),
    }
    return render(request, "enterprise/template.html", context, status=422 if form.errors else 200)


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
