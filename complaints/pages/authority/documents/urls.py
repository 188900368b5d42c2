"""The authority's register of official documents."""

from django.urls import path

from complaints.pages.authority.documents import document_steps, documents

urlpatterns = [
    path("authority/documents/", documents.register, name="authority-documents"),
    path("authority/documents/<int:pk>/", documents.document, name="authority-document"),
    path("authority/documents/<int:pk>/<slug:slug>/", document_steps.step, name="authority-document-deed"),
]
