"""The addresses of filing, from the first screen to the receipt."""

from django.urls import path

from complaints.views import filing, receipt

urlpatterns = [
    path("file/", filing.start, name="file"),
    path("file/<uuid:draft_id>/region/", filing.region, name="file-region"),
    path("file/<uuid:draft_id>/evidence/<int:evidence_id>/", filing.evidence_file, name="file-evidence"),
    path("file/<uuid:draft_id>/<slug:step>/", filing.step, name="file-step"),
    path("cases/<str:number>/receipt/", receipt.receipt, name="receipt"),
]
