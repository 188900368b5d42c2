"""/open/campaigns/: what everybody reads of a campaign, once a second person agreed.

Why, who, what each enterprise undertook and whether it kept it, the effect beside the control group, what the
enterprises say; never how many complaints an enterprise had, nor who wrote what.
"""

import csv
import io
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from accounts.public_pages import public_page
from accounts.sign_in.limits import place_of
from complaints.desks import keyset
from enterprises.models import Enterprise
from oversight.hot_spots import campaign_forms
from oversight.models import Campaign, Guidance
from web.safe_cells import safe_cell

BY_PUBLICATION = keyset.Order("published_at", falling=True)
_RELATED = ("authority", "region")
_PUBLIC = (Campaign.Publicity.PUBLISHED, Campaign.Publicity.WITHDRAWN)


@public_page(parameters=("before", "after"), fresh=0, kept=0)
def campaigns(request: HttpRequest) -> HttpResponse:
    """What is published, the newest first."""
    rows = Campaign.objects.filter(publicity=Campaign.Publicity.PUBLISHED).defer("printed", "minutes", "figures")
    page = keyset.page_of(rows, request.GET, BY_PUBLICATION, related=_RELATED)
    lines = [
        {"row": row, "url": reverse("oversight:open-campaign", args=[row.pk]), "about": campaign_forms.cell_text(row)}
        for row in page.rows
    ]
    return render(request, "open/campaigns.html", {"rows": lines, **keyset.neighbours(page, request.path)})


def _campaign_or_404(pk: int) -> Campaign:
    measures = Prefetch("guidances", Guidance.objects.select_related("enterprise").prefetch_related("measures"))
    rows = Campaign.objects.filter(publicity__in=_PUBLIC, published_at__isnull=False).select_related(*_RELATED)
    rows = rows.prefetch_related("firms__enterprise", measures, "effects")
    return get_object_or_404(rows.defer("printed", "minutes", "figures"), pk=pk)


def _as_of(campaign: Campaign) -> date:
    """An ended campaign stands as at its end: nobody reports any more."""
    return timezone.localdate(campaign.judged_at) if campaign.judged_at else timezone.localdate()


def _page_of(enterprise: Enterprise) -> str:
    """Where its published figures are, by quarters; "" where it settles nothing online."""
    is_enrolled = enterprise.enrolled_by_id is not None and enterprise.code
    return reverse("complaints:open-enterprise", args=[enterprise.code]) if is_enrolled else ""


def _firms(campaign: Campaign) -> list[dict[str, Any]]:
    today = _as_of(campaign)
    guidances = {one.enterprise_id: one for one in campaign.guidances.all()}
    return [
        {
            "firm": firm,
            "url": _page_of(firm.enterprise),
            "undertakings": campaign_forms.undertakings_of(guidances[firm.enterprise_id], today=today),
            "reply": firm.reply if firm.reply_shown_at else "",
            "is_checked": firm.replied_at is not None and firm.reply_shown_at is None,
        }
        for firm in campaign.firms.all()
        if firm.enterprise_id in guidances
    ]


def shown(pk: int) -> dict[str, Any]:
    """One published campaign as a page tells it; of a withdrawn one the pages say only that."""
    result = _campaign_or_404(pk)
    firms = _firms(result)
    every = [one for firm in firms for one in firm["undertakings"]]
    return {
        "campaign": result,
        "is_withdrawn": result.publicity == Campaign.Publicity.WITHDRAWN,
        "about": campaign_forms.cell_text(result),
        "firms": firms,
        "headline": campaign_forms.headline(every, today=_as_of(result)),
        "effects": campaign_forms.effects_of(result, today=timezone.localdate()),
    }


@public_page(fresh=0, kept=0)
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign; one that was withdrawn says so instead."""
    context = {
        **shown(pk),
        "frame_url": place_of(request) + reverse("oversight:embed-campaign", args=[pk]),
        "list_url": reverse("oversight:open-campaigns"),
        "table_url": reverse("oversight:open-campaign-table", args=[pk]),
    }
    return render(request, "open/campaign.html", context)


@public_page(fresh=0, kept=0)
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """The undertakings as programs read them; of a withdrawn campaign its head alone."""
    result = _campaign_or_404(pk)
    firms = [] if result.publicity == Campaign.Publicity.WITHDRAWN else _firms(result)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        (
            "enterprise",
            "number",
            "undertaking",
            "last_day",
            "state",
            "done_on",
            "figure",
            "target",
            "per_cent_of_the_way",
        )
    )
    for firm in firms:
        for one in firm["undertakings"]:
            row = one["row"]
            way = "" if row.told is None else 10 * row.told
            values = (firm["firm"].enterprise.name, row.number, row.what, row.due_on, row.state, row.done_on or "")
            writer.writerow(
                [safe_cell(str(cell)) for cell in (*values, row.figure, "" if row.target is None else row.target, way)]
            )
    response = HttpResponse(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="campaign-{pk}.csv"'
    return response
