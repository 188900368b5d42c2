"""What a code on a poster and a link in a message open, for whoever holds a telephone.

A code that leads nowhere begins an ordinary complaint; a link that leads nowhere looks the same, whether
it is unknown, over or was answered.
"""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import once
from authorities.periods import holds_on
from complaints.filing.forms import Pick
from complaints.pages.station.station import HOW
from complaints.procedure.categories import OBJECT_LABELS
from complaints.stations import posters, stations
from enterprises.enrolment.enrolled import of_code
from enterprises.models import Branch, Station
from web.languages import named

TOKEN = "station_token"  # noqa: S105 - the name of a place in the session


@never_cache
@require_safe
def go(request: HttpRequest, code: str) -> HttpResponseBase:
    """/go/<code>/: the first screen, prefilled; the complaint keeps where it came from."""
    query, poster, today = {"new": "1"}, posters.read(code[:40]), timezone.localdate()
    stations_here = Station.objects.filter(holds_on(today), code=poster.owner[:20].upper())
    station = stations_here.select_related("authority").first()
    enterprise = None if station else of_code(poster.owner) or of_code(poster.owner.upper())
    if station is not None:
        query["source"] = replace(poster, owner=station.code, branch_id=None).source
        query["service_region"] = str(station.authority.region_id)
        if station.enterprise_id:
            query["pick"] = str(Pick(station.enterprise_id))
    elif enterprise is not None:
        branch = None
        if poster.branch_id:
            branch = Branch.objects.on(today).filter(pk=poster.branch_id, enterprise=enterprise).first()
        branch_id = branch.pk if branch else None
        query["source"] = replace(poster, owner=enterprise.code, branch_id=branch_id).source
        query["pick"] = str(Pick(enterprise.pk, branch_id))
        query["query"] = (branch or enterprise).name[:100]
    return redirect(f"{reverse('complaints:file')}?{urlencode(query)}")


@never_cache
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """/station/confirm/<token>/: nothing but the way to the page without it."""
    request.session[TOKEN] = token[: stations.LONGEST_TOKEN]
    return redirect("complaints:station-confirm")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """/station/confirm/: what the station wrote down, and whether it was so."""
    now = timezone.now()
    entry = stations.of_token(request.session.get(TOKEN, ""), now=now)
    if entry is None:
        return render(request, "station/confirm_over.html", status=404)
    answer = request.POST.get("answer", "")
    if request.method == "POST" and answer in ("yes", "no"):
        with once(request, actor=f"entry:{entry.pk}") as attempt:
            if not attempt.answered:
                stations.answer(entry, is_right=answer == "yes", now=now)
                attempt.reference = reverse("home") if answer == "yes" else f"{reverse('complaints:file')}?new=1"
        request.session.pop(TOKEN, None)
        done = _("谢谢，已记下：已经解决。")
        if answer == "no":
            done = _("已记下：没有解决，这一条不算和解。您可以现在投诉。")
        messages.success(request, done, extra_tags="ok")
        return redirect(attempt.reference)
    context = {
        "station": named(entry.station),
        "entry": entry,
        "how": dict(HOW)[entry.how],
        "category": OBJECT_LABELS.get(entry.category, entry.category),
        "is_unchosen": request.method == "POST",
        "has_errors": request.method == "POST",
    }
    return render(request, "station/confirm.html", context, status=422 if request.method == "POST" else 200)
