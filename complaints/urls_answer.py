"""The one case of a respondent without account, by the link that an officer sent."""

from django.urls import path

from complaints.views import answer, answer_papers, link_door
from complaints.views.case_files import ORIGINAL, THUMBNAIL

DOOR = {"door": answer.DOOR}

urlpatterns = [
    path("answer/<str:token>/", link_door.open_link, DOOR, name="answer-link"),
    path("answer/case/<str:number>/", answer.case, name="answer"),
    path("answer/case/<str:number>/code/", link_door.code, DOOR, name="answer-code"),
    path("answer/case/<str:number>/why/<slug:clock>/", answer_papers.why, name="answer-why"),
    path("answer/case/<str:number>/files/<int:pk>/", answer_papers.file, name="answer-file"),
    path("answer/case/<str:number>/files/<int:pk>/original/", answer_papers.file, {"form": ORIGINAL}, name="answer-file-original"),
    path("answer/case/<str:number>/files/<int:pk>/thumbnail/", answer_papers.file, {"form": THUMBNAIL}, name="answer-file-thumbnail"),
    path("answer/case/<str:number>/documents/<int:pk>/", answer_papers.document, name="answer-document"),
    path("answer/case/<str:number>/documents/<int:pk>/print/", answer_papers.document_print, name="answer-document-print"),
    path("answer/case/<str:number>/<slug:name>/", answer.step, name="answer-step"),
]
