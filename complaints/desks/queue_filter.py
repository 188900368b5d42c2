"""The conditions of an enterprise's queue as a form that an address holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.forms.fields import Choices
from complaints.procedure.categories import PROBLEM_CATEGORIES


class QueueFilter(forms.Form):
    """Conditions on the queue: a shareable GET form; what cannot be read is left out.

    ``people`` and ``branches`` are (id, words) of this desk; ``only`` are numbers of cases with dots between them.
    """

    #: So many cases can be named one by one in an address.
    MOST_NAMED = 100
    SIZES = ("25", "50", "100")

    view = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20)
    q = forms.CharField(
        label=_("编号、商品、姓名、电话、订单号"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "size": 18}),
    )
    problem = forms.ChoiceField(label=_("问题"), required=False, choices=[("", _("全部")), *PROBLEM_CATEGORIES])
    handler = forms.ChoiceField(label=_("处理人"), required=False)
    branch = forms.ChoiceField(label=_("网点"), required=False)
    size = forms.ChoiceField(label=_("每页"), required=False, choices=[("", SIZES[0]), *((n, n) for n in SIZES[1:])])
    only = forms.CharField(label=_("选中的"), required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, people: Choices | None = None, branches: Choices | None = None) -> None:
        super().__init__(data)
        self.people = people or []
        self.fields["handler"].choices = [  # type: ignore[attr-defined]
            ("", _("全部")),
            ("mine", _("我的")),
            ("none", _("未分派")),
            *self.people,
        ]
        self.fields["branch"].choices = [("", _("全部")), *(branches or [])]  # type: ignore[attr-defined]
        if not branches:
            self.fields["branch"].widget = forms.HiddenInput()

    @property
    def said(self) -> dict[str, str]:
        """The conditions that could be read, by name; how long a page is, is none."""
        self.is_valid()
        said = getattr(self, "cleaned_data", {})
        return {name: str(value) for name, value in said.items() if value and name not in ("view", "size")}

    @property
    def numbers(self) -> list[str]:
        """Cases that were named one by one."""
        return [one for one in self.said.get("only", "").split(".") if one][: self.MOST_NAMED]

    @property
    def rows_a_page(self) -> int:
        """0 where the usual number is meant."""
        self.is_valid()
        return int(getattr(self, "cleaned_data", {}).get("size") or 0)

    def words_of(self, name: str) -> str:
        value: Any = self.said.get(name, "")
        if name == "only":
            value = gettext("%(n)s件") % {"n": len(self.numbers)}
        elif name in ("handler", "branch", "problem"):
            value = dict(_flat(self.fields[name].choices)).get(value, value)  # type: ignore[attr-defined]
        return gettext("%(label)s：%(value)s") % {"label": self.fields[name].label, "value": value}


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    """The choices of a list with groups."""
    for value, words in choices:
        if isinstance(words, list | tuple):
            yield from words
        else:
            yield value, words
