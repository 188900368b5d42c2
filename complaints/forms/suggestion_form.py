"""Yes or no to what the mediator suggests, by whichever door.

An answer names the suggestion that was on the page; one that took its place meanwhile is read first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, StepForm, Words
from complaints.handling.steps import mediation
from complaints.models import Matter


class NamesSuggestion(forms.Form):
    """Keeps what was typed and asks anew for yes or no, where another suggestion is open now (``initial``)."""

    matter_id = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        now = self.initial.get("matter_id")
        if now is not None and said.get("matter_id") != now:
            # The page that comes back shows the new one: the next answer is about that.
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["matter_id"], self.data["answer"] = str(now), ""  # type: ignore[index]
            raise ValidationError(mediation.changed().reason, code="suggestion_changed")
        return said


class SuggestionForm(NamesSuggestion, StepForm):
    """The mediator's way to settle it, as the respondent answers it."""

    answer = Choice(label=_("是否同意调解方案"), choices=[("yes", _("同意这个方案")), ("no", _("不同意这个方案"))])
    text = Words(label=_("说明"), required=False, rows=3, longest=1000)

    def __init__(self, *args: Any, matter: Matter | None, lines: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, initial={"matter_id": matter.pk if matter is not None else None}, **options)
        self.fields["answer"].help_text = format_html_join("", "{}<br>", ((line,) for line in lines))
