"""The schema (OpenAPI 3.1): written from the same serializers and the same table that answer.

A step is a path of its own with its own body, though one view serves them all; and what
any call may answer is said at every call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiParameter
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer

from api import cases, files, filing, shapes, steps
from api.base import ApiView
from api.step_shapes import STEPS, input_of
from complaints.procedure.workflow import TABLE

Endpoint = tuple[str, str, str, Callable[..., Any]]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.base.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer odr_…"}


@dataclass(frozen=True, slots=True)
class Call:
    """What one call takes and gives."""

    name: str
    gives: Any
    status: int = 200
    takes: Any = None
    asks: Any = None
    headers: tuple[str, ...] = field(default_factory=tuple)


CALLS: Mapping[tuple[type, str], Call] = {
    (cases.Cases, "GET"): Call("cases", shapes.CaseList, asks=cases.CaseQuery),
    (cases.Cases, "POST"): Call("file", shapes.Filed, status=201, takes=filing.FilingInput),
    (cases.OneCase, "GET"): Call("case", shapes.Case),
    (cases.CaseRecord, "GET"): Call("record", shapes.Record),
    (cases.ExternalRef, "POST"): Call("external_ref", shapes.ExternalRefSet, takes=cases.ExternalRefInput),
    (files.Files, "GET"): Call("files", shapes.FileList),
    (files.Files, "POST"): Call("add_file", shapes.ReceivedFile, status=201, takes=files.FileInput),
    (files.OneFile, "GET"): Call("file_bytes", bytes),
    (cases.Me, "GET"): Call("me", shapes.Me),
    (cases.Enterprises, "GET"): Call("enterprises", shapes.EnterpriseHits, asks=cases.DirectoryQuery),
    (cases.Events, "GET"): Call("events", shapes.EventPage, asks=cases.EventQuery),
    (steps.Step, "POST"): Call("step", shapes.StepTaken, headers=("If-Match",)),
    (steps.Batch, "POST"): Call("batch", shapes.BatchTaken, takes=steps.BatchInput),
}


class StepSchema(AutoSchema):
    """Reads CALLS; for the paths of the steps, the step."""

    @property
    def call(self) -> Call:
        return CALLS[type(self.view), self.method]

    @property
    def step(self) -> str:
        return str(getattr(self.view, "step", ""))

    def get_operation_id(self) -> str:
        return f"{self.call.name}_{self.step}" if self.step else self.call.name

    def get_tags(self) -> list[str]:
        if isinstance(self.view, steps.Batch):
            return ["batches"]
        return ["steps"] if self.step else ["cases" if "/complaints/" in self.path else "around"]

    def get_description(self) -> str:  # type: ignore[override]
        if not self.step:
            return str(type(self.view).__doc__ or "")
        row = TABLE[self.step]
        by = ", ".join(sorted(role for role in row.by if role != "system"))
        return f"{input_of(self.step).__doc__}\n\nBy: {by}. At: {', '.join(sorted(row.at))}."

    def get_request_serializer(self) -> Any:
        if isinstance(self.view, steps.Step):
            return input_of(self.step)
        if self.call.takes is filing.FilingInput:
            return {"application/json": filing.FilingInput, "multipart/form-data": filing.SpokenFilingInput}
        return self.call.takes

    def get_response_serializers(self) -> Any:
        gives = self.call.gives
        if gives is bytes:
            return {(200, "application/octet-stream"): bytes}
        return {self.call.status: gives}

    def get_override_parameters(self) -> list[Any]:
        results: list[Any] = [] if self.call.asks is None else [self.call.asks]
        if self.method == "POST":
            results.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    OpenApiParameter.HEADER,
                    required=True,
                    pattern="^[A-Za-z0-9._:-]{8,100}$",
                    description="The same key with the same body is answered the same and takes effect once.",
                )
            )
        text = "The version that was read; 412 when it is no longer that one."
        headers = self.call.headers
        return results + [OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text) for name in headers]


# Here, so that the calls themselves need not know how they are described.
ApiView.schema = StepSchema()


def a_path_for_each_step(endpoints: list[Endpoint], **_options: Any) -> list[Endpoint]:
    """Only /api/v1/; a path with {step} becomes one for each step of the table.

    Where none of them is of /api/v1/ they stay as they are: the public read API describes itself.
    """
    results: list[Endpoint] = []
    own = [one for one in endpoints if issubclass(one[3].cls, ApiView)]  # type: ignore[attr-defined]
    if not own:
        return endpoints
    for path, pattern, method, view in own:
        cls: Any = view.cls  # type: ignore[attr-defined]
        if "{step}" not in path:
            results.append((path, pattern, method, view))
            continue
        left_out = steps.NOT_IN_A_BATCH if cls is steps.Batch else frozenset[str]()
        results += [
            (path.replace("{step}", step), pattern.replace("{step}", step), method, cls.as_view(step=step))
            for step in STEPS
            if step not in left_out
        ]
    return results


_ANY = {
    "400": "The call says nothing useful: bad JSON, unknown or wrong fields, no Idempotency-Key.",
    "401": "No token, or one that opens nothing.",
    "403": "The token or its person may not do this.",
    "404": "There is no such thing, or it is not yours to know.",
    "429": "Too many calls; Retry-After says when to come back.",
    "503": "Busy; Retry-After says when to come back. Nothing was changed.",
}
_UNSAFE = {
    "409": "Refused by the procedure now (allowed_steps says what is open), or the same call is running.",
    "413": "The body is too large.",
    "415": "The format is not supported.",
    "422": "The words cannot be used (field says which), or the key was used for another body.",
}
_VERSIONED = {"412": "The case changed since it was read."}


def what_every_call_may_answer(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Problems, at every call of /api/v1/."""
    if not any(path.startswith("/api/v1/") for path in result["paths"]):
        return result
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _problem_schema()
    parts["responses"] = {
        f"Problem{code}": _response(code, text) for code, text in (_ANY | _UNSAFE | _VERSIONED).items()
    }
    for path, methods in result["paths"].items():
        for method, call in methods.items():
            given = (
                _ANY
                | (_UNSAFE if method == "post" else {})
                | (_VERSIONED if method == "post" and path.startswith("/api/v1/complaints/{number}/steps/") else {})
            )
            call["responses"] |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in given}
    return result


def _response(status: str, text: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in ("429", "503"):
        values["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return values


def _problem_schema() -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}}
    fields: dict[str, Any] = {
        name: {"type": "string"} for name in ("type", "title", "incident", "code", "detail", "message", "field")
    }
    return {
        "type": "object",
        "description": shapes.Problem.__doc__ or "",
        "properties": fields
        | {
            "status": {"type": "integer"},
            "allowed_steps": texts,
            "errors": {"type": "object", "additionalProperties": texts},
        },
        "required": ["type", "title", "status", "incident"],
        "additionalProperties": False,
    }


@lru_cache(maxsize=4)
def _written(language: str) -> bytes:
    """Once a process and language: it is the same for everybody."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    written: bytes = OpenApiJsonRenderer().render(schema)
    return written


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """/api/v1/schema/"""
    return HttpResponse(_written(get_language() or ""), content_type="application/vnd.oai.openapi+json")


# Icons of its style sheet are written into it; the one exception, and for images alone.
@method_decorator(csp_update({"img-src": [SELF, "data:"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """/api/v1/docs/: the schema to read and try; nothing is loaded from elsewhere, and no style stands in the page."""

    http_method_names = ("get", "head")
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "api_docs.html"
    url_name = "api:schema"
