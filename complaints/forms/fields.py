"""The fields of a typed step: a text, an amount, a day, one of a few; and the form that they stand on."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.periods import in_our_years
from complaints import wording
from complaints.handling.transition.saying import LONGEST
from complaints.procedure import typed_values

CHOOSE = _("请从列出的选项中选一项。")
FILL = _("请填写这一项。")
Choices = list[tuple[str, str]]


def words_of(codes: Sequence[str], kind: str) -> Choices:
    return [(code, wording.label(code, kind=kind)) for code in codes]


class Words(forms.CharField):
    """A text of a person: tidied once, counted in characters, never cut."""

    def __init__(self, *, rows: int = 4, longest: int = LONGEST, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput()
        options.setdefault("widget", widget)
        super().__init__(strip=True, max_length=longest, **options)
        # The browser must not cut a pasted text: the rule says how much is too much.
        self.widget.attrs.pop("maxlength", None)
        self.error_messages |= {
            "required": FILL,
            "max_length": _("最多%(limit_value)s个字，现在有%(show_value)s个。"),
            "null_characters_not_allowed": _("文字里有不能保存的字符，请删去后重试。"),
        }

    def clean(self, value: Any) -> Any:
        return super().clean(unicodedata.normalize("NFC", value) if isinstance(value, str) else value)


class Money(forms.CharField):
    """Yuan and cents as people type them: full-width digits and thousands commas too."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=True, **options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "w-10"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return typed_values.money(text)
        except forms.ValidationError:
            raise forms.ValidationError(_("金额请填数字，例如 128.50")) from None


class Day(forms.DateField):
    """A local day of our years; typed or picked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date", "class": "w-10"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d", "%Y/%m/%d"],
            validators=[in_our_years],
            **options,
        )
        self.error_messages |= {"required": FILL, "invalid": _("日期请写成 2026-12-02 这样。")}


class Choice(forms.ChoiceField):
    """One of a few, as radios; nothing is chosen beforehand."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.RadioSelect)
        super().__init__(**options)
        self.error_messages |= {"required": CHOOSE, "invalid_choice": CHOOSE}


class Pick(forms.ChoiceField):
    """One of a few, as radio buttons, nothing chosen beforehand."""

    def __init__(self, *, choices: Any, required: bool = True, **options: Any) -> None:
        super().__init__(
            choices=choices,
            required=required,
            widget=forms.RadioSelect,
            error_messages={"required": _("请选一项。"), "invalid_choice": _("请从列出的选项中选一项。")},
            **options,
        )


class PlainForm(forms.Form):
    """The browser checks nothing; what is wrong is said by the page."""

    use_required_attribute = False


class StepForm(forms.Form):
    """Base: no colon after labels, the browser checks nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)
        self.use_required_attribute = False


class TextForm(StepForm):
    """One text, under the words of the step."""

    def __init__(self, data: Any, *, label: Any, hint: Any = "", longest: int = LONGEST) -> None:
        super().__init__(data)
        self.fields["text"] = Words(label=label, help_text=hint, longest=longest)


def set_choices(form: forms.Form, name: str, choices: Choices) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]


def lines_of(codes: Sequence[str], kind: str) -> Choices:
    """Choices that stand on a line of their own begin with a capital."""
    return [(code, words[:1].upper() + words[1:]) for code, words in words_of(codes, kind)]


def after_today(day: date, today: date) -> date:
    if day <= today:
        raise forms.ValidationError(_("请写今天之后的一天。"))
    return day
