"""What an officer types about the national platform: a file that comes back, a number by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import CHOOSE, FILL, Choice, StepForm, Words
from complaints.handling.steps.platform import STATES
from complaints.models import Complaint
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
    purpose = Words(
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
    """What is done with a file that was tried out."""

    decision = Choice(label=_("这份文件怎么办"))

    def __init__(self, *args: Any, good: int, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = [("good", _("办理没有问题的行"))] if good else []
        field = self.fields["decision"]
        field.choices = [*offered, ("drop", _("放弃这份文件，什么也不办"))]  # type: ignore[attr-defined]
        field.error_messages |= {"required": CHOOSE, "invalid_choice": CHOOSE}


class PlatformNumberForm(StepForm):
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
    state = Choice(label=_("平台状态"), choices=list(STATES.items()), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(
        label=_("改编号的理由"), required=False, rows=2, longest=400, help_text=_("只有已登记过别的编号时才要写。")
    )

    def __init__(self, data: Any = None, *, case: Complaint, expected: str) -> None:
        super().__init__(
            data, initial={"platform_number": case.platform_number, "state": case.platform_state or expected}
        )
        if not case.platform_number:
            del self.fields["text"]
