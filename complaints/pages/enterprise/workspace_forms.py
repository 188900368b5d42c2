"""What an enterprise types beside the settlement: a concern with its files, more time, the cause of a complaint.

The one rule is that of every form: a form reads and says what is missing, the verb judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, Choices, StepForm, Words
from complaints.forms.file_forms import FilesField, TakesFiles


class ConcernForm(TakesFiles, StepForm):
    """What looks odd, with what shows it; for the authority alone."""

    audience = "authority"
    text = Words(label=_("有什么疑点"), help_text=_("写明看到了什么、在哪里看到；判断由监管部门作出。"))
    uploads = FilesField(label=_("证明材料"))


class ExtensionForm(StepForm):
    """How many working days more, and why."""

    days = Choice(label=_("再要几个工作日"), widget=forms.Select(attrs={"class": "w-10"}))
    text = Words(label=_("为什么需要"), help_text=_("写明在等什么、什么时候有结果；消费者和监管部门看得到。"))

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["days"].choices = [("", _("请选择")), *((str(n), str(n)) for n in range(1, most + 1))]  # type: ignore[attr-defined]


class CauseForm(StepForm):
    """Why it came to this complaint, in the enterprise's own eyes."""

    cause = Choice(label=_("投诉的原因"), widget=forms.Select(attrs={"class": "w-24"}))

    def __init__(self, *args: Any, groups: Sequence[tuple[str, Choices]], chosen: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["cause"]
        field.choices, field.initial = [("", _("请选择")), *groups], chosen  # type: ignore[attr-defined]
