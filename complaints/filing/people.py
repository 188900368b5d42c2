"""The questions about people: who files, for whom, what they agree to. Nothing is preset, and every
consent stands alone with the effect of a no beside it."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.filing.forms import FURTHEST_DAY, Step
from complaints.procedure import categories, filing_request
from complaints.procedure.typed_values import Choice, Day, FreeText, PersonName, Phone, Several, Text, YesNo

BEHALF: categories.Options = (
    (filing_request.SELF, _("我自己")),
    (filing_request.GUARDIAN, _("未成年人或被监护人")),
    (filing_request.AGENT, _("委托我的人")),
    (filing_request.JOINT, _("我和其他人共同投诉")),
    (filing_request.HEIR, _("已故的亲属")),
)


class YouStep(Step):
    step = "you"
    question = _("怎么称呼您，怎么联系您？")
    why = _("法律要求投诉人提供姓名、电话和地址。不需要身份证。")

    behalf = Choice(
        label=_("您为谁投诉？"),
        widget=forms.RadioSelect,
        choices=BEHALF,
        error_messages={"required": _("请选择您为谁投诉"), "invalid_choice": _("请从列表中选择您为谁投诉")},
    )
    name = PersonName(
        label=_("您的姓名"),
        help_text=_("与证件一致；外文姓名也可以"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("请填您的姓名")},
    )
    phone = Phone(
        label=_("手机号码"),
        help_text=_("企业和监管部门用它联系您；不会公开"),
        error_messages={"required": _("请填电话号码，方便联系您")},
    )
    address = FreeText(
        label=_("联系地址"),
        help_text=_("用来寄送文书，写到门牌号"),
        most=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        error_messages={"required": _("请填联系地址")},
    )
    email = forms.EmailField(
        label=_("电子邮箱"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "email", "inputmode": "email", "autocomplete": "email"}),
        error_messages={
            "invalid": _("邮箱格式不对，例如 name@example.com；没有可以不填"),
            "max_length": _("邮箱太长，请核对；没有可以不填"),
        },
    )
    code = forms.CharField(
        label=_("验证码"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "w-10"}),
        error_messages={"max_length": _("验证码是6位数字")},
    )
    is_unverified = forms.BooleanField(
        label=_("收不到验证码，先提交"), help_text=_("工作人员会打这个电话核实，办理会慢一些"), required=False
    )
    reply_by = Choice(
        label=_("希望怎样收到答复"),
        widget=forms.RadioSelect,
        choices=categories.REPLY_BY,
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择答复方式")},
    )
    need_help = Several(
        label=_("需要照顾的情况"),
        help_text=_("工作人员会打电话协助您"),
        widget=forms.CheckboxSelectMultiple,
        choices=categories.NEED_HELP,
        required=False,
        error_messages={"invalid_choice": _("请从列表中选择"), "invalid_list": _("请从列表中选择")},
    )
    principal_name = PersonName(label=_("对方的姓名"), required=False)
    principal_phone = Phone(label=_("对方的电话"), required=False)
    relation = FreeText(label=_("您和对方的关系"), help_text=_("例如：母亲、女儿、朋友"), most=40, required=False)
    powers = FreeText(
        label=_("他委托您办什么"), help_text=_("例如：投诉、谈和解、代收退款"), most=200, lines=2, required=False
    )
    may_settle = YesNo(
        label=_("他写明您可以替他接受方案、放弃或撤回吗？"),
        help_text=_("写明了，您才可以替他接受；没写明，由他自己答复"),
        required=False,
        error_messages={"invalid_choice": _("请选“是”或“否”")},
    )
    valid_until = Day(label=_("委托到哪一天为止"), required=False)
    parties = FreeText(
        label=_("其他投诉人"),
        help_text=_("每行一人：姓名 手机号。我们给每个人发短信，本人确认后才算参加"),
        most=2000,
        lines=3,
        required=False,
    )
    representatives = FreeText(
        label=_("另一位代表人"),
        help_text=_("您提交，所以是代表人；还可以从上面再选一位，写姓名"),
        most=130,
        required=False,
    )
    is_declared = forms.BooleanField(label=_("我确认有权这样投诉，可以提供证明"), required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["valid_until"].latest = FURTHEST_DAY  # type: ignore[attr-defined]

    ABOUT_OTHERS: ClassVar[dict[str, tuple[str, ...]]] = {
        filing_request.SELF: (),
        filing_request.GUARDIAN: ("principal_name", "principal_phone", "relation"),
        filing_request.AGENT: ("principal_name", "principal_phone", "relation", "powers", "may_settle", "valid_until"),
        filing_request.JOINT: ("parties", "representatives"),
        filing_request.HEIR: ("principal_name", "relation"),
    }
    NEEDED: ClassVar[dict[str, tuple[str, ...]]] = {
        filing_request.GUARDIAN: ("principal_name", "relation"),
        filing_request.AGENT: ("principal_name", "principal_phone", "powers", "may_settle", "valid_until"),
        filing_request.JOINT: ("parties",),
        filing_request.HEIR: ("principal_name", "relation"),
    }

    #: Asked only of who acts for others, or with them.
    OF_OTHERS: ClassVar[tuple[str, ...]] = (
        *("behalf", "principal_name", "principal_phone", "relation", "powers", "may_settle", "valid_until"),
        *("parties", "representatives", "is_declared"),
    )

    def clean_email(self) -> str:
        """One spelling, so that a proven mailbox is known again."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        kind = answers.get("behalf", "")
        asked = self.ABOUT_OTHERS.get(kind, ())
        self.leave_out(*{name for names in self.ABOUT_OTHERS.values() for name in names if name not in asked})
        for name in self.NEEDED.get(kind, ()):
            if answers.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, _("请填“%(label)s”，或改选“我自己”") % {"label": self.fields[name].label})
        if kind in self.NEEDED and not answers.get("is_declared"):
            self.add_error("is_declared", _("请勾选确认，或改选“我自己”"))
        until = answers.get("valid_until")
        if kind == filing_request.AGENT and isinstance(until, date) and until < self.today:
            self.add_error("valid_until", _("委托已经到期，请核对日期，或重新取得委托"))
        if kind == filing_request.JOINT and "parties" not in self.errors:
            self._check_joint(answers)
        return answers

    def _check_joint(self, answers: dict[str, Any]) -> None:
        try:
            parties = joint_parties(answers.get("parties", ""))
        except ValidationError as refusal:
            self.add_error("parties", refusal)
            return
        own, named = answers.get("name", ""), {party.name for party in parties}
        elected = [name for name in representative_names(answers.get("representatives", "")) if name != own]
        if len(elected) > MOST_ELECTED:
            self.add_error("representatives", _("代表人最多两人，请删减"))
        elif any(name not in named for name in elected):
            self.add_error("representatives", _("请写上面其他投诉人中的一位"))
        elif answers.get("phone") and any(party.phone == answers["phone"] for party in parties):
            self.add_error("parties", _("您自己不用写在这里"))
        answers["joint"] = parties


#: Asked again when the case comes to it: publication at its end, mediation by a body when it is proposed.
OPTIONAL = (filing_request.DELEGATED_MEDIATION, filing_request.PUBLISH_MASKED)


class ConsentsStep(Step):
    """Separate yes/no questions, none preset, each with the effect of a no. What is not answered was not agreed to."""

    step = "consents"
    question = _("您同意下面这些做法吗？")
    why = _("法律要求分别征得您的同意。选“不同意”也会照常办理。")
    version = "2026-12"

    def __init__(self, *arguments: Any, enterprise_name: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields |= consent_fields(enterprise_name)


@dataclass(frozen=True)
class Consent:
    """One question: in full, what a no leads to, and in short for the check page."""

    code: str
    question: Text
    effect_of_no: Text
    short: Text


def consent_questions(enterprise_name: str) -> tuple[Consent, ...]:
    """What is asked; the entity that would receive the data is named."""
    who = {"enterprise": enterprise_name}
    share = Consent(
        filing_request.SHARE_WITH_ENTERPRISE,
        _("把这件投诉和您的联系方式交给%(enterprise)s") % who,
        _("不同意：由监管部门直接处理"),
        _("提供给%(enterprise)s") % who,
    )
    pause = Consent(
        filing_request.PAUSE_FOR_SETTLEMENT,
        _("监管部门先让企业与您和解，审查计时暂停"),
        _("不同意：直接审查，计时不停"),
        _("先让企业和解"),
    )
    return (
        share if enterprise_name else pause,
        Consent(
            filing_request.PASS_TO_REGULATOR,
            _("谈不成时，自动交市场监管局"),
            _("不同意：没谈成就办结，以后可以自己交"),
            _("谈不成时交市场监管局"),
        ),
        Consent(
            filing_request.DELEGATED_MEDIATION,
            _("需要调解时，可以委托消费者组织调解"),
            _("不同意：由监管部门自己调解"),
            _("由消费者组织调解"),
        ),
        Consent(
            filing_request.PUBLISH_MASKED,
            _("公开这件投诉，隐去您的姓名和号码"),
            _("不同意：不公开，不影响办理；以后可以改"),
            _("公开（隐去姓名和号码）"),
        ),
    )


def consent_fields(enterprise_name: str) -> dict[str, YesNo]:
    """The fields of those questions, by code."""
    wrong = _("请选择同意或不同意")
    return {
        consent.code: YesNo(
            label=consent.question,
            help_text=consent.effect_of_no,
            yes=_("同意"),
            no=_("不同意"),
            required=consent.code not in OPTIONAL,
            error_messages={"required": wrong, "invalid_choice": wrong},
        )
        for consent in consent_questions(enterprise_name)
    }


def representative_names(typed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in re.split(r"[,，、;；\n]", typed) if name.strip())


#: Beside the one who files: two representatives in all (art. 12).
MOST_ELECTED = 1
#: More than that is a matter for an officer, who can join cases.
MOST_PARTIES = 20


def joint_parties(typed: str) -> tuple[filing_request.JointParty, ...]:
    """「王强 13800000000」 per line. Raises ValidationError naming the line."""
    parties = []
    lines = [line.strip() for line in typed.split("\n") if line.strip()]
    if len(lines) > MOST_PARTIES:
        raise ValidationError(_("最多写%(most)d人；更多的，请另外提交，由监管部门合并办理") % {"most": MOST_PARTIES})
    for number, line in enumerate(lines, start=1):
        at = re.search(r"[+\d]", line)
        name, number_typed = (line[: at.start()], line[at.start() :]) if at else (line, "")
        try:
            parties.append(
                filing_request.JointParty(
                    name=PersonName(error_messages={"required": _("缺少姓名")}).clean(name.strip(" ,，:：")),
                    phone=Phone(error_messages={"required": _("缺少手机号，要用它确认本人同意")}).clean(number_typed),
                )
            )
        except ValidationError as refusal:
            raise ValidationError(
                _("第%(line)d行：%(reason)s") % {"line": number, "reason": " ".join(refusal.messages)}
            ) from None
    if len({party.phone for party in parties}) < len(parties):
        raise ValidationError(_("两个人写了同一个手机号，请每人写自己的"))
    return tuple(parties)
