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
from complaints.forms.fields import FilesField, Marks, Pick, StepForm, TakesFiles, labels_of, set_choices
from complaints.forms.mediation_forms import NamesSuggestion
from complaints.handling import Move
from complaints.handling.steps import both, consumer
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


def promise_line(promise: ObligationView) -> str:
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
                label=promise_line(row), choices=choices, required=False, help_text=help_text
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
        choices = [(str(p.ordinal), promise_line(p)) for p in page.obligations if p.may_be_broken]
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
                label=promise_line(row),
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
        set_choices(self, "obligations", [(str(p.ordinal), promise_line(p)) for p in due])

    def clean_obligations(self) -> list[int]:
        return [int(n) for n in self.cleaned_data["obligations"]]


MARKS = [("5", _("5 很满意")), ("4", _("4 满意")), ("3", _("3 一般")), ("2", _("2 不满意")), ("1", _("1 很不满意"))]


class RateForm(StepForm):
    """One question; the others are folded away."""

    template_name = "consumer/rate_form.html"

    overall = Marks(label=_("总体"), choices=MARKS)
    speed = Marks(label=_("速度"), choices=MARKS, required=False)
    attitude = Marks(label=_("态度"), choices=MARKS, required=False)
    performed = Pick(label=_("企业说到做到了吗"), required=False, choices=[("yes", _("做到了")), ("no", _("没有做到"))])
    accepts = Pick(
        label=_("您认可这个结果吗"), required=False, choices=[("yes", _("认可")), ("no", _("已办结，但我不认可"))]
    )
    portal = Marks(label=_("这个平台好用吗"), choices=MARKS, required=False)
    text = Essay(label=_("想说的话"), required=False, rows=3)

    @property
    def more(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "overall"]

    @property
    def is_more_shown(self) -> bool:
        return any(field.value() or field.errors for field in self.more)

    def move(self) -> Move:
        marks: dict[str, Any] = {
            name: int(self.cleaned_data[name]) if self.cleaned_data[name] else None
            for name in ("overall", "speed", "attitude", "portal")
        }
        for name in ("performed", "accepts"):
            marks[name] = {"yes": True, "no": False}.get(self.cleaned_data[name])
        return both.rate(**marks, text=self.cleaned_data["text"])
