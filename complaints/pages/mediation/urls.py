"""The addresses of a mediation: the authority's list and desk, and what is suggested and agreed there."""

from django.urls import path

from complaints.pages.authority import steps
from complaints.pages.mediation import bodies, body_link, mediation, respondent

CASE = "authority/cases/<str:number>/"
DESK = "authority/mediation/<str:number>/"

urlpatterns = [
    path("authority/mediation/", mediation.mediations, name="authority-mediation"),
    # Before the numbers: no case is called that.
    path("authority/mediation/bodies/", bodies.bodies, name="authority-bodies"),
    path("authority/mediation/bodies/<int:pk>/end/", bodies.end, name="authority-body-end"),
    path(DESK, mediation.mediation_case, name="authority-mediation-case"),
    path(f"{DESK}session.ics", mediation.session_file, name="authority-session-file"),
    path(f"{DESK}respondent/", respondent.respondent, name="authority-respondent"),
    path(f"{DESK}respondent/revoke/", respondent.revoke, name="authority-respondent-revoke"),
    path(f"{DESK}respondent/<slug:name>/", respondent.step, name="authority-respondent-step"),
    path(f"{DESK}body/", body_link.body, name="authority-body"),
    path(f"{CASE}suggestion/", steps.step, {"slug": "suggestion"}, name="authority-suggestion"),
    path(f"{CASE}agreement/", steps.step, {"slug": "agreement"}, name="authority-agreement"),
]
