"""The addresses of a mediation: the authority's list and workspace, what is suggested and agreed there, and the one
case of a body to which a mediation was handed, by the link that an officer sent."""

from django.urls import path

from complaints.pages.authority import steps
from complaints.pages.links import link_access, link_papers
from complaints.pages.mediation import bodies, invitations, mediate, mediation
from complaints.pages.shared.case_files import THUMBNAIL

CASE = "authority/cases/<str:number>/"
DESK = "authority/mediation/<str:number>/"
BODY = "mediate/case/<str:number>/"
ACCESS = {"access": mediate.ACCESS}

urlpatterns = [
    path("authority/mediation/", mediation.mediations, name="authority-mediation"),
    # Before the numbers: no case is called that.
    path("authority/mediation/bodies/", bodies.bodies, name="authority-bodies"),
    path("authority/mediation/bodies/<int:pk>/end/", bodies.end, name="authority-body-end"),
    path(DESK, mediation.mediation_case, name="authority-mediation-case"),
    path(f"{DESK}session.ics", mediation.session_file, name="authority-session-file"),
    path(f"{DESK}respondent/", invitations.respondent, name="authority-respondent"),
    path(f"{DESK}respondent/revoke/", invitations.revoke, name="authority-respondent-revoke"),
    path(f"{DESK}respondent/<slug:name>/", invitations.step, name="authority-respondent-step"),
    path(f"{DESK}body/", invitations.body, name="authority-body"),
    path(f"{CASE}suggestion/", steps.step, {"slug": "suggestion"}, name="authority-suggestion"),
    path(f"{CASE}agreement/", steps.step, {"slug": "agreement"}, name="authority-agreement"),
    path("mediate/<str:token>/", link_access.open_link, ACCESS, name="mediate-link"),
    path(BODY, mediate.case, name="mediate"),
    path(f"{BODY}code/", link_access.code, ACCESS, name="mediate-code"),
    path(f"{BODY}why/<slug:clock>/", link_papers.why, ACCESS, name="mediate-why"),
    path(f"{BODY}files/<int:pk>/", link_papers.file, ACCESS, name="mediate-file"),
    path(
        f"{BODY}files/<int:pk>/thumbnail/",
        link_papers.file,
        {**ACCESS, "form": THUMBNAIL},
        name="mediate-file-thumbnail",
    ),
    path(f"{BODY}<slug:name>/", link_access.step, ACCESS, name="mediate-step"),
]
