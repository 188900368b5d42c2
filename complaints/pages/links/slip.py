"""/slip/<key>/: the QR code of a slip of paper. One button opens the page of the case, without the key."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.sign_in.known_browsers import know
from accounts.views.links import Behind, exchanged
from complaints.links import slips
from complaints.links.tracking import KEPT_IN_SESSION, OPEN_FOR, opened
from complaints.pages.links.track import unlisted


@unlisted
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def open_slip(request: HttpRequest, key: str) -> HttpResponse:
    def find(now: datetime) -> Behind | None:
        found = slips.of_key(key, now=now)
        if found is None:
            return None
        case, contact = found

        def keep() -> None:
            kept = {"number": case.number, "digest": case.tracking_digest, "until": (now + OPEN_FOR).isoformat()}
            request.session[KEPT_IN_SESSION] = kept
            know(request, opened(case.number))

        return Behind(target=reverse("complaints:tracked", args=[case.number]), keep=keep, contact=contact)

    return exchanged(request, key, find, lambda: render(request, "public/slip_over.html", status=404))
