"""What is typed at a station and about stations.

An entry takes less than a minute: four answers, and the consumer's phone or the number of the signed
sheet.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.filing.forms import CHOOSE
from complaints.forms.fields import PlainForm
from complaints.procedure import categories
from complaints.procedure.typed_values import Choice, Money, Phone, Text, Words, YesNo
from enterprises.models import Enterprise, Station

HOW: tuple[tuple[str, Text], ...] = (
    ("refund", _("退款")),
    ("replace", _("换货")),
    ("repair", _("修理")),
    ("apology", _("道歉")),
    ("explained", _("解释清楚")),
    ("other", _("其他")),
)
_CODE = re.compile(r"[A-Za-z0-9-]{3,20}")


class LogForm(PlainForm):
    category = Choice(
        label=_("商品或服务的类别"),
        choices=[CHOOSE, *categories.OBJECT_CATEGORIES],
        error_messages={
            "required": _("请选择类别；都不像就选“其他商品”或“其他服务”"),
            "invalid_choice": _("请从列表中选择类别"),
        },
    )
    problem = Words(label=_("什么问题"), most=300, lines=2, error_messages={"required": _("请写一句是什么问题")})
    how = Choice(
        label=_("怎么解决的"),
        choices=HOW,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择怎么解决的"), "invalid_choice": _("请选择怎么解决的")},
    )
    amount = Money(label=_("金额（元）"), help_text=_("没有退钱就不填"), required=False)
    phone = Phone(label=_("消费者的手机号码"), help_text=_("我们发短信请本人确认；确认前不算和解"), required=False)
    sheet = forms.CharField(
        label=_("签字单编号"),
        help_text=_("没有手机的，请本人在单上签字，写下单号"),
        required=False,
        max_length=40,
        error_messages={"max_length": _("单号最多40个字")},
    )

    def clean_sheet(self) -> str:
        return " ".join(str(self.cleaned_data["sheet"]).split())

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("how") == "refund" and not said.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("退了款，请填金额"))
        if not said.get("phone") and not said.get("sheet") and not {"phone", "sheet"} & set(self.errors):
            self.add_error("phone", _("请填消费者的手机号码，或签字单编号：没有本人确认不能登记"))
        return said


class SheetForm(PlainForm):
    """The consumer signed after all."""

    sheet = forms.CharField(
        max_length=40, error_messages={"required": _("请填签字单编号"), "max_length": _("单号最多40个字")}
    )


class StartForm(PlainForm):
    """Asked where the station stands in an enterprise's own shop."""

    sees = YesNo(
        label=_("您同意本服务站以后看到这件投诉的进度吗？"),
        help_text=_("不同意：提交以后，本服务站看不到这件投诉"),
        yes=_("同意"),
        no=_("不同意"),
        error_messages={"required": _("请选择同意或不同意"), "invalid_choice": _("请选择同意或不同意")},
    )


class StationForm(PlainForm):
    """A new station, as its authority registers it."""

    name = Words(label=_("名称"), most=120, error_messages={"required": _("请写名称")})
    name_en = Words(label=_("英文名称"), most=160, required=False)
    code = forms.CharField(
        label=_("编号"),
        help_text=_("3到20个字母、数字或横线，印在海报上"),
        max_length=20,
        error_messages={"required": _("请写编号"), "max_length": _("编号是3到20个字母、数字或横线")},
    )
    kind = Choice(
        label=_("设在哪里"),
        choices=Station.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择设在哪里"), "invalid_choice": _("请选择设在哪里")},
    )
    address = Words(label=_("地址"), most=200, error_messages={"required": _("请写地址")})
    enterprise = Words(
        label=_("设在哪家企业自己的场所"),
        help_text=_("写企业全称；商场、社区等不属于哪家企业的不填"),
        most=200,
        required=False,
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip().upper()
        if not _CODE.fullmatch(code):
            raise ValidationError(_("编号是3到20个字母、数字或横线"))
        if Station.objects.filter(code=code).exists():
            raise ValidationError(_("这个编号已经用了"))
        return code

    def clean_enterprise(self) -> Any:
        typed = self.cleaned_data["enterprise"]
        if not typed:
            return None
        found = Enterprise.objects.filter(name=typed).first()
        if found is None:
            raise ValidationError(_("没有找到这家企业，请写全称"))
        return found
