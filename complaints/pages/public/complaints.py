"""/open/complaints/: closed complaints that an authority shows to the public, with the enterprise's reply beside.

Made anew for every request, as a consent that is taken back must hide its complaint at once; a browser
that has the page asks whether it still stands.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.public_pages import public_page
from complaints.pages.public import published
from enterprises.enrolment import enrolled


@public_page(parameters=("enterprise", "before", "after"), fresh=0, kept=0)
def complaints(request: HttpRequest) -> HttpResponse:
    code = request.GET.get("enterprise", "").strip()
    enterprise = enrolled.of_code(code) if code else None
    if code and enterprise is None:
        raise Http404
    rows, before, after = published.page(request.GET.dict(), enterprise_id=enterprise.pk if enterprise else None)

    def url(**key: str) -> str:
        said: dict[str, Any] = {"enterprise": code} if code else {}
        return f"?{urlencode(said | key)}" if any(key.values()) else ""

    return render(
        request,
        "open/complaints.html",
        {"rows": rows, "firm": enterprise, "previous_url": url(before=before), "next_url": url(after=after)},
    )
