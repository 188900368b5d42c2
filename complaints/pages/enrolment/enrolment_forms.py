"""What the authority decides about applications and enterprises, and what enterprises file.

Whatever goes against an enterprise names a ground and the facts, in words that the enterprise will read.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms.enrol_forms import FILL, Whole, as_read
from complaints.forms.fields import PlainForm
from complaints.procedure.typed_values import Choice, Day, PersonName, Phone, Words
from enterprises.models.enrolment import EnrolmentFiling, ExitGround, RefusalGround, SuspensionGround

CHOOSE = _("请选择一项")
_TO_THE_FIRM = _("企业会读到这段话；不要写个人信息")


class OneChoice(PlainForm):
    """A form whose choice `do` decides what else must be filled in."""

    #: choice → fields that it needs; for the other choices they may stay empty.
    needs: dict[str, tuple[str, ...]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)

    def full_clean(self) -> None:
        chosen = self.needs.get(str(self.data.get(self.add_prefix("do"), "")), ())
        conditional = {name for names in self.needs.values() for name in names} & self.fields.keys()
        for name in conditional:
            self.fields[name].required = name in chosen
        super().full_clean()
        for name in conditional:
            # Not marked as optional on the page: whoever chooses that must fill it in.
            self.fields[name].required = True


class DecideForm(OneChoice):
    """An application: who is no head proposes or asks back."""

    needs = {"recommend": ("text",), "ask_back": ("text",), "refuse": ("ground", "text")}

    do = Choice(
        label=_("决定"),
        widget=forms.RadioSelect,
        choices=[
            ("grant", _("批准入驻：今天起是在线和解企业，管理员收到邀请")),
            ("ask_back", _("要求补正：申请人可以修改后再提交")),
            ("refuse", _("不予入驻：写明理由，申请人会读到")),
            ("recommend", _("只写初审意见，由负责人决定")),
        ],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    ground = Choice(
        label=_("不予入驻的理由"),
        choices=[("", _("请选择")), *RefusalGround.choices],
        error_messages={"required": CHOOSE},
    )
    text = Words(
        label=_("说明"),
        most=1000,
        lines=4,
        error_messages={"required": FILL},
        help_text=_("不予入驻和补正必须写：缺什么、依据什么事实。初审意见只有本机关看到，其余的申请人会读到"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=30_000)

    def __init__(self, *args: Any, is_head: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        allowed = {"grant", "ask_back", "refuse"} if is_head else {"ask_back", "recommend"}
        field: Any = self.fields["do"]
        field.choices = [entry for entry in field.choices if entry[0] in allowed]
        if not is_head:
            del self.fields["ground"]


class StandingForm(OneChoice):
    """An enterprise: suspended, resumed, leaving."""

    needs = {
        "suspend": ("suspension_ground", "cases", "text"),
        "resume": ("text",),
        "exit": ("exit_ground", "last_day", "text"),
        "drop_exit": ("text",),
    }

    do = Choice(
        label=_("决定"),
        widget=forms.RadioSelect,
        choices=[
            ("suspend", _("暂停接收新投诉：从现在起不再分送")),
            ("resume", _("恢复接收新投诉")),
            ("exit", _("退出：提前通知，手上的案件由企业办完")),
            ("drop_exit", _("撤销退出决定")),
        ],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    suspension_ground = Choice(
        label=_("暂停的理由"),
        choices=[("", _("请选择")), *SuspensionGround.choices],
        error_messages={"required": CHOOSE},
    )
    cases = Choice(
        label=_("手上的案件"),
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE},
        choices=[("keep", _("由企业继续办理，期限不变")), ("recall", _("由监管部门收回审查，企业账号暂停使用"))],
    )
    exit_ground = Choice(
        label=_("退出的理由"), choices=[("", _("请选择")), *ExitGround.choices], error_messages={"required": CHOOSE}
    )
    last_day = Day(label=_("最后一天"), error_messages={"required": FILL})
    text = Words(label=_("事实和说明"), most=1000, lines=4, help_text=_TO_THE_FIRM, error_messages={"required": FILL})

    def __init__(self, *args: Any, allowed: frozenset[str], notice_until: date, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["do"]
        field.choices = [entry for entry in field.choices if entry[0] in allowed]
        if "suspend" not in allowed:
            del self.fields["suspension_ground"], self.fields["cases"]
        if "exit" not in allowed:
            del self.fields["exit_ground"], self.fields["last_day"]
        else:
            day: Any = self.fields["last_day"]
            day.latest = notice_until + timedelta(days=3650)
            day.help_text = _("到这一天24:00为止。最早%(day)s；执照被吊销、注销的可以是今天") % {
                "day": notice_until.isoformat()
            }


class AnswerForm(OneChoice):
    """A filing: taken note of, or asked back."""

    needs = {"ask_back": ("text",)}

    do = Choice(
        label=_("处理"),
        widget=forms.RadioSelect,
        choices=[("note", _("准予备案")), ("ask_back", _("退回补正"))],
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    text = Words(label=_("要补正什么"), most=500, lines=2, help_text=_TO_THE_FIRM, error_messages={"required": FILL})


class ContactFiling(PlainForm):
    """Somebody else speaks for the enterprise."""

    person = PersonName(label=_("联系人姓名"), error_messages={"required": FILL})
    position = Words(label=_("职务"), most=60, required=False)
    phone = Phone(label=_("联系电话"), error_messages={"required": FILL})
    what = Words(
        label=_("变更了什么"),
        most=500,
        lines=3,
        help_text=_("谁离开、谁接任、从哪天起"),
        error_messages={"required": FILL},
    )


class LicenceFiling(PlainForm):
    """What the licence says now."""

    what = Words(
        label=_("营业执照变更了什么"),
        most=500,
        lines=3,
        help_text=_("名称、住所、经营范围、期限；写新的内容和变更日期"),
        error_messages={"required": FILL},
    )


class CustomersFiling(PlainForm):
    """A new count."""

    number = Whole(label=_("用户（客户）有多少"), max_length=20, error_messages={"required": FILL})
    counted_on = Day(label=_("截至哪一天"), error_messages={"required": FILL})
    source = Words(
        label=_("数字从哪里来"), most=200, help_text=_("例如 2026年半年度报告"), error_messages={"required": FILL}
    )


class ExitFiling(PlainForm):
    """It wants to leave."""

    what = Words(label=_("为什么退出"), most=500, lines=3, error_messages={"required": FILL})
    last_day = Day(label=_("希望哪一天是最后一天"), error_messages={"required": FILL})


FILINGS: dict[str, type[PlainForm]] = {
    EnrolmentFiling.Kind.CONTACT: ContactFiling,
    EnrolmentFiling.Kind.LICENCE: LicenceFiling,
    EnrolmentFiling.Kind.CUSTOMERS: CustomersFiling,
    EnrolmentFiling.Kind.EXIT: ExitFiling,
}


def filing_form(kind: str, data: Any = None, *, today: date) -> PlainForm:
    """The form of a kind of filing; no colon after its labels."""
    form = FILINGS[kind](data, label_suffix="")
    for name, field in form.fields.items():
        if isinstance(field, Day):
            field.latest = today if name == "counted_on" else today + timedelta(days=3650)
    return form


def filed_data(form: PlainForm) -> dict[str, str]:
    """What was typed, as texts that a row keeps."""
    return {name: "" if value is None else str(value) for name, value in form.cleaned_data.items()}


def filed_rows(kind: str, data: dict[str, str]) -> list[dict[str, Any]]:
    """A filing, line by line."""
    fields = FILINGS[kind].base_fields
    return [
        {"key": fields[name].label, "value": as_read(_kept(fields[name], value))}
        for name, value in data.items()
        if name in fields
    ]


def _kept(field: forms.Field, text: str) -> Any:
    """What was filed, as the field read it; it is kept as a text."""
    if text and isinstance(field, Day):
        return date.fromisoformat(text)
    return int(text) if text.isdigit() and isinstance(field, Whole) else text
