"""The fields of a typed step: a text, an amount, a day, one of a few, files; and the forms that they stand on.

Files are looked into before any case is locked, and a bad file never costs the text: it is named, and what was typed
stays in the form.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from authorities.periods import in_our_years
from complaints import wording
from complaints.evidence import EvidenceRefused, keeping, limits, take_away, uploads
from complaints.evidence.files import shown_name
from complaints.handling.transition.saying import LONGEST
from complaints.models import Complaint, Evidence, Upload
from complaints.procedure import typed_values
from database.row_security import working_as_steps

CHOOSE = _("请从列出的选项中选一项。")
FILL = _("请填写这一项。")
Choices = list[tuple[str, str]]
#: Where nothing is chosen yet.
UNCHOSEN = ("", _("请选择"))


def labels_of(codes: Sequence[str], kind: str) -> Choices:
    return [(code, wording.label(code, kind=kind)) for code in codes]


class FreeText(forms.CharField):
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
        widget = forms.DateInput(attrs={"type": "date", "class": "w-10"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%Y/%m/%d"], validators=[in_our_years], **options)
        self.error_messages |= {"required": FILL, "invalid": _("日期请写成 2026-12-02 这样。")}


class Choice(forms.ChoiceField):
    """One of a few, as radios; nothing is chosen beforehand."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.RadioSelect)
        super().__init__(**options)
        self.error_messages |= {"required": CHOOSE, "invalid_choice": CHOOSE}


class Dropdown(Choice):
    """One of many, in a list that folds open."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Select(attrs={"class": "w-24"}), **options)


class Number(Choice, forms.TypedChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=int, **options)


class Pick(forms.ChoiceField):
    """One of a few, as radio buttons, nothing chosen beforehand."""

    def __init__(self, *, choices: Any, required: bool = True, **options: Any) -> None:
        error_messages = {"required": _("请选一项。"), "invalid_choice": _("请从列出的选项中选一项。")}
        super().__init__(
            choices=choices, required=required, widget=forms.RadioSelect, error_messages=error_messages, **options
        )


class Marks(Pick):
    """Short choices, drawn side by side (components/field.html)."""

    are_marks = True


class PlainForm(forms.Form):
    """The browser checks nothing; what is wrong is said by the page."""

    use_required_attribute = False


class StepForm(forms.Form):
    """Base: no colon after labels, the browser checks nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)
        self.use_required_attribute = False

    def field_of(self, name: str) -> str | None:
        """Where the page asks for what a rule names; None where it does not."""
        return name if name in self.fields else None


class TextForm(StepForm):
    def __init__(self, data: Any, *, label: Any, hint: Any = "", longest: int = LONGEST) -> None:
        super().__init__(data)
        self.fields["text"] = FreeText(label=label, help_text=hint, longest=longest)


def set_choices(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]


def lines_of(codes: Sequence[str], kind: str) -> Choices:
    """Choices that stand on a line of their own begin with a capital."""
    return [(code, text[:1].upper() + text[1:]) for code, text in labels_of(codes, kind)]


def after_today(day: date, today: date) -> date:
    if day <= today:
        raise forms.ValidationError(_("请写今天之后的一天。"))
    return day


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that was sent in parts and waits for this form; the browser keeps its name."""

    upload_id: uuid.UUID
    name: str

    @property
    def value(self) -> str:
        return f"{self.upload_id}/{self.name}"

    @classmethod
    def read(cls, value: str) -> Carried | None:
        head, _slash, name = value.partition("/")
        try:
            return cls(uuid.UUID(head), shown_name(name))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class _LookedInto:
    name: str
    kept: keeping.StoredFile
    upload: Upload | None = None


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; what each is, the bytes say later."""

    def __init__(self, **options: Any) -> None:
        widget = ManyFiles(attrs={"accept": limits.ACCEPTED})
        super().__init__(widget=widget, required=False, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        rows = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(row, initial) for row in rows if row]


class TakesFiles(forms.Form):
    """A form with a field ``uploads``: ``look_into`` → ``put`` inside the step → ``give_back`` when it was refused.

    Beside the field come the files that JavaScript sent before, in parts, as ``uploaded``: upload id, slash, name.
    """

    takes_files = True
    #: Who may know of them: parties, or the authority alone.
    audience = "parties"
    #: The body that mediates sends them; nobody is named by its link.
    by_body = False
    uploads = FilesField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.looked_into: list[_LookedInto] = []
        self.kept: list[Evidence] = []
        self.fields["uploads"].help_text = limits.help_text()
        # After what they belong to, and beside the list of those on their way, which stands below the form.
        self.order_fields([*(name for name in self.fields if name != "uploads"), "uploads"])

    def look_into(self, complaint: Complaint, *, uploaded_by: int | None, now: datetime) -> None:
        """Examine every file, or name the bad ones at the field. Holds no lock; may take seconds."""
        holder = uploads.Holder(complaint=complaint, user_id=uploaded_by)
        for carried in self.carried:
            waiting = uploads.waiting(carried.upload_id, holder, now=now)
            if waiting is not None:
                self.looked_into.append(_LookedInto(carried.name, waiting[1], waiting[0]))
        for incoming in self.cleaned_data.get("uploads", []):
            try:
                self.looked_into.append(_LookedInto(incoming.name or "", keeping.examined(incoming)))
            except EvidenceRefused as refusal:
                self.add_error("uploads", str(refusal))

    @property
    def carried(self) -> list[Carried]:
        """What JavaScript sent before; it stays in the form when something else is wrong with it."""
        given = self.data.getlist("uploaded") if hasattr(self.data, "getlist") else []
        return [carried for value in given[: limits.files_a_case()] if (carried := Carried.read(value))]

    def put(self, complaint: Complaint, *, uploaded_by: int | None, now: datetime) -> bool:
        """The rows of all files, or none: False, and the errors name the bad ones."""
        for result in self.looked_into:
            try:
                row = keeping.put_with_case(
                    result.kept,
                    complaint=complaint,
                    name=result.name,
                    kind="other",
                    uploaded_by=uploaded_by,
                    now=now,
                    audience=self.audience,
                    by_body=self.by_body,
                )
            except EvidenceRefused as refusal:
                self.add_error("uploads", str(refusal))
                if result.upload is not None:
                    # Its files went with the refusal.
                    Upload.objects.filter(pk=result.upload.pk).delete()
                continue
            self.kept.append(row)
            if result.upload is not None:
                Upload.objects.filter(pk=result.upload.pk).update(evidence=row)
        return not self.errors

    def give_back(self) -> None:
        """Nothing of what came with a step that did not take effect stays; what was sent before waits on."""
        before = {result.kept.path for result in self.looked_into if result.upload is not None}
        put = {row.path for row in self.kept}
        for row in self.kept:
            if row.path in before:
                with working_as_steps():
                    row.delete()
            else:
                take_away(row)
        for result in self.looked_into:
            if result.kept.path not in put | before:
                result.kept.drop()
        self.kept, self.looked_into = [], []

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the originals, for the entry in the record."""
        return tuple(file.kept.sha256 for file in self.looked_into)


def upload_address(complaint: Complaint) -> str:
    """Where JavaScript sends the parts of a file; it puts its own id in place of the zeros."""
    return reverse("complaints:case-upload", args=[complaint.number, uuid.UUID(int=0)])
