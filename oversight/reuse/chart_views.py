"""/embed/: a chart that pages of other sites may frame, and /open/picture…: the picture that shared links show.

Framing is allowed here alone; nothing of a reader stands in the frame and nothing can be done there.
"""

from collections.abc import Sequence
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from accounts.public_pages import public_page
from accounts.sign_in.limits import place_of
from oversight.models.published_models import OpenIndicators
from oversight.open_pages.findings import bars, number
from oversight.reuse import pictures
from oversight.reuse.publications import KINDS
from web.incoming import whole
from web.templatetags.portal import name_of


def _row_or_404(request: HttpRequest) -> OpenIndicators | None:
    """The region of the address, the country without one; None before anything was published."""
    given = request.GET.get("region", "")
    if not given:
        return OpenIndicators.objects.filter(level="country").first()
    asked = whole(given, 9)
    result = OpenIndicators.objects.filter(region=asked).first() if asked is not None else None
    if result is None:
        raise Http404
    return result


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@public_page(parameters=("region",), elsewhere=True)
def received(request: HttpRequest) -> HttpResponse:
    """What came in by months in one region; for a frame on any page."""
    row = _row_or_404(request)
    context: dict[str, Any] = {"row": row, "url": place_of(request) + reverse("oversight:open-home")}
    if row is not None:
        months: Sequence[Any] = row.data["months"]
        context |= {
            "place": name_of(row),
            "bars": bars(months),
            "months": [(name, number(n)) for name, n in months],
            "is_rounded": row.data.get("multiple_of", 1) > 1,
            "url": f"{context['url']}?region={row.region}",
        }
    return render(request, "reuse/received.html", context)


def _png(title: str, under: str, months: Sequence[Any] = ()) -> HttpResponse:
    if settings.DEMO:
        under = " · ".join(filter(None, (under, _("演示数据，均为虚构。"))))
    shown = tuple((str(name), n) for name, n in months)
    return HttpResponse(pictures.drawn(_("12315 在线和解"), title, under, shown), content_type="image/png")


@public_page(parameters=("region",), elsewhere=True)
def picture(request: HttpRequest) -> HttpResponse:
    """What came in by months in one region."""
    row = _row_or_404(request)
    if row is None:
        return _png(_("还没有公布过数字。每天夜里从公开数据里算。"), "")
    months = row.data["months"]
    title = _("%(place)s：每月收到的投诉") % {"place": name_of(row)}
    return _png(title, " – ".join(dict.fromkeys((months[0][0], months[-1][0]))) if months else "", months)


@public_page(fresh=0, kept=0, elsewhere=True)
def picture_of(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The title of something published, by whom and when."""
    found = KINDS[kind].one(pk) if kind in KINDS else None
    if found is None:
        raise Http404
    day = date_format(localdate(found.published_at), "DATE_FORMAT")
    return _png(found.title, f"{found.by} · {day}" if found.by else day)
