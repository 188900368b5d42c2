"""The addresses of what comes before filing: the right place, the right respondent, a letter to it."""

from django.urls import path

from routing.views import before_filing, find

app_name = "routing"

urlpatterns = [
    path("check/", before_filing.check, name="check"),
    path("check/letter/", before_filing.letter, name="letter"),
    path("find/", find.find_page, name="find"),
    path("find/hits/", find.hits_part, name="find-hits"),
    path("find/suggest/", find.suggest_part, name="find-suggest"),
]
