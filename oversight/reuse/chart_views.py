"""/embed/…: charts that pages of other sites may frame, and /open/picture…: the picture that shared links show.

Framing is allowed here alone; nothing of a reader stands in a frame and nothing can be done there.
"""

from collections.abc import Callable, Sequence
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

from accounts.public_pages import View, public_page
from accounts.sign_in.limits import place_of
from authorities.models import Region
from oversight.hot_spots.open_campaigns import shown
from oversight.models.published_models import OpenIndicators
from oversight.open_pages.findings import bars, number, untold
from oversight.open_pages.places import kinds_of
from oversight.reuse import pictures
from oversight.reuse.publications import KINDS
from web.incoming import whole
from web.templatetags.portal import name_of


def _row_or_404(request: HttpRequest) -> OpenIndicators | None:
    """The region of the address, the country without one; None where nothing is published of it (any more)."""
    given = request.GET.get("region", "")
    if not given:
        return OpenIndicators.objects.filter(level="country").first()
    asked = whole(given, 9)
    if asked is None:
        raise Http404
    result = OpenIndicators.objects.filter(region=asked).first()
    if result is None and not Region.objects.filter(pk=asked).exists():
        raise Http404
    return result


def _titled(place: str, chart: str) -> str:
    return _("%(place)s：%(chart)s") % {"place": place, "chart": chart}


def _framed(**kept: Any) -> Callable[[View], View]:
    """Decorates a public page that any page may frame; arguments of ``public_page``."""

    def decorate(view: View) -> View:
        answer = public_page(elsewhere=True, **kept)(view)
        return xframe_options_exempt(csp_replace({"frame-ancestors": ["*"]})(answer))

    return decorate


def _of_region(request: HttpRequest, heading: str) -> dict[str, Any]:
    """What the charts of a region have in common."""
    row, url = _row_or_404(request), place_of(request) + reverse("oversight:open-home")
    if row is None:
        return {"row": None, "heading": heading, "url": url}
    return {
        "row": row,
        "heading": _titled(name_of(row), heading),
        "is_rounded": row.data.get("multiple_of", 1) > 1,
        "url": f"{url}?region={row.region}",
    }


@_framed(parameters=("region",))
def received(request: HttpRequest) -> HttpResponse:
    """What came in by months in one region."""
    context = _of_region(request, _("每月收到的投诉"))
    if context["row"] is not None:
        months: Sequence[Any] = context["row"].data["months"]
        context |= {"bars": bars(months), "months": [(name, number(n)) for name, n in months]}
        context["untold"] = untold(context["row"].data, [context["row"].level])
    return render(request, "reuse/received.html", context)


@_framed(parameters=("region",))
def kinds(request: HttpRequest) -> HttpResponse:
    """What complaints of twelve months are of, in one region."""
    context = _of_region(request, _("投诉的是什么"))
    if context["row"] is not None:
        context["kinds"] = kinds_of(context["row"].data)
    return render(request, "reuse/kinds.html", context)


@_framed(fresh=0, kept=0)
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """What enterprises undertook in one campaign and whether it had an effect; one that was withdrawn says so."""
    context = shown(pk)
    url = place_of(request) + reverse("oversight:open-campaign", args=[pk])
    return render(request, "reuse/campaign.html", context | {"heading": context["campaign"].title, "url": url})


def _png(title: str, under: str, months: Sequence[Any] = ()) -> HttpResponse:
    if settings.DEMO:
        under = " · ".join(filter(None, (under, _("演示数据，均为虚构。"))))
    drawn = pictures.drawn(_("12315 在线和解"), title, under, tuple((str(name), n) for name, n in months))
    return HttpResponse(drawn, content_type="image/png")


@public_page(parameters=("region",), elsewhere=True)
def picture(request: HttpRequest) -> HttpResponse:
    """What came in by months in one region."""
    row = _row_or_404(request)
    if row is None:
        return _png(_("近12个月没有公布数字。"), "")
    months = row.data["months"]
    return _png(
        _titled(name_of(row), _("每月收到的投诉")),
        " – ".join(dict.fromkeys((months[0][0], months[-1][0]))) if months else "",
        months,
    )


@public_page(fresh=0, kept=0, elsewhere=True)
def picture_of(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The title of something published, by whom and when."""
    found = KINDS[kind].one(pk) if kind in KINDS else None
    if found is None:
        raise Http404
    day = date_format(localdate(found.published_at), "DATE_FORMAT")
    return _png(found.title, f"{found.by} · {day}" if found.by else day)
