"""The consumer's answers to what the enterprise puts on the table: offers, promises, ratings.

The one rule: nothing is chosen beforehand; silence and an empty box are never a yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints import wording as labels
from complaints.forms.fields import Pick
from complaints.handling import Move
from complaints.handling.steps import both, consumer, enterprise
from complaints.pages.consumer.forms import Essay, StepForm, Words, onward
from complaints.parties import powers
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import ObligationView, OfferView, proposed_days
from web.dates import day_text
from web.templatetags.portal import money


class OfferForm(StepForm):
    """Three equal choices: accept, decline, ask."""

    name, steps = "offer", ("accept_offer", "decline_offer", "ask_about_offer")
    title = gettext_lazy("企业的方案，您接受吗？")
    button = gettext_lazy("提交答复")
    may_be_undone = True
    answer = Pick(label=gettext_lazy("您的答复"), choices=[])
    reason = Pick(label=gettext_lazy("不接受的原因"), required=False, choices=[])
    text = Essay(
        label=gettext_lazy("理由或问题"),
        required=False,
        rows=3,
        help_text=gettext_lazy("提问必须填写。不接受时可以写清还差什么，企业会看到。"),
    )
    counter_demand = Essay(label=gettext_lazy("不接受时，您希望的方案"), required=False, rows=2)
    part = forms.MultipleChoiceField(
        label=gettext_lazy("只接受其中几项"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("全部接受的不用选。企业标明可以单独接受的才列在这里。"),
    )
    rest = Pick(
        label=gettext_lazy("只接受几项时，其余诉求怎么办"),
        required=False,
        choices=[
            ("give_up", gettext_lazy("不再要求")),
            ("go_on", gettext_lazy("继续协商")),
            ("regulator", gettext_lazy("转监管部门")),
        ],
    )

    def __init__(self, *args: Any, page: CasePage, offer: OfferView, **options: Any) -> None:
        self.offer = offer
        super().__init__(*args, page=page, **options)

    def prepare(self) -> None:
        answers: list[tuple[str, Words]] = [("accept", _("接受"))] if self.page.may("accept_offer") else []
        if self.page.may("decline_offer"):
            answers.append(("decline", self._declining()))
        if self.page.may("ask_about_offer"):
            answers.append(("ask", _("先问一个问题")))
        self.fields["answer"].choices = answers  # type: ignore[attr-defined]
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, labels.label(code, kind="decline_reason")) for code in consumer.DECLINE_REASONS
        ]
        if self.offer.may_be_split and self.page.may("accept_offer"):
            self.fields["part"].choices = [  # type: ignore[attr-defined]
                (str(a.ordinal), f"{a.ordinal} {a.demand}") for a in self.offer.answers if a.is_separable
            ]
        else:
            del self.fields["part"], self.fields["rest"]

    @property
    def why_not(self) -> str:
        """Why this person cannot accept, and who can; empty for whoever can."""
        return "" if self.page.may("accept_offer") else powers.why_not(self.page.complaint)

    def _declining(self) -> str:
        if self.time_is_up():
            return _("不接受，转监管部门审查")
        return _("不接受，继续协商")

    def time_is_up(self) -> bool:
        """Whether the negotiation clock has nothing left: then a no goes to the regulator."""
        clock = next((c.row for c in self.page.clocks if c.row.clock == "negotiation"), None)
        return (
            self.page.complaint.is_overdue
            or clock is None
            or clock.state == "lapsed"
            or (clock.state == "paused" and not clock.remaining)
        )

    def effects(self) -> Sequence[Words]:
        words = (
            []
            if self.why_not
            else [_("接受：方案生效，企业按期履行。没有按期做到的，案件自动转监管部门，不用重新投诉。")]
        )
        if self.time_is_up():
            words.append(_("不接受：协商期限已经用完，") + onward(self.page))
        else:
            words.append(_("不接受：企业的期限接着算，可以再提方案。"))
        words.append(_("先问：企业须在下一个工作日内回答，您的答复期限重新计算。同一方案最多问2次。"))
        return words

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        answer = said.get("answer")
        if answer == "decline" and not said.get("reason"):
            self.add_error("reason", _("请选一个不接受的原因。"))
        if answer == "ask" and not said.get("text"):
            self.add_error("text", _("请写下您的问题。"))
        if answer == "accept" and said.get("part") and not said.get("rest"):
            self.add_error("rest", _("请选其余诉求怎么办。"))
        return said

    @property
    def ends_undoable(self) -> bool:
        return bool(self.cleaned_data["answer"] != "ask")

    def moves(self) -> list[Move]:
        said = self.cleaned_data
        if said["answer"] == "ask":
            return [consumer.ask_about_offer(text=said["text"])]
        if said["answer"] == "decline":
            return [
                consumer.decline_offer(reason=said["reason"], text=said["text"], counter_demand=said["counter_demand"])
            ]
        part = [int(n) for n in said.get("part") or ()]
        return [consumer.accept_offer(separable=part, rest=said.get("rest") or "give_up")]


def _line(promise: ObligationView) -> str:
    """1 退还多扣费用 ¥128.50，最后一天12月7日（周一）"""
    amount = f" {money(promise.amount)}" if promise.amount is not None else ""
    due = _("最后一天%(day)s") % {"day": day_text(promise.due_on)} if promise.due_on else promise.due_words
    return f"{promise.ordinal}. {promise.what}{amount}{pgettext('between words', '，')}{due}"


class PerformedForm(StepForm):
    """For each promise: done, not arrived, or let it go."""

    name = "performed"
    steps = ("confirm_performed", "dispute_performance", "waive_obligation")
    title = gettext_lazy("企业兑现了吗？")
    button = gettext_lazy("提交")
    may_be_undone = True
    thanks = gettext_lazy("已记录，企业会收到通知。")

    def prepare(self) -> None:
        self.rows = [
            p
            for p in self.page.obligations
            if p.owed_by == "enterprise" and p.state_code in ("due", "reported", "silent")
        ]
        for row in self.rows:
            choices: list[tuple[str, Words]] = [("done", _("已兑现"))]
            if row.state_code == "reported" and row.row.disputed_at is None:
                choices.append(("missing", _("没有收到，请企业出示凭证")))
            if row.state_code in ("due", "reported") and self.page.may("waive_obligation"):
                choices.append(("waive", _("不要了，放弃这一项")))
            self.fields[f"answer-{row.ordinal}"] = Pick(
                label=_line(row),
                choices=choices,
                required=False,
                help_text=_("企业的说明：%(proof)s") % {"proof": row.proof} if row.state_code == "reported" else "",
            )
            if any(code == "missing" for code, _words in choices):
                self.fields[f"text-{row.ordinal}"] = Essay(label=_("没有收到时，写明少了什么"), required=False, rows=2)

    def effects(self) -> Sequence[Words]:
        return (
            _("只有您确认的才算兑现；暂时不清楚的可以不选。"),
            _("选“没有收到”，企业须在3个工作日内出示凭证。"),
            _("全部确认后，案件按“和解成功”办结。"),
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not any(said.get(f"answer-{r.ordinal}") for r in self.rows):
            raise ValidationError(_("请至少对一项作出回答。"))
        for row in self.rows:
            if said.get(f"answer-{row.ordinal}") == "missing" and not said.get(f"text-{row.ordinal}"):
                self.add_error(f"text-{row.ordinal}", _("请写明少了什么。"))
        return said

    def _answered(self, word: str) -> list[int]:
        return [r.ordinal for r in self.rows if self.cleaned_data.get(f"answer-{r.ordinal}") == word]

    @property
    def ends_undoable(self) -> bool:
        return bool(self._answered("done"))

    def moves(self) -> list[Move]:
        moves = [
            consumer.dispute_performance(obligation=n, text=self.cleaned_data[f"text-{n}"])
            for n in self._answered("missing")
        ]
        moves += [consumer.waive_obligation(obligation=n) for n in self._answered("waive")]
        done = self._answered("done")
        return [*moves, consumer.confirm_performed(obligations=done)] if done else moves


class BreachForm(StepForm):
    """One button: it was not done."""

    name, steps = "breach", ("report_breach",)
    title = gettext_lazy("企业没有兑现？")
    button = gettext_lazy("报告没有兑现")
    obligation = Pick(label=gettext_lazy("哪一项没有兑现"), choices=[])
    text = Essay(label=gettext_lazy("少了什么"), rows=3, required=False, help_text=gettext_lazy("可以不填。"))

    def prepare(self) -> None:
        self.fields["obligation"].choices = [  # type: ignore[attr-defined]
            (str(p.ordinal), _line(p)) for p in self.page.obligations if p.may_be_broken
        ]
        if len(self.fields["obligation"].choices) == 1:  # type: ignore[attr-defined]
            # The button that led here named it.
            self.initial["obligation"] = self.fields["obligation"].choices[0][0]  # type: ignore[attr-defined]

    def effects(self) -> Sequence[Words]:
        if any(p.row.source == "mediation" for p in self.page.promises):
            return (
                _("案件办结，记为调解协议没有履行。"),
                _("您可以凭调解书向法院起诉，或者申请司法确认；监管部门另外核查。"),
            )
        return (onward(self.page), _("其他约定仍然有效。"))

    def moves(self) -> list[Move]:
        said = self.cleaned_data
        return [consumer.report_breach(obligation=int(said["obligation"]), text=said["text"] or _("没有兑现。"))]


class RedateForm(StepForm):
    """New days for what was broken; in force once the other side names the same."""

    name, steps = "new-dates", ("resume_performance",)
    title = gettext_lazy("重新约定履行日期？")
    button = gettext_lazy("提交新的日期")
    thanks = gettext_lazy("已记录。双方写的日期一样，约定就恢复履行。")

    def prepare(self) -> None:
        self.rows = [p for p in self.page.obligations if p.state_code == "broken"]
        named_days = proposed_days(self.page.matters)
        for row in self.rows:
            self.fields[f"day-{row.ordinal}"] = forms.DateField(
                label=_line(row),
                widget=forms.DateInput(attrs={"type": "date"}),
                initial=named_days.get(str(row.ordinal)),
                help_text=gettext_lazy("新的最后一天，须在今天之后。"),
                error_messages={"required": _("请填写新的日期。"), "invalid": _("请填写真实的日期，例如 2026-12-18。")},
            )

    def effects(self) -> Sequence[Words]:
        words = [
            _("双方写的日期一样，案件回到“和解待履行”；不一样，案件照常审查。"),
            _("同意改期不等于放弃：到期还没有兑现的，您可以再次转监管部门。"),
        ]
        if (matter := self.page.matters.get("redate")) is not None:
            who = _("您") if matter.opened_by == "consumer" else _("企业")
            words.insert(0, _("%(who)s提出的日期已经填好；同意的直接提交，不同意的可以改。") % {"who": who})
        return words

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for row in self.rows:
            day = said.get(f"day-{row.ordinal}")
            if day is not None and day <= self.page.today:
                self.add_error(f"day-{row.ordinal}", _("新的日期须在今天之后。"))
        return said

    def moves(self) -> list[Move]:
        return [
            consumer.resume_performance(
                dates={r.ordinal: self.cleaned_data[f"day-{r.ordinal}"].isoformat() for r in self.rows}
            )
        ]


class DoneForm(StepForm):
    """What the consumer promised: say that it was done."""

    name, steps = "did", ("report_performed",)
    title = gettext_lazy("您的部分做好了吗？")
    button = gettext_lazy("报告已做到")
    obligations = forms.MultipleChoiceField(
        label=gettext_lazy("做好了哪些"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请至少选一项。")},
    )
    proof = Essay(label=gettext_lazy("怎么证明"), rows=3, help_text=gettext_lazy("例如快递单号。"))

    def prepare(self) -> None:
        self.fields["obligations"].choices = [  # type: ignore[attr-defined]
            (str(p.ordinal), _line(p))
            for p in self.page.obligations
            if p.owed_by == "consumer" and p.state_code == "due"
        ]

    def effects(self) -> Sequence[Words]:
        return (_("企业须在5个工作日内确认；之后企业的约定开始计时。"),)

    def moves(self) -> list[Move]:
        return [
            enterprise.report_performed(
                obligations=[int(n) for n in self.cleaned_data["obligations"]], proof=self.cleaned_data["proof"]
            )
        ]


def _marks() -> list[tuple[str, Words]]:
    return [
        ("5", gettext_lazy("5 很满意")),
        ("4", gettext_lazy("4 满意")),
        ("3", gettext_lazy("3 一般")),
        ("2", gettext_lazy("2 不满意")),
        ("1", gettext_lazy("1 很不满意")),
    ]


class RateForm(StepForm):
    name, steps = "rate", ("rate",)
    title = gettext_lazy("这次办理怎么样？")
    button = gettext_lazy("提交评价")
    thanks = gettext_lazy("谢谢您的评价。")
    overall = Pick(label=gettext_lazy("总体"), choices=_marks())
    speed = Pick(label=gettext_lazy("速度"), choices=_marks())
    attitude = Pick(label=gettext_lazy("态度"), choices=_marks())
    performed = Pick(
        label=gettext_lazy("企业说到做到了吗"),
        required=False,
        choices=[("yes", gettext_lazy("做到了")), ("no", gettext_lazy("没有做到"))],
    )
    accepts = Pick(
        label=gettext_lazy("您认可这个结果吗"),
        required=False,
        choices=[("yes", gettext_lazy("认可")), ("no", gettext_lazy("已办结，但我不认可"))],
    )
    text = Essay(label=gettext_lazy("想说的话"), required=False, rows=3)

    def effects(self) -> Sequence[Words]:
        return (_("评价一次，不影响结果；可以不评。"),)

    def moves(self) -> list[Move]:
        said = self.cleaned_data
        known = {"yes": True, "no": False}
        return [
            both.rate(
                overall=int(said["overall"]),
                speed=int(said["speed"]),
                attitude=int(said["attitude"]),
                performed=known.get(said["performed"]),
                accepts=known.get(said["accepts"]),
                text=said["text"],
            )
        ]
