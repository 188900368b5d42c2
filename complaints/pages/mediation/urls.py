"""The addresses of a mediation: the authority's list and desk, and what is suggested and agreed there."""

from django.urls import path

from complaints.pages.authority import steps as authority_steps
from complaints.pages.mediation import bodies as authority_bodies
from complaints.pages.mediation import body_link as authority_body_link
from complaints.pages.mediation import mediation as authority_mediation
from complaints.pages.mediation import respondent as authority_respondent

CASE = "authority/cases/<str:number>/"
DESK = "authority/mediation/<str:number>/"

urlpatterns = [
    path("authority/mediation/", authority_mediation.mediations, name="authority-mediation"),
    # Before the numbers: no case is called that.
    path("authority/mediation/bodies/", authority_bodies.bodies, name="authority-bodies"),
    path("authority/mediation/bodies/<int:pk>/end/", authority_bodies.end, name="authority-body-end"),
    path(DESK, authority_mediation.mediation_case, name="authority-mediation-case"),
    path(f"{DESK}session.ics", authority_mediation.session_file, name="authority-session-file"),
    path(f"{DESK}respondent/", authority_respondent.respondent, name="authority-respondent"),
    path(f"{DESK}respondent/revoke/", authority_respondent.revoke, name="authority-respondent-revoke"),
    path(f"{DESK}respondent/<slug:name>/", authority_respondent.step, name="authority-respondent-step"),
    path(f"{DESK}body/", authority_body_link.body, name="authority-body"),
    path(f"{CASE}suggestion/", authority_steps.step, {"slug": "suggestion"}, name="authority-suggestion"),
    path(f"{CASE}agreement/", authority_steps.step, {"slug": "agreement"}, name="authority-agreement"),
]
