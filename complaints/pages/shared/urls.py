"""The addresses of exports, the same for both sides at work."""

from django.urls import path

from complaints.pages.shared import exports

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
