"""What an enterprise types: one form a step, each field named as the rule names it.

A form only reads and says what is missing; whether the step may be taken is judged
by the verb, and its refusal lands on the field of the same name.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.periods import in_our_years
from complaints.forms import fields
from complaints.handling.steps.enterprise import CONTACT_CHANNELS
from complaints.models.settlement import ACT_KINDS, MONEY_KINDS
from complaints.procedure.categories import FAILURE_REASONS
from complaints.reading.case_people import demand_text, handler_label
from complaints.reading.case_settlement import ObligationView
from complaints.settlement.offer_terms import Missing
from enterprises.models import Staff
from web.templatetags.portal import money

#: The rule's reasons for a return, in the order of the page.
RETURN_REASONS = ("wrong_branch", "wrong_entity", "duplicate", "not_customer", "other")


class HandlerForm(fields.StepForm):
    """Who handles the case: 责任到人."""

    handler = fields.Number(label=_("由谁处理"), widget=forms.Select(attrs={"class": "w-24"}))

    def __init__(self, *args: Any, people: Sequence[Staff], chosen: int | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "handler", [fields.UNCHOSEN, *((str(p.pk), handler_label(p)) for p in people)])
        if chosen in {p.pk for p in people}:
            self.initial["handler"] = str(chosen)


class ContactForm(fields.StepForm):
    channel = fields.Choice(label=_("怎么联系的"))
    reached = fields.Choice(label=_("联系上了吗"), choices=[("yes", _("联系上了")), ("no", _("没有联系上"))])
    at = forms.DateTimeField(
        label=_("什么时候"),
        required=False,
        help_text=_("不填就是现在；不能晚于现在。"),
        validators=[in_our_years],
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "w-24"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("时间请写成 2026-12-02 15:30 这样。")},
    )
    note = fields.FreeText(label=_("谈了什么"), rows=3, longest=1000, help_text=_("消费者看得到这条记录。"))
    #: One press after a call (the case page): whether it got through is all there is to say.
    quick = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now
        self.fields["note"].required = not self.data.get("quick")
        fields.set_choices(self, "channel", fields.labels_of(CONTACT_CHANNELS, "contact_channel"))

    def clean_reached(self) -> bool:
        return bool(self.cleaned_data["reached"] == "yes")

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > self.now:
            raise forms.ValidationError(_("联系时间不能晚于现在。"))
        return at


class FailureForm(fields.StepForm):
    reason = fields.Choice(label=_("为什么没有谈成"))
    text = fields.FreeText(label=_("说明"), help_text=_("写明谈过什么、卡在哪里；消费者和监管部门看得到。"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "reason", fields.labels_of(FAILURE_REASONS, "failure_reason"))


class ReturnForm(fields.StepForm):
    reason = fields.Choice(label=_("退回的原因"))
    q = forms.CharField(
        label=_("应由谁答复"),
        required=False,
        max_length=80,
        help_text=_("写企业或分支机构的名称、品牌，按“查找”。不知道就不用填。"),
    )
    target = fields.Choice(label=_("查到的单位"), required=False)
    text = fields.FreeText(
        label=_("说明"), required=False, help_text=_("没有选单位时请写明理由；消费者和分送人员看得到。")
    )

    def __init__(
        self, data: Any, *, targets: fields.Choices, asked: str, because: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.asked, self.because = asked, because
        if "reason" in self.fields:
            fields.set_choices(self, "reason", fields.labels_of(RETURN_REASONS, "return_reason"))
        fields.set_choices(self, "target", [*targets, ("none", _("不清楚，请分送人员决定"))])

    @property
    def picked(self) -> tuple[int | None, int | None]:
        """(enterprise, branch) of the chosen target; nothing when left to intake."""
        enterprise, _dash, branch = str(self.cleaned_data.get("target", "")).partition("-")
        if not enterprise.isdigit():
            return None, None
        return int(enterprise), int(branch) if branch.isdigit() else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "target" in cleaned and self.picked[0] is None and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("没有选单位时，请写明理由。"))
        return cleaned


class RequestReturnForm(ReturnForm):
    """Accepted already: asked of whoever distributes, so it always says why."""

    reason = None  # type: ignore[assignment]
    text = fields.FreeText(label=_("为什么不应由本企业答复"))

    field_order = ("text", "q", "target")


def obligation_text(promise: ObligationView) -> str:
    amount = f" ¥{promise.amount:,.2f}" if promise.amount is not None else ""
    return f"{promise.name} {promise.what}{amount}"


def _promises(promises: Sequence[ObligationView]) -> fields.Choices:
    return [(str(promise.ordinal), obligation_text(promise)) for promise in promises]


class ConfirmForm(fields.StepForm):
    obligations = forms.MultipleChoiceField(
        label=_("消费者已经做到的"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选一项约定。"), "invalid_choice": fields.CHOOSE},
    )

    def __init__(self, *args: Any, promises: Sequence[ObligationView], **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "obligations", _promises(promises))

    def clean_obligations(self) -> list[int]:
        return [int(ordinal) for ordinal in self.cleaned_data["obligations"]]


class PerformedForm(fields.TakesFiles, ConfirmForm):
    channel = fields.FreeText(
        label=_("怎么做到的"), required=False, rows=1, longest=60, help_text=_("例如：原路退回、账单抵扣。")
    )
    proof = fields.FreeText(
        label=_("证明"), rows=3, longest=1000, help_text=_("流水号、日期、金额等，便于消费者核对；不要写完整的账号。")
    )
    uploads = fields.FilesField(label=_("证明材料"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["obligations"].label = _("已经做到的")


class PaymentForm(fields.StepForm):
    """The answer to a disputed payment: channel, last four digits, day; once."""

    obligation = fields.Number(label=_("哪一项"))
    channel = fields.FreeText(label=_("付款渠道"), rows=1, longest=60, help_text=_("例如：中国银行转账、原支付账户。"))
    last4 = fields.FreeText(label=_("收款账号末4位"), rows=1, longest=4)
    paid_on = fields.Day(label=_("付款日期"))

    def __init__(self, *args: Any, promises: Sequence[ObligationView], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["last4"].widget.attrs |= {"class": "w-10", "autocomplete": "off"}
        fields.set_choices(self, "obligation", _promises(promises))

    def clean_last4(self) -> str:
        digits = str(self.cleaned_data["last4"])
        if not (len(digits) == 4 and digits.isascii() and digits.isalnum()):
            raise forms.ValidationError(_("只填账号末4位。"))
        return digits

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > self.today:
            raise forms.ValidationError(_("付款日期不能晚于今天。"))
        return day


class MissingPromiseForm(fields.StepForm):
    """What was granted and is nowhere promised, as one promise; of several things that are missing one is chosen."""

    MONEY = "money"

    demand = fields.Choice(label=_("补哪一项"), choices=[])
    kind = fields.Choice(label=_("怎么付"), choices=[])
    what = fields.FreeText(label=_("做什么"), rows=1, longest=200)
    due_on = fields.Day(label=_("最后一天"), required=False)
    is_done = forms.BooleanField(label=_("已经付了"), required=False)
    proof = fields.FreeText(label=_("用什么证明（已经做到的必填）"), required=False, rows=1, longest=200)

    def __init__(self, *args: Any, today: date, missing: Missing, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        things = (
            [(self.MONEY, gettext("同意的金额：%(sum)s") % {"sum": money(missing.amount)})] if missing.amount else []
        )
        things += [(str(demand.ordinal), demand_text(demand)) for demand in missing.acts]
        kinds = (sorted(MONEY_KINDS) if missing.amount else []) + (sorted(ACT_KINDS) if missing.acts else [])
        fields.set_choices(self, "kind", fields.labels_of(kinds, "obligation_kind"))
        if missing.acts:
            self.fields["kind"].label, self.fields["is_done"].label = _("怎样做到"), _("已经做到了")
        if len(things) > 1:
            fields.set_choices(self, "demand", things)
        else:
            del self.fields["demand"]
            self.fields["what"].initial = _("补付方案里同意的金额") if missing.amount else things and things[0][1]
        self.only_act = len(things) == 1 and bool(missing.acts)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen, kind = cleaned.get("demand"), cleaned.get("kind")
        is_act = self.only_act or chosen not in (None, self.MONEY)
        if kind and (kind in ACT_KINDS) != is_act and "demand" not in self.errors:
            self.add_error("kind", _("付钱的选付钱的办法，做事的选做事的办法。"))
        if "demand" not in self.errors:
            cleaned["demand"] = int(chosen) if chosen and chosen != self.MONEY else None
        day = cleaned.get("due_on")
        if cleaned.get("is_done"):
            if not cleaned.get("proof") and "proof" not in self.errors:
                self.add_error("proof", _("已经做到的，请写明证明，例如流水号和日期。"))
            if day is not None and day > self.today:
                self.add_error("due_on", _("已经做到的事，不能再约定以后的日期。"))
        elif "due_on" not in self.errors:
            if day is None:
                self.add_error("due_on", _("请写明最后一天。"))
            elif day < self.today:
                self.add_error("due_on", _("这一天已经过去。"))
        return cleaned


class ClaimAnswerForm(fields.StepForm):
    answer = fields.Choice(
        label=_("是这样吗"), choices=[("confirm", _("是，已经另行和解")), ("deny", _("不是，没有另行和解"))]
    )
    text = fields.FreeText(label=_("说明"), required=False)


class MediationForm(fields.StepForm):
    """Art. 18: no mediation without both consents."""

    answer = fields.Choice(label=_("是否同意调解"), choices=[("agree", _("同意调解")), ("decline", _("不同意调解"))])


class RedateForm(fields.StepForm):
    def __init__(
        self, *args: Any, promises: Sequence[ObligationView], proposed: dict[str, str], today: date, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.today, self.ordinals = today, [p.ordinal for p in promises]
        for promise in promises:
            self.fields[f"day-{promise.ordinal}"] = fields.Day(
                label=obligation_text(promise),
                help_text=_("新的最后一天，须在今天之后。"),
                initial=proposed.get(str(promise.ordinal)),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, day in list(cleaned.items()):
            if isinstance(day, date) and day <= self.today:
                self.add_error(name, _("新的日期须在今天之后。"))
        return cleaned

    @property
    def dates(self) -> dict[int, str]:
        return {n: self.cleaned_data[f"day-{n}"].isoformat() for n in self.ordinals}


class ConcernForm(fields.TakesFiles, fields.StepForm):
    """What looks odd, with what shows it; for the authority alone."""

    audience = "authority"
    text = fields.FreeText(label=_("有什么疑点"), help_text=_("写明看到了什么、在哪里看到；判断由监管部门作出。"))
    uploads = fields.FilesField(label=_("证明材料"))


class ExtensionForm(fields.StepForm):
    days = fields.Number(label=_("再要几个工作日"), widget=forms.Select(attrs={"class": "w-10"}))
    text = fields.FreeText(label=_("为什么需要"), help_text=_("写明在等什么、什么时候有结果；消费者和监管部门看得到。"))

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "days", [fields.UNCHOSEN, *((str(n), str(n)) for n in range(1, most + 1))])


class CauseForm(fields.StepForm):
    cause = fields.Choice(label=_("投诉的原因"), widget=forms.Select(attrs={"class": "w-24"}))

    def __init__(
        self, *args: Any, groups: Sequence[tuple[str, fields.Choices]], chosen: str = "", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        fields.set_choices(self, "cause", [fields.UNCHOSEN, *groups])
        self.initial["cause"] = chosen
