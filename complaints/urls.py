"""The addresses of a case: filing first, then the case for each who has to do with it."""

from django.urls import include, path

app_name = "complaints"

urlpatterns = [
    path("", include("complaints.urls_filing")),
    path("", include("complaints.urls_consumer")),
    path("", include("complaints.urls_tracking")),
    path("", include("complaints.urls_enterprise")),
    path("", include("complaints.urls_authority")),
    path("", include("complaints.urls_exports")),
]
