"""The addresses of filing, from the first screen to the receipt."""

from django.urls import path

from complaints.pages.filing import elsewhere, filing, heard, side_pages, story
from complaints.pages.shared import case_shared

_FILE = "file/<uuid:draft_id>/evidence/<int:evidence_id>/"
_UPLOAD = "file/<uuid:draft_id>/uploads/<uuid:upload_id>/"

urlpatterns = [
    path("file/", filing.start, name="file"),
    path("file/<uuid:draft_id>/story/", story.tell, name="file-story"),
    path("file/<uuid:draft_id>/heard/", heard.understood, name="file-heard"),
    path("file/<uuid:draft_id>/guide/", heard.guide, name="file-guide"),
    path("file/<uuid:draft_id>/region/", side_pages.region, name="file-region"),
    path("file/<uuid:draft_id>/elsewhere/", elsewhere.elsewhere, name="file-elsewhere"),
    path("file/from/<str:key>/", elsewhere.arrived, name="file-from"),
    path("cells/draft/", elsewhere.take_draft, name="cell-draft"),
    path("cells/number/", elsewhere.knows_number, name="cell-number"),
    path("file/<uuid:draft_id>/respondents/", side_pages.more, name="file-respondents"),
    path(_FILE, case_shared.file_of_draft, name="file-evidence"),
    *(
        path(f"{_FILE}{form}/", case_shared.file_of_draft, {"form": form}, name=f"file-evidence-{form}")
        for form in (case_shared.ORIGINAL, case_shared.THUMBNAIL)
    ),
    path(_UPLOAD, case_shared.upload_of_draft, name="file-upload"),
    *(
        path(f"{_UPLOAD}{action}/", case_shared.upload_of_draft, {"action": action}, name=f"file-upload-{action}")
        for action in (case_shared.PART, case_shared.FINISH, case_shared.CANCEL)
    ),
    path("file/<uuid:draft_id>/<slug:step>/", filing.step, name="file-step"),
]
