"""/authority/platform/: what stands here and there, the file of the day, and the files that come back.

A number on the page opens its list; a file is shown to the officers of the authority that sent it in and
to nobody else, and nothing of it is carried out before one of them says so.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from complaints.desks import keyset, sent_tables
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.handling.steps import platform
from complaints.models import Export, PlatformFile, PlatformLine
from complaints.models.complaint import OPEN
from complaints.pages.authority.platform.platform_forms import OutgoingForm, PlatformDecisionForm, PlatformUploadForm
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput, not_yours
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns, lifecycle
from complaints.tables.platform import lines, platform_files

#: What the file of the day says of each case, and what a second person has to agree to.
OUTGOING = (
    "number",
    "platform_number",
    "platform_state",
    "platform_expected",
    "received",
    "status",
    "region",
    "respondent",
    "uscc",
    "item",
    "problem",
    "amount",
    "officer",
)
QUERY = urlencode({"platform": platform.TO_TELL, "status": "any"})
KINDS: dict[str, Any] = {"number": gettext_lazy("登记编号"), "new": gettext_lazy("平台转来的投诉")}
#: The page's numbers: code, words, tone when it is not zero, the list's own conditions.
_NUMBERS: tuple[tuple[str, Any, str, dict[str, str]], ...] = (
    (platform.LATE, gettext_lazy("逾期没有平台编号"), "bad", {"platform": platform.LATE}),
    (platform.MISSING, gettext_lazy("只在这里：没有平台编号"), "warn", {"platform": platform.MISSING}),
    (platform.DIFFERS, gettext_lazy("两边状态不同"), "warn", {"platform": platform.DIFFERS}),
    (platform.SAME, gettext_lazy("两边一致"), "ok", {"platform": platform.SAME}),
)


@officer_page("GET", "POST")
def overview(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The day's comparison, the way out and the way back."""
    form, status = PlatformUploadForm(), 200
    if request.method == "POST":
        actor = _writer(workspace)
        form = PlatformUploadForm(request.POST, request.FILES)
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                file = form.cleaned_data["file"]
                try:
                    taken = platform_files.take_in(
                        file.chunks(),
                        name=file.name or "",
                        user=workspace.user,
                        actor=actor,
                        language=get_language() or "zh-hans",
                        now=workspace.now,
                    )
                    attempt.reference = _url("file", taken.mark)
                except WrongInput as wrong:
                    form.add_error("file", wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
        status = 422
    files = list(_own(workspace).select_related("asked_by").order_by("-pk")[: sent_tables.PAGE])
    return render(
        request,
        "authority/platform.html",
        {
            "numbers": _numbers(workspace),
            "form": form,
            "out": _outgoing_form(workspace),
            "may_write": workspace.may(Right.SEND_PLATFORM_FILE),
            "now": workspace.now,
            "rows": [_shown(file) for file in files],
            "outgoing": _outgoing(workspace),
            "only_there": _only_there(files),
            "columns": list(lines.COLUMNS.values()),
            "states": list(platform.STATES.values()),
        },
        status=status,
    )


@officer_page("POST")
@fresh_factor
def outgoing(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The file of the day is an export of what the platform has to be told; its page shows how far it is."""
    actor, form = _writer(workspace), _outgoing_form(workspace, request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            personal = columns.PERSONAL if form.cleaned_data.get("personal") == "yes" else ()
            try:
                export = lifecycle.ask(
                    user=workspace.user,
                    actor=actor,
                    query=QUERY,
                    wanted=[*OUTGOING, *personal],
                    form=form.cleaned_data["format"],
                    purpose=form.cleaned_data.get("purpose", ""),
                    language=get_language() or "zh-hans",
                    now=workspace.now,
                )
                attempt.reference = reverse("complaints:authority-export", args=[export.mark])
            except WrongInput as wrong:
                messages.error(request, wrong.reason, extra_tags="bad")
    return redirect(attempt.reference or _url(""))


@officer_page("GET")
def show(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    return _page(request, workspace, _found(workspace, mark))


@officer_page("POST")
def decide(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """POST: the good lines, or none."""
    file = _found(workspace, mark)
    _writer(workspace)
    form = PlatformDecisionForm(request.POST, good=platform_files.counts_of(file)["good"])
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            platform_files.decide(_found(workspace, mark, lock=True), form.cleaned_data["decision"], now=workspace.now)
            attempt.reference = _url("file", mark)
    if not attempt.reference:
        return _page(request, workspace, file, form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@officer_page("GET")
def results(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """What came of each line, as CSV; no text of anybody stands in it."""
    file = _found(workspace, mark)
    found = PlatformLine.objects.filter(file=file).order_by("line").iterator(chunk_size=2000)
    return sent_tables.as_file(file.mark, _heads(), found, cells=_cells, title=_title)


def _url(page: str, *args: str) -> str:
    return reverse(f"complaints:authority-platform{'-' if page else ''}{page}", args=args)


def _writer(workspace: Workspace) -> Actor:
    """In whose name files go out and come in; who only reads is refused."""
    found = next((actor for actor in workspace.actors if actor.may(Right.SEND_PLATFORM_FILE)), None)
    if found is None:
        raise not_yours()
    return found


def _outgoing_form(workspace: Workspace, data: Any = None) -> OutgoingForm:
    return OutgoingForm(data, may_personal=workspace.may(LOOK))


def _numbers(workspace: Workspace) -> list[dict[str, Any]]:
    """Of open cases; those that ended long ago are found by the list."""
    counted = keyset.counts(
        {
            code: workspace.cases().filter(
                OPEN
                & platform.wanted(
                    code,
                    now=workspace.now,
                    calendar=workspace.calendar,
                    region_id=workspace.first_region,
                    policies=workspace.conditions.policies,
                )
            )
            for code, *_rest in _NUMBERS
        }
    )
    return [
        {
            "title": title,
            "words": keyset.in_words(counted[code]),
            "tone": tone if counted[code] else "neutral",
            "url": f"{reverse('complaints:authority-cases')}?{urlencode(query)}",
        }
        for code, title, tone, query in _NUMBERS
    ]


def _own(workspace: Workspace) -> Any:
    """Files of the authorities where this person holds an office today."""
    return PlatformFile.objects.filter(authority_id__in=[actor.authority_id for actor in workspace.actors])


def _found(workspace: Workspace, mark: str, *, lock: bool = False) -> PlatformFile:
    files = _own(workspace).filter(mark=mark)
    file: PlatformFile | None = (files.select_for_update(of=("self",)) if lock else files).first()
    if file is None:
        raise Http404
    return file


def _outgoing(workspace: Workspace) -> list[Export]:
    """The last files of the day that this person may see."""
    found = lifecycle.readable(workspace.user, workspace.actors).order_by("-pk")[: sent_tables.PAGE]
    return [export for export in found if export.query == QUERY][:5]


def _only_there(files: list[PlatformFile]) -> dict[str, Any] | None:
    """What the newest answer names and nobody here knows."""
    newest = next((file for file in files if file.state in ("checked", "applying", "done")), None)
    if newest is None:
        return None
    count = PlatformLine.objects.filter(
        file=newest, state__in=["bad", "refused"], kind="number", column="number"
    ).count()
    return {"count": count, "url": f"{_url('file', newest.mark)}?show=bad", "mark": newest.mark} if count else None


def _shown(file: PlatformFile) -> dict[str, Any]:
    return sent_tables.shown(file, url=_url("file", file.mark), length=file.lines, working=platform_files.WORKING)


def _heads() -> list[str]:
    return [_("平台编号"), _("投诉编号"), _("内容")]


def _cells(line: PlatformLine) -> list[sent_tables.Cell]:
    url = reverse("complaints:authority-case", args=[line.number]) if line.number and line.state != "bad" else ""
    return [(line.platform_number, ""), (line.number, url), (KINDS[line.kind], "")]


def _title(column: str) -> str:
    return lines.COLUMNS.get(column, "")


def _page(
    request: HttpRequest,
    workspace: Workspace,
    file: PlatformFile,
    form: PlatformDecisionForm | None = None,
    *,
    status: int = 200,
) -> HttpResponseBase:
    counts = platform_files.counts_of(file)
    found = sent_tables.results_of(
        request, counts, PlatformLine.objects.filter(file=file).order_by("line"), cells=_cells, title=_title
    )
    return render(
        request,
        "round_trip/show.html",
        {
            **_shown(file),
            **found,
            "heads": _heads(),
            "may_write": workspace.may(Right.SEND_PLATFORM_FILE),
            "passed": file.place,
            "most": file.lines,
            "form": form or PlatformDecisionForm(good=counts["good"]),
            "digest": file.digest,
            "decide_url": _url("decide", file.mark),
            "results_url": _url("results", file.mark),
            "list_url": _url(""),
            "list_title": _("全国12315平台"),
        },
        status=status,
    )
