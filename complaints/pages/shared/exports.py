"""/enterprise/exports/ and /authority/exports/: ask for a table of what the list shows, watch it, fetch it once.

An export is shown to whoever asked and to whoever may approve it; to everybody else it
does not exist. Its file goes to whoever asked, by a link that works once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority
from complaints.desks import case_query, keyset, queue_lists
from complaints.desks.authority_workspace import officer_page
from complaints.desks.case_query import CaseFilter
from complaints.desks.enterprise_workspace import workspace_page
from complaints.desks.staff_access import View
from complaints.forms.fields import CHOOSE, Choice, FreeText, StepForm, set_choices
from complaints.models import Export
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns, lifecycle
from complaints.tables.exporting.columns import COLUMNS
from complaints.tables.exporting.selecting import Visibility, Workspace, chosen, visibility_at
from enterprises.models import Staff
from web.incoming import posted
from web.languages import named
from web.listing import listed

STATES: dict[str, tuple[Any, str]] = {
    "asked": (_("等待批准"), "warn"),
    "approved": (_("排队中"), "info"),
    "building": (_("生成中"), "info"),
    "ready": (_("可以下载"), "ok"),
    "fetched": (_("已下载"), "neutral"),
    "expired": (_("已过期"), "neutral"),
    "refused": (_("未批准"), "bad"),
    "failed": (_("没有生成"), "bad"),
}
FAILURES: dict[str, Any] = {
    "too_many_rows": _("符合条件的案件太多，请缩小范围后重新导出。"),
    "no_desk": _("提出的人已不在岗。"),
    "gave_up": _("多次没有生成成功，请重新导出；再不成功，请告诉管理人员导出编号。"),
}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PAGE = 50
#: Numbers of cases that were named one by one, in characters.
LONGEST_LIST = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """Where the pages of one side are, and the list that is exported."""

    prefix: str
    list_name: str
    conditions: tuple[str, ...]

    def url(self, page: str, *args: str) -> str:
        return reverse(f"complaints:{self.prefix}-{page}", args=args)

    def list_url(self, query: str) -> str:
        here = reverse(f"complaints:{self.list_name}")
        return f"{here}?{query}" if query else here


ENTERPRISE = Side("enterprise", "enterprise-queue", ("view", "q", "problem", "handler", "branch", "only"))
AUTHORITY = Side("authority", "authority-cases", tuple(CaseFilter.base_fields))


def _exports(request: HttpRequest, workspace: Workspace, side: Side) -> HttpResponseBase:
    readable = lifecycle.readable(workspace.user, workspace.actors).order_by("-pk")[:PAGE]
    rows = [_shown(export, workspace, side) for export in readable if _is_theirs(export, workspace)]
    context = {
        "rows": rows,
        "now": workspace.now,
        "list_url": side.list_url(""),
        "here": side.url("exports"),
        "to_decide": sum(row["may_decide"] for row in rows),
    }
    return render(request, "exports/list.html", context)


def _is_theirs(export: Export, workspace: Workspace) -> bool:
    """Of this side's pages, and this person's to see."""
    own = {(actor.enterprise_id, actor.authority_id) for actor in workspace.actors}
    if (export.enterprise_id, export.authority_id) not in own:
        return False
    return export.asked_by_id == workspace.user.pk or bool(lifecycle.deciders(export, workspace.actors, workspace.user))


def _new(request: HttpRequest, workspace: Workspace, side: Side) -> HttpResponseBase:
    visibility = visibility_of(workspace)
    query = query_of(request.GET, side)
    form = ExportForm(posted(request), actor=visibility.actor)
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                try:
                    export = lifecycle.ask(
                        user=workspace.user,
                        actor=visibility.actor,
                        query=query,
                        wanted=form.all_columns,
                        form=form.cleaned_data["format"],
                        purpose=form.cleaned_data.get("purpose", ""),
                        language=get_language() or "zh-hans",
                        now=workspace.now,
                    )
                    attempt.reference = side.url("export", export.mark)
                except WrongInput as wrong:
                    form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    count = len(chosen(visibility, query, most=keyset.MANY + 1))
    context = {
        "form": form,
        "conditions": _conditions(visibility, query),
        "count": count,
        "count_text": keyset.count_text(count),
        "back": side.list_url(query),
        "organisation": _whose(visibility),
    }
    return render(request, "exports/new.html", context, status=422 if form.errors else 200)


def visibility_of(workspace: Workspace) -> Visibility:
    """The cases of the organisation of the first job."""
    first = workspace.actors[0]
    own = (first.enterprise_id, first.authority_id)
    return visibility_at(workspace, [a for a in workspace.actors if (a.enterprise_id, a.authority_id) == own])


def _whose(visibility: Visibility) -> str:
    """For whom it is made, in the reader's language; the actor keeps the Chinese name, as the record does."""
    if visibility.actor.authority_id is not None:
        return named(Authority.objects.get(pk=visibility.actor.authority_id))
    job = Staff.objects.select_related("enterprise", "branch").get(pk=visibility.actor.staff_id or 0)
    return named(job.branch or job.enterprise)


def _export(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    export = _export_or_404(workspace, mark)
    return _show(request, workspace, side, export, ApprovalForm())


def _show(
    request: HttpRequest, workspace: Workspace, side: Side, export: Export, form: ApprovalForm, *, status: int = 200
) -> HttpResponseBase:
    context = {
        "row": _shown(export, workspace, side),
        "export": export,
        "form": form,
        "list_url": side.url("exports"),
        "decide_url": side.url("export-decide", export.mark),
        "link_url": side.url("export-link", export.mark),
        "again_url": f"{side.url('export-new')}?{export.query}",
        "facts": [{"key": str(key), "value": str(value)} for key, value in _facts(export) if value],
    }
    return render(request, "exports/show.html", context, status=status)


def _decide(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    form = ApprovalForm(request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            export = _export_or_404(workspace, mark, lock=True)
            agrees = form.cleaned_data["decision"] == "agree"
            lifecycle.decide(export, user=workspace.user, actors=workspace.actors, now=workspace.now, agrees=agrees)
            attempt.reference = side.url("export", mark)
    if not attempt.reference:
        return _show(request, workspace, side, _export_or_404(workspace, mark), form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


def _link(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    """POST by whoever asked: on to the link that works once. A form sent twice leads to the export again."""
    to = ""
    with once(request) as attempt:
        if not attempt.answered:
            export = _export_or_404(workspace, mark, lock=True, own=True)
            to = side.url("export-file", mark, lifecycle.new_link(export, now=workspace.now))
            attempt.reference = side.url("export", mark)
    return redirect(to or attempt.reference)


def _file(request: HttpRequest, workspace: Workspace, side: Side, mark: str, token: str) -> HttpResponseBase:
    """The file, once. A look at it without taking it (HEAD) is not offered."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    with transaction.atomic():
        export = _export_or_404(workspace, mark, lock=True, own=True)
        file = lifecycle.fetch(export, token, actor=workspace.actors[0], now=workspace.now)
    if file is None:
        raise Http404
    name = f"{export.mark}.{export.format}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=MEDIA_TYPES[export.format])


def _export_or_404(workspace: Workspace, mark: str, *, lock: bool = False, own: bool = False) -> Export:
    """The export; Http404 for everybody who neither asked nor may decide."""
    exports = lifecycle.readable(workspace.user, workspace.actors).filter(mark=mark)
    export = (exports.select_for_update(of=("self",)) if lock else exports).first()
    if export is None or not _is_theirs(export, workspace) or (own and export.asked_by_id != workspace.user.pk):
        raise Http404
    return export


def _shown(export: Export, workspace: Workspace, side: Side) -> dict[str, Any]:
    text, tone = STATES[export.state]
    if export.state == "ready" and export.expires_at is not None and export.expires_at <= workspace.now:
        text, tone = STATES["expired"]
    return {
        "export": export,
        "url": side.url("export", export.mark),
        "state": text,
        "tone": tone,
        "by": export.asked_by.name,
        "is_own": export.asked_by_id == workspace.user.pk,
        "columns": listed(COLUMNS[code].title for code in export.columns if code in COLUMNS),
        "may_decide": export.state == "asked" and bool(lifecycle.deciders(export, workspace.actors, workspace.user)),
        "may_fetch": text == STATES["ready"][0] and export.asked_by_id == workspace.user.pk,
        "is_moving": export.state in ("approved", "building"),
        "failure": FAILURES.get(export.failure, ""),
    }


def _facts(export: Export) -> list[tuple[Any, Any]]:
    place = export.enterprise or export.authority
    return [
        (_("单位"), named(place) if place else ""),
        (_("列"), listed(COLUMNS[code].title for code in export.columns if code in COLUMNS)),
        (_("用途"), export.purpose),
        (_("格式"), export.format.upper()),
        (_("批准人"), export.decided_by.name if export.decided_by else ""),
        (_("件数"), "" if export.total is None else export.total),
        (_("文件摘要（SHA-256）"), export.file_digest),
    ]


def query_of(asked: QueryDict, side: Side) -> str:
    """The filter as it stood in the address, without pages and without what is no condition."""
    longest = dict.fromkeys(side.conditions, 200) | {"only": LONGEST_LIST}
    return urlencode({name: asked[name][: longest[name]] for name in side.conditions if asked.get(name)})


def _conditions(visibility: Visibility, query: str) -> list[str]:
    asked = QueryDict(query)
    if visibility.side == "authority":
        form, _cases = case_query.asked_for(visibility.workspace, asked)  # type: ignore[arg-type]
        return [one.text for one in form.active(enterprise="", region="")] or [str(_("未办结的全部案件"))]
    view = queue_lists.view_of(asked.get("view", ""))
    queue = queue_lists.asked_for(visibility.workspace, asked)  # type: ignore[arg-type]
    return [str(view.title), *(queue.condition_text(name) for name in queue.conditions)]


def _both(page: Callable[..., HttpResponseBase], *methods: str, is_fresh: bool = False) -> tuple[Any, Any]:
    """The same page for either side's workspace; ``is_fresh``: the second factor is asked for again."""
    first: Callable[[View], View] = fresh_factor if is_fresh else lambda view: view

    @workspace_page(*methods)
    @first
    def of_enterprise(request: HttpRequest, workspace: Any, **parts: str) -> HttpResponseBase:
        return page(request, workspace, ENTERPRISE, **parts)

    @officer_page(*methods)
    @first
    def of_authority(request: HttpRequest, workspace: Any, **parts: str) -> HttpResponseBase:
        return page(request, workspace, AUTHORITY, **parts)

    return of_enterprise, of_authority


enterprise_exports, authority_exports = _both(_exports, "GET")
enterprise_new, authority_new = _both(_new, "GET", "POST", is_fresh=True)
enterprise_export, authority_export = _both(_export, "GET")
enterprise_decide, authority_decide = _both(_decide, "POST", is_fresh=True)
enterprise_link, authority_link = _both(_link, "POST", is_fresh=True)
enterprise_file, authority_file = _both(_file, "GET")


#: Chosen beforehand: what the list shows.
USUAL = {"number", "external_ref", "status", "received", "due", "overdue", "consumer", "respondent", "item", "problem"}
USUAL |= {"amount", "handler", "officer", "result", "ended", "latest"}


class ExportForm(StepForm):
    """``all_columns`` is what was chosen in both lists."""

    columns = forms.MultipleChoiceField(
        label=_("列"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    personal = forms.MultipleChoiceField(
        label=_("姓名和联系方式"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("选了其中任何一列，就须由本单位另一位有批准权限的人同意后才会生成；每件有关投诉的记录里都会写明。"),
        error_messages={"invalid_choice": CHOOSE},
    )
    purpose = FreeText(
        label=_("用途"),
        rows=2,
        longest=200,
        required=False,
        help_text=_("选了姓名和联系方式的，请写明用途，批准的人会看到。"),
    )
    format = Choice(
        label=_("格式"), choices=[("xlsx", _("Excel 工作簿（xlsx）")), ("csv", _("CSV 文本（UTF-8）"))], initial="xlsx"
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        offered = columns.offered(actor.side, with_personal=False)
        super().__init__(data, initial={"columns": [c.code for c in offered if c.code in USUAL]})
        set_choices(self, "columns", [(c.code, c.title) for c in offered])
        if actor.may(LOOK):
            set_choices(self, "personal", [(code, columns.COLUMNS[code].title) for code in columns.PERSONAL])
        else:
            del self.fields["personal"], self.fields["purpose"]

    @property
    def all_columns(self) -> list[str]:
        return [*self.cleaned_data["columns"], *self.cleaned_data.get("personal", [])]


class ApprovalForm(StepForm):
    decision = Choice(label=_("您的决定"), choices=[("agree", _("同意，开始生成")), ("refuse", _("不同意"))])
