"""The one case of a respondent without account, by the link that an officer sent."""

from django.urls import path

from complaints.pages.links import answer, link_access, link_papers
from complaints.pages.shared.case_files import ORIGINAL, THUMBNAIL

ACCESS = {"access": answer.ACCESS}

urlpatterns = [
    path("answer/<str:token>/", link_access.open_link, ACCESS, name="answer-link"),
    path("answer/case/<str:number>/", answer.case, name="answer"),
    path("answer/case/<str:number>/code/", link_access.code, ACCESS, name="answer-code"),
    path("answer/case/<str:number>/why/<slug:clock>/", link_papers.why, ACCESS, name="answer-why"),
    path("answer/case/<str:number>/files/<int:pk>/", link_papers.file, ACCESS, name="answer-file"),
    path(
        "answer/case/<str:number>/files/<int:pk>/original/",
        link_papers.file,
        {**ACCESS, "form": ORIGINAL},
        name="answer-file-original",
    ),
    path(
        "answer/case/<str:number>/files/<int:pk>/thumbnail/",
        link_papers.file,
        {**ACCESS, "form": THUMBNAIL},
        name="answer-file-thumbnail",
    ),
    path("answer/case/<str:number>/documents/<int:pk>/", link_papers.document, ACCESS, name="answer-document"),
    path(
        "answer/case/<str:number>/documents/<int:pk>/print/",
        link_papers.document_print,
        ACCESS,
        name="answer-document-print",
    ),
    path("answer/case/<str:number>/<slug:name>/", link_access.step, ACCESS, name="answer-step"),
]
