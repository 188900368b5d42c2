"""What somebody sends in to work on many cases at once: a table, and what is done with it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import CHOOSE, Choice, StepForm
from complaints.tables.sheets import MOST_BYTES

SHEETS = ".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SheetField(forms.FileField):
    """One table; what it is, its bytes say later."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.FileInput(attrs={"accept": SHEETS}))
        super().__init__(allow_empty_file=True, **options)
        self.error_messages |= {name: _("请选一份CSV或者xlsx文件。") for name in ("required", "invalid", "missing")}


class TableForm(StepForm):
    """A table to go out: which cases, which kind of file. ``used_as`` tells the two forms of the page apart."""

    view = Choice(label=_("哪些案件"), initial="all", widget=forms.Select(attrs={"class": "w-24"}))
    format = Choice(
        label=_("格式"), choices=[("xlsx", _("Excel 工作簿（xlsx）")), ("csv", _("CSV 文本（UTF-8）"))], initial="xlsx"
    )

    def __init__(self, *args: Any, views: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, auto_id="id_table_%s", **options)
        self.fields["view"].choices = views  # type: ignore[attr-defined]


class UploadForm(StepForm):
    file = SheetField(label=_("填好的表格"), help_text=_("CSV或者xlsx，最多10,000行、10 MB。"))

    most_bytes = MOST_BYTES


class DecisionForm(StepForm):
    """What is done with a table that was tried out."""

    decision = Choice(label=_("这份表格怎么办"))

    def __init__(self, *args: Any, good: int, may_all: bool, is_long: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: list[tuple[str, Any]] = []
        if may_all:
            offered.append(
                ("all", _("整份办理：每一行都能办才开始办") if is_long else _("整份办理：要么全部办成，要么一行也不办"))
            )
        if good:
            offered.append(("good", _("只办理没有问题的行")))
        field = self.fields["decision"]
        field.choices = [*offered, ("drop", _("放弃这份表格，什么也不办"))]  # type: ignore[attr-defined]
        field.error_messages |= {"required": CHOOSE, "invalid_choice": CHOOSE}
