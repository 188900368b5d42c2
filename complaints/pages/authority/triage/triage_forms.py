"""Where a case goes, as an officer chooses it: an enterprise or an authority, and why not the first suggestion.

Whoever does not take the first suggestion says why, in a word that routing can count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority
from complaints import wording
from complaints.forms.fields import CHOOSE, Choice, Choices, StepForm, Words, lines_of, set_choices
from web.languages import named


class AuthorityForm(StepForm):
    """Which authority or office handles it."""

    authority = Choice(label=_("分送给哪个机关"), widget=forms.Select(attrs={"class": "w-24"}))
    text = Words(label=_("说明"), required=False, rows=3, help_text=_("写给接收机关；各方看得到。"))
    why = Choice(
        label=_("为什么不选第一个建议"),
        required=False,
        help_text=_("选第一个建议时不用填。"),
        widget=forms.Select(attrs={"class": "w-24"}),
    )
    note = Words(label=_("补充一句"), required=False, rows=2, longest=500, help_text=_("只有监管部门看得到。"))

    def __init__(
        self, *args: Any, authorities: Sequence[Authority], chosen: int | None = None, first: str = "", **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.first = first
        set_choices(self, "authority", [("", str(_("请选择"))), *((str(a.pk), named(a)) for a in authorities)])
        set_choices(self, "why", why_choices())
        if not first:
            del self.fields["why"], self.fields["note"]
        if chosen is not None:
            self.fields["authority"].initial = str(chosen)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "why" in self.fields and said.get("authority") and f"a{said['authority']}" != self.first:
            ask_why(self, said)
        return said


class TargetForm(StepForm):
    """To which legal entity: a suggestion of routing, or one that was looked up."""

    q = forms.CharField(
        label=_("查找其他企业"),
        required=False,
        max_length=80,
        help_text=_("写企业、分支机构、品牌或统一社会信用代码，按“查找”。"),
    )
    target = Choice(label=_("转给谁"), error_messages={"required": CHOOSE})
    why = Choice(
        label=_("为什么不选第一个建议"),
        required=False,
        help_text=_("选第一个建议时不用填。"),
        widget=forms.Select(attrs={"class": "w-24"}),
    )
    note = Words(label=_("补充一句"), required=False, rows=2, longest=500, help_text=_("只有监管部门看得到。"))

    def __init__(
        self, *args: Any, targets: Choices, first: str = "", found: Sequence[Any] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.first, self.found = first, found
        set_choices(self, "target", targets)
        set_choices(self, "why", why_choices())
        if not first:
            del self.fields["why"], self.fields["note"]

    @property
    def picked(self) -> tuple[int, int | None]:
        """(enterprise, branch); the choice was checked by the field."""
        return read_target(str(self.cleaned_data["target"]))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "why" in self.fields and said.get("target") not in (None, "", self.first):
            ask_why(self, said)
        return said


def read_target(value: str) -> tuple[int, int | None]:
    """(enterprise, branch) of what a form chose."""
    enterprise, _dash, branch = value.partition("-")
    return int(enterprise), int(branch) if branch else None


def why_choices() -> Choices:
    return [("", str(_("请选择"))), *lines_of(tuple(wording.KINDS["override_reason"]), "override_reason")]


def ask_why(form: forms.Form, said: dict[str, Any]) -> None:
    """Who does not take the first suggestion says why; “other” in words."""
    if not said.get("why") and "why" not in form.errors:
        form.add_error("why", _("没有选第一个建议的，请选一个原因。"))
    if said.get("why") == "other" and not said.get("note") and "note" not in form.errors:
        form.add_error("note", _("选了其他原因，请写一句。"))
