"""The addresses of filing, from the first screen to the receipt."""

from django.urls import path

from complaints.views import case_files, filing, receipt

urlpatterns = [
    path("file/", filing.start, name="file"),
    path("file/<uuid:draft_id>/region/", filing.region, name="file-region"),
    path("file/<uuid:draft_id>/evidence/<int:evidence_id>/", case_files.of_draft, name="file-evidence"),
    *(
        path(f"file/<uuid:draft_id>/evidence/<int:evidence_id>/{form}/", case_files.of_draft, {"form": form},
             name=f"file-evidence-{form}")
        for form in (case_files.ORIGINAL, case_files.THUMBNAIL)
    ),
    path("file/<uuid:draft_id>/<slug:step>/", filing.step, name="file-step"),
    path("cases/<str:number>/receipt/", receipt.receipt, name="receipt"),
]
