"""The addresses of the routing rules as officers' work."""

from django.urls import path

from routing.pages import lessons, rule_changes, rules

HERE = "authority/routing/"

urlpatterns = [
    path(HERE, rules.rules, name="authority-routing"),
    path(f"{HERE}changes/", rule_changes.changes, name="authority-routing-changes"),
    path(f"{HERE}learned/", lessons.learned, name="authority-routing-learned"),
    path(f"{HERE}learned/<int:pk>/dismiss/", lessons.dismiss, name="authority-routing-dismiss"),
    path(f"{HERE}new/", rule_changes.new, name="authority-routing-new"),
    path(f"{HERE}rules/<str:code>/", rules.rule, name="authority-routing-rule"),
    path(f"{HERE}<int:pk>/", rule_changes.change, name="authority-routing-change"),
    path(f"{HERE}<int:pk>/edit/", rule_changes.edit, name="authority-routing-edit"),
    path(f"{HERE}<int:pk>/try/", rule_changes.trial, name="authority-routing-try"),
    path(f"{HERE}<int:pk>/file/", rule_changes.file, name="authority-routing-file"),
    path(f"{HERE}<int:pk>/decide/", rule_changes.decide, name="authority-routing-decide"),
]
