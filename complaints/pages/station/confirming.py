"""/station/confirm/: the consumer's word on what a station wrote down, by the link that was sent."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import once
from accounts.views.links import link_page
from complaints.pages.station.station import HOW
from complaints.procedure.categories import OBJECT_LABELS
from complaints.stations import stations
from web.languages import named

TOKEN = "station_token"  # noqa: S105 - the name of a place in the session


def over(request: HttpRequest) -> HttpResponse:
    return render(request, "station/confirm_over.html", status=404)


open_link = link_page(stations.of_token, kept=TOKEN, page="complaints:station-confirm", over=over)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    entry = stations.of_token(request.session.get(TOKEN, ""), now=now)
    if entry is None:
        return over(request)
    answer = request.POST.get("answer", "")
    if request.method == "POST" and answer in ("yes", "no"):
        with once(request, actor=f"entry:{entry.pk}") as attempt:
            if not attempt.answered:
                stations.answer(entry, is_right=answer == "yes", now=now)
                attempt.reference = reverse("home") if answer == "yes" else f"{reverse('complaints:file')}?new=1"
        request.session.pop(TOKEN, None)
        done = gettext("谢谢，已记下：已经解决。")
        if answer == "no":
            done = gettext("已记下：没有解决，这一条不算和解。您可以现在投诉。")
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
