"""What a consumer types on a step page: a text, a plain yes or no, an answer to an offer; nothing is chosen beforehand.

Fields are named as the verb names them; it judges whether the step may be taken, and its refusal lands on the field of
the same name. Silence and an empty box are never a yes.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from complaints.casefile.case_file import CONSENT_LABELS, REVOCABLE
from complaints.forms.fields import FilesField, Pick, StepForm, TakesFiles, labels_of, set_choices
from complaints.forms.mediation_forms import NamesSuggestion
from complaints.handling import Move
from complaints.handling.steps import both, consumer
from complaints.parties import powers
from complaints.reading.case import CasePage
from complaints.reading.case_settlement import ObligationView, proposed_days
from web.dates import day_text
from web.templatetags.portal import money


class Essay(forms.CharField):
    """Free text; its length is checked by the verb so that the words are the same everywhere."""

    def __init__(self, *, rows: int = 4, required: bool = True, **options: Any) -> None:
        options.setdefault("error_messages", {"required": _("请填写这一项。")})
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), required=required, strip=True, **options)


class EssayForm(StepForm):
    def __init__(self, data: Any, *, label: Any, rows: int = 4, required: bool = True) -> None:
        super().__init__(data)
        self.fields["text"] = Essay(label=label, rows=rows, required=required)


class YesNoForm(StepForm):
    def __init__(self, data: Any, *, yes: Any, no: Any, label: Any = "", name: str = "answer"):
        super().__init__(data)
        self.name = name
        self.fields[name] = Pick(label=label or _("您的答复"), choices=[("yes", yes), ("no", no)])

    @property
    def is_yes(self) -> bool:
        return bool(self.cleaned_data[self.name] == "yes")


class StatementForm(TakesFiles, StepForm):
    text = Essay(label=_("补充一条"), required=False, help_text=_("企业和监管部门都能看到。"))
    uploads = FilesField(label=_("材料"))


class MaterialForm(TakesFiles, StepForm):
    text = Essay(label=_("说明"), required=False)
    uploads = FilesField(label=_("材料"))
    has_none = forms.BooleanField(label=_("我没有这些材料"), required=False)


class WithdrawForm(StepForm):
    reason = Pick(label=_("为什么撤回"), choices=())
    text = Essay(label=_("补充说明"), required=False, rows=3)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        set_choices(self, "reason", labels_of(consumer.WITHDRAW_REASONS, "withdraw_reason"))


class SettledElsewhereForm(StepForm):
    """Claims when nobody has; answers the enterprise's claim otherwise."""

    answer = Pick(
        label=_("企业说双方已经另行和解，是这样吗"), choices=[("yes", _("是，已经另行和解")), ("no", _("没有和解"))]
    )
    text = Essay(label=_("怎么和解的"), rows=3)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        if not page.may("deny_settled_elsewhere"):
            del self.fields["answer"]
            return
        self.fields["text"].required = False
        self.fields["text"].label = _("说明")
        if not page.may("confirm_settled_elsewhere"):
            # A representative without that power may say no, and nothing else.
            set_choices(self, "answer", [("no", _("没有和解"))])


class LateForm(StepForm):
    answer = Pick(label=_("您的答复"), choices=())
    text = Essay(label=_("补充说明"), required=False, rows=3)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        lapsed = bool(page.offers) and page.offers[0].state_code == "lapsed"
        yes = _("接受最后一份方案") if lapsed else _("企业做到了")
        no = _("不接受") if lapsed else _("企业没有做到")
        # A refusal that was left unanswered cannot be accepted afterwards either.
        is_refusal = lapsed and page.offers[0].offer.grants_nothing
        set_choices(self, "answer", [("no", no)] if is_refusal else [("yes", yes), ("no", no)])


class WithdrawConsentForm(StepForm):
    purpose = Pick(label=_("您同意过的"), choices=())

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        given = page.complaint.consents
        set_choices(self, "purpose", [(name, CONSENT_LABELS[name]) for name in REVOCABLE if given.get(name) is True])


class SuggestionForm(NamesSuggestion, StepForm):
    answer = Pick(label=_("您的答复"), choices=[("yes", _("同意调解方案")), ("no", _("不同意调解方案"))])
    text = Essay(label=_("想说明的"), required=False, rows=3)


class RecusalForm(StepForm):
    whom = forms.CharField(label=_("请谁回避"), max_length=120, error_messages={"required": _("请填写这一项。")})
    text = Essay(label=_("为什么"))


def time_is_up(page: CasePage) -> bool:
    """Whether the negotiation clock has nothing left: then a no goes to the regulator."""
    clock = next((c.row for c in page.clocks if c.row.clock == "negotiation"), None)
    return (
        page.complaint.is_overdue
        or clock is None
        or clock.state == "lapsed"
        or (clock.state == "paused" and not clock.remaining)
    )


def answer_labels(page: CasePage) -> dict[str, Any]:
    """The answers that this person may give to the open offer, in the order of the page. Nothing granted is nothing to
    accept; when the time is up, to talk on would lead to the regulator as well."""
    offer, is_late = page.open_offer, time_is_up(page)
    if offer is None:
        return {}
    regulator = ("regulator", _("交市场监管局")) if page.may("stop_negotiating") else None
    if offer.offer.grants_nothing:
        talk_on = ("decline", _("继续谈")) if page.may("decline_offer") and not is_late else None
        rest = ("rest", _("算了，不再坚持")) if page.may("let_rest") else None
        return dict(filter(None, (regulator, talk_on, rest)))
    has_refusals = any(a.verdict_code == "refuse" for a in offer.answers)
    accept = ("accept", _("接受同意的部分") if has_refusals else _("接受")) if page.may("accept_offer") else None
    decline = None
    if page.may("decline_offer"):
        decline = ("decline", _("不接受，交市场监管局") if is_late else _("不接受，继续谈"))
    ask = ("ask", _("先问一个问题")) if page.may("ask_about_offer") else None
    return dict(filter(None, (accept, decline, None if is_late else regulator, ask)))


class OfferForm(StepForm):
    """Equal choices: accept, talk on, to the regulator, ask; where nothing is granted there is nothing to accept."""

    answer = Pick(label=_("您的答复"), choices=[])
    reason = Pick(label=_("不接受的原因"), required=False, choices=[])
    text = Essay(
        label=_("理由或问题"),
        required=False,
        rows=3,
        help_text=_("提问必须填写。不接受时可以写清还差什么，企业会看到。"),
    )
    counter_demand = Essay(label=_("不接受时，您希望的方案"), required=False, rows=2)
    part = forms.MultipleChoiceField(
        label=_("只接受其中几项"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("全部接受的不用选。企业标明可以单独接受的才列在这里。"),
    )
    confirmed = forms.MultipleChoiceField(
        label=_("企业说已经做到的，您核实过的请勾选"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("接受方案时一并确认；没有勾选的，之后还可以确认，也可以说没有收到。"),
    )
    rest = Pick(
        label=_("没接受的怎么办"),
        required=False,
        choices=[("give_up", _("不再要求")), ("go_on", _("继续谈")), ("regulator", _("交市场监管局"))],
    )

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        self.offer = page.open_offer or page.offers[0]
        #: Why this person cannot accept or give up, and who can; empty for whoever can.
        self.why_not = ""
        #: What each answer leads to (``explaining.ways``).
        self.ways: dict[str, list[str]] = {}
        if self.is_refusal:
            self._name_for_a_refusal()
        answers = list(answer_labels(page).items())
        is_representative = page.actor is not None and powers.is_representative(page.actor, page.complaint)
        if not page.may("let_rest" if self.is_refusal else "accept_offer") and (
            is_representative or not self.is_refusal
        ):
            self.why_not = powers.why_not(page.complaint)
        set_choices(self, "answer", answers)
        set_choices(self, "reason", labels_of(consumer.DECLINE_REASONS, "decline_reason"))
        may_accept = any(code == "accept" for code, _label in answers)
        granted = [a for a in self.offer.answers if a.verdict_code != "refuse" and a.is_separable]
        may_split = may_accept and self.offer.may_be_split and len(granted) > 1
        if may_split:
            set_choices(self, "part", [(str(a.ordinal), f"{a.ordinal} {a.demand}") for a in granted])
        else:
            del self.fields["part"]
        if not may_split and not (may_accept and self.offer.rest_is_open):
            del self.fields["rest"]
        done = [(str(o.ordinal), _line(o)) for o in self.offer.obligations if o.is_done_already]
        if done and page.may("accept_offer"):
            set_choices(self, "confirmed", done)
        else:
            del self.fields["confirmed"]

    @property
    def is_refusal(self) -> bool:
        return self.offer.offer.grants_nothing

    def _name_for_a_refusal(self) -> None:
        self.fields["answer"].label = _("您怎么选")
        self.fields["reason"].label = _("继续谈的原因")
        self.fields["text"].label, self.fields["text"].help_text = _("想说明的"), ""
        self.fields["counter_demand"].label = _("继续谈时，您希望的方案")

    @property
    def paths(self) -> list[tuple[str, Any, list[str]]]:
        """Each answer: its code, its field, what it leads to."""
        codes = [(str(option.data["value"]), option) for option in self["answer"]]
        return [(code, option, self.ways.get(code, [])) for code, option in codes]

    @property
    def asks_on_accepting(self) -> bool:
        return not {"rest", "confirmed", "part"}.isdisjoint(self.fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        answer = cleaned.get("answer")
        if answer == "decline" and not cleaned.get("reason"):
            self.add_error("reason", _("请选一个原因。") if self.is_refusal else _("请选一个不接受的原因。"))
        if answer == "ask" and not cleaned.get("text"):
            self.add_error("text", _("请写下您的问题。"))
        is_open = self.offer.rest_is_open or bool(cleaned.get("part"))
        if answer == "accept" and is_open and not cleaned.get("rest"):
            self.add_error("rest", _("请选没接受的怎么办。"))
        return cleaned

    @property
    def ends_undoable(self) -> bool:
        return bool(self.cleaned_data["answer"] != "ask")

    def move(self) -> Move:
        typed = self.cleaned_data
        if typed["answer"] == "ask":
            return consumer.ask_about_offer(text=typed["text"])
        if typed["answer"] == "decline":
            reason, text, counter = typed["reason"], typed["text"], typed["counter_demand"]
            return consumer.decline_offer(reason=reason, text=text, counter_demand=counter)
        if typed["answer"] == "regulator":
            return consumer.stop_negotiating(text=typed["text"])
        if typed["answer"] == "rest":
            return consumer.let_rest(text=typed["text"])
        part = [int(n) for n in typed.get("part") or ()]
        confirmed = [int(n) for n in typed.get("confirmed") or ()]
        return consumer.accept_offer(separable=part, rest=typed.get("rest") or "give_up", confirmed=confirmed)


def _line(promise: ObligationView) -> str:
    """1 退还多扣费用 ¥128.50，最后一天12月7日（周一）"""
    amount = f" {money(promise.amount)}" if promise.amount is not None else ""
    due = _("最后一天%(day)s") % {"day": day_text(promise.due_on)} if promise.due_on else promise.due_text
    return f"{promise.name}. {promise.what}{amount}{pgettext('between words', '，')}{due}"


class PerformedForm(StepForm):
    """For each promise: done, not arrived, or let it go."""

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        owed = [p for p in page.obligations if p.owed_by == "enterprise"]
        self.rows = [p for p in owed if p.state_code in ("due", "reported", "silent")]
        for row in self.rows:
            choices = [("done", _("做到了"))]
            if row.state_code == "reported" and row.row.disputed_at is None:
                choices.append(("missing", _("没有收到，请企业出示凭证")))
            if row.state_code in ("due", "reported") and page.may("waive_obligation"):
                choices.append(("waive", _("不要了，放弃这一项")))
            help_text = _("企业的说明：%(proof)s") % {"proof": row.proof} if row.state_code == "reported" else ""
            self.fields[f"answer-{row.ordinal}"] = Pick(
                label=_line(row), choices=choices, required=False, help_text=help_text
            )
            if any(code == "missing" for code, _label in choices):
                self.fields[f"text-{row.ordinal}"] = Essay(label=_("没有收到时，写明少了什么"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.get(f"answer-{r.ordinal}") for r in self.rows):
            raise ValidationError(_("请至少对一项作出回答。"))
        for row in self.rows:
            if cleaned.get(f"answer-{row.ordinal}") == "missing" and not cleaned.get(f"text-{row.ordinal}"):
                self.add_error(f"text-{row.ordinal}", _("请写明少了什么。"))
        return cleaned

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
    obligation = Pick(label=_("哪一项没有做到"), choices=[])
    text = Essay(label=_("少了什么"), rows=3, required=False)

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        choices = [(str(p.ordinal), _line(p)) for p in page.obligations if p.may_be_broken]
        set_choices(self, "obligation", choices)
        if len(choices) == 1:
            # The button that led here named it.
            self.initial["obligation"] = choices[0][0]

    def move(self) -> Move:
        text = self.cleaned_data["text"] or gettext("没有做到。")
        return consumer.report_breach(obligation=int(self.cleaned_data["obligation"]), text=text)


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
                help_text=_("新的最后一天，须在今天之后。"),
                error_messages={"required": _("请填写新的日期。"), "invalid": _("请填写真实的日期，例如 2026-12-18。")},
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, day in list(cleaned.items()):
            if day is not None and day <= self.today:
                self.add_error(name, _("新的日期须在今天之后。"))
        return cleaned

    def move(self) -> Move:
        return consumer.resume_performance(
            dates={r.ordinal: self.cleaned_data[f"day-{r.ordinal}"].isoformat() for r in self.rows}
        )


class DoneForm(StepForm):
    obligations = forms.MultipleChoiceField(
        label=_("做好了哪些"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("请至少选一项。")}
    )
    proof = Essay(label=_("怎么证明"), rows=3, help_text=_("例如快递单号。"))

    def __init__(self, data: Any, *, page: CasePage) -> None:
        super().__init__(data)
        due = [p for p in page.obligations if p.owed_by == "consumer" and p.state_code == "due"]
        set_choices(self, "obligations", [(str(p.ordinal), _line(p)) for p in due])

    def clean_obligations(self) -> list[int]:
        return [int(n) for n in self.cleaned_data["obligations"]]


MARKS = [("5", _("5 很满意")), ("4", _("4 满意")), ("3", _("3 一般")), ("2", _("2 不满意")), ("1", _("1 很不满意"))]


class RateForm(StepForm):
    overall = Pick(label=_("总体"), choices=MARKS)
    speed = Pick(label=_("速度"), choices=MARKS)
    attitude = Pick(label=_("态度"), choices=MARKS)
    performed = Pick(label=_("企业说到做到了吗"), required=False, choices=[("yes", _("做到了")), ("no", _("没有做到"))])
    accepts = Pick(
        label=_("您认可这个结果吗"), required=False, choices=[("yes", _("认可")), ("no", _("已办结，但我不认可"))]
    )
    text = Essay(label=_("想说的话"), required=False, rows=3)

    def move(self) -> Move:
        marks: dict[str, Any] = {name: int(self.cleaned_data[name]) for name in ("overall", "speed", "attitude")}
        for name in ("performed", "accepts"):
            marks[name] = {"yes": True, "no": False}.get(self.cleaned_data[name])
        return both.rate(**marks, text=self.cleaned_data["text"])
