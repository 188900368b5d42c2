"""What an enterprise types to become an ODR enterprise, step by step, and what it files later.

The five conditions, the papers and the areas are asked as the rules name them; what is wrong is said in
words of the form, and a step counts as done only when its form has nothing to say.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError as WrongCode

from authorities.models import Region
from complaints.forms.fields import PlainForm
from complaints.procedure.typed_values import NO, YES, Day, FreeText, PersonName, Phone, YesNo
from enterprises.enrolment.enrolling import EnrolmentData, EnrolmentRefusal, refuse_the_enrolled
from enterprises.models import EnrolmentApplication
from web.dates import day_text
from web.listing import listed

FILL = _("请填写这一项")
MOST_AREAS = 60
ACCEPTED = ".jpg,.jpeg,.png,.webp,.heic,.pdf"
_DIGITS = re.compile(r"\d{1,3}(,\d{3})+|\d+")
_COUNTIES = (Region.Level.COUNTY,)
_SERVED = (Region.Level.COUNTRY, Region.Level.PROVINCE, Region.Level.CITY, Region.Level.COUNTY)
_SHOWN = 4


def find_region(typed: str, *, levels: tuple[str, ...]) -> Region:
    """「福州市鼓楼区」, 鼓楼区, 350102, 全国 → the region. Raises ValidationError: none of that name, or several."""
    text = "".join(typed.split())
    if text in ("全国", "中国", "CN") and Region.Level.COUNTRY in levels:
        return Region.objects.get(code="CN")
    rows = Region.objects.filter(country="CN", level__in=levels).select_related("parent__parent")
    if text.isascii() and text.isdigit():
        named = list(rows.filter(code=text))
    else:
        # The own name stands at the end; what stands before it are names of what it lies in.
        named = [
            row
            for row in rows.filter(name__in={text[start:] for start in range(len(text))})
            if _lies_in(row, text.removesuffix(row.name))
        ]
        longest = max((len(row.name) for row in named), default=0)
        named = [row for row in named if len(row.name) == longest]
    if len(named) == 1:
        return named[0]
    if named:
        names = listed(_whole_name(row) for row in named[:_SHOWN])
        raise ValidationError(_("有几个地方叫这个名字，请写全：%(names)s"), params={"names": names})
    wrong = _("没有找到“%(typed)s”，请写县（市、区）的全名，例如 福州市鼓楼区")
    raise ValidationError(wrong, params={"typed": typed[:40]})


def _above(row: Region) -> list[str]:
    names, parent = [], row.parent
    while parent is not None and parent.level != Region.Level.COUNTRY:
        names.append(parent.name)
        parent = parent.parent
    return names


def _lies_in(row: Region, before: str) -> bool:
    for name in _above(row):
        before = before.replace(name, "", 1)
    return not before


def _whole_name(row: Region) -> str:
    return "".join([*reversed(_above(row)), row.name])


class RegionName(forms.CharField):
    """The name of a region, as people write it; its value is the region."""

    def __init__(self, *, levels: tuple[str, ...] = _COUNTIES, **options: Any) -> None:
        self.levels = levels
        super().__init__(max_length=80, **options)

    def clean(self, value: Any) -> Region | None:
        typed = str(super().clean(value)).strip()
        return find_region(typed, levels=self.levels) if typed else None


class Areas(forms.CharField):
    """One region a line; their ids, each once."""

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> list[Region]:
        lines = [line for line in re.split(r"[\n,，、;；]+", str(super().clean(value))) if line.strip()]
        if len(lines) > MOST_AREAS:
            text = _("最多写%(most)d个地区；全市、全省都服务的，只写市名、省名")
            raise ValidationError(text, params={"most": MOST_AREAS})
        return list({row.pk: row for row in (find_region(line, levels=_SERVED) for line in lines)}.values())


class CreditCode(forms.CharField):
    """统一社会信用代码, with its check character."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "w-24"})

    def clean(self, value: Any) -> str:
        typed = re.sub(r"[\s-]", "", str(super().clean(value))).upper()
        try:
            return str(credit_code.validate(typed))
        except WrongCode:
            raise ValidationError(_("统一社会信用代码不对：应为18位，请对照营业执照再核对一遍")) from None


class Whole(forms.CharField):
    """A number of people, at least one."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "w-10"})

    def clean(self, value: Any) -> int | None:
        typed = str(super().clean(value)).replace("，", ",").strip().removesuffix("人").removesuffix("户").strip()
        if not typed:
            return None
        if not _DIGITS.fullmatch(typed) or len(typed) > 20 or not typed.isascii():
            raise ValidationError(_("请填整数，例如 120000"))
        number = int(typed.replace(",", ""))
        if not 1 <= number <= 2_000_000_000:
            raise ValidationError(_("这个数不合理，请核对"))
        return number


class Step(PlainForm):
    code = ""
    title: Any = ""

    def __init__(self, *args: Any, today: date, has_licence: bool = False, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)
        if "licence" in self.fields:
            # Sent once, it is there.
            self.fields["licence"].required = not has_licence
        for field in self.fields.values():
            if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = FILL
            if isinstance(field, Day):
                field.latest = today


class EntityStep(Step):
    code, title = "entity", _("企业基本情况")

    name = FreeText(label=_("企业名称"), most=200, help_text=_("与营业执照一致"))
    uscc = CreditCode(label=_("统一社会信用代码"), max_length=40)
    domicile = RegionName(
        label=_("住所所在的县（市、区）"),
        required=False,
        help_text=_("例如 福州市鼓楼区；不填就按统一社会信用代码里的登记地。由这里的市场监督管理局审核"),
    )
    address = FreeText(label=_("住所"), most=200)

    def clean_uscc(self) -> str:
        code: str = self.cleaned_data["uscc"]
        try:
            refuse_the_enrolled(code)
        except EnrolmentRefusal as refusal:
            raise ValidationError(str(refusal)) from None
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("domicile") is None and "uscc" in cleaned and "domicile" not in self.errors:
            counties = Region.objects.filter(country="CN", level=Region.Level.COUNTY)
            cleaned["domicile"] = counties.filter(code=cleaned["uscc"][2:8]).first()
            if cleaned["domicile"] is None:
                self.add_error("domicile", _("从代码里看不出是哪个县（市、区），请填写"))
        return cleaned


class ConditionsStep(Step):
    """“五个一” of the rules (art. 6), each with what shows it."""

    code, title = "conditions", _("五项条件")

    place = FreeText(label=_("一个固定的办公场所：在哪里"), most=200)
    staff = Whole(label=_("至少一名专职或者兼职人员：有几人"), max_length=20)
    has_computer = YesNo(label=_("一台能上网的电脑：有吗"))
    phone = Phone(label=_("一部处理投诉的电话：号码"), help_text=_("手机号或带区号的固定电话"))
    rules = FreeText(label=_("一套处理投诉的制度：写明怎么受理、谁答复、几天内、怎么核对"), most=1000, lines=4)
    cooperates = YesNo(label=_("愿意配合市场监管部门和消费者组织处理纠纷吗"))

    def clean_rules(self) -> str:
        text: str = self.cleaned_data["rules"]
        if len(text) < 20:
            raise ValidationError(_("写得太短，看不出怎么处理投诉；请写20字以上"))
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("has_computer", "cooperates"):
            if not cleaned.get(name, True):
                self.add_error(name, _("这是入驻的条件，没有就不能入驻；具备以后再回来填"))
        return cleaned


class PapersStep(Step):
    code, title = "papers", _("申请材料")

    statement = FreeText(
        label=_("消费维权工作情况说明"),
        most=2000,
        lines=6,
        help_text=_("去年收到多少投诉、主要是什么、怎么解决的、有什么改进"),
    )
    licence = forms.FileField(
        label=_("营业执照"),
        allow_empty_file=True,
        help_text=_("扫描件或照片：jpg、png、heic、pdf，不超过10 MB"),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": _("请上传营业执照")},
    )
    applies = forms.BooleanField(
        label=_("我代表本企业确认申请书"), error_messages={"required": _("请读过申请书后勾选")}
    )
    pledges = forms.BooleanField(
        label=_("我代表本企业作出及时处理消费投诉的承诺"), error_messages={"required": _("请读过承诺书后勾选")}
    )


class ContactStep(Step):
    """The manager to be; the mailbox is the proven one."""

    code, title = "contact", _("联系人")

    person = PersonName(label=_("管理员姓名"), help_text=_("批准后，平台邀请这个人管理本企业的账号"))
    position = FreeText(label=_("职务"), most=60, required=False)
    mobile = Phone(label=_("联系电话"))


class AreasStep(Step):
    code, title = "areas", _("答复单位和服务区域")

    branch = FreeText(
        label=_("由哪个单位答复投诉"), most=200, required=False, help_text=_("分公司或部门的名称；不填就是企业本身")
    )
    seat = RegionName(
        label=_("它在哪个县（市、区）"),
        required=False,
        help_text=_("协商不成的投诉由这里的市场监督管理局处理；不填就是企业住所地"),
    )
    areas = Areas(label=_("服务哪些地区"), help_text=_("一行一个，写省、市或县（市、区）；全国都服务的写“全国”"))


class CustomersStep(Step):
    """Optional as a whole: what is filed makes figures comparable."""

    code, title = "customers", _("用户数量")

    number = Whole(
        label=_("用户（客户）有多少"),
        required=False,
        max_length=20,
        help_text=_("用来算“每10万用户的投诉量”；不填，排行里就没有这一项"),
    )
    counted_on = Day(label=_("截至哪一天"), required=False)
    source = FreeText(label=_("数字从哪里来"), most=200, required=False, help_text=_("例如 2026年半年度报告"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = ("number", "counted_on", "source")
        if any(cleaned.get(name) for name in names):
            for name in names:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, FILL)
        return cleaned


STEPS: tuple[type[Step], ...] = (EntityStep, ConditionsStep, PapersStep, ContactStep, AreasStep, CustomersStep)
BY_CODE = {step.code: step for step in STEPS}


def form_of(code: str, application: EnrolmentApplication, *, today: date, judged: bool) -> Step:
    """A step with what was typed there; ``judged`` shows what is wrong."""
    typed = MultiValueDict({name: list(result) for name, result in application.data.get(code, {}).items()})
    has_licence = code == PapersStep.code and hasattr(application, "licence")
    given: dict[str, Any] = {"data": typed} if judged else {"initial": typed.dict()}
    return BY_CODE[code](**given, today=today, has_licence=has_licence)


def judged_steps(application: EnrolmentApplication, *, today: date) -> dict[str, Step]:
    return {code: form_of(code, application, today=today, judged=True) for code in BY_CODE}


def begun(application: EnrolmentApplication, code: str) -> bool:
    """Whether anything was ever saved at this step; an untouched one is no mistake."""
    return code in application.data


def rows_of(step: Step) -> list[dict[str, Any]]:
    """What a step says, line by line, for whoever reads it: what cannot be read as meant stands as it was typed."""
    step.is_valid()
    values = getattr(step, "cleaned_data", {})
    return [
        {"key": field.label, "value": as_read(values[name] if name in values else step.data.get(name, ""))}
        for name, field in step.fields.items()
        if not isinstance(field, forms.FileField)
    ]


def as_read(value: Any) -> str:
    if isinstance(value, bool):
        return str(YES if value else NO)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, date):
        return day_text(value, weekday=False)
    if isinstance(value, Region):
        return _whole_name(value)
    if isinstance(value, list):
        return listed(_whole_name(row) if isinstance(row, Region) else row for row in value)
    return "–" if value in (None, "") else str(value)


def wanted_of(steps: Mapping[str, Step]) -> EnrolmentData | None:
    """What the enterprise asks for, when nothing is wrong with any step."""
    if not all(form.is_valid() for form in steps.values()):
        return None
    entity, areas, customers = (steps[code].cleaned_data for code in ("entity", "areas", "customers"))
    office = areas["seat"] or entity["domicile"]
    return EnrolmentData(
        name=entity["name"],
        uscc=entity["uscc"],
        domicile_id=entity["domicile"].pk,
        branch=areas["branch"] or entity["name"],
        place_id=office.pk,
        areas=tuple(row.pk for row in areas["areas"]),
        customers=(customers["number"], customers["counted_on"], customers["source"]) if customers["number"] else None,
    )
