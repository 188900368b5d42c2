"""/api/v1/: the addresses for programs."""

from django.urls import path

from api import cases, describing, files, steps

app_name = "api"

urlpatterns = [
    path("schema/", describing.schema, name="schema"),
    path("docs/", describing.Docs.as_view(), name="docs"),
    path("me/", cases.Me.as_view(), name="me"),
    path("events/", cases.Events.as_view(), name="events"),
    path("enterprises/", cases.Enterprises.as_view(), name="enterprises"),
    path("complaints/", cases.Cases.as_view(), name="cases"),
    path("complaints/<str:number>/", cases.OneCase.as_view(), name="case"),
    path("complaints/<str:number>/record/", cases.CaseRecord.as_view(), name="record"),
    path("complaints/<str:number>/external-ref/", cases.ExternalRef.as_view(), name="external-ref"),
    path("complaints/<str:number>/files/", files.Files.as_view(), name="files"),
    path("complaints/<str:number>/files/<int:pk>/", files.OneFile.as_view(), name="file"),
    path("complaints/<str:number>/steps/<slug:step>/", steps.Step.as_view(), name="step"),
    path("steps/<slug:step>/batch/", steps.Batch.as_view(), name="batch"),
]
