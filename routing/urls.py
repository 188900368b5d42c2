"""The addresses of what comes before filing, of a return, of an enterprise's entry in the directory, of the rules."""

from django.urls import path

from routing.pages import before_filing, changes, find, profile, rule_changes, rules

RULES = "authority/routing/"

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
    path("enterprise/cases/<str:number>/return/", find.return_case, name="enterprise-return"),
    path("enterprise/cases/<str:number>/request-return/", find.request_return, name="enterprise-request-return"),
    path(RULES, rules.rules, name="authority-routing"),
    path(f"{RULES}changes/", rule_changes.changes, name="authority-routing-changes"),
    path(f"{RULES}learned/", rules.learned, name="authority-routing-learned"),
    path(f"{RULES}learned/<int:pk>/dismiss/", rules.dismiss, name="authority-routing-dismiss"),
    path(f"{RULES}new/", rule_changes.new, name="authority-routing-new"),
    path(f"{RULES}rules/<str:code>/", rules.rule, name="authority-routing-rule"),
    path(f"{RULES}<int:pk>/", rule_changes.change, name="authority-routing-change"),
    path(f"{RULES}<int:pk>/edit/", rule_changes.edit, name="authority-routing-edit"),
    path(f"{RULES}<int:pk>/try/", rule_changes.trial, name="authority-routing-try"),
    path(f"{RULES}<int:pk>/file/", rule_changes.file, name="authority-routing-file"),
    path(f"{RULES}<int:pk>/decide/", rule_changes.decide, name="authority-routing-decide"),
]
