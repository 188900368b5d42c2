"""The site map: each app lists its own addresses, in the order in which people meet them."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from odr_portal import health

APPS = ("accounts", "complaints", "routing", "enterprises", "authorities", "oversight")

handler400 = "odr_portal.site.views.bad_request"
handler403 = "odr_portal.site.views.forbidden"
handler404 = "odr_portal.site.views.page_not_found"
handler500 = "odr_portal.site.views.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("odr_portal.site.site_urls")),
    path("api/v1/", include("api.urls")),
    # An app without pages has no urls module.
    *(path("", include(f"{app}.urls")) for app in APPS if find_spec(f"{app}.urls")),
]
