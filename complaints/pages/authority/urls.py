"""The authority's addresses: my day, lists, one case and its steps, approvals."""

from django.urls import path

from complaints.pages.authority import approvals as authority_approvals
from complaints.pages.authority import case as authority_case
from complaints.pages.authority import cases as authority_cases
from complaints.pages.authority import day as authority_day
from complaints.pages.authority import disputes as authority_disputes
from complaints.pages.authority import notices as authority_notices
from complaints.pages.authority import steps as authority_steps
from complaints.pages.authority import team as authority_team
from complaints.pages.authority import together as authority_together
from complaints.pages.authority.intake import intake as authority_intake
from complaints.pages.authority.intake import on_behalf
from complaints.pages.authority.intake import receipt as authority_receipt
from complaints.pages.authority.triage import triage as authority_triage

CASE = "authority/cases/<str:number>/"

urlpatterns = [
    path("authority/", authority_day.day, name="authority-day"),
    path("authority/intake/", authority_intake.intake, name="authority-intake"),
    path("authority/intake/<str:number>/receipt/", authority_receipt.receipt, name="authority-intake-receipt"),
    path("authority/jurisdiction/", authority_disputes.disputes, name="authority-disputes"),
    path("authority/triage/", authority_triage.triage, name="authority-triage"),
    path("authority/triage/<str:number>/", authority_triage.triage_case, name="authority-triage-case"),
    path("authority/approvals/", authority_approvals.approvals, name="authority-approvals"),
    path("authority/approvals/<int:pk>/", authority_approvals.approval, name="authority-approval"),
    path("authority/notices/", authority_notices.notices, name="authority-notices"),
    path("authority/notices/<int:pk>/", authority_notices.order, name="authority-notice-order"),
    path("authority/team/", authority_team.team, name="authority-team"),
    path("authority/team/assign/", authority_team.assign, name="authority-team-assign"),
    path("authority/cases/", authority_cases.cases, name="authority-cases"),
    path(CASE, authority_case.case, name="authority-case"),
    path(f"{CASE}forward/", authority_steps.step, {"slug": "forward"}, name="authority-forward"),
    path(f"{CASE}ask-consent/", authority_steps.step, {"slug": "ask-consent"}, name="authority-ask-consent"),
    path(f"{CASE}together/", authority_together.together, name="authority-together"),
    path(f"{CASE}on-behalf/", on_behalf.choose, name="authority-on-behalf"),
    path(f"{CASE}on-behalf/<slug:name>/", on_behalf.step, name="authority-on-behalf-step"),
    path(f"{CASE}<slug:slug>/", authority_steps.step, name="authority-step"),
]
