"""The addresses of looking for the right respondent."""

from django.urls import path

from routing import views

app_name = "routing"

urlpatterns = [
    path("find/", views.find_page, name="find"),
    path("find/hits/", views.hits_part, name="find-hits"),
]
