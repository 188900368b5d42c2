"""The questions about the dispute, one Form per part of a draft. A form checks what was typed and says what to do
about it; it reads no clock and knows of the other steps only what `answers` tells it."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from complaints.handling.steps.filing import LONGEST_STATEMENT
from complaints.procedure import categories
from complaints.procedure.sector_files import Question
from complaints.procedure.typed_values import Choice, Day, FixedChoices, FreeText, Money, Phone, Text, YesNo

_PICK = re.compile(r"^([0-9]{1,18})-([0-9]{0,18})-([0-9]{0,18})$")
NAMED, LEFT_TO_AUTHORITY = "named", "authority"

CHOOSE = ("", _("请选择"))
#: The last day that may be typed where it may lie ahead.
FURTHEST_DAY = date(2100, 1, 1)
LONGEST_REPORT = 500


@dataclass(frozen=True)
class Pick:
    enterprise_id: int
    branch_id: int | None = None
    brand_id: int | None = None

    def __str__(self) -> str:
        return f"{self.enterprise_id}-{self.branch_id or ''}-{self.brand_id or ''}"


def read_pick(value: str) -> Pick | None:
    """「12-3-」 -> Pick(12, 3, None); None when it is no pick."""
    match = _PICK.match(value)
    if match is None:
        return None
    enterprise, branch, brand = match.groups()
    return Pick(int(enterprise), int(branch) if branch else None, int(brand) if brand else None)


def field_of(question: Question, *, is_asked: bool) -> forms.Field:
    """The field of a sector's own question; where it is not asked, nothing is required."""
    is_required = question.required and is_asked
    options: dict[str, Any] = {"label": question.name, "help_text": question.help, "required": is_required}
    if question.is_text:
        return FreeText(most=question.longest, lines=3 if question.kind == "long_text" else 0, **options)
    if question.kind == "choice":
        choices = [(one.code, one.label) for one in question.choices if one.is_active]
        return Choice(choices=[CHOOSE, *choices], **options)
    field = Day(**options)
    field.latest = FURTHEST_DAY if question.may_be_ahead else None
    return field


class Step(forms.Form):
    """One part of what is asked. `today` bounds the days; `category` is the kind of purchase."""

    step: ClassVar[str]
    question: ClassVar[Text]
    why: ClassVar[Text]
    today: date
    category: str

    def __init__(
        self, data: MultiValueDict[str, str] | None = None, *, today: date, category: str = "", **options: Any
    ) -> None:
        self.today = today
        self.category = category
        super().__init__(data, use_required_attribute=False, **options)
        self.add_fields()
        for name, field in self.fields.items():
            field.why = EXPLANATIONS.get((self.step, name), "")  # type: ignore[attr-defined]
            if isinstance(field, Day) and field.latest is None:
                field.latest = today

    def add_fields(self) -> None:
        """Fields that no class can name."""

    def only(self, *names: str) -> None:
        """Keeps the errors of these questions: the others are not being sent yet."""
        for other in [other for other in self.errors if other not in names]:
            del self.errors[other]

    def leave_out(self, *names: str) -> None:
        """These questions do not apply: kept as typed, neither judged nor filed."""
        for name in names:
            self.errors.pop(name, None)
            self.cleaned_data[name] = None if isinstance(self.fields[name], Day) else ""


class EnterpriseStep(Step):
    step = "enterprise"
    question = _("您要投诉哪家企业？")
    why = _("由它答复您；地区决定由哪个分公司、哪个监管部门来办。")

    service_region = forms.IntegerField(
        label=_("在哪里使用或购买"),
        help_text=_("宽带、固话填安装地址；手机填开户的城市；到店消费填门店所在地"),
        error_messages={"required": _("请选择使用或购买的地区")}
        | dict.fromkeys(("invalid", "min_value", "max_value"), _("请从列表中选择地区")),
        min_value=1,
        max_value=2_147_483_647,
    )
    query = FreeText(label=_("企业或品牌名称"), most=100, required=False)
    respondent = forms.CharField(
        label=_("向谁投诉"),
        max_length=60,
        error_messages={
            "required": _("请搜索并选择企业，或自己写名称，或选“由监管部门确定”"),
            "max_length": _("请从列表中选择企业"),
        },
    )
    named = FreeText(label=_("店名或企业名称"), most=120, required=False)
    address = FreeText(label=_("地址"), most=200, required=False)
    business_phone = Phone(label=_("电话"), required=False)
    link = FreeText(label=_("网店或商品链接"), most=500, required=False)

    def __init__(
        self,
        *arguments: Any,
        place_is_known: Callable[[int], bool] | None = None,
        pick_is_known: Callable[[Pick], bool] | None = None,
        **options: Any,
    ) -> None:
        self.place_is_known = place_is_known
        self.pick_is_known = pick_is_known
        super().__init__(*arguments, **options)

    def clean_service_region(self) -> int:
        region: int = self.cleaned_data["service_region"]
        if self.place_is_known is not None and not self.place_is_known(region):
            raise ValidationError(_("请从列表中选择地区"), code="unknown")
        return region

    def clean_respondent(self) -> str:
        value = str(self.cleaned_data["respondent"])
        if value in (NAMED, LEFT_TO_AUTHORITY):
            return value
        pick = read_pick(value)
        if pick is None or (self.pick_is_known is not None and not self.pick_is_known(pick)):
            raise ValidationError(_("请从列表中选择企业"), code="unknown")
        return value

    def clean_link(self) -> str:
        value = str(self.cleaned_data["link"])
        if re.match(r"(?i)\s*(javascript|data|file|vbscript):", value):
            raise ValidationError(_("链接请以 https:// 开头，或者只写店铺名称"), code="no_link")
        return value

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("respondent") != NAMED:
            self.leave_out("named", "address", "business_phone", "link")
        elif not answers.get("named") and "named" not in self.errors:
            self.add_error("named", _("请写店名或企业名称；不知道可选“由监管部门确定”"))
        return answers

    def picked(self) -> Pick | None:
        return read_pick(str(self.cleaned_data.get("respondent", "")))


class PurchaseStep(Step):
    step = "purchase"
    question = _("您买了什么，用了什么服务？")
    why = _("企业凭这些信息找到您的订单或账户。")

    object_category = Choice(
        label=_("商品或服务的类别"),
        choices=[CHOOSE, *categories.OBJECT_CATEGORIES],
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择类别")},
    )
    item_name = FreeText(
        label=_("商品或服务名称"), help_text=_("例如：千兆宽带、年卡、洗衣机"), most=100, required=False
    )
    brand = FreeText(label=_("品牌"), most=60, required=False)
    amount = Money(label=_("涉及金额（元）"), help_text=_("有争议的金额；不确定可填估计数"), required=False)
    bought_on = Day(label=_("购买或开通日期"), help_text=_("记不清可以不填"), required=False)
    is_online = YesNo(
        label=_("是在网上买的吗？"),
        unsure=_("不确定"),
        required=False,
        error_messages={"invalid_choice": _("请选择“是”“否”或“不确定”")},
    )
    order_no = FreeText(label=_("订单号、合同号"), help_text=_("在订单、小票或合同上"), most=60, required=False)


@lru_cache(maxsize=256)
def _own_fields(category: str) -> dict[str, forms.Field]:
    """The sectors' own questions, required where the category is theirs; each form has a copy."""
    return {
        question.code: field_of(question, is_asked=sector.is_asked_for(category))
        for sector in categories.SECTORS
        for question in sector.questions
    }


@lru_cache(maxsize=256)
def _problems(category: str) -> FixedChoices:
    return FixedChoices([CHOOSE, *categories.problems_for(category)])


class ProblemStep(Step):
    step = "problem"
    question = _("出了什么问题？")
    why = _("企业和监管部门按您写的事实办理。")

    problem_category = Choice(
        label=_("问题类别"),
        error_messages={
            "required": _("请选择问题类别；都不像就选“其他问题”"),
            "invalid_choice": _("请从列表中选择问题类别"),
        },
    )
    disputed_on = Day(
        label=_("什么时候发生的"),
        help_text=_("记不清就填大概的日子，并勾选“大约”"),
        error_messages={"required": _("请填发生的日期；记不清就填大概的日子，并勾选“大约”")},
    )
    is_approximate = forms.BooleanField(label=_("大约"), required=False)
    place = FreeText(label=_("发生地点"), help_text=_("店铺、网站或家庭地址"), most=200, required=False)
    statement = FreeText(
        label=_("事情经过"),
        help_text=_("1200字以内。写明时间、金额、对方怎么说；不要写密码和完整的银行卡号"),
        most=LONGEST_STATEMENT,
        lines=8,
        error_messages={"required": _("请写明发生了什么；越具体，越容易解决")},
    )
    has_contacted = YesNo(
        label=_("您已经找过这家企业吗？"),
        unsure=_("不确定"),
        required=False,
        error_messages={"invalid_choice": _("请选择“是”“否”或“不确定”")},
    )
    contacted_on = Day(label=_("最近一次联系的日期"), required=False)
    their_reference = FreeText(label=_("企业给您的受理编号"), most=60, required=False)
    noticed_on = Day(
        label=_("您什么时候发现的"), help_text=_("例如看到账单的那天；和发生的日期一样可以不填"), required=False
    )
    report = FreeText(
        label=_("同时举报违法行为"),
        help_text=_("另行登记，由监管部门单独处理，不影响这件投诉。500字以内"),
        most=LONGEST_REPORT,
        lines=3,
        required=False,
    )

    def add_fields(self) -> None:
        """The sectors' own questions stand before the last two."""
        last = {name: self.fields.pop(name) for name in ("noticed_on", "report")}
        self.fields |= deepcopy(_own_fields(self.category)) | last

    def __init__(self, *arguments: Any, has_voice: bool = False, **options: Any) -> None:
        """``has_voice``: the statement was spoken, so nothing need be written."""
        super().__init__(*arguments, **options)
        self.fields["statement"].required = not has_voice
        self.fields["problem_category"].choices = _problems(self.category)  # type: ignore[attr-defined]

    @property
    def own_questions(self) -> list[dict[str, Any]]:
        """What each sector asks for this category, by ``code`` with ``title`` and ``fields``; what was typed before the
        category was changed is still shown."""
        shown: set[str] = set()
        parts = []
        for sector in categories.SECTORS:
            names = [question.code for question in sector.questions]
            names += ["noticed_on"] if sector.asks_when_noticed and "noticed_on" not in shown else []
            if names and (sector.is_asked_for(self.category) or any(self[name].value() for name in names)):
                shown.update(names)
                fields = [self[name] for name in names]
                is_optional = not any(bound.field.required for bound in fields)
                title = sector.questions_title
                parts.append({"code": sector.code, "title": title, "fields": fields, "is_optional": is_optional})
        return parts

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        happened, noticed = answers.get("disputed_on"), answers.get("noticed_on")
        if happened is not None and noticed is not None and noticed < happened and not answers.get("is_approximate"):
            self.add_error("noticed_on", _("发现的日期早于发生的日期，请核对；发生的日期记不清就勾选“大约”"))
        contacted = answers.get("contacted_on")
        if contacted is not None and answers.get("has_contacted") is False:
            self.add_error("contacted_on", _("您选了没有找过企业：请清空日期，或改选“是”"))
        return answers

    @property
    def is_old(self) -> bool:
        """Over three years: usually refused (art. 16), a warning and never a bar."""
        return self._is_long_ago(self.cleaned_data.get("noticed_on") or self.cleaned_data.get("disputed_on"))

    @property
    def began_long_ago(self) -> bool:
        """Over three years ago, whenever it was noticed."""
        return self._is_long_ago(self.cleaned_data.get("disputed_on"))

    def _is_long_ago(self, day: date | None) -> bool:
        if day is None:
            return False
        return (self.today.year - day.year, self.today.month, self.today.day) > (3, day.month, day.day)


#: Why a question is asked, one line each; the others are plain by their own words (test_questions.py names those).
EXPLANATIONS: dict[tuple[str, str], Text] = {
    ("enterprise", "service_region"): _("地区决定由哪个分公司答复、哪个监管部门管辖"),
    ("enterprise", "address"): _("有地址，监管部门才能找到它"),
    ("enterprise", "link"): _("网店的名称常常和公司的名称不一样"),
    ("purchase", "object_category"): _("不同的商品和服务，适用的规定和能提的要求不同"),
    ("purchase", "amount"): _("退多少、赔多少，都和它核对"),
    ("purchase", "bought_on"): _("用来核对保修期、合约期"),
    ("purchase", "is_online"): _("网购和到店买，管辖的部门和退货的规定不同"),
    ("purchase", "order_no"): _("有了它，企业不用再向您要"),
    ("problem", "problem_category"): _("同类的投诉交给熟悉的人办，也用来发现普遍的问题"),
    ("problem", "disputed_on"): _("投诉的期限是3年，从您知道的那天算起"),
    ("problem", "place"): _("发生地不同，管辖的部门可能不同"),
    ("problem", "has_contacted"): _("找过的，企业可以接着原来的记录办；没找过也可以投诉"),
    **{("problem", question.code): question.why for question in categories.QUESTIONS},
    ("problem", "noticed_on"): _("3年的期限从这一天算起"),
    ("you", "behalf"): _("替别人投诉，需要有权这样做"),
    ("you", "address"): _("法律规定的内容，文书寄到这里；页面上不公开"),
    ("you", "email"): _("手机收不到时，用它联系您"),
    ("you", "reply_by"): _("按您方便的方式通知您"),
    ("you", "need_help"): _("我们可以打电话协助您，或者放慢节奏"),
    ("you", "principal_name"): _("权益受损的人才是当事人"),
    ("you", "powers"): _("您只能办委托里写明的事"),
    ("you", "valid_until"): _("到期以后，由本人接着办"),
}
