"""Joining a case by the link that another complainant sent."""

from django.urls import path

from complaints.pages.links import joining

urlpatterns = [
    path("cases/join/", joining.join, name="join"),
    path("cases/join/<str:token>/", joining.open_link, name="join-link"),
]
