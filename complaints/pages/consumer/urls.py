"""The consumer's pages of a case, and the two that all sides share: why a date, a file."""

from django.urls import path

from complaints.pages.consumer import people, receipt, views
from complaints.pages.shared import case_documents, case_shared, my_account

_FILE = "cases/<str:number>/files/<int:pk>/"
_UPLOAD = "cases/<str:number>/uploads/<uuid:upload_id>/"

urlpatterns = [
    path("account/privacy/", my_account.overview, name="my-data"),
    path("account/privacy/copy/", my_account.copy, name="my-data-copy"),
    path("account/privacy/close/", my_account.close, name="my-data-close"),
    path("account/privacy/closed/", my_account.closed, name="my-data-closed"),
    path("account/notices/", my_account.choices, name="notice-choices"),
    path("account/notices/off/<str:token>/", my_account.off, name="notice-off"),
    path("c/<str:code>", case_shared.short_link, name="short-link"),
    path("cases/", views.cases, name="cases"),
    path("cases/<str:number>/", views.case, name="case"),
    path("cases/<str:number>/receipt/", receipt.receipt, name="receipt"),
    path("cases/<str:number>/receipt.pdf", receipt.receipt_pdf, name="receipt-pdf"),
    path("cases/<str:number>/people/", people.people, name="case-people"),
    path("cases/<str:number>/why/<slug:clock>/", case_shared.why, name="case-why"),
    path("cases/<str:number>/dossier/", case_documents.dossier, name="case-dossier"),
    path("cases/<str:number>/dossier/<uuid:public_id>/<slug:form>/", case_documents.download, name="case-dossier-file"),
    path("cases/<str:number>/documents/<int:pk>/", case_documents.document, name="case-document"),
    path("cases/<str:number>/court/", case_documents.court_page, name="case-court"),
    path(_FILE, case_shared.file_of_case, name="case-file"),
    *(
        path(f"{_FILE}{form}/", case_shared.file_of_case, {"form": form}, name=f"case-file-{form}")
        for form in (case_shared.ORIGINAL, case_shared.THUMBNAIL)
    ),
    path(_UPLOAD, case_shared.upload_of_case, name="case-upload"),
    *(
        path(f"{_UPLOAD}{action}/", case_shared.upload_of_case, {"action": action}, name=f"case-upload-{action}")
        for action in (case_shared.PART, case_shared.FINISH, case_shared.CANCEL)
    ),
    path("cases/<str:number>/done/", views.done, name="case-done"),
    path("cases/<str:number>/offer/<int:offer>/", views.step, {"name": "offer"}, name="case-offer"),
    path("cases/<str:number>/<slug:name>/", views.step, name="case-step"),
]
