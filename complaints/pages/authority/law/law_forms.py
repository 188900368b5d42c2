"""What is typed to change a number, load a year of working days, or ask what other rules would have done."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.calendar import MOST_BYTES, Year, read_year
from authorities.models import Policy
from authorities.tables import TableError
from complaints.forms.fields import CHOOSE, FILL, Choice, Choices, Day, StepForm, Words, set_choices

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

    region = Choice(label=_("在哪里施行"), widget=forms.Select(attrs={"class": "w-24"}))
    number = Number(label=_("新的数值"), min_value=0, max_value=100_000)
    unit = Choice(label=_("单位"), widget=forms.Select(attrs={"class": "w-10"}))
    starts_on = Day(label=_("从哪天起施行"), help_text=_("最早从明天起。已经开始的期限不变，仍按开始那天的规定。"))
    legal_basis = Words(label=_("依据"), rows=1, longest=300, help_text=_("法律、规章或者文件的名称、文号和条款。"))
    why = Words(label=_("为什么改"), rows=3, longest=500)

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
    source = Words(
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

    name = Choice(label=_("改哪一项"), widget=forms.Select(attrs={"class": "w-24"}))
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
    region = Choice(label=_("哪里的案件"), widget=forms.Select(attrs={"class": "w-24"}))
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
