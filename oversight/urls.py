"""The addresses of oversight: the dashboard of an authority, and the pages of the administrators."""

from django.urls import path

from oversight import mirror_views, views
from oversight.administration import views as administration

app_name = "oversight"

urlpatterns = [
    path("oversight/", views.dashboard, name="dashboard"),
    path("enterprise/performance/", mirror_views.performance, name="performance"),
    path("enterprise/performance/cases/", mirror_views.performance_cases, name="performance-cases"),
    path("administration/", administration.home, name="administration"),
    path("administration/system/", administration.system, name="administration-system"),
    path("administration/log/", administration.log, name="administration-log"),
    path("administration/people/", administration.people, name="administration-people"),
    path("administration/people/<uuid:key>/", administration.person, name="administration-person"),
    path("administration/audit/", administration.audit, name="administration-audit"),
]
