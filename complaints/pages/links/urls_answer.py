"""The one case of a respondent without account, by the link that an officer sent."""

from django.urls import path

from complaints.pages.links import answer, link_access, link_papers
from complaints.pages.shared.case_files import ORIGINAL, THUMBNAIL

DOOR = {"door": answer.DOOR}

urlpatterns = [
    path("answer/<str:token>/", link_access.open_link, DOOR, name="answer-link"),
    path("answer/case/<str:number>/", answer.case, name="answer"),
    path("answer/case/<str:number>/code/", link_access.code, DOOR, name="answer-code"),
    path("answer/case/<str:number>/why/<slug:clock>/", link_papers.why, DOOR, name="answer-why"),
    path("answer/case/<str:number>/files/<int:pk>/", link_papers.file, DOOR, name="answer-file"),
    path(
        "answer/case/<str:number>/files/<int:pk>/original/",
        link_papers.file,
        {**DOOR, "form": ORIGINAL},
        name="answer-file-original",
    ),
    path(
        "answer/case/<str:number>/files/<int:pk>/thumbnail/",
        link_papers.file,
        {**DOOR, "form": THUMBNAIL},
        name="answer-file-thumbnail",
    ),
    path("answer/case/<str:number>/documents/<int:pk>/", link_papers.document, DOOR, name="answer-document"),
    path(
        "answer/case/<str:number>/documents/<int:pk>/print/",
        link_papers.document_print,
        DOOR,
        name="answer-document-print",
    ),
    path("answer/case/<str:number>/<slug:name>/", link_access.step, DOOR, name="answer-step"),
]
