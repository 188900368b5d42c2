"""What is typed to change an enterprise's entry in the directory, and to decide on it.

A form finds what was meant (a place, an authority, an enterprise) and says which there are if several
bear the name; whether the change can be made is judged by its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Authority, Region
from complaints.filing.places import full_name
from complaints.forms.fields import Choice, Day, StepForm, Words
from complaints.procedure import categories
from enterprises.directory.change_kinds import Kind
from enterprises.models import Branch, Enterprise
from enterprises.models.enrolment import LONGEST
from web.languages import named
from web.listing import listed

#: So many of one name are told apart in the words of an error.
TOLD = 6
WIDE = {"class": "w-24"}
DAYS: dict[str, tuple[Any, Any]] = {
    "from": (gettext_lazy("自哪一天起"), gettext_lazy("批准得晚，就自批准当天起。")),
    "last": (gettext_lazy("最后一天"), gettext_lazy("到这一天24:00为止；批准得晚，就到批准当天为止。")),
    "fact": (gettext_lazy("登记的日期"), gettext_lazy("按市场主体登记写，可以是过去的日期。")),
}


class Named(forms.CharField):
    """A row of the directory by its code or its name."""

    def __init__(self, rows: QuerySet[Any], *, code: str, missing: Any, **options: Any) -> None:
        super().__init__(strip=True, max_length=200, widget=forms.TextInput(attrs=WIDE), **options)
        self.rows, self.code, self.missing = rows, code, missing

    def clean(self, value: Any) -> Model | None:
        text = str(super().clean(value) or "")
        if not text:
            return None
        found = [*self.rows.filter(**{self.code: text})[:1]] or [*self.rows.filter(name=text)[: TOLD + 1]]
        found = found or [*self.rows.filter(name__contains=text)[: TOLD + 1]]
        if len(found) == 1:
            return found[0]  # type: ignore[no-any-return]
        if not found:
            raise ValidationError(self.missing)
        told = listed(self._told(row) for row in found[:TOLD])
        raise ValidationError(_("有几个叫这个名称，请写代码或全名：%(names)s") % {"names": told})

    def _told(self, row: Any) -> str:
        if isinstance(row, Region):
            return f"{full_name(row.pk)} {row.code}"
        code = getattr(row, self.code) or ""
        return named(row) if code == row.name else f"{named(row)} {code}".strip()


class ChangeForm(StepForm):
    """The fields that this kind of change asks for, its day, and why."""

    def __init__(
        self,
        *args: Any,
        kind: Kind,
        today: date,
        parents: Sequence[Branch] = (),
        may_be_top: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        made: dict[str, Callable[[], forms.Field]] = {
            "name": lambda: Words(label=_("名称"), rows=1, longest=200),
            "name_en": lambda: Words(label=_("英文名称"), rows=1, longest=200, required=not kind.needs_approval),
            "region": lambda: Named(
                Region.objects.filter(country="CN").order_by("id"),
                code="code",
                label=_("地区"),
                missing=_("没有这个地区"),
                help_text=_("名称或六位代码，例如 鼓楼区 或 350102"),
                required=kind.code != "branch-add",
            ),
            "category": lambda: forms.ChoiceField(
                label=_("只限哪一类"),
                required=False,
                help_text=_("不选，就是全部类别。"),
                widget=forms.Select(attrs=WIDE),
                choices=[("", _("全部类别")), *categories.OBJECT_CATEGORIES, *categories.SECTOR_PROBLEMS],
            ),
            "parent": lambda: forms.ChoiceField(
                label=_("新的上级"),
                widget=forms.Select(attrs=WIDE),
                required=not may_be_top,
                choices=[
                    ("", _("直属总部") if may_be_top else _("请选择")),
                    *((str(row.pk), named(row)) for row in parents),
                ],
            ),
            "authority": lambda: Named(
                Authority.objects.filter(has_power=True).order_by("id"),
                code="name",
                label=_("监管部门"),
                missing=_("没有这个部门，或者它没有处理权限"),
                help_text=_("例如 福州市鼓楼区市场监督管理局"),
            ),
            "enterprise": lambda: Named(
                Enterprise.objects.order_by("id"),
                code="uscc",
                label=_("企业"),
                missing=_("没有这个企业"),
                help_text=_("统一社会信用代码，或登记的全名"),
            ),
        }
        for name in kind.fields:
            self.fields[name] = made[name]()
            if name in ("name", "name_en"):
                self.fields[name].widget.attrs |= WIDE
        if kind.day:
            label, hint = DAYS[kind.day]
            self.fields["on_day"] = Day(label=label, help_text=hint)
        self.fields["why"] = Words(label=_("为什么"), rows=3, longest=LONGEST)
        self.kind, self.today = kind, today

    def clean_on_day(self) -> date:
        day: date = self.cleaned_data["on_day"]
        if self.kind.day in ("from", "last") and day < self.today:
            raise ValidationError(_("日期不能早于今天"))
        return day

    @property
    def what(self) -> dict[str, Any]:
        """What the change keeps of it: ids and words."""
        said = {name: self.cleaned_data.get(name) for name in self.kind.fields}
        ids = {name: row.pk for name, row in said.items() if isinstance(row, Model)}
        if "parent" in said:
            ids["parent"] = int(said["parent"]) if said["parent"] else None
        return said | ids


class DecisionForm(StepForm):
    """Approve or not; a refusal says why."""

    decision = Choice(
        label=gettext_lazy("决定"),
        choices=[("agree", gettext_lazy("批准这项变更")), ("refuse", gettext_lazy("不批准"))],
    )
    reason = Words(
        label=gettext_lazy("理由"),
        rows=3,
        longest=LONGEST,
        required=False,
        help_text=gettext_lazy("不批准的，须写明理由；企业会看到。"),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("decision") == "refuse" and not said.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("不批准，请写明理由。"))
        return said
