"""What every call passes: who asks (the token), what for (the scope), at most once (the key).

A call that changes something names an Idempotency-Key, and what it was answered once it
is answered again, byte for byte; a refusal leaves no key, so it may be tried again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from access.permissions import allows
from accounts.idempotency import KeyMissing, key_of, once
from accounts.models import User
from accounts.roles import role_at
from accounts.sign_in.backend import duty_of
from api.caller import Caller, caller
from api.problems import NotAllowed, WrongFields
from api.strict_json import StrictJSONParser
from api.visibility import actors_for
from complaints.handling import StepNotAllowed
from enterprises.models.programs import ApiToken

UNSAFE = frozenset({"POST"})
#: So many wrong fields are named; more say nothing more.
_TOLD = 400


class TokenAuthentication(BaseAuthentication):
    """The middleware found the token already; a session's cookie is nobody here."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        token = getattr(request._request, "api_token", None)
        return (token.user, token) if token is not None else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="12315"'


class OnlyJSON(BaseContentNegotiation):
    """Whatever somebody would rather have, the answer is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return next(
            (p for p in parsers if (request.content_type or "").partition(";")[0].strip().lower() == p.media_type), None
        )

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class MayCall(BasePermission):
    """permissions.csv lets the person in, and the token has the scope that this call asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            return False
        action = "GET" if request.method == "HEAD" else str(request.method)
        if action not in view.allowed_methods:
            raise MethodNotAllowed(action)
        match = request._request.resolver_match
        if match is None or not allows(match.view_name, action, _roles(caller(request))):
            raise NotAllowed("not_allowed", _("您的身份不能这样调用。"))
        scope = view.scopes.get(action, "")
        if scope and not caller(request).token.allows(scope):
            raise scope_missing(scope)
        return True


def scope_missing(scope: str) -> NotAllowed:
    return NotAllowed("scope_missing", _("这个令牌没有权限范围 %(scope)s。") % {"scope": scope})


def _roles(who: Caller) -> frozenset[str]:
    """What the token's person is in the capacity that it was issued for."""
    if duty := duty_of(who.user):
        # An administrator of the platform is nobody's party, not even the own one.
        return frozenset({role_at("platform", duty).known_as})
    return frozenset(role.known_as for actor in actors_for(who) for role in actor.roles)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call that changed something says; nothing of a person stands in it, for it is kept."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiView(APIView):
    """Base of every call. ``scopes``: method → scope, "" for any token."""

    scopes: ClassVar[dict[str, str]] = {}
    authentication_classes = (TokenAuthentication,)
    permission_classes = (MayCall,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OnlyJSON
    metadata_class = None
    http_method_names = ("get", "head", "post")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in UNSAFE:
            _read_whole(request)
            if not request._request.headers.get("Idempotency-Key"):
                raise KeyMissing
            key_of(request._request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().finalize_response(request, response, *args, **kwargs)
        found.headers.setdefault("Vary", "Authorization, Accept-Language")
        return found


def _read_whole(request: Request) -> None:
    """Before the key is looked at: what was sent is part of what the key stands for."""
    if (request.content_type or "").startswith("multipart/"):
        _ = request._request.POST
    else:
        _ = request._request.body


def validated(serializer: Serializer[Any]) -> dict[str, Any]:
    """The checked fields. Raises WrongFields naming each that is wrong, and those that nobody knows."""
    unknown = _unknown(serializer)
    serializer.is_valid(raise_exception=False)
    errors = _pointers(serializer.errors, "") | unknown
    if errors:
        raise WrongFields(errors)
    found: dict[str, Any] = serializer.validated_data
    return found


def _unknown(serializer: Serializer[Any]) -> dict[str, list[str]]:
    """Fields that were sent and do not exist, in nested objects too."""
    found: dict[str, list[str]] = {}
    waiting: list[tuple[Any, Any, str]] = [(serializer, serializer.initial_data, "")]
    while waiting:
        fields, said, place = waiting.pop()
        inner = getattr(fields, "child", None)
        if inner is not None and isinstance(said, list):
            waiting += [(inner, one, f"{place}/{number}") for number, one in enumerate(said)]
        elif isinstance(fields, Serializer) and isinstance(said, Mapping):
            for name, value in said.items():
                here = f"{place}/{name}"[:200]
                if name in fields.fields and not fields.fields[name].read_only:
                    waiting.append((fields.fields[name], value, here))
                elif len(found) < _TOLD:
                    found[here] = [_("没有这个字段。")]
    return found


def _pointers(errors: Any, place: str) -> dict[str, list[str]]:
    if isinstance(errors, Mapping):
        found: dict[str, list[str]] = {}
        for name, inner in errors.items():
            here = place if name == "non_field_errors" else f"{place}/{name}"
            found |= _pointers(inner, here)
        return found
    if isinstance(errors, list) and any(isinstance(one, Mapping | list) for one in errors):
        found = {}
        for number, inner in enumerate(errors):
            if inner:
                found |= _pointers(inner, f"{place}/{number}")
        return found
    return {place or "/": [str(one) for one in (errors if isinstance(errors, list) else [errors])]}


def once_only(request: Request, work: Callable[[], Answer]) -> HttpResponse:
    """Carry out ``work`` at most once for this person and key; the same call again is answered the same.

    What ``work`` refuses is raised after the transaction has ended well: clocks that lapsed while the
    step was judged stay lapsed. Raises KeyMissing, SameKeyOtherBody, AlreadyRunning.
    """
    refusal: Exception | None = None
    kept = b""
    who = caller(request).token
    whose = f"program:{who.user_id}:{who.enterprise_id or 0}:{who.authority_id or 0}"
    with once(request._request, actor=whose) as attempt:
        if attempt.answered:
            kept = attempt.answer
        else:
            try:
                kept = _packed(work())
            except (StepNotAllowed, RefusedAfterwards) as caught:
                refusal = caught
            else:
                attempt.reference, attempt.answer = request._request.path[:500], kept
    if isinstance(refusal, RefusedAfterwards):
        raise refusal.error
    if refusal is not None:
        raise refusal
    return _unpacked(kept)


class RefusedAfterwards(Exception):
    """``error`` is to be told, and what was done until then stays."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _packed(answer: Answer) -> bytes:
    body = JSONRenderer().render(answer.body)
    head = json.dumps({"status": answer.status, "headers": dict(answer.headers)}).encode()
    return zlib.compress(head + b"\n" + body)


def _unpacked(kept: bytes) -> HttpResponse:
    head, _newline, body = zlib.decompress(kept).partition(b"\n")
    said = json.loads(head)
    return HttpResponse(body, status=said["status"], headers=said["headers"], content_type="application/json")
