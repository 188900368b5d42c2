"""The authority's register of official documents."""

from django.urls import path

from complaints.pages.authority.documents import document_steps
from complaints.pages.authority.documents import documents as authority_documents

urlpatterns = [
    path("authority/documents/", authority_documents.register, name="authority-documents"),
    path("authority/documents/<int:pk>/", authority_documents.document, name="authority-document"),
    path("authority/documents/<int:pk>/<slug:slug>/", document_steps.step, name="authority-document-deed"),
]
