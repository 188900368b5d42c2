"""What somebody says who is asked to take part: yes or no, the own consents, and what else is wanted.

Nothing is preset, and who says no is asked nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.filing.demands import DemandsStep
from complaints.filing.people import consent_questions
from complaints.handling import Move
from complaints.handling.steps import parties
from complaints.models import Participant
from complaints.procedure import categories
from complaints.procedure.typed_values import Choice, YesNo

YES, NO = "join", "decline"


class JoinForm(DemandsStep):
    """``kind``: Participant.JOINT or PRINCIPAL. ``enterprise_name``: who receives it, as the consents name it."""

    answer = Choice(
        label=_("您参加吗？"),
        widget=forms.RadioSelect,
        choices=((YES, _("参加")), (NO, _("不参加"))),
        error_messages={"required": _("请选择参加或不参加"), "invalid_choice": _("请选择参加或不参加")},
    )
    code = forms.CharField(
        label=_("验证码"),
        max_length=20,
        error_messages={"required": _("请获取并填写验证码"), "max_length": _("验证码是6位数字")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "w-10"}),
    )

    def __init__(self, *arguments: Any, kind: str, enterprise_name: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kind = kind
        self.fields["demand"].required = False
        answer = self.fields["answer"]
        self.consents: list[str] = []
        if kind == Participant.PRINCIPAL:
            assert isinstance(answer, forms.ChoiceField)  # noqa: S101
            answer.label = _("是您委托的吗？")
            answer.choices = [(YES, _("是，我委托了他")), (NO, _("不是，我没有委托"))]
            return
        for consent in consent_questions(enterprise_name):
            self.fields[consent.code] = YesNo(
                label=consent.question,
                help_text=consent.effect_of_no,
                yes=_("同意"),
                no=_("不同意"),
                error_messages={"required": _("请选择同意或不同意"), "invalid_choice": _("请选择同意或不同意")},
            )
            self.consents.append(consent.code)

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.consents]

    @property
    def is_yes(self) -> bool:
        return bool(self.cleaned_data.get("answer") == YES)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("answer") == NO:
            for name in [name for name in self.errors if name not in ("answer", "code")]:
                del self.errors[name]
        return said

    def moves(self) -> Sequence[Move]:
        """The one step that was meant."""
        said = self.cleaned_data
        if not self.is_yes:
            return [parties.decline_to_join()]
        ticked = set(said["demand"]) if self.kind == Participant.JOINT else set()
        wanted = [
            {
                "kind": kind.code,
                "amount": said[f"amount_{kind.code}"] if kind.asks_amount else None,
                "note": said["note"] if kind.code == "other" else "",
            }
            for kind in categories.DEMAND_KINDS
            if kind.code in ticked
        ]
        return [parties.join_case(consents={name: said[name] for name in self.consents}, demands=wanted)]
