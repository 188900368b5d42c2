"""The addresses of a case: filing first, then the case for each who has to do with it."""

from django.urls import include, path

from complaints.pages.shared import open_verify

app_name = "complaints"

urlpatterns = [
    path("", include("complaints.pages.filing.urls")),
    path("", include("complaints.pages.consumer.urls")),
    path("", include("complaints.pages.links.urls_tracking")),
    path("", include("complaints.pages.links.urls_answer")),
    path("", include("complaints.pages.mediation.urls_bodies")),
    path("", include("complaints.pages.station.urls")),
    path("", include("complaints.pages.enrolment.urls")),
    path("", include("complaints.pages.enterprise.urls")),
    path("", include("complaints.pages.authority.review.urls")),
    path("", include("complaints.pages.authority.supervision.urls")),
    # Before the authority's own: below a case, any word could be a step.
    path("", include("complaints.pages.mediation.urls")),
    path("", include("complaints.pages.authority.urls")),
    path("", include("complaints.pages.authority.documents.urls")),
    path("", include("complaints.pages.authority.law.urls")),
    path("", include("complaints.pages.shared.urls")),
    path("", include("complaints.pages.authority.platform.urls")),
    path("open/verify/", open_verify.verify, name="open-verify"),
    path("open/verify/verify_dossier.py", open_verify.program, name="open-verify-program"),
    path("open/seals/", open_verify.seals, name="open-seals"),
    path("open/seals.json", open_verify.seals_json, name="open-seals-json"),
]
