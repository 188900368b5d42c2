"""/oversight/enterprises/, /cases/, /views/: the table by enterprise, the cases behind a number, saved pages.

What is listed is what was counted. A saved view is an address and nothing more; whoever opens it sees the own region,
never that of its maker.
"""

import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from complaints.desks.authority_lists import RELATED, rows_of
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.desks.case_query import OUTSIDE
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.counters import behind, further, treated
from oversight.counters.behind import EventPage
from oversight.mirror import goals, perfunctory
from oversight.models import OversightView
from oversight.presenting import ahead, cards, fairness, leagues, lengths, sheets
from oversight.presenting.choosing import FIELDS, PAGES, DashboardPage, Selection, dashboard_page, patiently
from oversight.presenting.leagues import EnterpriseLine
from web.incoming import whole
from web.languages import named
from web.small_numbers import ENOUGH

PAGE = 25
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("overdue", _("逾期")),
    ("open", _("在办")),
    ("received", _("收到")),
    ("settled", _("和解成功率")),
    ("on_time", _("按时办结率")),
    ("kept", _("守约率")),
    ("response", _("首次响应")),
)


@officer_page("GET")
@sheets.downloadable
def enterprises(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "enterprises")
    asked = page.asked
    counted = ahead.counted(page, ahead.ENTERPRISES, lambda: patiently(lambda: leagues.counted(page.measure)))
    lines = counted.what
    ordered = leagues.in_order(lines or [], asked.sort, turned=asked.is_turned)
    first, result, beside = asked.paged(ordered, sheets.size(request, PAGE))
    last = {"first": first + 1, "last": first + len(result), "all": len(ordered)}
    shown = Enterprise.objects.filter(pk__in=[line.enterprise_id for line in result]).only("name", "name_en")
    names = {row.pk: named(row) for row in shown}
    written = perfunctory.shares(page.measure) if asked.enterprise_id and lines is not None else []
    return render(
        request,
        "oversight/enterprises.html",
        page.around()
        | beside
        | {
            "summary": gettext("第%(first)s–%(last)s家，共%(all)s家") % last if len(ordered) > PAGE else "",
            "narrowed_to": page.form.enterprise_name,
            "data_at": counted.at,
            "is_too_much": lines is None,
            "rows": [_row(line, names, asked, page.lists) for line in result],
            "columns": _columns(asked),
            "ranked_from": ENOUGH,
            "goals": goals.shown(page.measure, asked.enterprise_id, page.lists) if asked.enterprise_id else [],
            "perfunctory": written,
            "replies": perfunctory.replies(asked.enterprise_id) if asked.enterprise_id and written else [],
        },
    )


def _row(line: EnterpriseLine, names: dict[int, str], asked: Selection, lists: cards.Lists) -> dict[str, Any]:
    low, high = line.interval
    pk = line.enterprise_id
    success = line.success
    response = cards.NOTHING
    if line.responses and line.response_minutes is not None:
        response = lengths.with_unit(*lengths.working_time(line.response_minutes))
    place = "" if asked.enterprise_id else leagues.place_text(line.place)
    return {
        "line": line,
        "name": names.get(pk, ""),
        "url": asked.url(enterprise=pk, page=""),
        "open_url": lists.url(enterprise_id=pk),
        "overdue_url": lists.url(enterprise_id=pk, overdue=OUTSIDE),
        "received_url": lists.received(enterprise_id=pk),
        "settled_url": lists.behind("ended_settled", enterprise_id=pk),
        "in_time_url": lists.behind("in_time", enterprise_id=pk),
        "kept_url": lists.behind("promise_kept", enterprise_id=pk),
        "kept": cards.percent(line.kept.value),
        "place": place,
        "success": cards.percents(success.value, success.upper_value),
        "interval": (round(low * 100), max(1, round((high - low) * 100))),
        "confirmed_at": round((success.value or 0) * 100),
        "upper_at": round((success.upper_value or 0) * 100),
        "punctual": cards.percent(line.punctual.value),
        "response": response,
    }


def _columns(asked: Selection) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [{"label": gettext("企业")}]
    for name, label in COLUMNS:
        is_current = name == asked.sort
        turned = is_current and not asked.is_turned
        falls = leagues.SORTS[name][1] != asked.is_turned
        results.append(
            {
                "label": label,
                "is_number": True,
                "url": asked.url(sort=f"-{name}" if turned else name, page=""),
                "sort": ("descending" if falls else "ascending") if is_current else "",
            }
        )
    return results


@officer_page("GET")
def cases(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    what = request.GET.get("what") or "received"
    page = dashboard_page(request, workspace, "cases")
    title, narrowed, result = _listed(request, page, what)
    shown = workspace.cases().filter(pk__in={line.complaint_id for line in result.lines}).select_related(*RELATED)
    rows = {row.complaint.pk: row for row in rows_of(list(shown), workspace)}
    here = reverse("oversight:cases") + page.asked.url(what=what, **narrowed)
    return render(
        request,
        "oversight/cases.html",
        page.around()
        | {
            "title": title,
            "n": result.n,
            "what": what,
            "first_url": here,
            "rows": [
                {"row": rows[line.complaint_id], "day": line.day} for line in result.lines if line.complaint_id in rows
            ],
            "next_url": f"{here}&after={result.after}" if result.after else "",
            "is_first": not request.GET.get("after"),
            "enterprise": page.form.enterprise_name,
            "place": " · ".join(named(region) for region in page.places.regions),
            "back_url": reverse("oversight:dashboard") + page.asked.url(),
        },
    )


def _listed(request: HttpRequest, page: DashboardPage, what: str) -> tuple[Any, dict[str, str], EventPage]:
    """What the list behind a number is called, what else its address says, and its page."""
    after = request.GET.get("after", "")
    if what in behind.WHAT:
        return behind.WHAT[what], {}, behind.page(page.measure, what, behind.read_key(after))
    skip = whole(after, 7) or 0
    if what in further.WHAT:
        problem = request.GET.get("problem", "")[:60]
        words = [str(further.WHAT[what]), str(label_of(problem))] if problem else [str(further.WHAT[what])]
        found = further.listed(page.measure, what, problem=problem, skip=skip)
        return " · ".join(word for word in words if word), {"problem": problem}, found
    narrowed = {name: request.GET.get(name, "") for name in ("group", "figure", "side")}
    asked = fairness.asked_for(**narrowed) if what == "alike" else None
    if asked is None:
        raise Http404
    period, today = page.asked.period, page.workspace.today
    kinds, came = fairness.behind(treated.read(page.scope, period, today), asked)
    result = treated.listed(page.scope, period, today, of=kinds, came=came, figure=asked.figure or "on_time", skip=skip)
    return asked.title, narrowed, result


#: So many an authority.
MOST = 30
#: What an address of these pages may say; everything else is left out.
KNOWN = (
    *FIELDS,
    *("sort", "against", "other_first", "other_last", "with_region", "with_category", "with_enterprise"),
    *("explain", "worse"),
)
TITLES = dict(PAGES)


class ViewForm(forms.Form):
    """The name under which colleagues find it."""

    name = forms.CharField(
        label=_("视图的名称"),
        max_length=40,
        error_messages={"required": _("请写一个名称，例如“鼓楼区本月”。"), "max_length": _("名称最多40个字。")},
    )


def tidy(query: str) -> str:
    """The conditions of an address in one order, each once and no longer than a condition is."""
    asked = dict(parse_qsl(query[:3000]))
    return urlencode({name: asked[name][:60] for name in KNOWN if asked.get(name)})[:600]


def _own(workspace: Workspace) -> QuerySet[OversightView]:
    """Those of the authorities where this officer works."""
    return OversightView.objects.filter(authority_id__in=[actor.authority_id for actor in workspace.actors])


@officer_page("GET", "POST")
def views(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list; POST keeps one more or takes one away."""
    if request.method != "POST":
        return _show(request, workspace, None, request.GET.get("page", ""), tidy(request.GET.get("query", "")))
    page, query = request.POST.get("page", ""), tidy(request.POST.get("query", ""))
    is_removing = "remove" in request.POST
    form = ViewForm(None if is_removing else request.POST, label_suffix="")
    with once(request) as attempt:
        if not attempt.answered and is_removing:
            _take_away(workspace, request.POST["remove"])
            attempt.reference = reverse("oversight:views")
            messages.success(request, gettext("已删除这个视图。"), extra_tags="ok")
        elif not attempt.answered and page in TITLES and form.is_valid():
            kept = _keep(workspace, form, page, query)
            if kept is not None:
                attempt.reference = reverse("oversight:views")
                url = request.build_absolute_uri(_address(kept))
                text = gettext("已保存。同事可以用这个地址打开：%(url)s") % {"url": url}
                messages.success(request, text, extra_tags="ok")
    return (
        redirect(attempt.reference) if attempt.reference else _show(request, workspace, form, page, query, status=422)
    )


def _keep(workspace: Workspace, form: ViewForm, page: str, query: str) -> OversightView | None:
    """A name that the authority has already gets the new conditions, and keeps its address."""
    # Kept for the authority of the first office.
    authority_id = next(actor.authority_id for actor in workspace.actors if actor.authority_id is not None)
    name = form.cleaned_data["name"]
    known = OversightView.objects.filter(authority_id=authority_id, name=name).first()
    if known is None and OversightView.objects.filter(authority_id=authority_id).count() >= MOST:
        form.add_error("name", gettext("最多保存%(n)s个视图，请先删除不用的。") % {"n": MOST})
        return None
    view = known or OversightView(key=uuid.uuid4(), authority_id=authority_id, name=name)
    view.made_by, view.made_at, view.page, view.query = workspace.user, workspace.now, page, query
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        form.add_error("name", gettext("刚有同事用了这个名称，请换一个。"))
        return None
    return view


def _take_away(workspace: Workspace, key: str) -> None:
    try:
        result = uuid.UUID(key)
    except ValueError:
        raise Http404 from None
    if not _own(workspace).filter(key=result).delete()[0]:
        raise Http404


def _address(view: OversightView) -> str:
    return reverse("oversight:view", args=[view.key])


def _show(
    request: HttpRequest, workspace: Workspace, form: ViewForm | None, page: str, query: str, *, status: int = 200
) -> HttpResponseBase:
    return render(
        request,
        "oversight/views.html",
        {
            "rows": [
                {"view": one, "url": _address(one), "title": TITLES.get(one.page, one.page), "query": one.query}
                for one in _own(workspace)[: MOST * 4]
            ],
            "form": form or ViewForm(label_suffix=""),
            "page": page if page in TITLES else "",
            "page_title": TITLES.get(page, ""),
            "query": query,
            "back_url": (
                reverse(f"oversight:{page}" if page in TITLES else "oversight:dashboard")
                + (f"?{query}" if query else "")
            ),
        },
        status=status,
    )


@officer_page("GET")
def view(request: HttpRequest, workspace: Workspace, key: uuid.UUID) -> HttpResponseBase:
    """/oversight/views/<key>/: on to the page; for whoever works at the authority that keeps it."""
    result: Any = _own(workspace).filter(key=key).first()
    if result is None or result.page not in TITLES:
        raise Http404
    return redirect(reverse(f"oversight:{result.page}") + (f"?{result.query}" if result.query else ""))
