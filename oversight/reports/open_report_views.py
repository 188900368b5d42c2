"""/open/reports/: the published monthly reports, for everybody: as a page, as a print, and a CSV behind each table.

Only what was published is found, and it is the frozen row that is shown; nothing is counted here.
"""

import csv
import io
from hashlib import sha256

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.public_pages import FOREVER, public_page, unchanged
from complaints.desks import keyset
from oversight.models import MonthlyReport
from oversight.reports import keeping, showing
from oversight.reports.report_views import earlier_published
from web.languages import named
from web.safe_cells import safe_cell

NEWEST = keyset.Order("published_at", falling=True)


def _published() -> QuerySet[MonthlyReport]:
    return MonthlyReport.objects.filter(state="published").select_related("authority__region").defer("printed")


def _report_or_404(pk: int) -> MonthlyReport:
    return get_object_or_404(_published(), pk=pk)


@public_page(parameters=("before", "after"))
def reports(request: HttpRequest) -> HttpResponse:
    """The list, the last published first."""
    rows = _published().defer("printed", "figures", "texts")
    page = keyset.page_of(rows, request.GET, NEWEST, related=("authority__region",))
    return render(
        request,
        "reports/open.html",
        {
            "rows": [
                {
                    "report": row,
                    "url": reverse("oversight:open-report", args=[row.pk]),
                    "title": keeping.title_of(row),
                    "authority": named(row.authority),
                }
                for row in page.rows
            ],
            **keyset.neighbours(page, request.path),
        },
    )


@public_page()
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """One version; of a correction what it changed, of a corrected one where the newer one is."""
    result = _report_or_404(pk)
    is_printed = not MonthlyReport.unprinted().filter(pk=pk).exists()
    published = _published().filter(authority=result.authority_id, month=result.month)
    versions = list(published.order_by("version").values_list("pk", "version"))
    earlier = earlier_published(result)
    return render(
        request,
        "reports/open_one.html",
        {
            "report": result,
            "method": keeping.method_of(result),
            "title": keeping.title_of(result),
            "authority": named(result.authority),
            "tables": [
                (table, reverse("oversight:open-report-table", args=[result.pk, table.name]))
                for table in showing.tables_of(result)
            ],
            "blocks": showing.blocks_of(result),
            "notes": keeping.notes_of(result),
            "changes": showing.changes_between(earlier, result) if earlier else [],
            "others": [
                {"version": version, "url": reverse("oversight:open-report", args=[other])}
                for other, version in versions
                if other != pk
            ],
            "newer_url": reverse("oversight:open-report", args=[versions[-1][0]]) if versions[-1][0] != pk else "",
            "print_url": reverse("oversight:open-report-print", args=[result.pk]) if is_printed else "",
            "data_url": reverse("oversight:open-data-set", args=[result.figures["sets"][0]]),
        },
    )


def _file(request: HttpRequest, content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {"ETag": f'"{sha256(content).hexdigest()[:32]}"'}
    if unchanged(request, headers["ETag"]):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(
        content, content_type=media_type, headers={**headers, "Content-Disposition": f'attachment; filename="{name}"'}
    )


@public_page(fresh=0, kept=FOREVER, elsewhere=True)
def table(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The numbers of one table, as programs read them."""
    result = next((one for one in showing.tables_of(_report_or_404(pk)) if one.name == name), None)
    if result is None:
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(result.raw_names)
    writer.writerows([safe_cell(cell) for cell in row] for row in result.raw)
    return _file(request, out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", f"report-{pk}-{name}.csv")


@public_page(fresh=0, kept=FOREVER, elsewhere=True)
def print_of(request: HttpRequest, pk: int) -> HttpResponse:
    """The PDF that a worker made and signed; 404 until then, and the page says so."""
    result = _published().defer(None).filter(pk=pk).values_list("printed", flat=True).first()
    if result is None:
        raise Http404
    return _file(request, bytes(result), "application/pdf", f"report-{pk}.pdf")
