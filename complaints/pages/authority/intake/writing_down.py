"""What somebody said on the telephone or at the counter becomes that person's own step, in the officer's frame.

How the officer knew who spoke and what proves it stand in the record; what decides something is read back first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import wording
from complaints.forms.fields import Choice, StepForm, Words, lines_of, set_choices
from complaints.handling import Move
from complaints.pages.shared.step_pages import StepContext, StepPage, draw, judged_moves, sent, show_or_take, take
from web.listing import told

#: How an officer knows who speaks.
HOW = ("phone", "counter")


class RecordForm(StepForm):
    """How the officer knows who speaks, and what proves what was said. Names begin with by_: the step's own form stands
    beside it."""

    by_how = Choice(label=gettext_lazy("怎么确认是本人"))
    by_proof = Words(
        label=gettext_lazy("录音编号或者签字单编号"),
        rows=1,
        longest=40,
        help_text=gettext_lazy("打电话的写录音编号，到场的写签字单编号。不写姓名和号码。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        set_choices(self, "by_how", lines_of(HOW, "recording"))

    def clean_by_proof(self) -> str:
        proof = str(self.cleaned_data["by_proof"])
        if not any(letter.isdigit() for letter in proof):
            raise forms.ValidationError(_("编号里要有数字，例如 LY-2026-0815。"))
        return proof

    @property
    def recording(self) -> dict[str, str] | None:
        """For the record; None as long as it is not said."""
        if not (self.is_bound and self.is_valid()):
            return None
        return {"how": self.cleaned_data["by_how"], "proof": self.cleaned_data["by_proof"]}


class ReadForm(StepForm):
    """Said back, word for word."""

    by_read = forms.BooleanField()

    def __init__(self, data: Any, *, label: Any, missing: Any) -> None:
        super().__init__(data)
        self.fields["by_read"].label = label
        self.fields["by_read"].error_messages["required"] = missing


def write_down(
    at: StepContext[Any], page: StepPage[Any], record: RecordForm, *, template: str, label: Any, missing: Any
) -> HttpResponseBase:
    """The page in the officer's frame; ``template`` reads back what will be written down, which ``label`` confirms."""
    if at.request.method != "POST":
        return show_or_take(at, page)
    form, typed = sent(at, page), at.request.POST
    read = ReadForm(typed if "by_stage" in typed else None, label=label, missing=missing)
    if page.is_open(at.steps) and form.is_valid() and record.recording and page.decides and not read.is_valid():
        # Nothing has happened yet.
        return draw(
            at,
            page,
            form,
            template=template,
            kept=[(name, value) for name in (*form.fields, *record.fields) for value in typed.getlist(name)],
            lines=list(_answers(form)),
            how=wording.label(record.cleaned_data["by_how"], kind="recording"),
            proof=record.cleaned_data["by_proof"],
            read=read,
            status=422 if read.is_bound else 200,
        )

    def moves(at: StepContext[Any], page: StepPage[Any], form: Any) -> Sequence[Move] | None:
        """Both have to be right: what was said, and how it is known."""
        found = judged_moves(at, page, form)
        return found if record.recording is not None else None

    return take(replace(at, moves=moves), page, form)


def _answers(form: Any) -> Iterator[tuple[str, str]]:
    """Each question that was answered, in the words of the answer."""
    for field in form:
        value = form.cleaned_data.get(field.name)
        if value in (None, "", [], False) or field.is_hidden or isinstance(field.field, forms.FileField):
            continue
        words = dict(getattr(field.field, "choices", ()))
        said = [str(words.get(one, one)) for one in (value if isinstance(value, list) else [value])]
        yield str(field.label), _("是") if value is True else told(said)
