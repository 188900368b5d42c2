"""The authority's addresses: my day, lists, one case and its steps, approvals."""

from django.urls import path

from complaints.pages.authority import approvals, case, cases, day, disputes, notices, steps, team, together
from complaints.pages.authority.intake import intake, on_behalf, receipt
from complaints.pages.authority.triage import triage

CASE = "authority/cases/<str:number>/"

urlpatterns = [
    path("authority/", day.day, name="authority-day"),
    path("authority/intake/", intake.intake, name="authority-intake"),
    path("authority/intake/<str:number>/receipt/", receipt.receipt, name="authority-intake-receipt"),
    path("authority/jurisdiction/", disputes.disputes, name="authority-disputes"),
    path("authority/triage/", triage.triage, name="authority-triage"),
    path("authority/triage/<str:number>/", triage.triage_case, name="authority-triage-case"),
    path("authority/approvals/", approvals.approvals, name="authority-approvals"),
    path("authority/approvals/<int:pk>/", approvals.approval, name="authority-approval"),
    path("authority/notices/", notices.notices, name="authority-notices"),
    path("authority/notices/<int:pk>/", notices.order, name="authority-notice-order"),
    path("authority/team/", team.team, name="authority-team"),
    path("authority/team/assign/", team.assign, name="authority-team-assign"),
    path("authority/cases/", cases.cases, name="authority-cases"),
    path(CASE, case.case, name="authority-case"),
    path(f"{CASE}forward/", steps.step, {"slug": "forward"}, name="authority-forward"),
    path(f"{CASE}ask-consent/", steps.step, {"slug": "ask-consent"}, name="authority-ask-consent"),
    path(f"{CASE}together/", together.together, name="authority-together"),
    path(f"{CASE}on-behalf/", on_behalf.choose, name="authority-on-behalf"),
    path(f"{CASE}on-behalf/<slug:name>/", on_behalf.step, name="authority-on-behalf-step"),
    path(f"{CASE}<slug:slug>/", steps.step, name="authority-step"),
]
