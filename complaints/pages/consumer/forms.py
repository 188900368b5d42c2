"""The consumer's step pages as forms: one question, what follows from it, one button.

The one rule: a form only says which moves are meant; whether they may be taken is judged by
``handling.take`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.jurisdiction import Jurisdiction
from authorities.models import named
from complaints import wording as labels
from complaints.casefile.consents import REVOCABLE, WORDS
from complaints.forms.fields import Pick
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise
from complaints.handling.transition import undoing
from complaints.parties import powers
from complaints.reading.case import CasePage
from enterprises.models import BranchAuthority
from web.dates import last_day_text

Words = str | Promise
Choices = list[tuple[str, Words]]
LONGEST = 4000


def area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class Essay(forms.CharField):
    """Free text; its length is checked by the verb so that the words are the same everywhere."""

    def __init__(self, *, rows: int = 4, required: bool = True, **options: Any) -> None:
        options.setdefault("error_messages", {"required": gettext_lazy("请填写这一项。")})
        super().__init__(widget=area(rows), required=required, strip=True, **options)


class StepForm(forms.Form):
    """``steps``: the page exists while one of them may be taken. ``name``: its address."""

    name: ClassVar[str]
    steps: ClassVar[tuple[str, ...]]
    title: ClassVar[Words]
    button: ClassVar[Words]
    is_danger: ClassVar[bool] = False
    may_be_undone: ClassVar[bool] = False
    takes_files: ClassVar[bool] = False
    thanks: ClassVar[Words] = gettext_lazy("已记录。")

    def __init__(self, *args: Any, page: CasePage, **options: Any) -> None:
        self.page = page
        options["use_required_attribute"] = False
        super().__init__(*args, **options)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices that depend on the case."""

    def effects(self) -> Sequence[Words]:
        """What will happen, a line each, before anything is pressed."""
        return ()

    def moves(self) -> list[Move]:
        raise NotImplementedError


def goes_to_regulator(page: CasePage) -> bool:
    """Whether failing with the enterprise takes the case on (procedure, section 3)."""
    complaint = page.complaint
    return complaint.authority_received_at is not None or complaint.consents.get("pass_to_regulator") is not False


def county_of(page: CasePage) -> str:
    """The authority that takes a failed case of this branch (as ``leaving.to_county`` finds it)."""
    complaint = page.complaint
    row = (
        (
            BranchAuthority.objects.on(page.today)
            .filter(branch_id=complaint.branch_id)
            .select_related("authority")
            .first()
        )
        if complaint.branch_id
        else None
    )
    authority = row.authority if row is not None else Jurisdiction.load().with_power(complaint.handling_region_id)
    return named(authority)


def onward(page: CasePage) -> str:
    """Where the case goes when the negotiation ends without a result."""
    if goes_to_regulator(page):
        return _("案件转%(authority)s审查，7个工作日内告知您是否受理。不用重新投诉。") % {"authority": county_of(page)}
    return _("您之前不同意转交监管部门，所以案件会办结。办结后您仍可一键转交。")


class StopForm(StepForm):
    name, steps = "stop", ("stop_negotiating",)
    title = gettext_lazy("不再协商，转监管部门？")
    button = gettext_lazy("不再协商")
    may_be_undone = True
    text = Essay(label=gettext_lazy("想说明原因吗"), required=False, rows=3)

    def effects(self) -> Sequence[Words]:
        return (_("与企业的协商就此结束，不需要理由。"), onward(self.page), _("已经提出的方案随之失效。"))

    def moves(self) -> list[Move]:
        return [consumer.stop_negotiating(text=self.cleaned_data["text"])]


class WithdrawForm(StepForm):
    name, steps = "withdraw", ("withdraw",)
    title = gettext_lazy("撤回这件投诉？")
    button = gettext_lazy("撤回投诉")
    is_danger = True
    may_be_undone = True
    reason = Pick(label=gettext_lazy("为什么撤回"), choices=[(code, "") for code in consumer.WITHDRAW_REASONS])
    text = Essay(label=gettext_lazy("补充说明"), required=False, rows=3)

    def prepare(self) -> None:
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, labels.label(code, kind="withdraw_reason")) for code in consumer.WITHDRAW_REASONS
        ]

    def effects(self) -> Sequence[Words]:
        words = [_("案件办结，企业和监管部门都会收到通知。")]
        if self.page.complaint.status in ("mediating", "mediation_suspended"):
            words = [_("调解随之终止，监管部门会书面告知双方。")]
        return (
            *words,
            _("以后想继续，可以在案件页转交监管部门。")
            if self.page.complaint.status not in ("mediating", "mediation_suspended")
            else _("您仍可通过其他途径解决争议。"),
        )

    def moves(self) -> list[Move]:
        return [consumer.withdraw(reason=self.cleaned_data["reason"], text=self.cleaned_data["text"])]


class ReferForm(StepForm):
    name, steps = "refer", ("refer_to_regulator",)
    title = gettext_lazy("转交监管部门？")
    button = gettext_lazy("转交监管部门")
    thanks = gettext_lazy("已转交监管部门。")

    def effects(self) -> Sequence[Words]:
        words = [
            _("由%(authority)s审查，7个工作日内告知您是否受理。") % {"authority": county_of(self.page)},
            _("它会收到您提交的全部内容、材料和办理经过，您不用再填。"),
        ]
        complaint = self.page.complaint
        learned = complaint.learned_on or complaint.disputed_on
        if learned is not None and (self.page.today - learned).days > 3 * 365:
            words.append(_("您知道争议已超过3年：这样的投诉通常不予受理。您仍可转交，或者向法院起诉。"))
        else:
            words.append(_("自知道或者应当知道权益受损起超过3年的，通常不予受理。"))
        return words

    def moves(self) -> list[Move]:
        return [consumer.refer_to_regulator()]


class UndoForm(StepForm):
    name, steps = "undo", ("undo",)
    title = gettext_lazy("撤销刚才的一步？")
    button = gettext_lazy("撤销")
    thanks = gettext_lazy("已撤销，案件回到之前的状态。")

    def effects(self) -> Sequence[Words]:
        matter = self.page.matters.get("undo")
        if matter is None or matter.until_at is None:
            return ()
        what = labels.label(matter.subject, kind="step")
        return (
            _("要撤销的是：%(what)s。") % {"what": what},
            _("案件和期限回到这一步之前，双方都会收到通知。"),
            _("%(until)s可以撤销，同一步只能撤销一次；对方已经接着办理的，不能撤销。")
            % {"until": last_day_text(matter.until_at)},
        )

    def moves(self) -> list[Move]:
        return [undoing.undo()]


class SettledElsewhereForm(StepForm):
    """Claims when nobody has; answers the enterprise's claim otherwise."""

    name = "settled-elsewhere"
    steps = ("claim_settled_elsewhere", "confirm_settled_elsewhere", "deny_settled_elsewhere")
    title = gettext_lazy("已经另行和解？")
    button = gettext_lazy("提交")
    answer = Pick(
        label=gettext_lazy("企业说双方已经另行和解，是这样吗"),
        choices=[("yes", gettext_lazy("是，已经另行和解")), ("no", gettext_lazy("没有和解"))],
    )
    text = Essay(label=gettext_lazy("怎么和解的"), rows=3)

    def prepare(self) -> None:
        if not self.page.may("deny_settled_elsewhere"):
            del self.fields["answer"]
            return
        self.fields["text"].required = False
        self.fields["text"].label = _("说明")
        if not self.page.may("confirm_settled_elsewhere"):
            # A representative without that power may say no, and nothing else.
            self.fields["answer"].choices = [("no", _("没有和解"))]  # type: ignore[attr-defined]

    def effects(self) -> Sequence[Words]:
        if "answer" in self.fields:
            if not self.page.may("confirm_settled_elsewhere"):
                return (
                    powers.why_not(self.page.complaint),
                    _("选“没有”，案件照常办理。"),
                    _("不回答，企业的说法失效，案件照常办理。"),
                )
            return (
                _("选“是”，案件按“另行和解”办结。"),
                _("选“没有”，案件照常办理。"),
                _("不回答，企业的说法失效，案件照常办理。"),
            )
        return (
            _("企业须在5个工作日内确认或者否认。"),
            _("企业不回答，以您的说法为准，案件按“另行和解”办结。"),
            _("等企业回答期间，其他期限照常计算。"),
        )

    def moves(self) -> list[Move]:
        text = self.cleaned_data["text"]
        if "answer" not in self.fields:
            return [both.claim_settled_elsewhere(text=text)]
        if self.cleaned_data["answer"] == "yes":
            return [both.confirm_settled_elsewhere()]
        return [both.deny_settled_elsewhere(text=text)]


class ConsentForm(StepForm):
    name, steps = "consent", ("give_consent", "decline_consent")
    title = gettext_lazy("同意把投诉转交这家企业吗？")
    button = gettext_lazy("提交")
    answer = Pick(
        label=gettext_lazy("您的答复"),
        choices=[("yes", gettext_lazy("同意转交")), ("no", gettext_lazy("不同意，由监管部门办理"))],
    )

    def effects(self) -> Sequence[Words]:
        return (
            _("同意：企业会看到投诉内容，受理后可以联系您，在监管部门监督下和解。"),
            _("不同意：监管部门自己办理，对您没有不利。"),
            _("不回答，视为不同意。"),
        )

    def moves(self) -> list[Move]:
        return [both.give_consent() if self.cleaned_data["answer"] == "yes" else both.decline_consent()]


class ObjectionForm(StepForm):
    name, steps = "objection", ("object",)
    title = gettext_lazy("对处理结果有异议？")
    button = gettext_lazy("提出异议")
    thanks = gettext_lazy("异议已提交。")
    text = Essay(label=gettext_lazy("哪里不对，您希望怎样"), rows=5)

    def effects(self) -> Sequence[Words]:
        return (_("由另一名工作人员在7个工作日内答复您。"), _("提出异议不影响您起诉、申请行政复议的期限，请留意。"))

    def moves(self) -> list[Move]:
        return [both.object_to_decision(text=self.cleaned_data["text"])]


class LateForm(StepForm):
    name, steps = "late", ("answer_late",)
    title = gettext_lazy("现在答复")
    button = gettext_lazy("提交答复")
    answer = Pick(label=gettext_lazy("您的答复"), choices=[("yes", ""), ("no", "")])
    text = Essay(label=gettext_lazy("补充说明"), required=False, rows=3)

    def prepare(self) -> None:
        lapsed = any(o.state_code == "lapsed" for o in self.page.offers)
        yes = _("接受最后一份方案") if lapsed else _("企业已经兑现")
        no = _("不接受") if lapsed else _("企业没有兑现")
        self.fields["answer"].choices = [("yes", yes), ("no", no)]  # type: ignore[attr-defined]

    def effects(self) -> Sequence[Words]:
        return (
            _("办结后30天内可以答复。接受的，按方案履行，记为逾期答复的和解。"),
            _("不接受的：") + onward(self.page),
        )

    def moves(self) -> list[Move]:
        return [consumer.answer_late(accept=self.cleaned_data["answer"] == "yes", text=self.cleaned_data["text"])]


class PublicationForm(StepForm):
    name = "publication"
    steps = ("give_publication_consent", "withdraw_publication_consent")
    title = gettext_lazy("公开这件投诉吗？")
    button = gettext_lazy("保存")
    answer = Pick(
        label=gettext_lazy("您的选择"),
        choices=[("yes", gettext_lazy("同意隐去姓名后公开")), ("no", gettext_lazy("不公开"))],
    )

    def prepare(self) -> None:
        given = self.page.complaint.publication_consent
        self.initial.setdefault("answer", "yes" if given else "no")

    def effects(self) -> Sequence[Words]:
        return (
            _("公开的只有：哪家企业、什么问题、怎么解决的。不公开您的姓名、电话和原文。"),
            _("随时可以改。改为不公开后，内容会从公开页面撤下。"),
        )

    def moves(self) -> list[Move]:
        return [
            both.give_publication_consent()
            if self.cleaned_data["answer"] == "yes"
            else both.withdraw_publication_consent()
        ]


class WithdrawConsentForm(StepForm):
    name, steps = "consents", ("withdraw_consent",)
    title = gettext_lazy("收回哪一项同意？")
    button = gettext_lazy("收回")
    purpose = Pick(label=gettext_lazy("您同意过的"), choices=())

    def prepare(self) -> None:
        given = self.page.complaint.consents
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (name, WORDS[name]) for name in REVOCABLE if given.get(name) is True
        ]

    def effects(self) -> Sequence[Words]:
        return (
            _("从现在起有效，收回前已经做的不受影响。"),
            _("收回“提供给企业”后，不会再交给别的企业；正在办的企业仍办到结束。不想让它办的，请停止协商。"),
        )

    def moves(self) -> list[Move]:
        return [both.withdraw_consent(purpose=self.cleaned_data["purpose"])]


class ExtensionForm(StepForm):
    name, steps = "extension", ("agree_to_extension",)
    title = gettext_lazy("同意企业延期吗？")
    button = gettext_lazy("同意延期")

    def effects(self) -> Sequence[Words]:
        matter = self.page.matters.get("extension")
        days = matter.data.get("days") if matter else None
        return (
            _("企业申请把协商期限延长%(n)s个工作日。") % {"n": days},
            _("您同意之后，还要监管部门批准才生效。"),
            _("不同意的，不用操作，期限不变。"),
        )

    def moves(self) -> list[Move]:
        return [enterprise.agree_to_extension()]


class CorrectForm(StepForm):
    name, steps = "correct", ("correct_facts",)
    title = gettext_lazy("更正您提交的内容")
    button = gettext_lazy("提交更正")
    text = Essay(label=gettext_lazy("原来怎么写的，应该是什么"), rows=4)

    def effects(self) -> Sequence[Words]:
        return (_("原来的内容会保留，更正记在旁边，企业和监管部门都能看到。"),)

    def moves(self) -> list[Move]:
        return [consumer.correct_facts(text=self.cleaned_data["text"])]
