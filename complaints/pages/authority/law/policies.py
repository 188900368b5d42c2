"""/authority/policies/ and /authority/calendar/: the numbers of the procedure, the years that are loaded, their drafts.

A number is changed, and a year loaded, only by a change that was put up for trial here and decided by somebody else
(changes.py); what other rules would have done is asked in the same way.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.calendar import MOST_BYTES, Year, read_year
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, CalendarVersion, Officer, Policy, Region
from authorities.policies import measured
from authorities.tables import TableError
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import CHOOSE, FILL, Choice, Choices, Day, Dropdown, FreeText, StepForm, set_choices
from complaints.law import changing
from complaints.law.numbers import bounds_of, missing_year, moves
from complaints.models import Deadline, LawChange
from complaints.pages.authority.law.changes import (
    MOST_CHANGES,
    Office,
    approvers_of,
    names_of,
    office_of,
    place_name,
    put_up,
    seen_by,
    shown,
)
from complaints.parties.conditions import current_calendar
from complaints.wording.policies import GROUPS, POLICIES, name_of
from web.incoming import posted

UNITS = {
    Policy.Unit.WORKING_DAYS: _("个工作日"),
    Policy.Unit.CALENDAR_DAYS: _("天（自然日）"),
    Policy.Unit.MINUTES: _("分钟"),
    Policy.Unit.COUNT: _("次"),
}
SWITCH: Choices = [("1", _("是")), ("0", _("否"))]  # type: ignore[list-item]


FILE_FORMATS = {"accept": ".csv,.json,text/csv,application/json"}


class Number(forms.IntegerField):
    """A whole number, as people type it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "w-10"}), **options
        )
        self.error_messages |= {
            "required": FILL,
            "invalid": _("请填整数，例如 8"),
            "min_value": _("不能小于%(limit_value)s。"),
            "max_value": _("不能大于%(limit_value)s。"),
        }


class PolicyForm(StepForm):
    """A new value, from when, for which place, on what basis, and why."""

    region = Dropdown(label=_("在哪里施行"))
    number = Number(label=_("新的数值"), min_value=0, max_value=100_000)
    unit = Choice(label=_("单位"), widget=forms.Select(attrs={"class": "w-10"}))
    starts_on = Day(label=_("从哪天起施行"), help_text=_("最早从明天起。已经开始的期限不变，仍按开始那天的规定。"))
    legal_basis = FreeText(label=_("依据"), rows=1, longest=300, help_text=_("法律、规章或者文件的名称、文号和条款。"))
    why = FreeText(label=_("为什么改"), rows=3, longest=500)

    def __init__(self, *args: Any, regions: Choices, units: Sequence[str], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "region", [("", str(_("请选择"))), *regions] if len(regions) > 1 else regions)
        self.fields["starts_on"].initial = today + timedelta(days=1)
        if tuple(units) == (Policy.Unit.FLAG,):
            errors = {"required": CHOOSE, "invalid_choice": CHOOSE}
            self.fields["number"] = forms.TypedChoiceField(
                label=_("新的数值"), choices=SWITCH, coerce=int, widget=forms.RadioSelect, error_messages=errors
            )
            set_choices(self, "unit", [(Policy.Unit.FLAG, str(_("开关")))])
        else:
            set_choices(self, "unit", [(unit, str(UNITS[Policy.Unit(unit)])) for unit in units])
        if len(units) == 1:
            self.fields["unit"].initial = units[0]
            self.fields["unit"].widget = forms.HiddenInput()


class CalendarForm(StepForm):
    """The decree of one year, with its file. ``cleaned_data["read"]`` is what the file says."""

    year = Number(label=_("哪一年"), min_value=2000, max_value=2100)
    source = FreeText(
        label=_("通知的名称和文号"),
        rows=1,
        longest=300,
        help_text=_("例如：国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕N号）"),
    )
    published_on = Day(label=_("发布日期"))
    file = forms.FileField(
        label=_("放假安排文件"),
        widget=forms.FileInput(attrs=FILE_FORMATS),
        help_text=_(
            "CSV，列名 day,is_working,name,name_en；或者通用的JSON（days、date、isOffDay）。只写放假和调休上班的日子。"
        ),
        error_messages={"required": _("请选择文件。"), "empty": _("这份文件是空的。")},
    )
    takes_files = True

    def __init__(self, *args: Any, year: int, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["year"].initial = year

    def clean_published_on(self) -> date:
        day: date = self.cleaned_data["published_on"]
        if day > self.today:
            raise forms.ValidationError(_("这一天还没有到。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file") and cleaned.get("year"):
            cleaned["read"] = _read(self, cleaned["file"], cleaned["year"])
        return cleaned


class ReplayForm(StepForm):
    """Other rules for recorded cases: a number, or the calendar of one year."""

    name = Dropdown(label=_("改哪一项"))
    number = Number(label=_("改成"), required=False, min_value=0, max_value=3650)
    unit = forms.ChoiceField(
        label=_("单位"),
        required=False,
        widget=forms.Select(attrs={"class": "w-10"}),
        choices=[
            ("", _("不变")),
            (Policy.Unit.WORKING_DAYS, _("个工作日")),
            (Policy.Unit.CALENDAR_DAYS, _("天（自然日）")),
        ],
    )
    file = forms.FileField(
        label=_("另一份放假安排"),
        required=False,
        help_text=_("选“工作日历”时上传：那一年的CSV或者JSON。"),
        widget=forms.FileInput(attrs=FILE_FORMATS),
        error_messages={"empty": _("这份文件是空的。")},
    )
    region = Dropdown(label=_("哪里的案件"))
    since = Day(label=_("期限从哪天起开始的"))
    until = Day(label=_("到哪天为止"))
    takes_files = True
    CALENDAR = "calendar"

    def __init__(self, *args: Any, names: Choices, regions: Choices, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "name", [("", str(_("请选择"))), *names, (self.CALENDAR, str(_("工作日历")))])
        set_choices(self, "region", regions)
        self.fields["since"].initial = today - timedelta(days=365)
        self.fields["until"].initial = today

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["until"] < cleaned["since"]:
            self.add_error("until", _("止日不能早于起日。"))
        if cleaned.get("name") == self.CALENDAR:
            if not cleaned.get("file"):
                self.add_error("file", _("请选择文件。"))
            elif cleaned.get("since"):
                cleaned["read"] = _read(self, cleaned["file"], cleaned["since"].year)
        elif cleaned.get("name") and cleaned.get("number") is None and "number" not in self.errors:
            self.add_error("number", FILL)
        return cleaned


def _read(form: forms.Form, file: Any, year: int) -> Year | None:
    """What the file says; each wrong line is told at the field."""
    try:
        return read_year(file.read(MOST_BYTES + 1), name=file.name or "", year=year)
    except TableError as wrong:
        for line in str(wrong).split("\n"):
            form.add_error("file", line)
        return None


@officer_page("GET")
def policies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """What holds today, here and in the whole country, with its basis; and the changes that are under way."""
    office = office_of(workspace)
    rows: dict[str, list[Policy]] = defaultdict(list)
    for row in _here(Policy.objects.on(workspace.today).order_by("region__id", "version"), office):
        rows[row.name].append(row)
    coming = {row.name for row in _here(Policy.objects.filter(starts_on__gt=workspace.today), office)}
    here = reverse("complaints:authority-policy")
    groups = [
        {
            "title": title,
            "rows": [
                _line(row)
                | {
                    "name": name_of(name),
                    "is_local": row.region is not None,
                    "is_coming": n == 0 and name in coming,
                    "url": f"{here}?{urlencode({'name': name})}",
                }
                for name in POLICIES
                if POLICIES[name][0] == group
                for n, row in enumerate(rows.get(name, []))
            ],
        }
        for group, title in GROUPS.items()
    ]
    changes = list(seen_by(office).filter(kind="policy").order_by("-pk")[:MOST_CHANGES])
    context = {
        "groups": groups,
        "tab": "policies",
        "waiting": shown(row for row in changes if row.state in ("trying", "tried")),
        "decided": shown(row for row in changes if row.state not in ("trying", "tried")),
    }
    return render(request, "law/policies.html", context)


def _line(row: Policy) -> dict[str, Any]:
    return {"row": row, "value": measured(row.number, row.unit), "where": place_name(row.region)}


def _here(rows: QuerySet[Policy], office: Office) -> list[Policy]:
    """Those of the whole country, and of regions above and below this person's authorities."""
    return [
        row
        for row in rows.select_related("region")
        if row.region is None
        or any(row.region.covers(a.region_id) or a.region.covers(row.region.pk) for a in office.all)
    ]


@officer_page("GET", "POST")
def policy(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/policies/new/?name=…: the history of one number, and the draft of a change."""
    name = request.GET.get("name", "")
    if name not in POLICIES:
        return redirect("complaints:authority-policies")
    office = office_of(workspace)
    rows = _here(Policy.objects.filter(name=name).order_by("region__id", "-version"), office)
    if not rows or (request.method == "POST" and not office.drafts):
        raise Http404
    today = next((row for row in rows if row.holds(workspace.today)), rows[0])
    bounds = bounds_of(name, today.unit)
    places = places_of(office.drafts)
    form = PolicyForm(posted(request), regions=_choices(places), units=bounds.units, today=workspace.today)

    def draft(cleaned: dict[str, Any]) -> LawChange:
        region = places.get(cleaned.pop("region"))
        whose = _whose(office.drafts, region)
        return changing.draft_policy(
            by=workspace.user, authority=whose, region=region, name=name, now=workspace.now, **cleaned
        )

    if form.is_bound and (address := put_up(request, form, draft)):
        return redirect(address)
    context = {
        "form": form,
        "title": name_of(name),
        "name": name,
        "bounds": bounds,
        "is_clock": bool(moves(name)),
        "may_change": bool(office.drafts),
        "rows": [_line(row) | {"is_now": row.holds(workspace.today)} for row in rows],
    }
    return render(request, "law/policy.html", context, status=422 if form.is_bound else 200)


def places_of(authorities: Sequence[Authority]) -> dict[str, Region | None]:
    """What these authorities may speak for, by the value of a choice: the country, their own region, those below."""
    places: dict[str, Region | None] = {}
    for authority in authorities:
        if authority.level == Authority.Level.NATIONAL:
            places["0"] = None
        places[str(authority.region_id)] = authority.region
        for below in Jurisdiction.load().authorities:
            if authority.region.covers(below.region_id) and below.level != Authority.Level.OFFICE:
                places[str(below.region_id)] = below.region
    return places


def _choices(places: dict[str, Region | None]) -> Choices:
    return [(key, place_name(region)) for key, region in places.items()]


def _whose(authorities: Sequence[Authority], region: Region | None) -> Authority:
    return next((a for a in authorities if changing.may_change(a, region)), authorities[0])


@officer_page("GET", "POST")
def replay(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """/authority/policies/replay/: what other rules would have done to recorded cases."""
    office = office_of(workspace)
    places = places_of(office.all)
    names = [(name, name_of(name)) for name in POLICIES if moves(name)] + [("weekend_roll", name_of("weekend_roll"))]
    form = ReplayForm(
        posted(request), request.FILES or None, names=names, regions=_choices(places), today=workspace.today
    )

    def draft(cleaned: dict[str, Any]) -> LawChange:
        region, rule = places.get(cleaned["region"]), {name: cleaned[name] for name in ("name", "number", "unit")}
        is_calendar = cleaned["name"] == ReplayForm.CALENDAR
        return changing.ask_replay(
            by=workspace.user,
            authority=_whose(office.all, region),
            region=region,
            since=cleaned["since"],
            until=cleaned["until"],
            now=workspace.now,
            **({"year": cleaned["read"]} if is_calendar else rule),
        )

    if form.is_bound and (address := put_up(request, form, draft)):
        return redirect(address)
    earlier = seen_by(office).filter(kind="replay").order_by("-pk")[:MOST_CHANGES]
    context = {"form": form, "rows": shown(earlier), "now": workspace.now, "tab": "replay"}
    return render(request, "law/replay.html", context, status=422 if form.is_bound else 200)


@officer_page("GET", "POST")
def calendar(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    office = office_of(workspace)
    loaders = [a for a in office.drafts if a.level in changing.LOADS_CALENDARS]
    if request.method == "POST" and not office.drafts:
        raise Http404
    missing = missing_year(current_calendar(), workspace.today)
    year, data = missing or workspace.today.year + 1, posted(request)
    form = CalendarForm(data, request.FILES or None, year=year, today=workspace.today)

    def draft(cleaned: dict[str, Any]) -> LawChange:
        return changing.draft_calendar(
            by=workspace.user,
            authority=(loaders or office.drafts)[0],
            year=cleaned["read"],
            source=cleaned["source"],
            published_on=cleaned["published_on"],
            now=workspace.now,
        )

    if form.is_bound and (address := put_up(request, form, draft)):
        return redirect(address)
    nearest: Sequence[Officer] = ()
    if not loaders:
        nearest = changing.calendar_loaders([authority.region_id for authority in office.all], on=workspace.today)
    provisional = Deadline.objects.filter(is_provisional=True, state__in=["running", "paused"])
    count = keyset.counts({"provisional": provisional})["provisional"]
    changes = list(seen_by(office).filter(kind="calendar").order_by("-pk")[:MOST_CHANGES])
    context = {
        "approvers": approvers_of((loaders or office.all)[0], workspace),
        "loaders": gettext("可以载入的人：%(names)s。") % {"names": names_of(nearest)} if nearest else "",
        "form": form,
        "may_load": bool(loaders),
        "years": _years(),
        "missing": missing,
        "tab": "calendar",
        "provisional": keyset.count_text(count),
        "has_provisional": bool(count),
        "waiting": shown(row for row in changes if row.state in ("trying", "tried", "applying")),
        "decided": shown(row for row in changes if row.state not in ("trying", "tried", "applying")),
    }
    return render(request, "law/calendar.html", context, status=422 if form.is_bound else 200)


def _years() -> list[dict[str, Any]]:
    """Newest first; of each year the newest version counts."""
    days = {name: Count("days", filter=Q(days__is_working=works)) for name, works in (("off", False), ("on", True))}
    rows: list[dict[str, Any]] = []
    for version in CalendarVersion.objects.filter(country="CN").order_by("-year", "-number").annotate(**days):
        rows.append({"version": version, "counts": not rows or rows[-1]["version"].year != version.year})
    return rows
