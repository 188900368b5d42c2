"""The consumer's pages of a case, and the two that all sides share: why a date, a file."""

from django.urls import path

from complaints.pages.consumer import people, receipt, views
from complaints.pages.shared import case_documents, case_files, case_shared, dossier, my_data, notice_choices, uploads

urlpatterns = [
    path("account/privacy/", my_data.overview, name="my-data"),
    path("account/privacy/copy/", my_data.copy, name="my-data-copy"),
    path("account/privacy/close/", my_data.close, name="my-data-close"),
    path("account/privacy/closed/", my_data.closed, name="my-data-closed"),
    path("account/notices/", notice_choices.choices, name="notice-choices"),
    path("account/notices/off/<str:token>/", notice_choices.off, name="notice-off"),
    path("cases/", views.cases, name="cases"),
    path("cases/<str:number>/", views.case, name="case"),
    path("cases/<str:number>/receipt/", receipt.receipt, name="receipt"),
    path("cases/<str:number>/receipt.pdf", receipt.receipt_pdf, name="receipt-pdf"),
    path("cases/<str:number>/people/", people.people, name="case-people"),
    path("cases/<str:number>/why/<slug:clock>/", case_shared.why, name="case-why"),
    path("cases/<str:number>/dossier/", dossier.dossier, name="case-dossier"),
    path("cases/<str:number>/dossier/<uuid:public_id>/<slug:form>/", dossier.download, name="case-dossier-file"),
    path("cases/<str:number>/documents/<int:pk>/", case_documents.document, name="case-document"),
    path("cases/<str:number>/court/", case_documents.court_page, name="case-court"),
    path("cases/<str:number>/court/<slug:form>/", case_documents.court_file, name="case-court-file"),
    path("cases/<str:number>/files/<int:pk>/", case_files.of_case, name="case-file"),
    *(
        path(f"cases/<str:number>/files/<int:pk>/{form}/", case_files.of_case, {"form": form}, name=f"case-file-{form}")
        for form in (case_files.ORIGINAL, case_files.THUMBNAIL)
    ),
    path("cases/<str:number>/uploads/<uuid:upload_id>/", uploads.of_case, name="case-upload"),
    *(
        path(
            f"cases/<str:number>/uploads/<uuid:upload_id>/{action}/",
            uploads.of_case,
            {"action": action},
            name=f"case-upload-{action}",
        )
        for action in (uploads.PART, uploads.FINISH, uploads.CANCEL)
    ),
    path("cases/<str:number>/done/", views.done, name="case-done"),
    path("cases/<str:number>/offer/<int:offer>/", views.step, {"name": "offer"}, name="case-offer"),
    path("cases/<str:number>/<slug:name>/", views.step, name="case-step"),
]
