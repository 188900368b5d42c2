"""/authority/mediation/bodies/: the bodies to which a mediation may be handed (art. 19).

Officers read; the head of an authority adds rows of its own and ends them, and nothing is deleted.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import once
from accounts.roles import Right
from authorities.models import Authority, Officer
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.pages.mediation.body_forms import BodyForm
from enterprises.models import MediationBody
from web.languages import named

SHOWN = 200


def _headed(workspace: Workspace) -> list[Authority]:
    """Authorities whose head this person is today."""
    rows = (
        Officer.objects.on(workspace.today)
        .filter(user=workspace.user, role__in=Right.LEAD_AUTHORITY.posts)
        .select_related("authority__region")
    )
    return list(dict.fromkeys(row.authority for row in rows.order_by("pk")))


def _seen(workspace: Workspace) -> list[MediationBody]:
    """Rows of the own authorities, of those above and below, in force first."""
    found: dict[int, MediationBody] = {}
    for actor in workspace.actors:
        first, last = actor.region or (0, -1)
        rows = MediationBody.objects.select_related("authority", "region", "enterprise").order_by("-pk")
        inside = rows.filter(authority__region_id__gte=first, authority__region_id__lte=last)
        above = rows.filter(authority__region_id__lte=first, authority__region__last__gte=last)
        found |= {row.pk: row for row in (inside | above)[:SHOWN]}
    return sorted(found.values(), key=lambda row: (not _in_force(row, workspace.today), row.name, row.pk))


def _in_force(row: MediationBody, day: date) -> bool:
    return row.ends_on is None or row.ends_on >= day


@officer_page("GET", "POST")
def bodies(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    heads = _headed(workspace)
    if request.method == "POST" and not heads:
        raise Http404
    form = BodyForm(request.POST if request.method == "POST" else None, authority=heads[0]) if heads else None
    if form is not None and form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                said = form.cleaned_data
                _row, is_new = MediationBody.objects.get_or_create(
                    authority=heads[0],
                    name=said["name"],
                    starts_on=said["starts_on"] or workspace.today,
                    defaults={
                        "name_en": said["name_en"],
                        "kind": said["kind"],
                        "enterprise": said["enterprise"],
                        "legal_basis": said["legal_basis"],
                        "region_id": int(said["region"]),
                    },
                )
                if is_new:
                    attempt.reference = request.path
                    messages.success(request, _("已登记。"), extra_tags="ok")
                else:
                    form.add_error("name", _("这个组织在这一天已经登记过。"))
        if attempt.reference:
            return redirect(attempt.reference)
    mine = {authority.pk for authority in heads}
    return render(
        request,
        "authority/bodies.html",
        {
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
        },
        status=422 if form is not None and form.is_bound else 200,
    )


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
            messages.success(request, _("已停用：%(name)s") % {"name": row.name}, extra_tags="ok")
    return redirect(attempt.reference)
