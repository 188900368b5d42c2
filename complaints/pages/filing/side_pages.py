"""Beside the screens of a filing: places elsewhere, and a second and a third respondent."""

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints.filing import drafts, places, respondents, screens
from complaints.filing.held import HeldDraft, address_of, held_by
from complaints.filing.respondents import FurtherForm
from complaints.handling.steps.filing import MOST_RESPONDENTS
from enterprises.directory.finding import find
from web.incoming import whole


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def region(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Anywhere else: by name, or province and then city and county, in plain pages."""
    now = timezone.now()
    held = held_by(request, now=now, draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return redirect(f"{reverse('complaints:file')}?lost=1")
    back = address_of(held.draft, "heard")
    if request.method == "POST":
        chosen = request.POST.get("region", "")
        if places.is_choosable(whole(chosen, 9) or 0):
            typed = dict(held.draft.data.get("enterprise", {}))
            typed["service_region"] = [chosen]
            held.draft.data["enterprise"] = typed
            drafts.touch(held.draft, now=now, fields=["data"])
            return redirect(back)
    query, province = request.GET.get("q", "").strip()[:40], request.GET.get("province", "")
    province_id = whole(province, 9)
    chosen_province, groups = places.inside(province_id) if province_id is not None else (None, [])
    context = {
        "query": query,
        "places": places.search(query),
        "provinces": places.provinces(),
        "province": chosen_province,
        "groups": groups,
        "back_url": back,
        "is_unchosen": request.method == "POST",
        "has_errors": request.method == "POST",
    }
    return render(request, "consumer/filing/region.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
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


def _show(request: HttpRequest, held: HeldDraft, form: FurtherForm) -> HttpResponseBase:
    draft, today = held.draft, timezone.localdate()
    query = request.GET.get("q", "").strip()[:100]
    region = drafts.first(draft, "enterprise", "service_region")
    region_id = whole(region, 9)
    hits = find(query, on=today, region_id=region_id, limit=screens.HITS_SHOWN) if query else []
    picked = drafts.picked(draft, today=today)
    first = respondents.first(draft)
    names = respondents.names(draft)
    errors = [
        {"target": f"id_{name}", "label": str(form.fields[name].label or ""), "text": str(text)}
        for name, result in form.errors.items()
        for text in result
    ]
    context = {
        "form": form,
        "errors": errors,
        "query": query,
        "is_full": 1 + len(names) >= MOST_RESPONDENTS,
        "first": picked.name if picked else first.named or _("由监管部门确定"),
        "names": names,
        "offered": [screens.choice_of(hit) for hit in hits],
        "back_url": address_of(draft, "check" if "you" in draft.data else draft.step),
    }
    return render(request, "consumer/filing/respondents.html", context, status=422 if form.errors else 200)
