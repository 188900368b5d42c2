"""Step pages to which files may be added: a statement, the material that was asked for.

The one rule: a bad file never costs the text; it is named, and the text stays in the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.filing import evidence
from complaints.handling import Move, both, consumer
from complaints.models import Evidence
from complaints.views.consumer_forms import Essay, StepForm, Words


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; what each is, the bytes say later."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=ManyFiles, required=False, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        rows = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(row, initial) for row in rows if row]


def files_hint() -> str:
    return _("可以选多个：%(types)s。每个不超过%(size)s，视频不超过%(video)s。") % {
        "types": evidence.SHOWN_TYPES, "size": filesizeformat(evidence.BYTES_PER_FILE),
        "video": filesizeformat(evidence.BYTES_PER_VIDEO)}


class FileForm(StepForm):
    """``receive`` keeps the files for the case; ``give_back`` drops them again."""

    takes_files = True
    kept: list[Evidence]
    step: ClassVar[str]

    def prepare(self) -> None:
        self.kept = []
        self.fields["uploads"].help_text = files_hint()

    def receive(self, *, uploaded_by: int | None, now: datetime) -> bool:
        """Keep every file, or none: False, and the errors name the bad ones."""
        for incoming in self.cleaned_data["uploads"]:
            try:
                self.kept.append(evidence.receive_for_case(
                    incoming, complaint=self.page.complaint, kind="other",
                    uploaded_by=uploaded_by, now=now))
            except evidence.EvidenceRefused as refusal:
                self.add_error("uploads", str(refusal))
        if self.errors:
            self.give_back()
        return not self.errors

    def give_back(self) -> None:
        for row in self.kept:
            evidence.take_away(row)
        self.kept = []

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(row.sha256 for row in self.kept)


class StatementForm(FileForm):
    name, steps = "statement", ("add_statement",)
    title = gettext_lazy("补充说明或材料")
    button = gettext_lazy("发送")
    thanks = gettext_lazy("已发送。")
    text = Essay(label=gettext_lazy("补充一条"), required=False, rows=4,
                 help_text=gettext_lazy("企业和监管部门都能看到。"))
    uploads = FilesField(label=gettext_lazy("材料"))

    def moves(self) -> list[Move]:
        return [consumer.add_statement(text=self.cleaned_data["text"], files=self.digests)]


class MaterialForm(FileForm):
    name, steps = "material", ("supply_material",)
    title = gettext_lazy("补充材料")
    button = gettext_lazy("提交")
    thanks = gettext_lazy("材料已提交，监管部门继续审查。")
    text = Essay(label=gettext_lazy("说明"), required=False, rows=4)
    uploads = FilesField(label=gettext_lazy("材料"))
    has_none = forms.BooleanField(label=gettext_lazy("我没有这些材料"), required=False)

    def effects(self) -> Sequence[Words]:
        return (_("提交后监管部门继续审查。"),
                _("没有材料也可以照实说；按现有材料审查，可能不予受理。"))

    def moves(self) -> list[Move]:
        return [both.supply_material(text=self.cleaned_data["text"], files=self.digests,
                                     has_none=self.cleaned_data["has_none"])]
