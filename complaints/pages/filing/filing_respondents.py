"""More than one respondent: add and take out a second and a third.

It is a side page of the wizard, never a step: who has one respondent does not meet it.
"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints.filing import drafts, respondents, screens
from complaints.filing.held import Held, address_of, held_by
from complaints.filing.respondents import FurtherForm
from complaints.handling.steps.filing import MOST_RESPONDENTS
from enterprises.directory.finding import find


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """/file/<draft>/respondents/"""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return redirect(f"{reverse('complaints:file')}?lost=1")
    draft, here = held.draft, reverse("complaints:file-respondents", args=[draft_id])
    rows = respondents.read(draft)
    form = FurtherForm(request.POST if request.method == "POST" and "add" in request.POST else None, draft=draft)
    if request.method == "POST" and "remove" in request.POST:
        place = request.POST["remove"]
        kept = [row for number, row in enumerate(rows) if str(number) != place]
        respondents.put(draft, kept, now=now)
        return redirect(here)
    if form.is_bound and form.is_valid():
        respondents.put(draft, [*rows, form.cleaned_data["further"]], now=now)
        return redirect(here)
    return _show(request, held, form)


def _show(request: HttpRequest, held: Held, form: FurtherForm) -> HttpResponseBase:
    draft, today = held.draft, timezone.localdate()
    query = request.GET.get("q", "").strip()[:100]
    region = drafts.first(draft, "enterprise", "service_region")
    region_id = int(region) if region.isascii() and region.isdigit() and len(region) < 10 else None
    hits = find(query, on=today, region_id=region_id, limit=screens.HITS_SHOWN) if query else []
    picked = drafts.picked(draft, today=today)
    first = respondents.first(draft)
    names = respondents.names(draft)
    errors = [
        {"target": f"id_{name}", "label": str(form.fields[name].label or ""), "text": str(text)}
        for name, found in form.errors.items()
        for text in found
    ]
    return render(
        request,
        "consumer/filing/respondents.html",
        {
            "form": form,
            "errors": errors,
            "query": query,
            "is_full": 1 + len(names) >= MOST_RESPONDENTS,
            "first": picked.name if picked else first.named or _("由监管部门确定"),
            "names": names,
            "offered": [screens.choice_of(hit) for hit in hits],
            "back_url": address_of(draft, "check" if "consents" in draft.data else draft.step),
        },
        status=422 if form.errors else 200,
    )
