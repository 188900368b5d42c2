"""The addresses of a mediation: the authority's list and workspace, what is suggested and agreed there, and the one
case of a body to which a mediation was handed, by the link that an officer sent."""

from django.urls import path

from complaints.pages.authority import steps
from complaints.pages.links.urls import behind_a_link
from complaints.pages.mediation import bodies, invitations, mediation
from complaints.pages.shared.case_shared import THUMBNAIL

CASE = "authority/cases/<str:number>/"
MEDIATION = "authority/mediation/<str:number>/"

urlpatterns = [
    path("authority/mediation/", mediation.mediations, name="authority-mediation"),
    # Before the numbers: no case is called that.
    path("authority/mediation/bodies/", bodies.bodies, name="authority-bodies"),
    path("authority/mediation/bodies/<int:pk>/end/", bodies.end, name="authority-body-end"),
    path(MEDIATION, mediation.mediation_case, name="authority-mediation-case"),
    path(f"{MEDIATION}session.ics", mediation.session_file, name="authority-session-file"),
    path(f"{MEDIATION}respondent/", invitations.respondent, name="authority-respondent"),
    path(f"{MEDIATION}respondent/revoke/", invitations.revoke, name="authority-respondent-revoke"),
    path(f"{MEDIATION}respondent/<slug:name>/", invitations.step, name="authority-respondent-step"),
    path(f"{MEDIATION}body/", invitations.body, name="authority-body"),
    path(f"{CASE}suggestion/", steps.step, {"slug": "suggestion"}, name="authority-suggestion"),
    path(f"{CASE}agreement/", steps.step, {"slug": "agreement"}, name="authority-agreement"),
    *behind_a_link(bodies.ACCESS, bodies.case, THUMBNAIL),
]
