"""What is typed about hot spots, guidance and warnings.

Whatever goes to an enterprise or the public says so beside the field, and asks for no name of a person.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import PlainForm
from complaints.procedure.typed_values import Choice, Day, Words
from oversight.hot_spots.guiding import Wanted
from oversight.models import Guidance, GuidanceMeasure
from oversight.models.reduction import LONGEST, LONGEST_MEASURE, LONGEST_WARNING

CHOOSE = _("请选择一项")
#: A measure further away than this is no measure.
LONGEST_DAYS = 366


def _text(label: Any, missing: Any, help_text: Any = "", *, most: int = LONGEST, lines: int = 3) -> Words:
    """``missing`` is said where it was left out."""
    return Words(label=label, most=most, lines=lines, error_messages={"required": missing}, help_text=help_text)


def _choice(label: Any, choices: Sequence[tuple[str, Any]] = ()) -> Choice:
    errors = {"required": CHOOSE, "invalid_choice": CHOOSE}
    return Choice(label=label, widget=forms.RadioSelect, choices=choices, error_messages=errors)


class ReasonForm(PlainForm):
    """Why; for deeds that need nothing else."""

    why = _text(_("理由"), _("请写明理由"), _("记入这个热点的经过，本辖区的监管人员看得到；不要写个人信息"))


class MeasureForm(PlainForm):
    """One measure of a guidance."""

    what = _text(_("措施"), _("请写明企业要做什么"), _("企业会读到；写清楚做什么、做到什么程度"), most=LONGEST_MEASURE)
    responsible = Words(
        label=_("企业的责任岗位"),
        most=80,
        error_messages={"required": _("请写明由哪个岗位负责")},
        help_text=_("写岗位，例如“客服部负责人”，不写姓名"),
    )
    due_on = Day(label=_("完成期限（最后一天）"), error_messages={"required": _("请填最后一天，例如 2026-12-31")})

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(*args, **options)
        self.today = today

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due < self.today:
            raise forms.ValidationError(_("期限不能早于今天，请改成今天或以后的日期"))
        if (due - self.today).days > LONGEST_DAYS:
            raise forms.ValidationError(_("期限最长一年，请改近一些"))
        return due

    def wanted(self) -> Wanted:
        return Wanted(
            what=self.cleaned_data["what"],
            responsible=self.cleaned_data["responsible"],
            due_on=self.cleaned_data["due_on"],
        )


class GuidanceForm(MeasureForm):
    """A new guidance: to whom, why, and its first measure."""

    enterprise = _choice(_("指导哪家企业"))
    causes = _text(
        _("投诉增多的原因"),
        _("请写明投诉为什么增多"),
        _("看了这些案件，您认为投诉为什么增多；企业会读到，不要写消费者的个人信息"),
        lines=4,
    )
    field_order = ("enterprise", "causes", "what", "responsible", "due_on")

    def __init__(self, *args: Any, enterprises: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["enterprise"]
        field.choices = enterprises
        if len(enterprises) == 1:
            field.initial = enterprises[0][0]


class ReportForm(PlainForm):
    """How far the enterprise is with one measure."""

    state = _choice(_("进展"), GuidanceMeasure.State.choices)
    text = _text(_("说明"), _("请写明做了什么、还差什么"), _("监管部门会读到；写做了什么、还差什么，不要写个人信息"))


class CloseForm(PlainForm):
    """The judgement that ends a guidance."""

    verdict = _choice(_("这次指导"), Guidance.Verdict.choices)
    why = _text(
        _("判断的依据"), _("请写明依据什么判断"), _("企业会读到；下面的前后对比可以作为依据，区间跨过1就是看不出来")
    )


class WarningForm(PlainForm):
    """The text of a warning."""

    title = Words(label=_("标题"), most=80, error_messages={"required": _("请写标题")})
    text = _text(
        _("正文"),
        _("请写正文"),
        _("发布后人人可见。投诉不等于违法，没有查明的不要写成事实；不要写个人信息"),
        most=LONGEST_WARNING,
        lines=12,
    )
