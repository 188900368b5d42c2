"""/api/open/v1/: what is published, for programs; no token, reading only, each answer with an ETag.

The numbers are those of the issued files, version by version; nothing is counted here and nothing of a case is told.
"""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BooleanField, CharField, DateTimeField, IntegerField
from rest_framework.views import APIView

from accounts.public_pages import public_page
from accounts.sign_in.limits import place_of
from oversight.models import DataFile, DataSet
from oversight.open_data import describing, issuing, reading
from oversight.open_data.files import LICENCE
from oversight.open_data.reading import MOST_LINES, TABLES
from oversight.reuse.publications import KINDS
from web.errors import problem

Shape = serializers.Serializer[Any]
#: Versions that one answer lists.
LISTED = 200


class Start(Shape):
    """Where to go on."""

    title = CharField()
    licence = CharField(help_text="address of the licence of all data")
    versions = CharField()
    tables = CharField()
    publications = CharField()
    schema = CharField(help_text="this interface in OpenAPI")


class Version(Shape):
    """The data of a month in one version. ``mark`` (2026-10.1) names month and version and never means another."""

    mark = CharField()
    month = CharField()
    version = IntegerField()
    issued_at = DateTimeField()
    is_newest = BooleanField()
    multiple_of = IntegerField(help_text="5: counts are rounded to multiples of 5; 1: exact, small ones withheld")
    finest = CharField(help_text="narrowest places with lines: county; city or province in a month with too few cases")
    reason = CharField(allow_blank=True, help_text="why it was issued, where that is more than other numbers")
    url = CharField()
    page = CharField()


class VersionList(Shape):
    """Newest month first."""

    results = Version(many=True)


class FileOfVersion(Shape):
    """A file, served byte for byte as it was issued."""

    name = CharField()
    media_type = CharField()
    rows = IntegerField()
    bytes = IntegerField()
    sha256 = CharField()
    url = CharField()


class OneVersion(Version):
    """A version with its files and how it is cited."""

    citation = CharField()
    files = FileOfVersion(many=True)


class ColumnOfTable(Shape):
    name = CharField()
    type = CharField(help_text="type of the Frictionless Table Schema")
    title = CharField()


class TableShape(Shape):
    """What a table holds; ``key`` names a row."""

    name = CharField()
    title = CharField()
    key = serializers.ListField(child=CharField())
    columns = ColumnOfTable(many=True)


class TableList(Shape):
    results = TableShape(many=True)


class RowList(Shape):
    """Lines of a table; null is withheld."""

    mark = CharField()
    table = CharField()
    results = serializers.ListField(child=serializers.DictField())


class PublicationShape(Shape):
    kind = serializers.ChoiceField(choices=sorted(KINDS))
    title = CharField()
    by = CharField(allow_blank=True)
    published_at = DateTimeField()
    changed_at = DateTimeField()
    is_withdrawn = BooleanField()
    page = CharField()


class PublicationList(Shape):
    """Last change first."""

    results = PublicationShape(many=True)


class Problem(Shape):
    """What went wrong (RFC 9457); ``code`` is stable, the texts are for people."""

    type = CharField()
    title = CharField()
    status = IntegerField()
    incident = CharField(help_text="number to name when you ask about it")
    code = CharField(required=False)
    detail = CharField(required=False)


def _problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(Problem, description=description)


_NOT_THERE = _problem("There is no such version, or no such table in it.")


class OpenCall(APIView):
    """Base of every call: for everybody, JSON only."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    metadata_class = None
    http_method_names = ("get", "head")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        # The memory of public pages holds bytes.
        return response.render() if isinstance(response, Response) else response


class Beginning(OpenCall):
    """What there is."""

    @extend_schema(operation_id="start", tags=["open"], responses=Start)
    def get(self, request: Request) -> Response:
        place = place_of(request)
        names = {"versions": "open-api-versions", "tables": "open-api-tables", "publications": "open-api-publications"}
        more = {name: place + reverse(f"oversight:{address}") for name, address in names.items()}
        schema = place + reverse("oversight:open-api-schema")
        given = {"title": str(describing.TITLE), "licence": LICENCE["path"], "schema": schema, **more}
        return Response(Start(given).data)


def _version(data_set: DataSet, newest: bool, place: str) -> dict[str, Any]:
    return {
        "mark": str(data_set),
        "month": f"{data_set.month:%Y-%m}",
        "version": data_set.version,
        "issued_at": data_set.made_at,
        "is_newest": newest,
        "multiple_of": data_set.multiple_of,
        "finest": data_set.finest,
        "reason": data_set.reason,
        "url": place + reverse("oversight:open-api-version", args=[str(data_set)]),
        "page": describing.address_of(data_set, place),
    }


class Versions(OpenCall):
    """The versions of all months, the newest month first; at most 200."""

    @extend_schema(operation_id="versions", tags=["open"], responses=VersionList)
    def get(self, request: Request) -> Response:
        sets, place = list(DataSet.objects.order_by("-month", "-version")[:LISTED]), place_of(request)
        results = [_version(one, nth == 0 or sets[nth - 1].month != one.month, place) for nth, one in enumerate(sets)]
        return Response(VersionList({"results": results}).data)


_MARK = OpenApiParameter("mark", str, OpenApiParameter.PATH, description="month and version, such as 2026-10.1")


def _missing(request: Request, code: str, detail: str) -> HttpResponse:
    """404 with the way out."""
    return problem(request._request, status=404, title=_("没有找到"), code=code, detail=detail)


def _no_version(request: Request, mark: str) -> HttpResponse:
    url = place_of(request) + reverse("oversight:open-api-versions")
    detail = _("没有“%(mark)s”这一版。有哪些版本见%(url)s。") % {"mark": mark[:40], "url": url}
    return _missing(request, "no_such_version", detail)


class AVersion(OpenCall):
    """One version with its files."""

    @extend_schema(
        operation_id="version", tags=["open"], parameters=[_MARK], responses={200: OneVersion, 404: _NOT_THERE}
    )
    def get(self, request: Request, mark: str) -> HttpResponse:
        data_set, place = issuing.of_mark(mark), place_of(request)
        if data_set is None:
            return _no_version(request, mark)
        is_newest = not DataSet.objects.filter(month=data_set.month, version__gt=data_set.version).exists()
        files = [
            {
                "name": file.name,
                "media_type": file.media_type,
                "rows": file.rows,
                "bytes": file.size,
                "sha256": file.sha256,
                "url": describing.address_of(data_set, place, file.name),
            }
            for file in data_set.files.defer("content").order_by("pk")
        ]
        given = _version(data_set, is_newest, place) | {
            "citation": describing.citation(data_set, place),
            "files": files,
        }
        return Response(OneVersion(given).data)


class Rows(OpenCall):
    """Lines of one table of one version. ``of``: the code of a region or an enterprise, whose lines alone are given;
    a table with more than 5,000 lines is not given without it, but as a file."""

    @extend_schema(
        operation_id="rows",
        tags=["open"],
        parameters=[
            _MARK,
            OpenApiParameter("table", str, OpenApiParameter.PATH, enum=sorted(TABLES)),
            OpenApiParameter("of", str, description="code of a region or an enterprise: its lines alone"),
        ],
        responses={200: RowList, 400: _problem("The table is long: say whose lines."), 404: _NOT_THERE},
    )
    def get(self, request: Request, mark: str, table: str) -> HttpResponse:
        data_set = issuing.of_mark(mark)
        if data_set is None:
            return _no_version(request, mark)
        files = DataFile.objects.filter(data_set=data_set, name=f"{table}.csv").defer("content")
        file = files.first() if table in TABLES else None
        if file is None:
            url = place_of(request) + reverse("oversight:open-api-version", args=[mark])
            detail = _("这一版没有“%(table)s”这张表。有哪些表见%(url)s。") % {"table": table[:40], "url": url}
            return _missing(request, "no_such_table", detail)
        of = request.query_params.get("of", "")
        if not of and file.rows > MOST_LINES:
            address = describing.address_of(data_set, place_of(request), file.name)
            detail = _("这张表有%(n)s行：请用of写明地区或企业代码，或者下载%(url)s。") % {
                "n": file.rows,
                "url": address,
            }
            return problem(request._request, status=400, title=_("请求有误"), code="table_too_long", detail=detail)
        lines = reading.lines_of(file, of) if of else list(reading.lines(file))
        results = [reading.typed(table, line) for line in lines]
        return Response({"mark": str(data_set), "table": table, "results": results})


class Tables(OpenCall):
    """The data dictionary: what each column of today's tables means."""

    @extend_schema(operation_id="tables", tags=["open"], responses=TableList)
    def get(self, request: Request) -> Response:
        results = [
            {
                "name": table.name,
                "title": table.title,
                "key": table.key,
                "columns": [{"name": one.name, "type": one.kind, "title": one.title} for one in table.columns],
            }
            for table in TABLES.values()
        ]
        return Response(TableList({"results": results}).data)


class Publications(OpenCall):
    """Warnings, monthly reports, campaigns and data, as their feeds tell them; at most 50 of a kind."""

    @extend_schema(
        operation_id="publications",
        tags=["open"],
        parameters=[OpenApiParameter("kind", str, enum=sorted(KINDS))],
        responses={200: PublicationList, 400: _problem("There is no such kind.")},
    )
    def get(self, request: Request) -> HttpResponse:
        asked, place = request.query_params.get("kind", ""), place_of(request)
        if asked and asked not in KINDS:
            detail = _("kind只能是：%(kinds)s。") % {"kinds": ", ".join(KINDS)}
            return problem(request._request, status=400, title=_("请求有误"), code="no_such_kind", detail=detail)
        found = [one for kind in KINDS.values() if asked in ("", kind.code) for one in kind.newest()]
        results = [
            {
                "kind": one.kind,
                "title": one.title,
                "by": one.by,
                "published_at": one.published_at,
                "changed_at": one.changed_at,
                "is_withdrawn": one.is_withdrawn,
                "page": place + one.path,
            }
            for one in sorted(found, key=lambda one: one.changed_at, reverse=True)
        ]
        return Response(PublicationList({"results": results}).data)


_everywhere = public_page(elsewhere=True)
#: What is withdrawn must be gone at once.
_at_once = public_page(parameters=("kind",), fresh=0, kept=0, elsewhere=True)
CALLS: list[URLPattern] = [
    path("api/open/v1/", _everywhere(Beginning.as_view()), name="open-api"),
    path("api/open/v1/publications/", _at_once(Publications.as_view()), name="open-api-publications"),
    path("api/open/v1/tables/", _everywhere(Tables.as_view()), name="open-api-tables"),
    path("api/open/v1/versions/", _everywhere(Versions.as_view()), name="open-api-versions"),
    path("api/open/v1/versions/<str:mark>/", _everywhere(AVersion.as_view()), name="open-api-version"),
    path(
        "api/open/v1/versions/<str:mark>/<slug:table>/",
        public_page(parameters=("of",), elsewhere=True)(Rows.as_view()),
        name="open-api-rows",
    ),
]


def _with_etag(call: dict[str, Any]) -> None:
    """Each answer says its ETag, and whoever shows that gets 304."""
    given = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": "ETag of before"}
    call["parameters"] = [*call.get("parameters", ()), given]
    call["responses"]["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}
    call["responses"]["304"] = {"description": "It has not changed."}
    for status, answer in call["responses"].items():
        if status.startswith("4"):
            answer["content"] = {"application/problem+json": answer["content"]["application/json"]}


@lru_cache(maxsize=4)
def _written(language: str) -> bytes:
    """Once a process and language."""
    maker: Any = SchemaGenerator(patterns=CALLS)  # type: ignore[no-untyped-call]
    described: dict[str, Any] = maker.get_schema(request=None, public=True)
    described["info"] = {
        "title": str(describing.TITLE),
        "version": "1",
        "description": str(describing.ABOUT),
        "license": {"name": LICENCE["title"], "url": LICENCE["path"]},
    }
    for calls in described["paths"].values():
        _with_etag(calls["get"])
    written: bytes = OpenApiJsonRenderer().render(described)
    return written


@public_page(elsewhere=True)
def schema(request: HttpRequest) -> HttpResponse:
    """/api/open/v1/schema/"""
    return HttpResponse(_written(get_language() or ""), content_type="application/vnd.oai.openapi+json")
