"""The addresses of filing, from the first screen to the receipt."""

from django.urls import path

from complaints.pages.filing import filing, filing_respondents
from complaints.pages.shared import case_files, uploads

urlpatterns = [
    path("file/", filing.start, name="file"),
    path("file/<uuid:draft_id>/region/", filing.region, name="file-region"),
    path("file/<uuid:draft_id>/respondents/", filing_respondents.more, name="file-respondents"),
    path("file/<uuid:draft_id>/evidence/<int:evidence_id>/", case_files.of_draft, name="file-evidence"),
    *(
        path(
            f"file/<uuid:draft_id>/evidence/<int:evidence_id>/{form}/",
            case_files.of_draft,
            {"form": form},
            name=f"file-evidence-{form}",
        )
        for form in (case_files.ORIGINAL, case_files.THUMBNAIL)
    ),
    path("file/<uuid:draft_id>/uploads/<uuid:upload_id>/", uploads.of_draft, name="file-upload"),
    *(
        path(
            f"file/<uuid:draft_id>/uploads/<uuid:upload_id>/{action}/",
            uploads.of_draft,
            {"action": action},
            name=f"file-upload-{action}",
        )
        for action in (uploads.PART, uploads.FINISH, uploads.CANCEL)
    ),
    path("file/<uuid:draft_id>/<slug:step>/", filing.step, name="file-step"),
]
