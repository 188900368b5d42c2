"""The addresses of a case: filing first, then the case for each who has to do with it."""

from django.urls import include, path

app_name = "complaints"

urlpatterns = [
    path("", include("complaints.pages.filing.urls")),
    # Before the numbers: no case is called "join".
    path("", include("complaints.pages.links.urls")),
    path("", include("complaints.pages.consumer.urls")),
    path("", include("complaints.pages.station.urls")),
    path("", include("complaints.pages.enrolment.urls")),
    path("", include("complaints.pages.enterprise.urls")),
    # Before the authority's own: below a case, any word could be a step.
    path("", include("complaints.pages.mediation.urls")),
    path("", include("complaints.pages.authority.urls")),
    path("", include("complaints.pages.shared.urls")),
]
