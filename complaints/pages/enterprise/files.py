"""The evidence viewer: one file of the case after the other, pictures large, everything else by name.

What is shown is the copy that we made ourselves; the file itself is handed out as an attachment.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from complaints.desks.enterprise_workspace import Workspace, held, workspace_page


@workspace_page("GET")
def view_file(request: HttpRequest, workspace: Workspace, number: str, pk: int) -> HttpResponseBase:
    """/enterprise/cases/<ref>/files/<pk>/; a former enterprise has no files."""
    page = held(workspace, number)
    place = next((n for n, file in enumerate(page.files) if file.pk == pk), None)
    if place is None:
        raise Http404

    def address(n: int) -> str:
        if not 0 <= n < len(page.files):
            return ""
        return reverse("complaints:enterprise-file", args=[number, page.files[n].pk])

    file = page.files[place]
    told = [m for m in page.thread if any(attached.pk == pk for attached in m.files)]
    return render(
        request,
        "enterprise/file.html",
        {
            "page": page,
            "complaint": page.complaint,
            "file": file,
            "place": place + 1,
            "total": len(page.files),
            "previous_url": address(place - 1),
            "next_url": address(place + 1),
            "message": told[-1] if told else None,
            "all": [(one, address(n)) for n, one in enumerate(page.files)],
        },
    )
