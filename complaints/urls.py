"""The addresses of a case: filing first, then the case for each who has to do with it."""

from django.urls import include, path

from complaints.views import open_verify

app_name = "complaints"

urlpatterns = [
    path("", include("complaints.urls_filing")),
    path("", include("complaints.urls_consumer")),
    path("", include("complaints.urls_tracking")),
    path("", include("complaints.urls_answer")),
    path("", include("complaints.urls_mediate")),
    path("", include("complaints.urls_station")),
    path("", include("complaints.urls_enrolment")),
    path("", include("complaints.urls_enterprise")),
    path("", include("complaints.urls_review")),
    path("", include("complaints.urls_supervision")),
    # Before the authority's own: below a case, any word could be a step.
    path("", include("complaints.urls_mediation")),
    path("", include("complaints.urls_authority")),
    path("", include("complaints.urls_documents")),
    path("", include("complaints.urls_law")),
    path("", include("complaints.urls_exports")),
    path("", include("complaints.urls_platform")),
    path("open/verify/", open_verify.verify, name="open-verify"),
    path("open/verify/verify_dossier.py", open_verify.program, name="open-verify-program"),
    path("open/seals/", open_verify.seals, name="open-seals"),
    path("open/seals.json", open_verify.seals_json, name="open-seals-json"),
]
