"""/open/data/: the months of open data with their files, what each column means, and one version of a month.

A file is served byte for byte as it was issued, under an address that names its version.
"""

import json
from collections import defaultdict
from hashlib import sha256
from tempfile import TemporaryFile

from django.conf import settings
from django.db.models import Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.public_pages import FOREVER, public_page, unchanged
from accounts.sign_in.limits import place_of
from oversight.models import DataFile, DataSet
from oversight.open_data import describing, issuing
from oversight.open_data import reading as all_months
from oversight.open_data.files import CSV, LICENCE, not_told
from oversight.open_data.reading import TABLES, WITHHELD

PROGRAM = settings.ROOT / "docs" / "how-to" / "recompute_figures.py"
#: Versions that the first page lists: three years and their corrections.
SHOWN = 60


def _url(data_set: DataSet) -> str:
    return reverse("oversight:open-data-set", args=[str(data_set)])


@public_page()
def data(request: HttpRequest) -> HttpResponse:
    """All versions, the newest month first; the list of changes is theirs."""
    sets = list(DataSet.objects.order_by("-month", "-version")[:SHOWN])
    sizes = dict(DataFile.objects.filter(data_set__in=sets).order_by().values_list("data_set").annotate(Sum("size")))
    newest: set[object] = set()
    rows = []
    newest_sets = [one for nth, one in enumerate(sets) if nth == 0 or one.month != sets[nth - 1].month]
    for one in sets:
        row = {"set": one, "url": _url(one), "is_newest": one.month not in newest, "size": sizes.get(one.pk, 0)}
        rows.append(row | {"changed": sum(change["rows"] for change in one.changes), "not_told": not_told(one.finest)})
        newest.add(one.month)
    tables = [
        {"title": table.title, "url": reverse("oversight:open-data-series", args=[table.name])}
        for table in TABLES.values()
    ]
    context = {"rows": rows, "licence": LICENCE, "tables": tables if rows else [], "rounded_from": issuing.ROUNDED_FROM}
    context["about"] = describing.ABOUT
    context["described"] = describing.script_of(describing.data_catalogue(newest_sets, place_of(request)))
    return render(request, "reports/open_data.html", context)


@public_page(elsewhere=True)
def catalogue(request: HttpRequest) -> HttpResponse:
    """The newest version of each month by DCAT-AP, for catalogues that collect from others."""
    sets = all_months.newest_sets()
    files: dict[int, list[DataFile]] = defaultdict(list)
    for file in DataFile.objects.filter(data_set__in=sets).defer("content").order_by("pk"):
        files[file.data_set_id].append(file)
    described = describing.dcat(sets, files, place_of(request))
    return HttpResponse(json.dumps(described, ensure_ascii=False), content_type="application/ld+json")


@require_safe
def program(request: HttpRequest) -> HttpResponseBase:
    """What makes the published figures anew from these files, to be kept and read."""
    return FileResponse(
        PROGRAM.open("rb"), as_attachment=True, filename=PROGRAM.name, content_type="text/x-python; charset=utf-8"
    )


@public_page()
def dictionary(request: HttpRequest) -> HttpResponse:
    """What each table and each column means."""
    return render(
        request,
        "reports/open_dictionary.html",
        {
            "withheld": WITHHELD,
            "licence": LICENCE,
            "tables": [
                {
                    "name": table.name,
                    "title": table.title,
                    "key": ", ".join(table.key),
                    "columns": [
                        {"name": column.name, "kind": column.kind, "title": column.title} for column in table.columns
                    ],
                }
                for table in TABLES.values()
            ],
        },
    )


def _data_set_or_404(mark: str) -> DataSet:
    result = issuing.of_mark(mark)
    if result is None:
        raise Http404
    return result


@public_page()
def data_set(request: HttpRequest, mark: str) -> HttpResponse:
    """One version: its files with their digests, and what it changed."""
    result = _data_set_or_404(mark)
    newest = DataSet.objects.filter(month=result.month).order_by("-version").first()
    files, place = list(result.files.defer("content").order_by("pk")), place_of(request)
    return render(
        request,
        "reports/open_data_set.html",
        {
            "set": result,
            "mark": str(result),
            "newer_url": _url(newest) if newest is not None and newest.pk != result.pk else "",
            "newer_reason": (
                DataSet.objects.filter(month=result.month, version__gt=result.version).exclude(reason="").exists()
            ),
            "files": [
                {"file": file, "url": reverse("oversight:open-data-file", args=[mark, file.name])} for file in files
            ],
            "about": describing.about(result),
            "not_told": not_told(result.finest),
            "citation": describing.citation(result, place),
            "described": describing.script_of(describing.dataset(result, files, place)),
        },
    )


@public_page(fresh=0, kept=FOREVER, elsewhere=True)
def file(request: HttpRequest, mark: str, name: str) -> HttpResponse:
    """One file of one version; whoever has it already is told so."""
    rows = DataFile.objects.filter(data_set=_data_set_or_404(mark), name=name)
    result = get_object_or_404(rows.defer("content"))
    headers = {"ETag": f'"{result.sha256}"'}
    if unchanged(request, headers["ETag"]):
        return HttpResponse(status=304, headers=headers)
    headers |= {"Content-Disposition": f'attachment; filename="{mark}-{result.name}"'}
    return HttpResponse(bytes(result.content), content_type=result.media_type, headers=headers)


@public_page(fresh=0, elsewhere=True)
def series(request: HttpRequest, name: str) -> HttpResponseBase:
    """All months of one table, newest versions; written to a file first, so nobody waits in memory."""
    if name not in TABLES:
        raise Http404
    files = all_months.newest_files(name)
    etag = '"' + sha256(",".join(map(str, files)).encode()).hexdigest() + '"'
    headers = {"ETag": etag}
    if unchanged(request, etag):
        return HttpResponse(status=304, headers=headers)
    out = TemporaryFile()  # noqa: SIM115 - the answer closes it
    size = all_months.write(files, out, name)
    out.seek(0)
    headers |= {"Content-Length": str(size)}
    return FileResponse(out, as_attachment=True, filename=f"{name}.csv", content_type=CSV, headers=headers)
