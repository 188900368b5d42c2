"""What somebody asks the dashboard for, and what every page of oversight begins with.

What cannot be read is named in an error, and the figures shown are then those of the usual period; nothing that is
typed can widen what the officer may see. One address says it all, and every link keeps what it does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.desks.authority_workspace import Workspace
from complaints.desks.case_query import CAME_BY
from complaints.forms.fields import labels_of
from complaints.parties.conditions import current_calendar
from complaints.procedure import categories
from enterprises.models import Enterprise
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.presenting.cards import Lists
from oversight.presenting.leagues import SORTS
from oversight.presenting.places import NOWHERE, Beside, Places, places_of
from web.incoming import ID_DIGITS, whole
from web.languages import named

#: Milliseconds for each statement: together less than a transaction may take.
LONGEST = 2500
#: What the database says when a statement took longer than it may.
CANCELED = "57014"
T = TypeVar("T")


def patiently(count: Callable[[], T]) -> T | None:
    """What ``count`` says; None where the database gave up."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute("set local statement_timeout = %s", [str(LONGEST)])
            result = count()
            cursor.execute("set local statement_timeout = %s", [before])
            return result
    except OperationalError as refused:
        if getattr(refused.__cause__, "pgcode", "") != CANCELED:
            raise
        return None


WEEK, MONTH, THIRTY, YEAR, CHOSEN = "7", "month", "30", "year", "chosen"
PERIODS = ((WEEK, _("近7天")), (THIRTY, _("近30天")), (MONTH, _("本月")), (YEAR, _("今年")), (CHOSEN, _("自选日期")))
#: Earlier days are a slip of the hand: there was no such procedure.
EARLIEST = date(2000, 1, 1)
USUAL_SORT = "overdue"
FIELDS = ("period", "first", "last", "category", "channel", "enterprise", "region")


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        error_messages={"invalid": _("请填年-月-日，例如 2026-11-25")},
    )


class ChoiceForm(forms.Form):
    """A shareable GET form; ``today`` bounds the days. The usual periods are links beside it."""

    period = forms.ChoiceField(
        label=_("时间段"),
        required=False,
        choices=PERIODS,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("请从列出的时间段中选。")},
    )
    first = day_field(_("从"))
    last = day_field(_("至"))
    category = forms.ChoiceField(
        label=_("类别"), required=False, error_messages={"invalid_choice": _("没有这个类别，已显示全部类别。")}
    )
    channel = forms.ChoiceField(
        label=_("渠道"), required=False, error_messages={"invalid_choice": _("没有这个渠道，已显示全部渠道。")}
    )
    enterprise = forms.CharField(required=False, widget=forms.HiddenInput)
    region = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, today: date, places: Places = NOWHERE, usual: str = WEEK) -> None:
        given = {name: data.get(name, "") for name in FIELDS}
        if given["first"] or given["last"]:
            # Days that somebody typed win over the period that was shown before.
            given["period"] = CHOSEN
        super().__init__(given | {"period": given["period"] or usual}, label_suffix="")
        self.today, self.places, self.usual, self.enterprise_name = today, places, usual, ""
        groups = [
            (str(group), [(code, str(label)) for code, label in options])
            for all_groups in (categories.OBJECT_CATEGORIES, categories.PROBLEM_CATEGORIES)
            for group, options in all_groups
        ]
        for name, choices in (
            ("category", [("", str(_("全部类别"))), *groups]),
            ("channel", [("", str(_("全部渠道"))), *labels_of(CAME_BY, "channel")]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_enterprise(self) -> int | None:
        cleaned = self.cleaned_data["enterprise"]
        if not cleaned:
            return None
        enterprise = Enterprise.objects.filter(pk=whole(cleaned, ID_DIGITS) or 0).first()
        if enterprise is None:
            raise forms.ValidationError(_("没有这家企业，已显示全部企业。"))
        self.enterprise_name = named(enterprise)
        return enterprise.pk

    def clean_region(self) -> str:
        if self.places.is_unknown:
            raise forms.ValidationError(_("没有这个地区，或者它不在您的辖区里，已显示全部辖区。"))
        return self.places.chosen.code if self.places.chosen else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if cleaned.get("period") != CHOSEN:
            return cleaned
        if "first" not in self.errors and first is None:
            self.add_error("first", _("请填开始的日期。"))
        elif first is not None and not EARLIEST <= first <= self.today:
            self.add_error("first", _("请填2000年以后、今天以前的日期。"))
        if last is not None and last < EARLIEST:
            self.add_error("last", _("请填2000年以后的日期。"))
        elif first is not None and last is not None and last < first:
            self.add_error("last", _("结束的日期不能早于开始的日期。"))
        return cleaned


@dataclass(frozen=True, slots=True)
class Selection:
    """What was understood. ``query`` rebuilds the address."""

    period: Period
    kind: str
    category: str
    channel: str
    enterprise_id: int | None
    sort: str
    is_turned: bool
    page: int
    query: Mapping[str, str]

    def periods(self) -> list[dict[str, Any]]:
        """The usual periods, as links."""
        return [
            {"label": label, "is_current": self.kind == name, "url": self.url(period=name, first="", last="", page="")}
            for name, label in PERIODS
            if name != CHOSEN
        ]

    def paged(self, rows: Sequence[T], size: int) -> tuple[int, list[T], dict[str, str]]:
        """The rows of the page that is asked for: how many stand before it, they, and the addresses beside it."""
        page = min(self.page, max(1, -(-len(rows) // size)))
        first = (page - 1) * size
        return (
            first,
            list(rows[first : first + size]),
            {
                "previous_url": self.url(page=page - 1) if page > 1 else "",
                "next_url": self.url(page=page + 1) if first + size < len(rows) else "",
            },
        )

    def url(self, **changes: str | int) -> str:
        values = {**self.query, **{name: str(value) for name, value in changes.items()}}
        return "?" + urlencode({name: value for name, value in values.items() if value})


def understood(form: ChoiceForm, data: Any) -> Selection:
    """The form's answer; fields with an error fall back to what is usual."""
    form.is_valid()
    cleaned = form.cleaned_data
    kind = cleaned.get("period") or form.usual
    if {"first", "last"} & set(form.errors):
        kind = form.usual
    sort = str(data.get("sort", ""))
    name = sort.removeprefix("-")
    query = {name: str(form.data[name]) for name in FIELDS if name not in form.errors and form.data[name]}
    return Selection(
        period=period_of(kind, cleaned, form.today),
        kind=kind,
        category=cleaned.get("category") or "",
        channel=cleaned.get("channel") or "",
        enterprise_id=cleaned.get("enterprise"),
        sort=name if name in SORTS else USUAL_SORT,
        is_turned=sort.startswith("-"),
        page=whole(str(data.get("page", "")), 6) or 1,
        query=query | ({"sort": sort} if name in SORTS else {}),
    )


def period_of(kind: str, values: Mapping[str, Any], today: date) -> Period:
    if kind == CHOSEN:
        return Period(first=values["first"], last=min(values.get("last") or today, today))
    # Whole days: today is not over, except where the period begins with it.
    last = today - timedelta(days=1)
    if kind in (MONTH, YEAR):
        first = today.replace(day=1) if kind == MONTH else today.replace(month=1, day=1)
        return Period(first=first, last=max(first, last))
    return Period(first=last - timedelta(days=29 if kind == THIRTY else 6), last=last)


def before(period: Period, kind: str) -> Period:
    """What the period is compared with: the same days of the month before, else as many days just before it."""
    if kind == YEAR:
        return a_year_before(period, kind)
    if kind == MONTH:
        end = period.first - timedelta(days=1)
        return Period(first=end.replace(day=1), last=min(end, end.replace(day=1) + (period.last - period.first)))
    return Period(
        first=period.first - (period.last - period.first) - timedelta(days=1), last=period.first - timedelta(days=1)
    )


def a_year_before(period: Period, kind: str) -> Period:
    """The same days a year ago; of a week the same weekdays."""
    if kind == WEEK:
        return Period(first=period.first - timedelta(days=364), last=period.last - timedelta(days=364))
    return Period(first=_last_year(period.first), last=_last_year(period.last))


def _last_year(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


#: Name of the page, its title; in the order in which they are asked for.
PAGES: tuple[tuple[str, Any], ...] = (
    ("dashboard", _("总览")),
    ("compare", _("全部指标和对比")),
    ("enterprises", _("企业")),
    ("workload", _("工作量")),
    ("flow", _("流转")),
    ("fairness", _("同等对待")),
    ("further", _("原因和损失")),
    ("system", _("系统")),
)

#: Of these pages the tables come as a file (sheets.py).
SHEETS = frozenset(("dashboard", "compare", "enterprises", "workload", "flow", "fairness", "further"))

#: Pages of others that a director goes on to; they have conditions of their own.
BESIDE: tuple[tuple[str, Any], ...] = (("hot-spots", _("热点")), ("authority-reports", _("月报")))


@dataclass(frozen=True)
class DashboardPage:
    """One officer at one page."""

    workspace: Workspace
    page: str
    places: Places
    form: ChoiceForm
    asked: Selection

    @cached_property
    def scope(self) -> Scope:
        asked, regions = self.asked, self.places.regions
        return Scope(regions=regions, enterprise_id=asked.enterprise_id, category=asked.category, channel=asked.channel)

    @cached_property
    def measure(self) -> Measure:
        return Measure(self.scope, self.asked.period, self.workspace.now, current_calendar())

    @cached_property
    def lists(self) -> Lists:
        asked, chosen = self.asked, self.places.chosen
        code = chosen.code if chosen else ""
        return Lists(asked.period, asked.category, asked.enterprise_id, code, asked.channel)

    def around(self) -> dict[str, Any]:
        """What the head of the page shows."""
        asked, places = self.asked, self.places
        return {
            "form": self.form,
            "now": self.workspace.now,
            "period": asked.period,
            "page_url": reverse(f"oversight:{self.page}"),
            "periods": asked.periods(),
            "tabs": [
                {
                    "label": label,
                    "url": reverse(f"oversight:{name}") + asked.url(page="", sort=""),
                    "is_current": name == self.page,
                }
                for name, label in PAGES
            ]
            + [{"label": label, "url": reverse(f"oversight:{name}"), "is_current": False} for name, label in BESIDE],
            "place": " · ".join(named(region) for region in places.regions),
            "up_url": asked.url(region=places.above.code if places.above else "", page="") if places.chosen else "",
            "up_name": named(places.above) if places.above else " · ".join(named(region) for region in places.own),
            "all_url": asked.url(enterprise="", page=""),
            "save_url": reverse("oversight:views")
            + "?"
            + urlencode({"page": self.page, "query": asked.url(page="").removeprefix("?")})
            if self.page in dict(PAGES)
            else "",
            "has_sheets": self.page in SHEETS,
        }


def dashboard_page(
    request: HttpRequest,
    workspace: Workspace,
    page: str,
    *,
    usual: str = WEEK,
    beside: Beside | None = None,
    since: date = date.min,
) -> DashboardPage:
    """One statement for the places, one more where an enterprise is asked for. ``usual``: the period of who asks for
    none; ``beside``: what is read with each place, ``since`` a day.
    """
    places = places_of(workspace, request.GET.get("region", ""), beside, since)
    form = ChoiceForm(request.GET, today=workspace.today, places=places, usual=usual)
    return DashboardPage(workspace, page, places, form, understood(form, request.GET))
