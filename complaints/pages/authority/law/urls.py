"""The law's data: numbers, replay, calendar, and what is being changed in them."""

from django.urls import path

from complaints.pages.authority.law import calendar as authority_calendar
from complaints.pages.authority.law import law as authority_law

urlpatterns = [
    path("authority/policies/", authority_law.policies, name="authority-policies"),
    path("authority/policies/new/", authority_law.policy, name="authority-policy"),
    path("authority/policies/replay/", authority_law.replay, name="authority-replay"),
    path("authority/calendar/", authority_calendar.calendar, name="authority-calendar"),
    path("authority/law/<str:mark>/", authority_law.change, name="authority-law-change"),
    path("authority/law/<str:mark>/decide/", authority_law.decide, name="authority-law-decide"),
    path("authority/law/<str:mark>/drop/", authority_law.drop, name="authority-law-drop"),
]
