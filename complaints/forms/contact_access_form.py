"""Why somebody looks at the contact data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, StepForm, Words, words_of
from complaints.handling.transition.contact_access import WHY


class ContactAccessForm(StepForm):
    """Why somebody looks at the contact data; both sides' staff use it."""

    reason = Choice(label=_("为什么查看"))
    text = Words(
        label=_("具体说明"), required=False, rows=2, longest=200, help_text=_("选“其他”时必填。消费者看得到。")
    )

    def __init__(self, *args: Any, chosen: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.choices = words_of(WHY, "look_reason")  # type: ignore[attr-defined]
        field.initial = chosen if chosen in WHY else WHY[0]
