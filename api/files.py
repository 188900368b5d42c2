"""complaints/{number}/files/: what was put forward, and putting something forward.

The bytes say what a file is; it goes out as an attachment that nothing may run.
"""

from typing import Any

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from api import exact, shapes
from api.base import Answer, ApiView, RefusedAfterwards, StepRefused, once_only, validated
from api.caller import Caller, access_for, caller
from api.steps import refused
from api.telling import picked
from complaints import handling
from complaints.evidence import EvidenceRefused, download, keeping, shows_content
from complaints.handling import StepNotAllowed, WrongInput
from complaints.handling.steps import consumer
from complaints.models import Evidence
from complaints.models.evidence import EvidenceKind
from complaints.procedure.refusals import not_yours
from complaints.procedure.workflow import Status
from complaints.reading.case import CONSUMER, CaseAccess


class FileInput(serializers.Serializer[Any]):
    """One file a call (multipart/form-data)."""

    file = serializers.FileField(allow_empty_file=True)
    kind = exact.Choice(required=False, choices=EvidenceKind.values)


def _url(number: str, row: Evidence) -> str:
    return reverse("api:file", args=[number, row.pk])


def _held(request: Request, number: str) -> CaseAccess:
    """A former enterprise gets no files."""
    result = access_for(caller(request), number)
    if result.actor is None:
        raise Http404
    return result


class Files(ApiView):
    """The files of a case; a new one."""

    scopes = {"GET": "files:read", "POST": "files:write"}
    parser_classes = (MultiPartParser,)

    def get(self, request: Request, number: str) -> Response:
        result = _held(request, number)
        rows = Evidence.objects.known_to(result.side).filter(complaint=result.complaint).order_by("pk")
        names = ("id", "kind", "name", "size", "media_type", "sha256", "state", "uploaded_at")
        results = [{**picked(row, *names), "url": _url(number, row)} for row in rows]
        return Response(shapes.FileList({"results": results}).data)

    def post(self, request: Request, number: str) -> HttpResponse:
        who = caller(request)
        result = access_for(who, number)
        given = validated(FileInput(data=request.data))
        try:
            # Looked into before anything is locked: that takes a moment.
            kept = keeping.examined(given["file"])
        except EvidenceRefused as refusal:
            raise _refused(refusal) from refusal
        done: list[Evidence] = []

        def work() -> Answer:
            row = _put(result, kept, given, who)
            done.append(row)
            url = _url(number, row)
            body = {"case": number, **picked(row, "id", "size", "media_type", "sha256"), "url": url}
            return Answer(body, status=201, headers={"Location": url})

        try:
            return once_only(request, work)
        finally:
            if not done:
                kept.drop()


def _refused(refusal: EvidenceRefused) -> StepRefused:
    return StepRefused(WrongInput("file_refused", str(refusal), field="file"), ())


def _put(result: CaseAccess, kept: keeping.StoredFile, values: dict[str, Any], who: Caller) -> Evidence:
    """With the case; what the consumer puts forward is an entry of the record, as on the page."""
    if result.actor is None or result.complaint.status == Status.CLOSED:
        raise RefusedAfterwards(refused(not_yours(), result))
    try:
        row = keeping.put_with_case(
            kept,
            complaint=result.complaint,
            name=values["file"].name,
            kind=values.get("kind", EvidenceKind.OTHER),
            uploaded_by=who.user.pk,
            now=who.now,
        )
        if result.side == CONSUMER:
            move = consumer.add_statement(text="", files=[row.sha256])
            handling.take(move, [result.complaint.pk], actor=result.actor, now=who.now)
    except EvidenceRefused as refusal:
        raise RefusedAfterwards(_refused(refusal)) from refusal
    except StepNotAllowed as refusal:
        row.delete()
        raise RefusedAfterwards(refused(refusal, result)) from refusal
    return row


class OneFile(ApiView):
    """The bytes."""

    scopes = {"GET": "files:read"}

    def get(self, request: Request, number: str, pk: int) -> HttpResponseBase:
        result = _held(request, number)
        row = Evidence.objects.known_to(result.side).filter(pk=pk, complaint=result.complaint).first()
        if row is None or not shows_content(row, is_sender=row.uploaded_by_id == caller(request).user.pk):
            raise Http404
        try:
            handed = download(row)
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(handed.stream)
        for name, value in handed.headers.items():
            response.headers[name] = value
        return response
