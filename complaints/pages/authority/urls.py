"""The authority's addresses: my day, lists, one case and its steps, review, supervision, documents, the law."""

from django.urls import path

from complaints.pages.authority import approvals, cases, day, notices, platform, steps, team
from complaints.pages.authority.documents import document_steps, documents
from complaints.pages.authority.intake import intake, lost_device, on_behalf, slip
from complaints.pages.authority.law import changes, policies
from complaints.pages.authority.review import review, violations
from complaints.pages.authority.supervision import call_backs, instructions, supervision, urging_many
from complaints.pages.authority.triage import taking_back, triage
from complaints.pages.shared import contact_looks

CASE = "authority/cases/<str:number>/"

urlpatterns = [
    path("authority/", day.day, name="authority-day"),
    path("authority/intake/", intake.intake, name="authority-intake"),
    path("authority/lost-device/", lost_device.lost_device, name="authority-lost-device"),
    path("authority/intake/<str:number>/receipt/", intake.receipt, name="authority-intake-receipt"),
    path("authority/jurisdiction/", cases.disputes, name="authority-disputes"),
    path("authority/triage/", triage.triage, name="authority-triage"),
    path("authority/triage/<str:number>/back/", taking_back.take_back, name="authority-triage-back"),
    path("authority/triage/<str:number>/", triage.triage_case, name="authority-triage-case"),
    path("authority/approvals/", approvals.approvals, name="authority-approvals"),
    path("authority/approvals/<int:pk>/", approvals.approval, name="authority-approval"),
    path("authority/notices/", notices.notices, name="authority-notices"),
    path("authority/notices/<int:pk>/", notices.order, name="authority-notice-order"),
    path("authority/team/", team.team, name="authority-team"),
    path("authority/looks/", contact_looks.authority, name="authority-looks"),
    path("authority/team/assign/", team.assign, name="authority-team-assign"),
    path("authority/cases/", cases.cases, name="authority-cases"),
    path(CASE, cases.case, name="authority-case"),
    path(f"{CASE}forward/", steps.step, {"slug": "forward"}, name="authority-forward"),
    path(f"{CASE}ask-consent/", steps.step, {"slug": "ask-consent"}, name="authority-ask-consent"),
    path(f"{CASE}together/", steps.together, name="authority-together"),
    path(f"{CASE}slip/", slip.slip, name="authority-slip"),
    path(f"{CASE}on-behalf/", on_behalf.choose, name="authority-on-behalf"),
    path(f"{CASE}on-behalf/<slug:name>/", on_behalf.step, name="authority-on-behalf-step"),
    path(f"{CASE}<slug:slug>/", steps.step, name="authority-step"),
    path("authority/review/", review.review, name="authority-review"),
    path("authority/review/<str:number>/", review.review_case, name="authority-review-case"),
    path("authority/violations/", violations.violations, name="authority-violations"),
    path("authority/violations/<int:pk>/", violations.violation, name="authority-violation"),
    path("authority/urges/", instructions.board, name="authority-urges"),
    path("authority/urges/new/", urging_many.new_instructions, name="authority-urges-new"),
    path("authority/urges/escalated/", supervision.escalated, name="authority-escalated"),
    path("authority/urges/decisions/", supervision.decisions, name="authority-decisions"),
    path("authority/urges/overdue/", supervision.overdue, name="authority-overdue"),
    path("authority/urges/<int:pk>/", instructions.instruction, name="authority-urge"),
    path("authority/call-backs/", call_backs.call_backs, name="authority-call-backs"),
    path("authority/call-backs/<int:pk>/", call_backs.call_back, name="authority-call-back"),
    path("open/call-backs/", call_backs.public, name="open-call-backs"),
    path("authority/documents/", documents.register, name="authority-documents"),
    path("authority/documents/<int:pk>/", documents.document, name="authority-document"),
    path("authority/documents/<int:pk>/<slug:slug>/", document_steps.step, name="authority-document-deed"),
    path("authority/policies/", policies.policies, name="authority-policies"),
    path("authority/policies/new/", policies.policy, name="authority-policy"),
    path("authority/policies/replay/", policies.replay, name="authority-replay"),
    path("authority/calendar/", policies.calendar, name="authority-calendar"),
    path("authority/law/<str:mark>/", changes.change, name="authority-law-change"),
    path("authority/law/<str:mark>/decide/", changes.decide, name="authority-law-decide"),
    path("authority/law/<str:mark>/drop/", changes.drop, name="authority-law-drop"),
    path("authority/platform/", platform.overview, name="authority-platform"),
    path("authority/platform/outgoing/", platform.outgoing, name="authority-platform-outgoing"),
    path("authority/platform/<str:mark>/", platform.show, name="authority-platform-file"),
    path("authority/platform/<str:mark>/decide/", platform.decide, name="authority-platform-decide"),
    path("authority/platform/<str:mark>/results/", platform.results, name="authority-platform-results"),
    path("authority/publication/", cases.publications, name="authority-publication"),
]
