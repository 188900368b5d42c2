"""A request is granted or refused; a refusal says why."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, StepForm, Words, set_choices


class DecisionForm(StepForm):
    """Granted or refused; a refusal says why."""

    decision = Choice(label=_("怎么决定"))
    text = Words(label=_("理由"), required=False, help_text=_("不同意的，须写明理由。"))

    def __init__(self, *args: Any, grant: Any, refuse: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "decision", [("grant", grant), ("refuse", refuse)])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("decision") == "refuse" and not said.get("text") and "text" not in self.errors:
            self.add_error("text", _("请写明理由。"))
        return said
