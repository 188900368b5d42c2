"""A complaint about another province: the page that leads on to its portal, and the page there where it arrives."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from complaints.filing import drafts, handing_over, places
from complaints.filing.held import HeldDraft, address_of, held_by
from complaints.models import Complaint
from complaints.pages.filing.story import keep_cookie, lost
from complaints.procedure.numbering import tidy
from complaints.reading.file_view import files_of_draft
from database.row_security import nothing_held, working_as_steps
from web import cells


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def elsewhere(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Whose portal takes it; the button goes there with what was typed. Where it does not answer, the draft stays."""
    held = held_by(request, now=timezone.now(), draft_id=draft_id)
    if held is None or held.draft.filed_at is not None:
        return lost(held)
    draft = held.draft
    province = handing_over.province_of(draft)
    if not province:
        return redirect(address_of(draft, "you"))
    is_away = False
    if request.method == "POST":
        try:
            with nothing_held():
                return HttpResponseRedirect(handing_over.hand_over(draft))
        except cells.Away:
            is_away = True
    context = {
        "province": places.full_name(int(province) * 10**7),
        "is_away": is_away,
        "has_files": bool(files_of_draft(draft)),
        "back_url": address_of(draft, "heard"),
    }
    return render(request, "consumer/filing/elsewhere.html", context, status=503 if is_away else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def arrived(request: HttpRequest, key: str) -> HttpResponseBase:
    """What was handed over waits here; the button lets this browser hold it."""
    now = timezone.now()
    draft = drafts.of_key(key, now=now)
    if draft is None:
        raise Http404
    if draft.filed_at is not None:
        return lost(HeldDraft(draft, key))
    if request.method == "POST":
        return keep_cookie(redirect(address_of(draft, "heard")), HeldDraft(draft, key), now=now)
    return render(request, "consumer/filing/arrived.html", {})


@csrf_exempt  # Portals ask each other without a browser; what they say is signed.
@require_POST
def take_draft(request: HttpRequest) -> HttpResponse:
    handing_over.take_over(cells.heard(request), now=timezone.now())
    return JsonResponse({"taken": True})


@csrf_exempt
@require_POST
def knows_number(request: HttpRequest) -> HttpResponse:
    """Whether a case of this number is kept here."""
    number = tidy(str(cells.heard(request).get("number", "")))
    with working_as_steps():
        known = Complaint.objects.filter(number=number).exists()
    return JsonResponse({"known": known})
