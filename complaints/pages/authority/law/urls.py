"""The law's data: numbers, replay, calendar, and what is being changed in them."""

from django.urls import path

from complaints.pages.authority.law import calendar, law

urlpatterns = [
    path("authority/policies/", law.policies, name="authority-policies"),
    path("authority/policies/new/", law.policy, name="authority-policy"),
    path("authority/policies/replay/", law.replay, name="authority-replay"),
    path("authority/calendar/", calendar.calendar, name="authority-calendar"),
    path("authority/law/<str:mark>/", law.change, name="authority-law-change"),
    path("authority/law/<str:mark>/decide/", law.decide, name="authority-law-decide"),
    path("authority/law/<str:mark>/drop/", law.drop, name="authority-law-drop"),
]
