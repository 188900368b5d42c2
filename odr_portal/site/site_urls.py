"""The addresses of the pages that belong to nobody's work: home, how, help, and how one likes to read."""

from django.urls import path

from api.describing import Docs
from demo import mailbox
from odr_portal.site import found, views

urlpatterns = [
    path("", views.home, name="home"),
    path("how/", views.plain("how"), name="how"),
    path("how/time-limits/", views.time_limits, name="time-limits"),
    path("rules/", views.rules, name="rules"),
    path("help/", views.plain("help"), name="help"),
    path("privacy/", views.plain("privacy"), name="privacy"),
    path("terms/", views.plain("terms"), name="terms"),
    path("accessibility/", views.plain("accessibility"), name="accessibility"),
    path("robots.txt", found.robots, name="robots"),
    path(".well-known/security.txt", found.security_txt, name="security-txt"),
    path("sitemap.xml", found.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", found.sitemap, name="sitemap-of"),
    # The reader of both interface descriptions is one; those of the read API are the oversight's.
    path("api/open/v1/docs/", Docs.as_view(url_name="oversight:open-api-schema"), name="open-api-docs"),
    path("display/", views.display, name="display"),
    path("demo/mail/", mailbox.mail, name="demo-mail"),
]
