"""What machines ask a site for: robots.txt, sitemap.xml, /.well-known/security.txt.

A search engine is led to the pages that are the same for everybody, and away from all others: a new page is not found
before it stands here. A demonstration is not to be found at all. Sources: RFC 9309, sitemaps.org, RFC 9116.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import sitemaps
from django.contrib.sitemaps import views as sitemap_views
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.public_pages import public_page
from accounts.sign_in.limits import place_of
from complaints.procedure.categories import PROBLEM_LABELS
from enterprises.models import Enterprise, Station
from oversight.models.published_models import OpenIndicators
from oversight.reuse.publications import KINDS, Kind, Publication
from web.languages import language_tag

#: Pages of everybody, by name.
PAGES = (
    *("home", "how", "time-limits", "rules", "help", "privacy", "terms", "accessibility"),
    *("routing:check", "routing:find", "complaints:file", "complaints:track", "complaints:enrol", "complaints:survey"),
    *("oversight:open-home", "oversight:open-league", "oversight:open-appraisal", "oversight:open-data-dictionary"),
    "oversight:open-remedies",
    *(kind.path for kind in KINDS.values()),
    *("complaints:open-enterprises", "complaints:open-complaints", "complaints:open-stations"),
    *("complaints:open-call-backs", "complaints:open-verify", "complaints:open-record", "complaints:open-seals"),
    "open-api-docs",
)
#: Below these, and nowhere else, a search engine may look, beside the pages themselves.
BELOW = ("/how/", "/open/", "/static/")
#: The file says until when it holds; it is made anew before that.
HOLDS = timedelta(days=90)


class _Sitemap(sitemaps.Sitemap):  # type: ignore[type-arg]
    """At the address of the portal, whoever asks by which name."""

    limit = 10_000

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc or str(super().get_domain(site))

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme or str(super().get_protocol(protocol))


class _Pages(_Sitemap):
    def items(self) -> list[str]:
        return list(PAGES)

    def location(self, item: str) -> str:
        return reverse(item)


class _Published(_Sitemap):
    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def items(self) -> list[Publication]:
        return list(self.kind.rows())

    def location(self, item: Publication) -> str:
        return item.path

    def lastmod(self, item: Publication) -> datetime:
        return item.changed_at


class _Regions(_Sitemap):
    def items(self) -> QuerySet[OpenIndicators]:
        return OpenIndicators.objects.defer("data").order_by("region")

    def location(self, item: OpenIndicators) -> str:
        return f"{reverse('oversight:open-home')}?region={item.region}"

    def lastmod(self, item: OpenIndicators) -> date:
        return item.made_at


class _Problems(_Sitemap):
    """Kinds of problem, in the whole country."""

    def items(self) -> list[str]:
        return list(PROBLEM_LABELS)

    def location(self, item: str) -> str:
        return reverse("oversight:open-problem", args=[item])


class _Enterprises(_Sitemap):
    def items(self) -> QuerySet[Enterprise]:
        return Enterprise.objects.filter(enrolled_by__isnull=False).only("pk", "uscc").order_by("pk")

    def location(self, item: Enterprise) -> str:
        return reverse("complaints:open-enterprise", args=[item.code])


class _Stations(_Sitemap):
    def items(self) -> QuerySet[Station]:
        return Station.objects.on(timezone.localdate()).only("code").order_by("pk")

    def location(self, item: Station) -> str:
        return reverse("complaints:open-station", args=[item.code])


def _sections() -> dict[str, Any]:
    published: dict[str, _Sitemap] = {code: _Published(kind) for code, kind in KINDS.items()}
    of_things = {"regions": _Regions(), "problems": _Problems(), "enterprises": _Enterprises(), "stations": _Stations()}
    return {"pages": _Pages(), **published, **of_things}


def _found() -> None:
    if settings.DEMO:
        raise Http404


@public_page()
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """/sitemap.xml: the lists that there are."""
    _found()
    lists = [
        {"location": _address(request, code, n), "last_mod": one.get_latest_lastmod()}
        for code, one in _sections().items()
        for n in one.paginator.page_range
    ]
    return render(request, "sitemap_index.xml", {"sitemaps": lists}, content_type="application/xml")


def _address(request: HttpRequest, section: str, n: int) -> str:
    return place_of(request) + reverse("sitemap-of", args=[section]) + (f"?p={n}" if n > 1 else "")


@public_page(parameters=("p",))
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """One list, page by page."""
    _found()
    return sitemap_views.sitemap(request, _sections(), section=section).render()


@public_page()
def robots(request: HttpRequest) -> HttpResponse:
    """Where search engines may look; of a demonstration nowhere, as all in it is invented."""
    if settings.DEMO:
        lines: Sequence[str] = ("User-agent: *", "Disallow: /")
    else:
        pages = [f"{path}$" for path in map(reverse, PAGES) if not path.startswith(BELOW)]
        lines = (
            "User-agent: *",
            *(f"Allow: {path}" for path in (*BELOW, *pages)),
            "Disallow: /",
            "",
            f"Sitemap: {place_of(request)}{reverse('sitemap')}",
        )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@public_page()
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole, in the form of RFC 9116."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    # The day alone, so that the file is the same all day.
    until = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + HOLDS
    lines = (
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(language_tag(code) for code, _name in settings.LANGUAGES)}",
        f"Canonical: {place_of(request)}{reverse('security-txt')}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
