"""The enterprise's queue: what is next, in views with counts, sorted by the own deadline, and one step for many cases.

A page costs the same number of queries however many cases there are; of a case that was given up only our own time
with it is shown. In a step for many every case is judged for itself, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.roles import Right
from complaints import handling
from complaints.assignment import assigning
from complaints.desks import keyset, neighbours, queue_lists
from complaints.desks.bulk_run import BulkRun
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.desks.keyset import BY_OWED
from complaints.forms.fields import CHOOSE, StepForm, set_choices
from complaints.handling.steps import enterprise
from complaints.models import Complaint, Engagement
from complaints.pages.enterprise import saved_views
from complaints.pages.enterprise.case import context_of
from complaints.pages.enterprise.leading_on import Beside
from complaints.pages.enterprise.queue_rows import RELATED, Lines, marked, rows_of, with_newest_step
from complaints.parties.actors import stands_to
from complaints.parties.workforce import Workforce
from complaints.procedure.workflow import ENTERPRISE_SIDE
from complaints.reading.case_people import handler_label
from complaints.wording import label
from web.incoming import whole

#: What is not done here but on a page of its own, with the same cases.
ELSEWHERE = {"export": "complaints:enterprise-export-new", "measure": "complaints:enterprise-measure-new"}


@workspace_page("GET", "POST")
def queue(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/queue/?view=…: all open cases of this workspace, or one view; POST takes a step for many of them."""
    return _queue(request, workspace, queue_lists.view_of(request.GET.get("view", "")))


@workspace_page("GET")
def work(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/enterprise/mine/: what I owe, in groups; where the day begins."""
    return _queue(request, workspace, queue_lists.VIEWS["work"])


def _queue(request: HttpRequest, workspace: Workspace, view: queue_lists.QueueView) -> HttpResponseBase:
    beside = neighbours.asked_for(request)
    if beside is not None:
        return redirect(beside)
    form = queue_lists.asked_for(workspace, request.GET)
    if request.method != "POST":
        return _show(request, workspace, view, form)
    wanted = BulkForm(request.POST, workspace=workspace)
    if wanted.is_valid() and wanted.cleaned_data["do"] in ELSEWHERE:
        return redirect(_elsewhere(view, form, wanted))
    run: BulkRun | None = None
    with once(request) as attempt:
        if attempt.answered:
            run = BulkRun.from_text(attempt.answer.decode())
        elif wanted.is_valid():
            cases = queue_lists.open_cases(workspace)
            if wanted.is_for_all:
                cases = queue_lists.narrowed(view.of(cases, workspace), form, workspace)
            run = take_for_many(wanted, cases, workspace)
            attempt.reference, attempt.answer = request.path, run.as_text().encode()
    if run is None:
        return _show(request, workspace, view, form, wanted=wanted, status=422)
    context = {
        "run": run,
        "title": run.title(),
        "back_url": _url(form, view),
        "groups": run.refusals(),
        "case_page": "complaints:enterprise-case",
    }
    return render(request, "staff/bulk_done.html", context)


def _show(
    request: HttpRequest,
    workspace: Workspace,
    view: queue_lists.QueueView,
    form: queue_lists.QueueFilter,
    *,
    wanted: BulkForm | None = None,
    status: int = 200,
) -> HttpResponseBase:
    ours = queue_lists.open_cases(workspace)
    lists = {v.code: v.of(ours, workspace) for v in queue_lists.VIEWS.values()}
    own = workspace.choices.views
    counted = lists | saved_views.lists(own, ours, workspace)
    if view is WORK:
        mine = queue_lists.in_groups(queue_lists.narrowed(lists["work"], form, workspace), workspace)
        counted |= {f"group {group}": mine.filter(Q(group=group)) for group in queue_lists.Group.values}
    elif view is not queue_lists.PAST and form.conditions and "q" not in form.conditions:
        counted |= {"shown": queue_lists.narrowed(lists[view.code], form, workspace)}
    counts = keyset.counts(counted)
    if view is queue_lists.PAST:
        before, after, rows = _past_page(workspace, form, request.GET)
    elif view is WORK:
        before, after, rows = _page_of_work(mine, workspace, form, request.GET)
    else:
        before, after, rows = _open_page(lists[view.code], workspace, form, request.GET)
    begins, of = _places(view, form, counts, request.GET)
    for place, row in enumerate(rows):
        row["at"] = neighbours.place_in(begins + place, of)
    query = urlencode({"view": view.code} | form.conditions)
    beside = {"split": "1"} if "split" in request.GET else {}
    next_url = _url(form, view, after=after, **beside) if after else ""
    saved = [saved_views.tab(one, counts, query) for one in own]
    is_own = any(tab["is_current"] for tab in saved)
    context = {
        "view": view,
        "tabs": (
            [_tab(v, counts[v.code], is_current=v is view and not is_own) for v in queue_lists.VIEWS.values()]
            + [_tab(queue_lists.PAST, None, is_current=view is queue_lists.PAST)]
            + saved
        ),
        "rows": rows,
        "groups": _groups(rows, counts) if view is WORK else [("", None, rows)],
        "sentence": _sentence(view, form, counts),
        "next_row": next((row for row in rows if row["complaint"].status in ENTERPRISE_SIDE), None),
        "filter": form,
        "active": _active(form, view),
        "here": _url(form, view),
        "split_url": _url(form, view, split="1") if view is not queue_lists.PAST else "",
        "save_query": urlencode({"query": query}),
        "can_save": not is_own and view is not WORK and bool(form.conditions or view.code != "all"),
        "waits": counts["others"] if view is WORK else 0,
        "bulk": None if view is queue_lists.PAST or not rows else wanted or BulkForm(workspace=workspace, form=form),
        "form": wanted,
        "templates": workspace.choices.templates if workspace.may(Right.MAKE_MEASURE) else [],
        "previous_url": _url(form, view, before=before, **beside) if before else "",
        "next_url": next_url,
        "list": neighbours.sealed_list(request, [row["url"] for row in rows], more=next_url, of=of, first=begins),
        "now": workspace.now,
        "export_url": f"{reverse('complaints:enterprise-export-new')}?{query}",
    }
    if "split" in request.GET and rows and wanted is None and view is not queue_lists.PAST:
        shown = _split(request, workspace, view, form, rows)
        at = next((n for n, row in enumerate(rows) if row["complaint"].number == shown["shown_number"]), None)
        n_of_m = (begins + at + 1, of) if of and at is not None else None
        return render(request, "enterprise/split.html", context | shown | {"place": n_of_m})
    return render(request, "enterprise/queue.html", context, status=status)


def _places(
    view: queue_lists.QueueView, form: queue_lists.QueueFilter, counts: Mapping[str, int], asked: Mapping[str, str]
) -> tuple[int, int]:
    """The place of the first row, from 0, and how many the list has; 0 where that is not known: behind the first page
    of a list that is read by key, of what words look for, and beyond what is counted."""
    if view is WORK:
        total, begins = sum(counts[f"group {group}"] for group in queue_lists.Group.values), _first_of_work(asked)
    else:
        total, begins = counts.get("shown", 0 if form.conditions else counts.get(view.code, 0)), 0
        if "after" in asked or "before" in asked:
            total = 0
    return begins, total if total <= keyset.MANY else 0


def _first_of_work(asked: Mapping[str, str]) -> int:
    return whole(asked.get("after") or asked.get("before") or "", 5) or 0


def _split(
    request: HttpRequest, workspace: Workspace, view: queue_lists.QueueView, form: queue_lists.QueueFilter, rows: Lines
) -> dict[str, Any]:
    """The list with one case beside it: the one that the address names, else the first."""
    asked = request.GET.get("open") or rows[0]["complaint"].number
    page = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
    for row in rows:
        row["split_url"] = _url(form, view, split="1", **page, open=row["complaint"].number)
    at = next((n for n, row in enumerate(rows) if row["complaint"].number == asked), None)
    around = {"j": None if at is None else at + 1, "k": None if not at else at - 1}
    beside = {key: rows[n]["split_url"] for key, n in around.items() if n is not None and n < len(rows)}
    # After the last case the list itself, with its first one.
    follows = beside.get("j") or _url(form, view, split="1", **page)
    here = Beside(_url(form, view, split="1", **page, open=asked), follows)
    shown = context_of(request, workspace, asked, beside=here)
    return shown | {"shown_number": asked, "beside": beside, "case_url": case_url(shown["complaint"])}


def _open_page(
    cases: queue_lists.Rows, workspace: Workspace, form: queue_lists.QueueFilter, asked: Mapping[str, str]
) -> tuple[str, str, Lines]:
    page = keyset.page_of(
        queue_lists.narrowed(cases, form, workspace),
        asked,
        BY_OWED,
        related=RELATED,
        size=form.rows_a_page,
        shown=marked(Complaint.objects.all(), workspace),
    )
    return page.before, page.after, rows_of(page.rows, workspace)


def _page_of_work(
    cases: queue_lists.Rows, workspace: Workspace, form: queue_lists.QueueFilter, asked: Mapping[str, str]
) -> tuple[str, str, Lines]:
    """By place, as nobody has so many cases of one's own that a list of them costs."""
    size, first = form.rows_a_page or WORK_ROWS, _first_of_work(asked)
    rows = list(marked(cases, workspace).select_related(*RELATED)[first : first + size + 1])
    lines = rows_of(rows[:size], workspace)
    for line in lines:
        line["group"] = line["complaint"].group
    return str(max(0, first - size)) if first else "", str(first + size) if len(rows) > size else "", lines


def _groups(rows: Lines, counts: dict[str, int]) -> list[tuple[Any, int | None, Lines]]:
    """(what it is called, how many there are in all, those of this page)."""
    parts = {group: [row for row in rows if row["group"] == group] for group in queue_lists.Group}
    return [(group.label, counts[f"group {group.value}"], part) for group, part in parts.items() if part]


def _past_page(workspace: Workspace, form: queue_lists.QueueFilter, asked: Mapping[str, str]) -> tuple[str, str, Lines]:
    """Closed cases, and those that went to somebody else: our own time with them is readable."""
    page = keyset.page_of(
        queue_lists.past_times(workspace, form),
        asked,
        keyset.BY_END,
        size=form.rows_a_page,
        related=("complaint__handler__user", "complaint__branch"),
        shown=with_newest_step(Engagement.objects.all(), path="complaint__"),
    )
    for time in page.rows:
        time.complaint.newest_step = time.newest_step  # type: ignore[attr-defined]
    given_up = {time.complaint_id: time for time in page.rows if not workspace.stands_to(time.complaint)}
    return page.before, page.after, rows_of([time.complaint for time in page.rows], workspace, given_up=given_up)


WORK = queue_lists.VIEWS["work"]
#: So many rows of one's own on a page, unless somebody asks for another number.
WORK_ROWS = 100


def _tab(view: queue_lists.QueueView, count: int | None, *, is_current: bool) -> dict[str, Any]:
    return {
        "title": view.title,
        "url": _address(view),
        "count": "" if count is None else keyset.count_text(count),
        "value": count,
        "tone": view.tone if count else "neutral",
        "is_current": is_current,
    }


def _sentence(view: queue_lists.QueueView, form: queue_lists.QueueFilter, counts: dict[str, int]) -> str:
    """What the list holds, in numbers: the same that its tab says."""
    if view is WORK:
        groups = [counts[f"group {group}"] for group in queue_lists.Group.values]
        return _("我的活%(n)s件：逾期%(late)s，今天到期%(today)s") % {
            "n": keyset.count_text(sum(groups)),
            "late": keyset.count_text(groups[queue_lists.Group.OVERDUE]),
            "today": keyset.count_text(groups[queue_lists.Group.TODAY]),
        }
    if view.code != "all" or form.conditions:
        n = counts.get("shown", None if form.conditions else counts.get(view.code))
        if n is None:
            return str(view.title)
        return _("%(view)s%(n)s件") % {"view": view.title, "n": keyset.count_text(n)}
    if not counts["all"]:
        return _("没有未办结的案件")
    if not counts["today"] and not counts["overdue"]:
        return _("都在期限内：未办结%(n)s件") % {"n": keyset.count_text(counts["all"])}
    return _("今天到期%(today)s件，逾期%(late)s件") % {
        "today": keyset.count_text(counts["today"]),
        "late": keyset.count_text(counts["overdue"]),
    }


def _address(view: queue_lists.QueueView) -> str:
    return f"{reverse('complaints:enterprise-queue')}?view={view.code}"


def _url(form: queue_lists.QueueFilter, view: queue_lists.QueueView, **more: str) -> str:
    size = {"size": str(form.rows_a_page)} if form.rows_a_page else {}
    rest = urlencode(form.conditions | size | more)
    return f"{_address(view)}&{rest}" if rest else _address(view)


def _elsewhere(view: queue_lists.QueueView, form: queue_lists.QueueFilter, wanted: BulkForm) -> str:
    """Another page with the chosen cases, or with everything that the list means."""
    query = {"view": view.code} | form.conditions
    if not wanted.is_for_all:
        query = {"view": "all", "only": ".".join(wanted.numbers[: queue_lists.QueueFilter.MOST_NAMED])}
    return f"{reverse(ELSEWHERE[wanted.cleaned_data['do']])}?{urlencode(query)}"


def _active(form: queue_lists.QueueFilter, view: queue_lists.QueueView) -> list[dict[str, str]]:
    """Conditions in force, each with the address without it."""
    here, conditions = reverse("complaints:enterprise-queue"), form.conditions
    kept = {name: {k: v for k, v in conditions.items() if k != name} for name in conditions}
    return [
        {"label": form.condition_text(name), "remove_url": f"{here}?{urlencode({'view': view.code} | others)}"}
        for name, others in kept.items()
    ]


#: So many cases at once.
MOST_AT_ONCE = 500
NOT_HERE = gettext_lazy("没有这件投诉，或者它不在贵单位办理。")


class BulkForm(StepForm):
    """What is to be done with the chosen cases of a page; ``all`` means the whole list, up to MOST_AT_ONCE."""

    do = forms.ChoiceField(
        label=gettext_lazy("步骤"),
        choices=[("accept", ""), ("assign", ""), ("read", ""), ("export", ""), ("measure", "")],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    case = forms.MultipleChoiceField(label=gettext_lazy("案件"), required=False)
    all = forms.BooleanField(label=gettext_lazy("整个列表（最多500件）"), required=False)
    handler = forms.ChoiceField(label=gettext_lazy("交给谁"), required=False, error_messages={"invalid_choice": CHOOSE})

    def __init__(self, data: Any = None, *, workspace: Workspace, form: queue_lists.QueueFilter | None = None) -> None:
        super().__init__(data, auto_id="bulk_%s")
        self.numbers: list[str] = list(dict.fromkeys(data.getlist("case") if data else []))
        set_choices(self, "case", [(number, "") for number in self.numbers])
        people = form.people if form else [(str(one.pk), handler_label(one)) for one in workspace.choices.people]
        mine = {str(pk) for pk in workspace.staff_ids}
        may_have = any(value in mine for value, _label in people)
        kept = _("各自的处理人，没有的由我") if may_have else _("各自的处理人")
        set_choices(self, "handler", [("", kept), *people])

    @property
    def names(self) -> dict[int, str]:
        """Who may be named as the one who has a case."""
        return {int(value): text.partition(" · ")[0] for value, text in self.fields["handler"].choices if value}  # type: ignore[attr-defined]

    @property
    def is_for_all(self) -> bool:
        return bool(self.cleaned_data.get("all"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("all") and not self.numbers:
            self.add_error("case", _("请先选中要办的案件。"))
        if cleaned.get("do") == "assign" and not cleaned.get("handler") and "handler" not in self.errors:
            self.add_error("handler", _("请选一位处理人。"))
        return cleaned


def take_for_many(form: BulkForm, cases: queue_lists.Rows, workspace: Workspace) -> BulkRun:
    """Take the step on those of ``cases`` that were chosen; the others are named as not there."""
    do, numbers = form.cleaned_data["do"], form.numbers
    if form.is_for_all:
        chosen = list(cases.order_by(BY_OWED.field, "pk")[:MOST_AT_ONCE])
        numbers = [case.number for case in chosen]
    else:
        chosen = list(cases.filter(number__in=numbers))
    refused = {number: str(NOT_HERE) for number in numbers} | dict.fromkeys((case.number for case in chosen), "")
    if do != "read":
        refused |= _refusals(chosen, do, workspace, form)
    ids = [case.pk for case in chosen if not refused[case.number]]
    if ids:
        assigning.mark_read(ids, user=workspace.user)
    done = [number for number in numbers if not refused[number]]
    return BulkRun(do, done, [(number, refused[number]) for number in numbers if refused[number]])


def _refusals(cases: list[Complaint], do: str, workspace: Workspace, form: BulkForm) -> dict[str, str]:
    """Number → why not; "" where it was done. A lone case is a batch as well."""
    chosen, names = form.cleaned_data["handler"], form.names
    verb = enterprise.accept_case if do == "accept" else enterprise.assign
    held = () if chosen else [case.enterprise_id or 0 for case in cases if case.handler_id is not None]
    moves, workforce = [], Workforce.of(held, workspace.today)
    for case in cases:
        actor = next((actor for actor in workspace.actors if stands_to(actor, case)), workspace.actors[0])
        # Where nobody is named, whoever has a case keeps it, if they are there.
        kept = case.handler_id if workforce.there(case, case.handler_id) is not None else actor.staff_id
        moves.append((case.pk, verb(handler_id=int(chosen) if chosen else kept), actor))
    try:
        results = handling.take_each(moves, now=workspace.now)
    except handling.StepNotAllowed as refusal:
        return {case.number: _why(refusal, Complaint.objects.get(pk=case.pk), names) for case in cases}
    return {
        taken.complaint.number: _why(taken.refusal, taken.complaint, names) if taken.refusal else ""
        for taken in results
    }


def _why(refusal: handling.StepNotAllowed, case: Complaint, names: Mapping[int, str]) -> str:
    """The reason, and of a case that moved on who has it now; nothing was typed that could be kept."""
    if refusal.code != "not_now":
        return refusal.reason
    now = {"status": label(case.status, kind="status"), "name": names.get(case.handler_id or 0, "")}
    return (_("已是“%(status)s”，处理人：%(name)s。") if now["name"] else _("已是“%(status)s”。")) % now
