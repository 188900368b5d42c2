"""The addresses of django-helpdesk, at the root as its documentation has them."""

from django.urls import include, path

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
