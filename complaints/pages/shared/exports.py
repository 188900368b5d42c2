"""/enterprise/exports/ and /authority/exports/: ask for a table of what the list shows, watch it, fetch it once.

An export is shown to whoever asked and to whoever may approve it; to everybody else it
does not exist. Its file goes to whoever asked, by a link that works once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority
from complaints.desks import case_query, keyset, queue_lists
from complaints.desks.authority_workspace import officer_page
from complaints.desks.case_filter import CaseFilter
from complaints.desks.enterprise_workspace import workspace_page
from complaints.desks.staff_access import View
from complaints.models import Export
from complaints.pages.shared.export_forms import ApprovalForm, ExportForm
from complaints.procedure.refusals import WrongInput
from complaints.tables.exporting import lifecycle
from complaints.tables.exporting.columns import COLUMNS
from complaints.tables.exporting.selecting import Visibility, Workspace, chosen, visibility_at
from enterprises.models import Staff
from web.languages import named
from web.listing import listed

STATES: dict[str, tuple[Any, str]] = {
    "asked": (gettext_lazy("等待批准"), "warn"),
    "approved": (gettext_lazy("排队中"), "info"),
    "building": (gettext_lazy("生成中"), "info"),
    "ready": (gettext_lazy("可以下载"), "ok"),
    "fetched": (gettext_lazy("已下载"), "neutral"),
    "expired": (gettext_lazy("已过期"), "neutral"),
    "refused": (gettext_lazy("未批准"), "bad"),
    "failed": (gettext_lazy("没有生成"), "bad"),
}
FAILURES: dict[str, Any] = {
    "too_many_rows": gettext_lazy("符合条件的案件太多，请缩小范围后重新导出。"),
    "no_desk": gettext_lazy("提出的人已不在岗。"),
    "gave_up": gettext_lazy("多次没有生成成功，请重新导出；再不成功，请告诉管理人员导出编号。"),
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
    found = [
        export
        for export in lifecycle.readable(workspace.user, workspace.actors).order_by("-pk")[:PAGE]
        if _is_theirs(export, workspace)
    ]
    return render(
        request,
        "exports/list.html",
        {
            "rows": [_shown(export, workspace, side) for export in found],
            "now": workspace.now,
            "list_url": side.list_url(""),
            "here": side.url("exports"),
            "to_decide": sum(
                export.state == "asked" and bool(lifecycle.deciders(export, workspace.actors, workspace.user))
                for export in found
            ),
        },
    )


def _is_theirs(export: Export, workspace: Workspace) -> bool:
    """Of this side's pages, and this person's to see."""
    here = any(
        (a.enterprise_id, a.authority_id) == (export.enterprise_id, export.authority_id) for a in workspace.actors
    )
    return here and (
        export.asked_by_id == workspace.user.pk or bool(lifecycle.deciders(export, workspace.actors, workspace.user))
    )


def _new(request: HttpRequest, workspace: Workspace, side: Side) -> HttpResponseBase:
    visibility = visibility_at(
        workspace,
        [
            a
            for a in workspace.actors
            if (a.enterprise_id, a.authority_id)
            == (workspace.actors[0].enterprise_id, workspace.actors[0].authority_id)
        ],
    )
    query = query_of(request.GET, side)
    form = ExportForm(request.POST if request.method == "POST" else None, actor=visibility.actor)
    status = 200
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
        status = 422
    count = len(chosen(visibility, query, most=keyset.MANY + 1))
    return render(
        request,
        "exports/new.html",
        {
            "form": form,
            "conditions": _conditions(visibility, query),
            "count": count,
            "count_words": keyset.in_words(count),
            "back": side.list_url(query),
            "organisation": _whose(visibility),
        },
        status=status,
    )


def _whose(visibility: Visibility) -> str:
    """For whom it is made, in the reader's language; the actor keeps the Chinese name, as the record does."""
    if visibility.actor.authority_id is not None:
        return named(Authority.objects.get(pk=visibility.actor.authority_id))
    job = Staff.objects.select_related("enterprise", "branch").get(pk=visibility.actor.staff_id or 0)
    return named(job.branch or job.enterprise)


def _export(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    export = _found(workspace, mark)
    return _show(request, workspace, side, export, ApprovalForm())


def _show(
    request: HttpRequest, workspace: Workspace, side: Side, export: Export, form: ApprovalForm, *, status: int = 200
) -> HttpResponseBase:
    row = _shown(export, workspace, side)
    return render(
        request,
        "exports/show.html",
        {
            "row": row,
            "export": export,
            "form": form,
            "list_url": side.url("exports"),
            "decide_url": side.url("export-decide", export.mark),
            "link_url": side.url("export-link", export.mark),
            "now": workspace.now,
            "again_url": f"{side.url('export-new')}?{export.query}",
            "facts": [{"key": str(key), "value": str(value)} for key, value in _facts(export) if value],
        },
        status=status,
    )


def _decide(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    """POST by the second person."""
    form = ApprovalForm(request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            export = _found(workspace, mark, lock=True)
            lifecycle.decide(
                export,
                user=workspace.user,
                actors=workspace.actors,
                now=workspace.now,
                agrees=form.cleaned_data["decision"] == "agree",
            )
            attempt.reference = side.url("export", mark)
    if not attempt.reference:
        return _show(request, workspace, side, _found(workspace, mark), form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


def _link(request: HttpRequest, workspace: Workspace, side: Side, mark: str) -> HttpResponseBase:
    """POST by whoever asked: on to the link that works once. A form sent twice leads to the export again."""
    to = ""
    with once(request) as attempt:
        if not attempt.answered:
            export = _found(workspace, mark, lock=True, own=True)
            to = side.url("export-file", mark, lifecycle.new_link(export, now=workspace.now))
            attempt.reference = side.url("export", mark)
    return redirect(to or attempt.reference)


def _file(request: HttpRequest, workspace: Workspace, side: Side, mark: str, token: str) -> HttpResponseBase:
    """The file, once. A look at it without taking it (HEAD) is not offered."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    with transaction.atomic():
        export = _found(workspace, mark, lock=True, own=True)
        file = lifecycle.fetch(export, token, actor=workspace.actors[0], now=workspace.now)
    if file is None:
        raise Http404
    kinds = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    return FileResponse(
        file, as_attachment=True, filename=f"{export.mark}.{export.format}", content_type=kinds[export.format]
    )


def _found(workspace: Workspace, mark: str, *, lock: bool = False, own: bool = False) -> Export:
    """The export; Http404 for everybody who neither asked nor may decide."""
    exports = lifecycle.readable(workspace.user, workspace.actors).filter(mark=mark)
    export = (exports.select_for_update(of=("self",)) if lock else exports).first()
    if export is None or not _is_theirs(export, workspace) or (own and export.asked_by_id != workspace.user.pk):
        raise Http404
    return export


def _shown(export: Export, workspace: Workspace, side: Side) -> dict[str, Any]:
    words, tone = STATES[export.state]
    if export.state == "ready" and export.expires_at is not None and export.expires_at <= workspace.now:
        words, tone = STATES["expired"]
    return {
        "export": export,
        "url": side.url("export", export.mark),
        "state": words,
        "tone": tone,
        "by": export.asked_by.name,
        "is_own": export.asked_by_id == workspace.user.pk,
        "columns": listed(COLUMNS[code].title for code in export.columns if code in COLUMNS),
        "may_decide": export.state == "asked" and bool(lifecycle.deciders(export, workspace.actors, workspace.user)),
        "may_fetch": words == STATES["ready"][0] and export.asked_by_id == workspace.user.pk,
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
    return urlencode(
        {name: asked[name][: LONGEST_LIST if name == "only" else 200] for name in side.conditions if asked.get(name)}
    )


def _conditions(visibility: Visibility, query: str) -> list[str]:
    """The filter in words."""
    asked = QueryDict(query)
    if visibility.side == "authority":
        form, _cases = case_query.asked_for(visibility.workspace, asked)  # type: ignore[arg-type]
        return [one.words for one in form.active(enterprise="", region="")] or [_("未办结的全部案件")]
    view = queue_lists.view_of(asked.get("view", ""))
    queue = queue_lists.asked_for(visibility.workspace, asked)  # type: ignore[arg-type]
    return [str(view.title), *(queue.words_of(name) for name in queue.said)]


def _both(page: Callable[..., HttpResponseBase], *methods: str, is_fresh: bool = False) -> tuple[Any, Any]:
    """The same page for either side's desk; ``is_fresh``: the second factor is asked for again."""
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
