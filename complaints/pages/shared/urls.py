"""The addresses of exports, the same for both sides at work, and of what anybody may verify."""

from django.urls import path

from complaints.pages.shared import exports, open_record, open_verify

_PAGES = (
    ("", "exports"),
    ("new/", "new"),
    ("<slug:mark>/", "export"),
    ("<slug:mark>/decide/", "decide"),
    ("<slug:mark>/link/", "link"),
    ("<slug:mark>/file/<slug:token>/", "file"),
)
_NAMES = {
    "exports": "exports",
    "new": "export-new",
    "export": "export",
    "decide": "export-decide",
    "link": "export-link",
    "file": "export-file",
}

urlpatterns = [
    path(f"{side}/exports/{address}", getattr(exports, f"{side}_{page}"), name=f"{side}-{_NAMES[page]}")
    for side in ("enterprise", "authority")
    for address, page in _PAGES
]
urlpatterns += [
    path("open/verify/", open_verify.verify, name="open-verify"),
    path("open/verify/verify_dossier.py", open_verify.program, name="open-verify-program"),
    path("open/seals/", open_verify.seals, name="open-seals"),
    path("open/seals.json", open_verify.seals_json, name="open-seals-json"),
    path("open/record/", open_record.record, name="open-record"),
    path("open/record/checkpoint", open_record.checkpoint, name="open-record-checkpoint"),
    path("open/record/proof", open_record.proof, name="open-record-proof"),
    path("open/record/stamped", open_record.stamped, name="open-record-stamped"),
    path("open/record/stamp.tsr", open_record.stamp, name="open-record-stamp"),
    path("open/record/witness.py", open_record.program, name="open-record-witness"),
]
