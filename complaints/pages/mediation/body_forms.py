"""What the head of an authority registers of a body that may mediate for it.

Nothing without a legal basis; a service station is no such body.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from authorities.models import Authority, Region
from complaints.forms.fields import Choice, Day, StepForm, Words, set_choices
from enterprises.models import Enterprise, MediationBody, Station
from web.languages import named


class BodyForm(StepForm):
    """A new row of the register."""

    name = Words(label=_("名称"), rows=1, longest=120)
    name_en = Words(label=_("英文名称"), rows=1, longest=160, required=False)
    kind = Choice(label=_("是什么组织"), choices=MediationBody.Kind.choices)
    legal_basis = Words(label=_("成立依据"), rows=2, longest=300, help_text=_("写法律条款、批准文件或者登记证号。"))
    region = Choice(label=_("在哪里调解"), widget=forms.Select(attrs={"class": "w-24"}))
    enterprise = Words(
        label=_("由哪家企业开办或者主导"),
        rows=1,
        longest=200,
        required=False,
        help_text=_("写企业全称；不属于企业的不填。这个组织不能调解对这家企业的投诉。"),
    )
    starts_on = Day(label=_("从哪一天起"), required=False)

    def __init__(self, *args: Any, authority: Authority, **options: Any) -> None:
        super().__init__(*args, **options)
        place = authority.region
        rows = Region.objects.filter(
            id__gte=place.id, id__lte=place.last, level__in=(place.level, Region.Level.CITY, Region.Level.COUNTY)
        ).order_by("id")[:400]
        set_choices(self, "region", [(str(row.pk), named(row)) for row in rows])
        self.fields["region"].initial = str(place.pk)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Station.objects.filter(name=name).exists():
            raise ValidationError(_("消费维权服务站不能受委托调解。"))
        return name

    def clean_enterprise(self) -> Enterprise | None:
        typed = self.cleaned_data["enterprise"]
        if not typed:
            return None
        found = Enterprise.objects.filter(name=typed).first()
        if found is None:
            raise ValidationError(_("没有找到这家企业，请写全称"))
        return found
