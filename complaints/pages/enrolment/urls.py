"""The addresses of becoming an ODR enterprise, of being one, and of the register."""

from django.urls import path

from complaints.pages.enrolment import authority_enrolments, authority_enterprises, enrol, enterprise_enrolment
from complaints.pages.public import open_pages

APPLICATION = "authority/enrolments/<uuid:application_id>/"
ENTERPRISE = "authority/enterprises/<str:uscc>/"

urlpatterns = [
    path("enterprise/enrol/", enrol.start, name="enrol"),
    path("enterprise/enrol/application/", enrol.application, name="enrol-application"),
    path("enterprise/enrol/application/<slug:step>/", enrol.step, name="enrol-step"),
    path("enterprise/enrol/papers/<slug:kind>/", enrol.paper, name="enrol-paper"),
    path("enterprise/enrol/licence/", enrol.licence, name="enrol-licence"),
    path("enterprise/enrolment/", enterprise_enrolment.enrolment, name="enterprise-enrolment"),
    path("enterprise/enrolment/<slug:kind>/", enterprise_enrolment.filing, name="enterprise-filing"),
    path("authority/enrolments/", authority_enrolments.enrolments, name="authority-enrolments"),
    path(APPLICATION, authority_enrolments.enrolment, name="authority-enrolment"),
    path(f"{APPLICATION}decide/", authority_enrolments.decide, name="authority-enrolment-decide"),
    path(f"{APPLICATION}licence/", authority_enrolments.licence, name="authority-enrolment-licence"),
    path(f"{APPLICATION}papers/<slug:kind>/", authority_enrolments.paper, name="authority-enrolment-paper"),
    path("authority/enterprises/", authority_enterprises.enterprises, name="authority-enterprises"),
    path(ENTERPRISE, authority_enterprises.enterprise, name="authority-enterprise"),
    path(f"{ENTERPRISE}standing/", authority_enterprises.enrolment_state, name="authority-enterprise-standing"),
    path(f"{ENTERPRISE}recall/", authority_enterprises.recall, name="authority-enterprise-recall"),
    path(f"{ENTERPRISE}invite/", authority_enterprises.invite, name="authority-enterprise-invite"),
    path(f"{ENTERPRISE}filings/<uuid:filing_id>/", authority_enterprises.answer, name="authority-enterprise-filing"),
    path("open/complaints/", open_pages.complaints, name="open-complaints"),
    path("open/enterprises/", open_pages.register, name="open-enterprises"),
    path("open/enterprises/<str:uscc>/", open_pages.enterprise, name="open-enterprise"),
]
