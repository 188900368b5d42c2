"""/authority/platform/: what stands here and there, the file of the day, and the files that come back.

A file is shown to the authority that sent it in, and nothing of it is carried out before one of its officers says so.
"""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from complaints.desks import keyset, sent_tables
from complaints.desks.authority_lists import at_platform
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.officer_case import OfficerCase
from complaints.forms.fields import FILL, Choice, Dropdown, FreeText, StepForm, set_choices
from complaints.handling import Move
from complaints.handling.steps import platform
from complaints.models import PlatformFile, PlatformLine
from complaints.models.complaint import OPEN
from complaints.pages.authority.forms import CaseForm
from complaints.parties.actors import Actor
from complaints.procedure.refusals import WrongInput, not_yours
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns
from complaints.tables.exporting import lifecycle as exports
from complaints.tables.platform import lines, platform_files
from complaints.tables.sheets import MOST_BYTES
from complaints.tables.table_forms import SheetField


class PlatformUploadForm(StepForm):
    """The answer file of the platform, or complaints that began there."""

    file = SheetField(label=_("平台发回的文件"), help_text=_("CSV或者xlsx，最多10,000行、10 MB。"))

    most_bytes = MOST_BYTES


class OutgoingForm(StepForm):
    """The file of the day: with or without the consumers' names and numbers."""

    personal = Choice(
        label=_("姓名和联系方式"),
        initial="no",
        choices=[("no", _("不带")), ("yes", _("带上：由本单位另一位有批准权限的人同意后才生成"))],
    )
    purpose = FreeText(
        label=_("用途"),
        rows=1,
        longest=200,
        required=False,
        help_text=_("带姓名和联系方式的，请写明用途，批准的人会看到。"),
    )
    format = Choice(
        label=_("格式"), choices=[("csv", _("CSV 文本（UTF-8）")), ("xlsx", _("Excel 工作簿（xlsx）"))], initial="csv"
    )

    def __init__(self, data: Any = None, *, may_personal: bool) -> None:
        super().__init__(data, auto_id="id_out_%s")
        if not may_personal:
            del self.fields["personal"], self.fields["purpose"]


class PlatformDecisionForm(StepForm):
    decision = Choice(label=_("这份文件怎么办"))

    def __init__(self, *args: Any, good: int, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = [("good", gettext("办理没有问题的行"))] if good else []
        set_choices(self, "decision", [*offered, ("drop", gettext("放弃这份文件，什么也不办"))])


class PlatformNumberForm(CaseForm):
    """A number that somebody read off the platform's own screen."""

    platform_number = forms.CharField(
        label=_("平台编号"),
        max_length=40,
        error_messages={"required": FILL},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "off"}),
    )
    received_at = forms.CharField(
        label=_("平台接收时间"),
        required=False,
        max_length=32,
        help_text=_("例如 2026-12-02 09:30；不填就是现在。"),
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "off"}),
    )
    state = Dropdown(label=_("平台状态"), choices=list(platform.STATES.items()))
    text = FreeText(
        label=_("改编号的理由"), required=False, rows=2, longest=400, help_text=_("只有已登记过别的编号时才要写。")
    )

    def prepare(self, officer_case: OfficerCase) -> None:
        expected = self.case.platform_state or platform.expected(self.case)
        self.initial = {"platform_number": self.case.platform_number, "state": expected}
        if not self.case.platform_number:
            del self.fields["text"]

    def move(self) -> Move:
        return platform.record_platform_number(**{"text": "", **self.cleaned_data})


#: What the file of the day says of each case, and what a second person has to agree to.
OUTGOING = (
    *("number", "platform_number", "platform_state", "platform_expected", "received", "status", "region"),
    *("respondent", "uscc", "item", "problem", "amount", "officer"),
)
QUERY = urlencode({"platform": platform.TO_TELL, "status": "any"})
KINDS: dict[str, Any] = {"number": _("登记编号"), "new": _("平台转来的投诉")}
#: The page's numbers: code, title, tone when it is not zero; the list is that of the code.
_NUMBERS: tuple[tuple[str, Any, str], ...] = (
    (platform.LATE, _("逾期没有平台编号"), "bad"),
    (platform.MISSING, _("只在这里：没有平台编号"), "warn"),
    (platform.DIFFERS, _("两边状态不同"), "warn"),
    (platform.SAME, _("两边一致"), "ok"),
)


@officer_page("GET", "POST")
def overview(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form = PlatformUploadForm()
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
    exported = exports.readable(workspace.user, workspace.actors).order_by("-pk")[: sent_tables.PAGE]
    files = list(_own(workspace).select_related("asked_by").order_by("-pk")[: sent_tables.PAGE])
    context = {
        "numbers": _numbers(workspace),
        "form": form,
        "out": OutgoingForm(may_personal=workspace.may(LOOK)),
        "may_write": workspace.may(Right.SEND_PLATFORM_FILE),
        "now": workspace.now,
        "rows": [_shown(file) for file in files],
        # The last files of the day that this person may see.
        "outgoing": [export for export in exported if export.query == QUERY][:5],
        "only_there": _only_there(files),
        "columns": list(lines.COLUMNS.values()),
        "states": list(platform.STATES.values()),
    }
    return render(request, "authority/platform.html", context, status=422 if form.is_bound else 200)


@officer_page("POST")
@fresh_factor
def outgoing(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The file of the day is an export of what the platform has to be told; its page shows how far it is."""
    actor, form = _writer(workspace), OutgoingForm(request.POST, may_personal=workspace.may(LOOK))
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            personal = columns.PERSONAL if form.cleaned_data.get("personal") == "yes" else ()
            try:
                export = exports.ask(
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
    return _page(request, workspace, _file(workspace, mark))


@officer_page("POST")
def decide(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """POST: the good lines, or none."""
    file = _file(workspace, mark)
    _writer(workspace)
    form = PlatformDecisionForm(request.POST, good=platform_files.counts_of(file)["good"])
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            platform_files.decide(_file(workspace, mark, lock=True), form.cleaned_data["decision"], now=workspace.now)
            attempt.reference = _url("file", mark)
    if not attempt.reference:
        return _page(request, workspace, file, form)
    messages.success(request, gettext("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


@officer_page("GET")
def results(request: HttpRequest, workspace: Workspace, mark: str) -> HttpResponseBase:
    """What came of each line, as CSV; no text of anybody stands in it."""
    file = _file(workspace, mark)
    rows = PlatformLine.objects.filter(file=file).order_by("line").iterator(chunk_size=2000)
    return sent_tables.as_file(file.mark, _heads(), rows, cells=_cells, title=_title)


def _url(page: str, *args: str) -> str:
    return reverse(f"complaints:authority-platform{'-' if page else ''}{page}", args=args)


def _writer(workspace: Workspace) -> Actor:
    """In whose name files go out and come in; who only reads is refused."""
    actor = next((actor for actor in workspace.actors if actor.may(Right.SEND_PLATFORM_FILE)), None)
    if actor is None:
        raise not_yours()
    return actor


def _numbers(workspace: Workspace) -> list[dict[str, Any]]:
    """Of open cases; those that ended long ago are found by the list."""
    cases = workspace.cases().filter(OPEN)
    counted = keyset.counts({code: cases.filter(at_platform(workspace, code)) for code, *_rest in _NUMBERS})
    here = reverse("complaints:authority-cases")
    return [
        keyset.figure(title, counted[code], f"{here}?{urlencode({'platform': code})}", tone)
        for code, title, tone in _NUMBERS
    ]


def _own(workspace: Workspace) -> Any:
    """Files of the authorities where this person holds an office today."""
    return PlatformFile.objects.filter(authority_id__in=[actor.authority_id for actor in workspace.actors])


def _file(workspace: Workspace, mark: str, *, lock: bool = False) -> PlatformFile:
    files = _own(workspace).filter(mark=mark)
    file: PlatformFile | None = (files.select_for_update(of=("self",)) if lock else files).first()
    if file is None:
        raise Http404
    return file


def _only_there(files: list[PlatformFile]) -> dict[str, Any] | None:
    """What the newest answer names and nobody here knows."""
    newest = next((file for file in files if file.state in ("checked", "applying", "done")), None)
    if newest is None:
        return None
    named = PlatformLine.objects.filter(file=newest, state__in=["bad", "refused"], kind="number", column="number")
    count = named.count()
    return {"count": count, "url": f"{_url('file', newest.mark)}?show=bad", "mark": newest.mark} if count else None


def _shown(file: PlatformFile) -> dict[str, Any]:
    return sent_tables.shown(file, url=_url("file", file.mark), length=file.lines, working=platform_files.WORKING)


def _heads() -> list[str]:
    return [gettext("平台编号"), gettext("投诉编号"), gettext("内容")]


def _cells(line: PlatformLine) -> list[sent_tables.Cell]:
    url = reverse("complaints:authority-case", args=[line.number]) if line.number and line.state != "bad" else ""
    return [(line.platform_number, ""), (line.number, url), (KINDS[line.kind], "")]


def _title(column: str) -> str:
    return lines.COLUMNS.get(column, "")


def _page(
    request: HttpRequest, workspace: Workspace, file: PlatformFile, form: PlatformDecisionForm | None = None
) -> HttpResponseBase:
    """``form``: what was sent and is wrong."""
    counts = platform_files.counts_of(file)
    rows = PlatformLine.objects.filter(file=file).order_by("line")
    context = {
        **_shown(file),
        **sent_tables.results_of(request, counts, rows, cells=_cells, title=_title),
        "heads": _heads(),
        "may_write": workspace.may(Right.SEND_PLATFORM_FILE),
        "passed": file.place,
        "most": file.lines,
        "form": form or PlatformDecisionForm(good=counts["good"]),
        "digest": file.digest,
        "decide_url": _url("decide", file.mark),
        "results_url": _url("results", file.mark),
        "list_url": _url(""),
        "list_title": gettext("全国12315平台"),
    }
    return render(request, "round_trip/show.html", context, status=422 if form else 200)
