"""The authority's addresses for what leaves its house: the national platform, and what the public reads."""

from django.urls import path

from complaints.pages.authority import publication
from complaints.pages.authority.platform import platform

FILE = "authority/platform/<str:mark>/"

urlpatterns = [
    path("authority/platform/", platform.overview, name="authority-platform"),
    path("authority/platform/outgoing/", platform.outgoing, name="authority-platform-outgoing"),
    path(FILE, platform.show, name="authority-platform-file"),
    path(f"{FILE}decide/", platform.decide, name="authority-platform-decide"),
    path(f"{FILE}results/", platform.results, name="authority-platform-results"),
    path("authority/publication/", publication.publications, name="authority-publication"),
]
