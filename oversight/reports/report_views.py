"""/authority/reports/: the monthly reports of the own authority and of those below, and the way of one of them.

Who works on cases or on figures drafts, another head approves; what was approved is only published.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in.step_up import fresh_factor
from authorities.models import Authority, Officer
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Choice, Choices, FreeText, StepForm, set_choices
from complaints.forms.staff_forms import DecisionForm
from complaints.procedure.refusals import StepNotAllowed
from oversight.models import DataSet, MonthlyReport
from oversight.reports import keeping, showing
from oversight.reports.showing import TITLES
from web.incoming import posted
from web.languages import named

LONGEST = 4000


class NewReportForm(StepForm):
    """Of which authority and month; of a correction also why."""

    authority = Choice(label=gettext_lazy("哪个机关的报告"), widget=forms.Select(attrs={"class": "w-24"}))
    month = Choice(label=gettext_lazy("哪个月"), widget=forms.Select(attrs={"class": "w-10"}))
    what_changed = FreeText(
        label=gettext_lazy("更正什么"),
        rows=2,
        longest=500,
        required=False,
        help_text=gettext_lazy("这个月已经公布过的，须写明；会印在新的一版上。"),
    )

    def __init__(self, *args: Any, authorities: Choices, months: list[date], **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "authority", authorities)
        set_choices(self, "month", [(f"{month:%Y-%m}", f"{month:%Y-%m}") for month in months])

    def clean_month(self) -> date:
        return date.fromisoformat(f"{self.cleaned_data['month']}-01")


class TextsForm(StepForm):
    """The words of each block; ``seen`` is when they were last edited."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    overview = FreeText(label=TITLES["overview"], rows=5, longest=LONGEST, required=False)
    problems = FreeText(label=TITLES["problems"], rows=5, longest=LONGEST, required=False)
    cases = FreeText(
        label=TITLES["cases"],
        rows=6,
        longest=LONGEST,
        required=False,
        help_text=gettext_lazy("不写消费者的姓名、电话、订单号；写企业名称的，先核对事实。空着就不印这一节。"),
    )
    tips = FreeText(label=TITLES["tips"], rows=5, longest=LONGEST, required=False)


#: Months that can be chosen for a new report.
MONTHS = 24
STATES: dict[str, tuple[Any, str]] = {
    "draft": (gettext_lazy("草稿"), "neutral"),
    "waiting": (gettext_lazy("等另一人批准"), "warn"),
    "approved": (gettext_lazy("已批准，待公布"), "info"),
    "published": (gettext_lazy("已公布"), "ok"),
    "dropped": (gettext_lazy("已作废"), "neutral"),
}
NEWEST = keyset.Order("drafted_at", falling=True)


def _posts(workspace: Workspace) -> list[Officer]:
    posts = Officer.objects.on(workspace.today).filter(user=workspace.user)
    return list(posts.select_related("authority__region").order_by("pk"))


def _authorities(posts: list[Officer], right: Right) -> list[Authority]:
    """Where this person holds such an office; a 所 reports through its authority."""
    held = dict.fromkeys(post.authority for post in posts if post.role in right.posts)
    return [authority for authority in held if authority.level != Authority.Level.OFFICE]


def _seen(posts: list[Officer]) -> QuerySet[MonthlyReport]:
    lies = Q(pk__in=[])
    for region in {post.authority.region for post in posts}:
        lies |= Q(authority__region_id__gte=region.pk, authority__region_id__lte=region.last)
    return MonthlyReport.objects.filter(lies).select_related("authority__region").defer("printed", "figures", "texts")


def _drafts(posts: list[Officer], report: MonthlyReport) -> bool:
    return any(authority.pk == report.authority_id for authority in _authorities(posts, Right.DRAFT_REPORT))


def _url(report: MonthlyReport) -> str:
    return reverse("oversight:authority-report", args=[report.pk])


@officer_page("GET", "POST")
def reports(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list, newest first, and the draft of another month."""
    posts = _posts(workspace)
    mine = {str(authority.pk): authority for authority in _authorities(posts, Right.DRAFT_REPORT)}
    months = list(DataSet.objects.filter(version=1).order_by("-month").values_list("month", flat=True)[:MONTHS])
    authorities = [(key, named(authority)) for key, authority in mine.items()]
    data = posted(request)
    form = NewReportForm(data, months=months, authorities=authorities)
    if form.is_bound:
        with once(request) as attempt:
            if not attempt.answered and form.is_valid():
                cleaned = form.cleaned_data
                try:
                    about = {name: cleaned[name] for name in ("month", "what_changed")}
                    authority = mine[cleaned["authority"]]
                    made = keeping.draft(authority=authority, **about, by=workspace.user, now=workspace.now)
                    attempt.reference = _url(made)
                except StepNotAllowed as wrong:
                    form.add_error(wrong.field if wrong.field in form.fields else None, wrong.reason)
        if attempt.reference:
            return redirect(attempt.reference)
    page = keyset.page_of(_seen(posts), request.GET, NEWEST, related=("authority__region",))
    return render(
        request,
        "reports/authority.html",
        {
            "form": form,
            "may_draft": bool(mine and months),
            "has_months": bool(months),
            "rows": [_line(report) for report in page.rows],
            **keyset.neighbours(page, ""),
        },
        status=422 if form.is_bound else 200,
    )


def _line(report: MonthlyReport) -> dict[str, Any]:
    text, tone = STATES[report.state]
    return {
        "report": report,
        "url": _url(report),
        "title": keeping.title_of(report),
        "authority": named(report.authority),
        "state": text,
        "tone": tone,
    }


def _report_or_404(posts: list[Officer], pk: int) -> MonthlyReport:
    return get_object_or_404(_seen(posts).defer(None).defer("printed"), pk=pk)


@officer_page("GET")
def report(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One report: its tables, its words, and what can be done with it now."""
    posts = _posts(workspace)
    return _show(request, workspace, posts, _report_or_404(posts, pk), None)


@officer_page("POST")
def edit(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Its words, or the next thing that its own authority does with it (``what``)."""
    posts = _posts(workspace)
    result = _report_or_404(posts, pk)
    if not _drafts(posts, result):
        raise Http404
    what = request.POST.get("what", "save")
    form = TextsForm(request.POST)
    with once(request) as attempt:
        if not attempt.answered and (what != "save" or form.is_valid()):
            try:
                _done(what, result, form, workspace)
                attempt.reference = _url(result)
                messages.success(request, _MESSAGES[what], extra_tags="ok")
            except StepNotAllowed as wrong:
                if what != "save":
                    raise
                form.add_error(None, wrong.reason)
    if attempt.reference:
        return redirect(attempt.reference)
    result.refresh_from_db()
    return _show(request, workspace, posts, result, form, status=422)


_MESSAGES: dict[str, Any] = {
    "save": gettext_lazy("已保存。"),
    "renew": gettext_lazy("已按最新的公开数据换上数字，文字没有动，请核对。"),
    "submit": gettext_lazy("已送审，批准前不能再改。"),
    "publish": gettext_lazy("已公布。"),
    "drop": gettext_lazy("已作废。"),
}


def _done(what: str, result: MonthlyReport, form: TextsForm, workspace: Workspace) -> None:
    verbs: dict[str, Callable[[], Any]] = {
        "save": lambda: keeping.edit(
            result, texts=form.cleaned_data, seen=form.cleaned_data["seen"], by=workspace.user, now=workspace.now
        ),
        "renew": lambda: keeping.draw_anew(result, by=workspace.user, now=workspace.now),
        "submit": lambda: keeping.submit(result),
        "publish": lambda: keeping.publish(result, now=workspace.now),
        "drop": lambda: keeping.drop(result),
    }
    if what not in verbs:
        raise Http404
    verbs[what]()


@officer_page("POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """同意, and its figures and words are frozen; or back to the draft with the reason."""
    posts = _posts(workspace)
    result = _report_or_404(posts, pk)
    form = _decision(request.POST)
    with once(request) as attempt:
        if not attempt.answered and form.is_valid():
            verb = keeping.approve if form.cleaned_data["decision"] == "grant" else keeping.send_back
            verb(result, by=workspace.user, heads=_heads(posts), text=form.cleaned_data["text"], now=workspace.now)
            attempt.reference = _url(result)
    if not attempt.reference:
        return _show(request, workspace, posts, result, None, decision=form, status=422)
    messages.success(request, _("已记录您的决定。"), extra_tags="ok")
    return redirect(attempt.reference)


def _heads(posts: list[Officer]) -> list[Authority]:
    return [post.authority for post in posts if post.role in Right.APPROVE_REPORT.posts]


def _decision(data: Any) -> DecisionForm:
    return DecisionForm(data, grant=_("同意：件数和文字从此不能再改"), refuse=_("退回修改"))


def _show(
    request: HttpRequest,
    workspace: Workspace,
    posts: list[Officer],
    result: MonthlyReport,
    form: TextsForm | None,
    *,
    decision: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_draft, may_decide = _drafts(posts, result), keeping.may_decide(result, workspace.user, _heads(posts))
    if form is not None:
        # What was typed stays; the stamp is the one of what now lies in the row.
        form.data = {**{name: form[name].value() for name in form.fields}, "seen": result.edited_at.isoformat()}
    people = list(
        User.objects.filter(pk__in={result.drafted_by_id, result.edited_by_id, result.decided_by_id} - {None})
    )
    sealed_fields.load_for(people)
    names = {person.pk: person.name for person in people}
    earlier = earlier_published(result)
    as_kept = TextsForm(initial={**result.texts, "seen": result.edited_at.isoformat()})
    return render(
        request,
        "reports/authority_one.html",
        {
            **_line(result),
            "tables": showing.tables_of(result),
            "blocks": showing.blocks_of(result),
            "notes": keeping.notes_of(result),
            "form": decision or form or as_kept,
            "texts_form": form or as_kept,
            "decision": decision or _decision(None),
            "has_errors": status == 422,
            "may_edit": may_draft and result.state == "draft",
            "may_draft": may_draft,
            "may_decide": may_decide and result.state == "waiting",
            "drafted_by": names.get(result.drafted_by_id, ""),
            "edited_by": names.get(result.edited_by_id, ""),
            "decided_by": names.get(result.decided_by_id or 0, ""),
            "changes": showing.changes_between(earlier, result) if earlier else [],
            "is_stale": result.state == "draft"
            and DataSet.objects.filter(month=result.month, pk__gt=result.data_set_id).exists(),
            "public_url": reverse("oversight:open-report", args=[result.pk]) if result.state == "published" else "",
        },
        status=status,
    )


def earlier_published(result: MonthlyReport) -> MonthlyReport | None:
    """The version that this one corrects."""
    published = MonthlyReport.objects.filter(authority=result.authority_id, month=result.month, state="published")
    return published.filter(version__lt=result.version).order_by("-version").defer("printed").first()
