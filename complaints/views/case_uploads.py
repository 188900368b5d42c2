"""Files that come with a step of a case, for all three sides.

The one rule: they are looked into before any case is locked, and a bad file never costs the text: it is named, and
what was typed stays in the form.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from complaints.evidence import EvidenceRefused, keeping, limits, take_away
from complaints.models import Complaint, Evidence


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
    """A form with a field ``uploads``: ``look_into`` → ``put`` inside the step → ``give_back`` when it was refused."""

    takes_files = True
    uploads = FilesField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.looked_into: list[tuple[str, keeping.Kept]] = []
        self.kept: list[Evidence] = []
        self.fields["uploads"].help_text = limits.told()

    def look_into(self) -> None:
        """Examine every file, or name the bad ones at the field. Holds no lock; may take seconds."""
        for incoming in self.cleaned_data.get("uploads", []):
            try:
                self.looked_into.append((incoming.name or "", keeping.examined(incoming)))
            except EvidenceRefused as refusal:
                self.add_error("uploads", str(refusal))

    def put(self, complaint: Complaint, *, uploaded_by: int | None, now: datetime) -> bool:
        """The rows of all files, or none: False, and the errors name the bad ones."""
        for name, found in self.looked_into:
            try:
                self.kept.append(keeping.put_with_case(
                    found, complaint=complaint, name=name, kind="other", uploaded_by=uploaded_by, now=now))
            except EvidenceRefused as refusal:
                self.add_error("uploads", str(refusal))
        return not self.errors

    def give_back(self) -> None:
        """Nothing of what came with a step that did not take effect stays."""
        for row in self.kept:
            take_away(row)
        put = {row.path for row in self.kept}
        for _name, found in self.looked_into:
            if found.path not in put:
                found.drop()
        self.kept, self.looked_into = [], []

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(row.sha256 for row in self.kept)
