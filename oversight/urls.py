"""The addresses of oversight: the dashboard of an authority."""

from django.urls import path

from oversight import views

app_name = "oversight"

urlpatterns = [path("oversight/", views.dashboard, name="dashboard")]
