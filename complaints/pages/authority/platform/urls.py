"""The authority's addresses for what leaves its house: the national platform, and what the public reads."""

from django.urls import path

from complaints.pages.authority import publication as authority_publication
from complaints.pages.authority.platform import platform as authority_platform

FILE = "authority/platform/<str:mark>/"

urlpatterns = [
    path("authority/platform/", authority_platform.overview, name="authority-platform"),
    path("authority/platform/outgoing/", authority_platform.outgoing, name="authority-platform-outgoing"),
    path(FILE, authority_platform.show, name="authority-platform-file"),
    path(f"{FILE}decide/", authority_platform.decide, name="authority-platform-decide"),
    path(f"{FILE}results/", authority_platform.results, name="authority-platform-results"),
    path("authority/publication/", authority_publication.publications, name="authority-publication"),
]
