"""What a consumer types to answer what the enterprise puts on the table: offers, promises, ratings.

Silence and an empty box are never a yes.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints import wording
from complaints.forms.fields import Pick, StepForm
from complaints.handling import Move
from complaints.handling.steps import both, consumer
from complaints.pages.consumer.forms import Essay
from complaints.parties import powers
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import ObligationView, proposed_days
from web.dates import day_text
from web.templatetags.portal import money


def time_is_up(page: CasePage) -> bool:
    """Whether the negotiation clock has nothing left: then a no goes to the regulator."""
    clock = next((c.row for c in page.clocks if c.row.clock == "negotiation"), None)
    return (
        page.complaint.is_overdue
        or clock is None
        or clock.state == "lapsed"
        or (clock.state == "paused" and not clock.remaining)
    )


class OfferForm(StepForm):
    """Three equal choices: accept, decline, ask."""

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

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.offer = page.open_offer or page.offers[0]
        #: Why this person cannot accept, and who can; empty for whoever can.
        self.why_not = "" if page.may("accept_offer") else powers.why_not(page.complaint)
        answers = [("accept", _("接受"))] if page.may("accept_offer") else []
        if page.may("decline_offer"):
            answers.append(("decline", _("不接受，转监管部门审查") if time_is_up(page) else _("不接受，继续协商")))
        if page.may("ask_about_offer"):
            answers.append(("ask", _("先问一个问题")))
        self.fields["answer"].choices = answers  # type: ignore[attr-defined]
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (code, wording.label(code, kind="decline_reason")) for code in consumer.DECLINE_REASONS
        ]
        if self.offer.may_be_split and page.may("accept_offer"):
            self.fields["part"].choices = [  # type: ignore[attr-defined]
                (str(a.ordinal), f"{a.ordinal} {a.demand}") for a in self.offer.answers if a.is_separable
            ]
        else:
            del self.fields["part"], self.fields["rest"]

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

    def move(self) -> Move:
        said = self.cleaned_data
        if said["answer"] == "ask":
            return consumer.ask_about_offer(text=said["text"])
        if said["answer"] == "decline":
            return consumer.decline_offer(
                reason=said["reason"], text=said["text"], counter_demand=said["counter_demand"]
            )
        part = [int(n) for n in said.get("part") or ()]
        return consumer.accept_offer(separable=part, rest=said.get("rest") or "give_up")


def _line(promise: ObligationView) -> str:
    """1 退还多扣费用 ¥128.50，最后一天12月7日（周一）"""
    amount = f" {money(promise.amount)}" if promise.amount is not None else ""
    due = _("最后一天%(day)s") % {"day": day_text(promise.due_on)} if promise.due_on else promise.due_words
    return f"{promise.ordinal}. {promise.what}{amount}{pgettext('between words', '，')}{due}"


class PerformedForm(StepForm):
    """For each promise: done, not arrived, or let it go."""

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.rows = [
            p for p in page.obligations if p.owed_by == "enterprise" and p.state_code in ("due", "reported", "silent")
        ]
        for row in self.rows:
            choices = [("done", _("已兑现"))]
            if row.state_code == "reported" and row.row.disputed_at is None:
                choices.append(("missing", _("没有收到，请企业出示凭证")))
            if row.state_code in ("due", "reported") and page.may("waive_obligation"):
                choices.append(("waive", _("不要了，放弃这一项")))
            self.fields[f"answer-{row.ordinal}"] = Pick(
                label=_line(row),
                choices=choices,
                required=False,
                help_text=_("企业的说明：%(proof)s") % {"proof": row.proof} if row.state_code == "reported" else "",
            )
            if any(code == "missing" for code, _words in choices):
                self.fields[f"text-{row.ordinal}"] = Essay(label=_("没有收到时，写明少了什么"), required=False, rows=2)

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

    obligation = Pick(label=gettext_lazy("哪一项没有兑现"), choices=[])
    text = Essay(label=gettext_lazy("少了什么"), rows=3, required=False, help_text=gettext_lazy("可以不填。"))

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        choices = [(str(p.ordinal), _line(p)) for p in page.obligations if p.may_be_broken]
        self.fields["obligation"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            # The button that led here named it.
            self.initial["obligation"] = choices[0][0]

    def move(self) -> Move:
        said = self.cleaned_data
        return consumer.report_breach(obligation=int(said["obligation"]), text=said["text"] or _("没有兑现。"))


class RedateForm(StepForm):
    """New days for what was broken; in force once the other side names the same."""

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.today, self.rows = page.today, [p for p in page.obligations if p.state_code == "broken"]
        named_days = proposed_days(page.matters)
        for row in self.rows:
            self.fields[f"day-{row.ordinal}"] = forms.DateField(
                label=_line(row),
                widget=forms.DateInput(attrs={"type": "date"}),
                initial=named_days.get(str(row.ordinal)),
                help_text=gettext_lazy("新的最后一天，须在今天之后。"),
                error_messages={"required": _("请填写新的日期。"), "invalid": _("请填写真实的日期，例如 2026-12-18。")},
            )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for row in self.rows:
            day = said.get(f"day-{row.ordinal}")
            if day is not None and day <= self.today:
                self.add_error(f"day-{row.ordinal}", _("新的日期须在今天之后。"))
        return said

    def move(self) -> Move:
        return consumer.resume_performance(
            dates={r.ordinal: self.cleaned_data[f"day-{r.ordinal}"].isoformat() for r in self.rows}
        )


class DoneForm(StepForm):
    """What the consumer promised: say that it was done."""

    obligations = forms.MultipleChoiceField(
        label=gettext_lazy("做好了哪些"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请至少选一项。")},
    )
    proof = Essay(label=gettext_lazy("怎么证明"), rows=3, help_text=gettext_lazy("例如快递单号。"))

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.fields["obligations"].choices = [  # type: ignore[attr-defined]
            (str(p.ordinal), _line(p)) for p in page.obligations if p.owed_by == "consumer" and p.state_code == "due"
        ]


MARKS = [
    ("5", gettext_lazy("5 很满意")),
    ("4", gettext_lazy("4 满意")),
    ("3", gettext_lazy("3 一般")),
    ("2", gettext_lazy("2 不满意")),
    ("1", gettext_lazy("1 很不满意")),
]


class RateForm(StepForm):
    overall = Pick(label=gettext_lazy("总体"), choices=MARKS)
    speed = Pick(label=gettext_lazy("速度"), choices=MARKS)
    attitude = Pick(label=gettext_lazy("态度"), choices=MARKS)
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

    def move(self) -> Move:
        said = self.cleaned_data
        known = {"yes": True, "no": False}
        return both.rate(
            overall=int(said["overall"]),
            speed=int(said["speed"]),
            attitude=int(said["attitude"]),
            performed=known.get(said["performed"]),
            accepts=known.get(said["accepts"]),
            text=said["text"],
        )
