"""What is typed for a monthly report: which month, its words, a decision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, Choices, StepForm, Words, set_choices
from oversight.reports.showing import TITLES

LONGEST = 4000


class NewReportForm(StepForm):
    """Of which authority and month; of a correction also why."""

    authority = Choice(label=_("哪个机关的报告"), widget=forms.Select(attrs={"class": "w-24"}))
    month = Choice(label=_("哪个月"), widget=forms.Select(attrs={"class": "w-10"}))
    what_changed = Words(
        label=_("更正什么"),
        rows=2,
        longest=500,
        required=False,
        help_text=_("这个月已经公布过的，须写明；会印在新的一版上。"),
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
    overview = Words(label=TITLES["overview"], rows=5, longest=LONGEST, required=False)
    problems = Words(label=TITLES["problems"], rows=5, longest=LONGEST, required=False)
    cases = Words(
        label=TITLES["cases"],
        rows=6,
        longest=LONGEST,
        required=False,
        help_text=_("不写消费者的姓名、电话、订单号；写企业名称的，先核对事实。空着就不印这一节。"),
    )
    tips = Words(label=TITLES["tips"], rows=5, longest=LONGEST, required=False)
