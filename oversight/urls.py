"""The addresses of oversight: the dashboard, hot spots and what is done about them, and the pages of the administrators."""

from django.urls import path

from oversight import (
    guidance_views,
    hotspot_views,
    letter_views,
    mirror_views,
    open_data_views,
    open_report_views,
    report_views,
    views,
    warning_views,
)
from oversight.administration import views as administration

app_name = "oversight"

urlpatterns = [
    path("oversight/", views.dashboard, name="dashboard"),
    path("oversight/letters/", letter_views.letters, name="letters"),
    path("authority/reports/", report_views.reports, name="authority-reports"),
    path("authority/reports/<int:pk>/", report_views.report, name="authority-report"),
    path("authority/reports/<int:pk>/edit/", report_views.edit, name="authority-report-edit"),
    path("authority/reports/<int:pk>/decide/", report_views.decide, name="authority-report-decide"),
    path("open/reports/", open_report_views.reports, name="open-reports"),
    path("open/reports/<int:pk>/", open_report_views.report, name="open-report"),
    path("open/reports/<int:pk>/report.pdf", open_report_views.print_of, name="open-report-print"),
    path("open/reports/<int:pk>/<slug:name>.csv", open_report_views.table, name="open-report-table"),
    path("open/data/", open_data_views.data, name="open-data"),
    path("open/data/dictionary/", open_data_views.dictionary, name="open-data-dictionary"),
    path("open/data/all/<slug:name>.csv", open_data_views.series, name="open-data-series"),
    path("open/data/<str:mark>/", open_data_views.data_set, name="open-data-set"),
    path("open/data/<str:mark>/<str:name>", open_data_views.file, name="open-data-file"),
    path("enterprise/performance/", mirror_views.performance, name="performance"),
    path("enterprise/performance/cases/", mirror_views.performance_cases, name="performance-cases"),
    path("authority/hot-spots/", hotspot_views.hot_spots, name="hot-spots"),
    path("authority/hot-spots/<int:pk>/", hotspot_views.hot_spot, name="hot-spot"),
    path("authority/hot-spots/<int:pk>/guidance/", guidance_views.guidance_new, name="guidance-new"),
    path("authority/hot-spots/<int:pk>/warning/", warning_views.warning_new, name="warning-new"),
    path("authority/guidance/", guidance_views.guidances, name="guidances"),
    path("authority/guidance/<int:pk>/", guidance_views.guidance, name="guidance"),
    path("authority/warnings/", warning_views.warnings, name="warnings"),
    path("authority/warnings/<int:pk>/", warning_views.one, name="warning"),
    path("enterprise/guidance/", guidance_views.enterprise_guidances, name="enterprise-guidances"),
    path("enterprise/guidance/<int:pk>/", guidance_views.enterprise_guidance, name="enterprise-guidance"),
    path("open/warnings/", warning_views.open_warnings, name="open-warnings"),
    path("open/warnings/<int:pk>/", warning_views.open_warning, name="open-warning"),
    path("administration/", administration.home, name="administration"),
    path("administration/system/", administration.system, name="administration-system"),
    path("administration/log/", administration.log, name="administration-log"),
    path("administration/people/", administration.people, name="administration-people"),
    path("administration/people/<uuid:key>/", administration.person, name="administration-person"),
    path("administration/audit/", administration.audit, name="administration-audit"),
]
