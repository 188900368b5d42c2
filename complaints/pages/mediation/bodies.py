"""/authority/mediation/bodies/: the bodies to which a mediation may be handed (art. 19).

Officers read; the head of an authority adds rows of its own and ends them, and nothing is deleted. No row without a
legal basis; a service station is no such body.
"""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from accounts.roles import Right
from authorities.models import Authority, Officer, Region
from complaints.desks.authority_workspace import Workspace, officer_page
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
        enterprise = Enterprise.objects.filter(name=typed).first()
        if enterprise is None:
            raise ValidationError(_("没有找到这家企业，请写全称"))
        return enterprise


SHOWN = 200


def _headed(workspace: Workspace) -> list[Authority]:
    """Authorities whose head this person is today."""
    posts = Officer.objects.on(workspace.today).filter(user=workspace.user, role__in=Right.LEAD_AUTHORITY.posts)
    return list(dict.fromkeys(post.authority for post in posts.select_related("authority__region").order_by("pk")))


def _seen(workspace: Workspace) -> list[MediationBody]:
    """Rows of the own authorities, of those above and below, in force first."""
    seen: dict[int, MediationBody] = {}
    rows = MediationBody.objects.select_related("authority", "region", "enterprise").order_by("-pk")
    for actor in workspace.actors:
        first, last = actor.region or (0, -1)
        inside = rows.filter(authority__region_id__gte=first, authority__region_id__lte=last)
        above = rows.filter(authority__region_id__lte=first, authority__region__last__gte=last)
        seen |= {row.pk: row for row in (inside | above)[:SHOWN]}
    return sorted(seen.values(), key=lambda row: (not _in_force(row, workspace.today), row.name, row.pk))


def _in_force(row: MediationBody, day: date) -> bool:
    return row.ends_on is None or row.ends_on >= day


@officer_page("GET", "POST")
def bodies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    heads = _headed(workspace)
    if request.method == "POST" and not heads:
        raise Http404
    form = BodyForm(request.POST if request.method == "POST" else None, authority=heads[0]) if heads else None
    if form is not None and form.is_bound and form.is_valid():
        cleaned = dict(form.cleaned_data)
        key = {"authority": heads[0], "name": cleaned.pop("name")}
        key["starts_on"] = cleaned.pop("starts_on") or workspace.today
        cleaned["region_id"] = int(cleaned.pop("region"))
        with once(request) as attempt:
            if not attempt.answered:
                _row, is_new = MediationBody.objects.get_or_create(**key, defaults=cleaned)
                if is_new:
                    attempt.reference = request.path
                    messages.success(request, gettext("已登记。"), extra_tags="ok")
                else:
                    form.add_error("name", gettext("这个组织在这一天已经登记过。"))
        if attempt.reference:
            return redirect(attempt.reference)
    mine = {authority.pk for authority in heads}
    context = {
        "form": form,
        "rows": [
            {
                "pk": row.pk,
                "name": named(row),
                "kind": row.get_kind_display(),
                "basis": row.legal_basis,
                "region": named(row.region),
                "authority": named(row.authority),
                "owner": named(row.enterprise) if row.enterprise else "",
                "since": row.starts_on,
                "until": row.ends_on,
                "is_in_force": _in_force(row, workspace.today),
                "may_end": row.authority_id in mine and row.ends_on is None,
            }
            for row in _seen(workspace)
        ],
    }
    return render(request, "authority/bodies.html", context, status=422 if form is not None and form.is_bound else 200)


@officer_page("POST")
def end(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """From tomorrow on nothing more is handed to it; what was handed over stays until it is taken back."""
    row = MediationBody.objects.filter(pk=pk, authority__in=_headed(workspace), ends_on=None).first()
    with once(request) as attempt:
        if not attempt.answered:
            if row is None:
                raise Http404
            yesterday = workspace.today - timedelta(days=1)
            began_today = row.starts_on is not None and row.starts_on > yesterday
            row.ends_on = workspace.today if began_today else yesterday
            row.save(update_fields=["ends_on"])
            attempt.reference = reverse("complaints:authority-bodies")
            messages.success(request, gettext("已停用：%(name)s") % {"name": row.name}, extra_tags="ok")
    return redirect(attempt.reference)
