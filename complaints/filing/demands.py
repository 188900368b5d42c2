"""What is asked for (step 4): demands as rows, each sum held against what is in dispute. A refund is never more than
was paid; damages may be more, with a reason; the refusal names both figures."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.filing.forms import Step
from complaints.procedure import categories
from complaints.procedure.typed_values import FreeText, Several, money
from web.templatetags.portal import money as yuan


class DemandsStep(Step):
    """Demands are rows: a box per kind, a sum where the kind is about money."""

    step = "demands"
    question = _("您希望怎么解决？")
    why = _("您选的每一项，企业都必须答复。")

    demand = Several(
        label=_("要求"),
        choices=[(kind.code, kind.label) for kind in categories.DEMAND_KINDS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("请至少选一项要求"),
            "invalid_choice": _("请从列表中选择要求"),
            "invalid_list": _("请从列表中选择要求"),
        },
    )
    note = FreeText(
        label=_("补充说明"), help_text=_("200字以内。例如希望几号前退到哪里"), most=200, lines=3, required=False
    )

    def __init__(self, *arguments: Any, disputed: Decimal | None = None, **options: Any) -> None:
        """``disputed``: the amount of step 2 in yuan; None when it was not (rightly) given yet."""
        self.disputed = disputed
        super().__init__(*arguments, **options)
        for kind in categories.DEMAND_KINDS:
            if kind.asks_amount:
                # Judged in clean(), and only where the box beside it is ticked.
                self.fields[f"amount_{kind.code}"] = forms.CharField(
                    label=_("%(demand)s的金额（元）") % {"demand": kind.label},
                    required=False,
                    widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for code in answers.get("demand", ()):
            name = f"amount_{code}"
            if categories.DEMAND_BY_CODE[code].asks_amount:
                try:
                    answers[name] = demanded_sum(answers.get(name, ""))
                except ValidationError as refusal:
                    self.add_error(name, refusal)
        self._hold_against_the_dispute(answers)
        if "other" in answers.get("demand", ()) and not answers.get("note") and "note" not in self.errors:
            self.add_error("note", _("您选了“其他”，请在补充说明里写清楚要什么"))
        return answers

    def _hold_against_the_dispute(self, answers: dict[str, Any]) -> None:
        if self.disputed is None:
            return
        ticked, figures = answers.get("demand", ()), {"disputed": yuan(self.disputed)}
        refund, damages = (answers.get(f"amount_{code}") if code in ticked else None for code in ("refund", "damages"))
        if isinstance(refund, Decimal) and refund > self.disputed:
            text = _(
                "您填的涉及金额是%(disputed)s，这里要求退%(asked)s，多了%(over)s。请改小，或者回到第2步改涉及金额；"
                "另有损失的，选“赔偿损失”"
            )
            params = figures | {"asked": yuan(refund), "over": yuan(refund - self.disputed)}
            self.add_error("amount_refund", ValidationError(text, code="over_dispute", params=params))
        has_reason = answers.get("note") or "note" in self.errors
        if isinstance(damages, Decimal) and damages > self.disputed and not has_reason:
            text = _("要求赔偿%(asked)s，超过涉及金额%(disputed)s：可以，请在这里写明为什么")
            params = figures | {"asked": yuan(damages)}
            self.add_error("note", ValidationError(text, code="no_reason", params=params))


def demanded_sum(typed: str) -> Decimal:
    """The sum asked for; more than nothing. Raises ValidationError."""
    if not typed:
        raise ValidationError(_("请填金额，不确定可填估计数"), code="required")
    amount = money(typed)
    if not amount:
        raise ValidationError(_("金额要大于 0；不要钱就取消这一项"), code="nothing")
    return amount
