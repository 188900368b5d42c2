"""What a manager types for a webhook. An address is judged by the one rule of web/safe_http.py."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import CHOOSE, FILL, StepForm, Words
from complaints.procedure.refusals import WrongInput
from complaints.webhooks.endpoints import STEPS, checked_url


class WebhookForm(StepForm):
    """Address, what it is for, and of which steps it is told."""

    url = forms.CharField(
        label=_("网址"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=_("https开头的公网网址，例如 https://crm.example.com/hook"),
        error_messages={"required": FILL},
    )
    description = Words(
        label=_("说明"), rows=1, longest=120, required=False, help_text=_("给同事看的，例如“客服系统”。")
    )
    events = forms.MultipleChoiceField(
        label=_("只推送这些步骤"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("一项都不选，就推送所有步骤。案件转给其他单位时，总会推送一次。"),
        error_messages={"invalid_choice": CHOOSE},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["url"].widget.attrs.pop("maxlength", None)
        self.fields["events"].choices = [(step, wording.label(step, kind="step")) for step in STEPS]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        try:
            return checked_url(str(self.cleaned_data["url"]))
        except WrongInput as wrong:
            raise forms.ValidationError(wrong.reason) from None
