"""What a mediator suggests, what the parties answer, and the agreement that a mediation reached.

Promises are typed, checked and kept exactly as in an enterprise's offer. Adding a row and taking one away are submits
like any other, so that the pages work without a script and keep what was typed. An answer names the suggestion that was
on the page; one that took its place meanwhile is read first.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choice, FreeText, StepForm, set_choices
from complaints.forms.promise_rows import MOST_ROWS, PromiseRowsForm, count_of, row_number, without_row
from complaints.handling import Move, Promise
from complaints.handling.steps import mediation
from complaints.models import Matter


class SuggestionForm(PromiseRowsForm):
    """A way to settle it that both sides may take or leave."""

    #: Filled in from what was suggested last.
    is_prefilled = False

    message = FreeText(label=_("调解方案"), rows=5, help_text=_("双方看得到，各自答复；不写姓名和电话。"))

    def __init__(self, *args: Any, count: int, today: date, **options: Any) -> None:
        super().__init__(*args, count=count, today=today, **options)
        for place in range(1, count + 1):
            set_choices(
                self, f"promise-{place}-owed_by", [("enterprise", str(_("企业"))), ("consumer", str(_("消费者")))]
            )


class AgreementForm(SuggestionForm):
    """Art. 24: a mediation document, unless performed at once or both waive it."""

    message = FreeText(label=_("协议内容"), rows=5, help_text=_("双方看得到；写进调解书。"))
    without_document = forms.BooleanField(label=_("当场做完或者双方都不要调解书"), required=False)


def promises_form(
    kind: type[SuggestionForm], data: QueryDict | None, *, suggested: Matter | None, today: date
) -> SuggestionForm:
    """As it was typed; else what was suggested last, as the first words of what comes next."""
    if data is None:
        form = _unjudged(kind, _first_values(suggested), today)
        form.is_prefilled = suggested is not None
        return form
    return kind(data, count=count_of(data.dict()), today=today)


def rearranged(kind: type[SuggestionForm], typed: dict[str, Any], *, today: date) -> SuggestionForm | None:
    """With one row more, or one less; nothing is judged yet and nothing is lost. None after any other button."""
    if "add" in typed:
        return _unjudged(kind, typed | {"rows": str(min(count_of(typed) + 1, MOST_ROWS))}, today)
    return _unjudged(kind, without_row(typed, row_number(typed["remove"])), today) if "remove" in typed else None


def suggestion_move(form: Any) -> Move:
    return mediation.suggest_settlement(text=form.cleaned_data["message"], promises=form.promises())


def _unjudged(kind: type[SuggestionForm], values: dict[str, Any], today: date) -> SuggestionForm:
    return kind(count=count_of(values), today=today, initial=values)


def _first_values(suggested: Matter | None) -> dict[str, Any]:
    if suggested is None:
        return {"rows": 1}
    promises = mediation.promises_of(suggested)
    values: dict[str, Any] = {"rows": len(promises), "message": suggested.data.get("text", "")}
    for place, promise in enumerate(promises, start=1):
        values |= {f"promise-{place}-{name}": value for name, value in _typed(promise).items()}
    return values


def _typed(promise: Promise) -> dict[str, Any]:
    return {
        "kind": promise.kind,
        "what": promise.what,
        "amount": promise.amount,
        "due_on": promise.due_on,
        "owed_by": promise.owed_by,
        "last4": promise.payee_last4,
        "proof": promise.proof,
        "after": str(promise.after or ""),
        "days_after": promise.days_after,
    }


class NamesSuggestion(forms.Form):
    """Keeps what was typed and asks anew for yes or no, where another suggestion is open now (``initial``)."""

    matter_id = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, matter: Matter | None, **options: Any) -> None:
        options["initial"] = {"matter_id": matter.pk if matter is not None else None}
        super().__init__(*args, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        now = self.initial.get("matter_id")
        if now is not None and cleaned.get("matter_id") != now:
            # The page that comes back shows the new one: the next answer is about that.
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["matter_id"], self.data["answer"] = str(now), ""  # type: ignore[index]
            raise ValidationError(mediation.changed().reason, code="suggestion_changed")
        return cleaned

    def move(self) -> Move:
        text, matter_id = self.cleaned_data["text"], self.cleaned_data["matter_id"]
        return mediation.answer_suggestion(agrees=self.cleaned_data["answer"] == "yes", text=text, matter_id=matter_id)


class SuggestionAnswerForm(NamesSuggestion, StepForm):
    answer = Choice(label=_("是否同意调解方案"), choices=[("yes", _("同意调解方案")), ("no", _("不同意调解方案"))])
    text = FreeText(label=_("说明"), required=False, rows=3, longest=1000)

    def __init__(self, *args: Any, matter: Matter | None, lines: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, matter=matter, **options)
        self.fields["answer"].help_text = format_html_join("", "{}<br>", ((line,) for line in lines))
