"""Step pages to which files may be added: a statement, the material that was asked for.

The one rule: the files are handled by ``TakesFiles`` alone; a form here says the question and the move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.forms.file_forms import FilesField, TakesFiles
from complaints.handling import Move
from complaints.handling.steps import both, consumer
from complaints.pages.consumer.forms import Essay, StepForm, Words


class FileForm(TakesFiles, StepForm):
    """A step of the consumer that may bring files."""

    step: ClassVar[str]


class StatementForm(FileForm):
    name, steps = "statement", ("add_statement",)
    title = gettext_lazy("补充说明或材料")
    button = gettext_lazy("发送")
    thanks = gettext_lazy("已发送。")
    text = Essay(
        label=gettext_lazy("补充一条"), required=False, rows=4, help_text=gettext_lazy("企业和监管部门都能看到。")
    )
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
        return (_("提交后监管部门继续审查。"), _("没有材料也可以照实说；按现有材料审查，可能不予受理。"))

    def moves(self) -> list[Move]:
        return [
            both.supply_material(
                text=self.cleaned_data["text"], files=self.digests, has_none=self.cleaned_data["has_none"]
            )
        ]
