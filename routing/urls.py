"""The addresses of what comes before filing (the right place, the right respondent, a letter to it), of a return, and
of an enterprise's own entry in the directory.
"""

from django.urls import path

from routing.pages import before_filing, changes, enterprise_return, find, profile, urls

app_name = "routing"

urlpatterns = [
    path("check/", before_filing.check, name="check"),
    path("check/letter/", before_filing.letter, name="letter"),
    path("find/", find.find_page, name="find"),
    path("find/hits/", find.hits_part, name="find-hits"),
    path("find/suggest/", find.suggest_part, name="find-suggest"),
    path("enterprise/profile/", profile.profile, name="enterprise-profile"),
    path("enterprise/profile/new/", profile.new, name="enterprise-change-new"),
    path("enterprise/profile/changes/", profile.history, name="enterprise-changes"),
    path("enterprise/profile/changes/<int:pk>/", profile.change, name="enterprise-change"),
    path("authority/changes/", changes.changes, name="authority-changes"),
    path("authority/changes/<int:pk>/", changes.change, name="authority-change"),
    path("authority/changes/<int:pk>/decide/", changes.decide, name="authority-change-decide"),
    path("enterprise/cases/<str:number>/return/", enterprise_return.return_case, name="enterprise-return"),
    path(
        "enterprise/cases/<str:number>/request-return/",
        enterprise_return.request_return,
        name="enterprise-request-return",
    ),
    *urls.urlpatterns,
]
