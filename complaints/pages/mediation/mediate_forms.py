"""What the body to which a mediation was handed fills in: a session that took place, and how it ended.

The officers' own forms wherever they ask the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints import wording
from complaints.forms.fields import CHOOSE, Choice, StepForm, Words, lines_of, set_choices
from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.models import Matter
from complaints.pages.authority.forms import SessionForm
from complaints.procedure.working_calendar import SHANGHAI


class HeldSessionForm(TakesFiles, SessionForm):
    """When, where and how; who was there; what was said. Filled in from what was planned."""

    by_body = True
    present = forms.MultipleChoiceField(
        label=_("谁在场"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    minutes = Words(label=_("调解情况"), rows=8, help_text=_("双方看得到。"))
    uploads = FilesField(label=_("笔录等材料"))

    def __init__(self, *args: Any, planned: Matter | None, now: datetime, **options: Any) -> None:
        initial: dict[str, Any] = {}
        if planned is not None and (at := datetime.fromisoformat(planned.subject)) <= now:
            initial = {
                "at": at.astimezone(SHANGHAI).replace(tzinfo=None),
                "place": planned.data.get("place", ""),
                "mode": planned.data.get("mode", ""),
            }
        super().__init__(*args, now=now, initial=initial, **options)
        set_choices(
            self,
            "present",
            [*lines_of(("consumer", "enterprise"), "side"), ("body", wording.label("mediation_body", kind="role"))],
        )

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > self.now:
            raise forms.ValidationError(_("请写已经过去的时间。"))
        return at


class ResultForm(TakesFiles, StepForm):
    """What came of it; the authority decides what follows."""

    by_body = True
    result = Choice(label=_("调解结果"))
    text = Words(
        label=_("情况"), rows=6, help_text=_("达成一致的，写明双方同意什么；调解不成的，写明为什么。双方看得到。")
    )
    uploads = FilesField(label=_("材料"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "result", lines_of(tuple(wording.KINDS["delegated_result"]), "delegated_result"))
