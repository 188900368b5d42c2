"""To whom a mediation may be handed (art. 19), and why somebody of the register is left out.

Whoever is run by the respondent never mediates against it, and a body mediates where its row says, while
it holds.
"""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from complaints.models import Complaint
from enterprises.models import Enterprise, MediationBody


def bodies_for(complaint: Complaint, *, on: date) -> QuerySet[MediationBody]:
    """Bodies of the handling authority and of those above it, in whose region the case is handled."""
    place = complaint.handling_region_id
    return (
        MediationBody.objects.on(on)
        .filter(
            region_id__lte=place,
            region__last__gte=place,
            authority__region_id__lte=place,
            authority__region__last__gte=place,
        )
        .select_related("authority", "enterprise")
        .order_by("kind", "name", "pk")
    )


def why_not_to_body(complaint: Complaint, body: MediationBody) -> str:
    """Why this body may not mediate here; empty where it may."""
    respondents = {complaint.enterprise_id, complaint.picked_enterprise_id} - {None}
    if body.enterprise_id in respondents:
        return _("这个组织由被投诉企业开办或者主导，不能调解这件投诉。")
    names = [complaint.respondent_named, *Enterprise.objects.filter(pk__in=respondents).values_list("name", flat=True)]
    if any(name and name in body.name for name in names):
        return _("这个组织的名称里有被投诉人，不能调解这件投诉。")
    return ""
