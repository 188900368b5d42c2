"""What somebody chooses for an export. Only columns that this side may have are there to choose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import CHOOSE, Choice, StepForm, Words
from complaints.parties.actors import Actor
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns

#: Chosen beforehand: what the list shows.
USUAL = {
    "number",
    "external_ref",
    "status",
    "received",
    "due",
    "overdue",
    "consumer",
    "respondent",
    "item",
    "problem",
    "amount",
    "handler",
    "officer",
    "result",
    "ended",
    "latest",
}


class ExportForm(StepForm):
    """``all_columns`` is what was chosen in both lists."""

    columns = forms.MultipleChoiceField(
        label=_("列"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    personal = forms.MultipleChoiceField(
        label=_("姓名和联系方式"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("选了其中任何一列，就须由本单位另一位有批准权限的人同意后才会生成；每件有关投诉的记录里都会写明。"),
        error_messages={"invalid_choice": CHOOSE},
    )
    purpose = Words(
        label=_("用途"),
        rows=2,
        longest=200,
        required=False,
        help_text=_("选了姓名和联系方式的，请写明用途，批准的人会看到。"),
    )
    format = Choice(
        label=_("格式"), choices=[("xlsx", _("Excel 工作簿（xlsx）")), ("csv", _("CSV 文本（UTF-8）"))], initial="xlsx"
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        offered = columns.offered(actor.side, with_personal=False)
        super().__init__(data, initial={"columns": [c.code for c in offered if c.code in USUAL]})
        self.fields["columns"].choices = [(c.code, c.title) for c in offered]  # type: ignore[attr-defined]
        if actor.may(LOOK):
            self.fields["personal"].choices = [(code, columns.COLUMNS[code].title) for code in columns.PERSONAL]  # type: ignore[attr-defined]
        else:
            del self.fields["personal"], self.fields["purpose"]

    @property
    def all_columns(self) -> list[str]:
        return [*self.cleaned_data["columns"], *self.cleaned_data.get("personal", [])]


class ApprovalForm(StepForm):
    """Agree, or not."""

    decision = Choice(label=_("您的决定"), choices=[("agree", _("同意，开始生成")), ("refuse", _("不同意"))])
