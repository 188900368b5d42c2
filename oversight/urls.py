"""The addresses of oversight: dashboard, hot spots and what is done about them, pages of the administrators."""

from django.urls import path

from complaints.pages.authority.day import MORE
from complaints.pages.public.open_pages import CAMPAIGNS_OF
from oversight import letters
from oversight.administration import brake_views, duty_views, hold_views, my_log_views
from oversight.administration import views as administration
from oversight.dashboard import (
    compare_views,
    fairness_views,
    further_views,
    list_views,
    nation_views,
    note_views,
    views,
)
from oversight.hot_spots import campaign_views, guidance_views, hotspot_views, open_campaigns, warning_views
from oversight.mirror import appraisals, goal_views, mirror_views, reply_views
from oversight.open_pages import findings, league, places
from oversight.portal_state import system_views
from oversight.published import open_data_views
from oversight.remedies import enterprise_views, open_remedy_views, remedy_views
from oversight.reports import open_report_views, report_views
from oversight.reuse import calls, chart_views, feeds

app_name = "oversight"
# An officer's day names the hot spots that wait too long.
MORE.append(hotspot_views.WAITING_LONG)
# The public page of an enterprise names its campaigns.
CAMPAIGNS_OF.append(findings.campaigns_of_firm)

urlpatterns = [
    path("metrics", system_views.metrics, name="metrics"),
    path("cells/sums/", nation_views.own_sums, name="cell-sums"),
    path("open/", places.home, name="open-home"),
    path("open/problems/<str:code>/", places.problem, name="open-problem"),
    path("open/league/", league.league, name="open-league"),
    path("oversight/", views.dashboard, name="dashboard"),
    path("oversight/letters/", letters.letters, name="letters"),
    path("authority/reports/", report_views.reports, name="authority-reports"),
    path("authority/reports/<int:pk>/", report_views.report, name="authority-report"),
    path("authority/reports/<int:pk>/edit/", report_views.edit, name="authority-report-edit"),
    path("authority/reports/<int:pk>/decide/", report_views.decide, name="authority-report-decide"),
    path("open/reports/", open_report_views.reports, name="open-reports"),
    path("open/reports/<int:pk>/", open_report_views.report, name="open-report"),
    path("open/reports/<int:pk>/report.pdf", open_report_views.print_of, name="open-report-print"),
    path("open/reports/<int:pk>/<slug:name>.csv", open_report_views.table, name="open-report-table"),
    path("open/data/", open_data_views.data, name="open-data"),
    path("open/data/catalogue.jsonld", open_data_views.catalogue, name="open-data-catalogue"),
    path("open/data/dictionary/", open_data_views.dictionary, name="open-data-dictionary"),
    path("open/data/recompute_figures.py", open_data_views.program, name="open-data-program"),
    path("open/data/all/<slug:name>.csv", open_data_views.series, name="open-data-series"),
    path("open/data/<str:mark>/", open_data_views.data_set, name="open-data-set"),
    path("open/data/<str:mark>/<str:name>", open_data_views.file, name="open-data-file"),
    path("oversight/enterprises/", list_views.enterprises, name="enterprises"),
    path("oversight/compare/", compare_views.compare, name="compare"),
    path("oversight/workload/", views.workload, name="workload"),
    path("oversight/flow/", views.flow_page, name="flow"),
    path("oversight/further/", further_views.further_page, name="further"),
    path("oversight/fairness/", fairness_views.fairness_page, name="fairness"),
    path("oversight/system/", system_views.system, name="system"),
    path("oversight/notes/", note_views.notes_page, name="notes"),
    path("oversight/views/", list_views.views, name="views"),
    path("oversight/views/<uuid:key>/", list_views.view, name="view"),
    path("oversight/cases/", list_views.cases, name="cases"),
    path("open/appraisal/", appraisals.method, name="open-appraisal"),
    path("authority/appraisals/", appraisals.appraisals, name="authority-appraisals"),
    path("enterprise/reply/", reply_views.own, name="enterprise-reply"),
    path("authority/replies/", reply_views.check, name="authority-replies"),
    path("enterprise/performance/", mirror_views.performance, name="performance"),
    path("enterprise/performance/reply/", reply_views.about_answers, name="perfunctory-reply"),
    path("enterprise/performance/goals/", goal_views.own_goals, name="own-goals"),
    path("enterprise/performance/cases/", mirror_views.performance_cases, name="performance-cases"),
    path("authority/hot-spots/", hotspot_views.hot_spots, name="hot-spots"),
    path("authority/hot-spots/<int:pk>/", hotspot_views.hot_spot, name="hot-spot"),
    path("authority/hot-spots/<int:pk>/guidance/", guidance_views.guidance_new, name="guidance-new"),
    path("authority/hot-spots/<int:pk>/warning/", warning_views.warning_new, name="warning-new"),
    path("authority/guidance/", guidance_views.guidances, name="guidances"),
    path("authority/guidance/<int:pk>/", guidance_views.guidance, name="guidance"),
    path("authority/guidance/<int:pk>/files/<int:file>/", guidance_views.guidance_file, name="guidance-file"),
    path("authority/campaigns/", campaign_views.campaigns, name="campaigns"),
    path("authority/campaigns/new/", campaign_views.campaign_new, name="campaign-new"),
    path("authority/campaigns/<int:pk>/", campaign_views.campaign, name="campaign"),
    path("authority/campaigns/<int:pk>/minutes.pdf", campaign_views.minutes, name="campaign-minutes"),
    path("authority/remedies/", remedy_views.remedies, name="remedies"),
    path("authority/remedies/new/", remedy_views.remedy_new, name="remedy-new"),
    path("authority/remedies/<int:pk>/", remedy_views.remedy, name="remedy"),
    path("enterprise/remedies/", enterprise_views.remedies, name="enterprise-remedies"),
    path("enterprise/remedies/new/", enterprise_views.remedy_new, name="enterprise-remedy-new"),
    path("enterprise/remedies/<int:pk>/", enterprise_views.remedy, name="enterprise-remedy"),
    path("open/remedies/", open_remedy_views.remedies, name="open-remedies"),
    path("open/remedies/<int:pk>/", open_remedy_views.remedy, name="open-remedy"),
    path("open/remedies/<int:pk>/check/", open_remedy_views.check, name="open-remedy-check"),
    path("authority/warnings/", warning_views.warnings, name="warnings"),
    path("authority/warnings/<int:pk>/", warning_views.one, name="warning"),
    path("enterprise/guidance/", guidance_views.enterprise_guidances, name="enterprise-guidances"),
    path("enterprise/guidance/<int:pk>/", guidance_views.enterprise_guidance, name="enterprise-guidance"),
    path(
        "enterprise/guidance/<int:pk>/files/<int:file>/",
        guidance_views.enterprise_guidance_file,
        name="enterprise-guidance-file",
    ),
    path("enterprise/guidance/<int:pk>/minutes.pdf", guidance_views.enterprise_minutes, name="enterprise-minutes"),
    path("open/campaigns/", open_campaigns.campaigns, name="open-campaigns"),
    path("open/campaigns/<int:pk>/", open_campaigns.campaign, name="open-campaign"),
    path("open/campaigns/<int:pk>/undertakings.csv", open_campaigns.table, name="open-campaign-table"),
    path("open/warnings/", warning_views.open_warnings, name="open-warnings"),
    path("open/warnings/<int:pk>/", warning_views.open_warning, name="open-warning"),
    path("open/<slug:kind>.atom", feeds.feed, name="open-feed"),
    path("open/picture.png", chart_views.picture, name="open-picture"),
    path("open/picture/<slug:kind>/<int:pk>.png", chart_views.picture_of, name="open-picture-of"),
    path("embed/received/", chart_views.received, name="embed-received"),
    path("embed/kinds/", chart_views.kinds, name="embed-kinds"),
    path("embed/campaigns/<int:pk>/", chart_views.campaign, name="embed-campaign"),
    path("api/open/v1/schema/", calls.schema, name="open-api-schema"),
    *calls.CALLS,
    path("administration/", administration.home, name="administration"),
    path("administration/system/", administration.system, name="administration-system"),
    path("administration/system/lapses/", brake_views.lapses, name="administration-lapses"),
    path("administration/system/record/", administration.not_admitted, name="administration-not-admitted"),
    path("administration/holds/", hold_views.page, name="administration-holds"),
    path("administration/changes/", duty_views.page, name="administration-changes"),
    path("administration/log/", administration.log, name="administration-log"),
    path("account/log/", my_log_views.my_log, name="my-log"),
    path("administration/people/", administration.people, name="administration-people"),
    path("administration/people/<uuid:key>/", administration.person, name="administration-person"),
    path("administration/audit/", administration.audit, name="administration-audit"),
]
