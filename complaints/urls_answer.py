"""The one case of a respondent without account, by the link that an officer sent."""

from django.urls import path

from complaints.views import answer

urlpatterns = [
    path("answer/<str:token>/", answer.open_link, name="answer-link"),
    path("answer/case/<str:number>/", answer.case, name="answer"),
    path("answer/case/<str:number>/code/", answer.code, name="answer-code"),
    path("answer/case/<str:number>/<slug:name>/", answer.step, name="answer-step"),
]
