"""What every call passes: who asks (the token), what for (the scope), at most once (the key); what goes wrong.

A call that changes something names an Idempotency-Key, and what it was answered once it is answered again, byte for
byte; a refusal leaves no key. What goes wrong becomes a problem (RFC 9457), in the caller's language, with a stable
code; what a stranger may not see is answered exactly like what does not exist.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import connection
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
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
from api.caller import Caller, actors_for, caller
from api.exact import StrictJSONParser
from complaints.procedure.refusals import StepNotAllowed
from complaints.record import anchors
from enterprises.models.programs import ApiToken
from web.errors import problem


class WrongFields(Exception):
    """Fields that are unknown, missing or wrong; ``errors``: pointer (/demands/0/kind) → sentences."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("wrong fields")
        self.errors = errors


class StepRefused(Exception):
    """A step that cannot be taken, with those that can."""

    def __init__(self, refusal: StepNotAllowed, allowed: tuple[str, ...]) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
        self.allowed = allowed


class _Coded(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class NotAllowed(_Coded):
    """Known, but not for this token or person: 403 with a code."""


class BadCall(_Coded):
    """A call that says nothing useful: 400 with a code."""


def title_of(status: int) -> str:
    return {
        400: _("请求有误"),
        401: _("请先表明身份"),
        403: _("不允许"),
        404: _("没有找到"),
        405: _("不能这样调用"),
        409: _("这一步不能做"),
        412: _("案件已有变化"),
        413: _("请求太大"),
        415: _("格式不支持"),
        422: _("内容有误"),
        429: _("请求太多"),
        503: _("系统忙"),
    }.get(status, _("出错了"))


def answered(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None leaves the error to the middleware (503, 500)."""
    request: Request = context["request"]
    given = _status_and_body(error)
    if given is None:
        return None
    status, more = given
    response = problem(request._request, status=status, title=title_of(status), **more)
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="12315"'
    return response


def _status_and_body(error: Exception) -> tuple[int, dict[str, Any]] | None:
    match error:
        case WrongFields():
            return 400, {"code": "wrong_fields", "detail": _("有字段不能用，请看errors。"), "errors": error.errors}
        case StepRefused():
            refusal = error.refusal
            more: dict[str, Any] = {"field": refusal.field} if refusal.field else {}
            body = {"code": refusal.code, "detail": refusal.reason, "message": refusal.reason}
            return refusal.status, body | {"allowed_steps": list(error.allowed)} | more
        case NotAllowed():
            return 403, {"code": error.code, "detail": error.detail}
        case BadCall():
            return 400, {"code": error.code, "detail": error.detail}
        case Http404():
            return 404, {"code": "not_found"}
        case exceptions.ParseError():
            return 400, {"code": "bad_json", "detail": str(error.detail)}
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return 401, {"code": "token_missing", "detail": _("请在 Authorization 头里带上令牌：Bearer odr_…")}
        case PermissionDenied() | exceptions.PermissionDenied():
            return 403, {"code": "not_allowed", "detail": _("这个令牌或这个人不能这样调用。")}
        case exceptions.MethodNotAllowed():
            return 405, {"code": "method_not_allowed"}
        case exceptions.UnsupportedMediaType():
            return 415, {"code": "unsupported_format", "detail": _("请用 application/json。")}
        case RequestDataTooBig():
            return 413, {"code": "too_large", "detail": _("请求正文最多1 MB；材料请用 multipart/form-data 上传。")}
        case SuspiciousOperation():
            return 400, {"code": "bad_request"}
        case exceptions.APIException():
            return error.status_code, {"code": "refused"}
    if getattr(error, "refusal", False):
        return _refusal(error)
    return None


def _refusal(error: Exception) -> tuple[int, dict[str, Any]]:
    """Refusals of other rules; those of the idempotency key in words for programs."""
    code = str(getattr(error, "code", ""))
    labels = {
        "key_missing": _("会改变内容的请求都要带 Idempotency-Key 头（8到100个字母、数字、点、横线）。"),
        "same_key_other_body": _("这个 Idempotency-Key 已用于另一个内容不同的请求，请换一个。"),
        "already_running": _("同一个请求正在办理，请稍后再看结果。"),
    }
    return int(getattr(error, "status", 409)), {"code": code or "refused", "detail": labels.get(code, str(error))}


UNSAFE = frozenset({"POST"})
#: So many wrong fields are named; more say nothing more.
_MOST_ERRORS = 400


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
            # Before the key is looked at: what was sent is part of what the key stands for.
            is_form = (request.content_type or "").startswith("multipart/")
            _ = request._request.POST if is_form else request._request.body
            if not request._request.headers.get("Idempotency-Key"):
                raise KeyMissing
            key_of(request._request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        result = super().finalize_response(request, response, *args, **kwargs)
        result.headers.setdefault("Vary", "Authorization, Accept-Language")
        if getattr(request, "auth", None) is not None and not connection.needs_rollback:
            # What a program keeps of the record, to hold later ones against it.
            for name, value in anchors.newest_header().items():
                result.headers[name] = value
        return result


def validated(serializer: Serializer[Any]) -> dict[str, Any]:
    """The checked fields. Raises WrongFields naming each that is wrong, and those that nobody knows."""
    unknown = _unknown(serializer)
    serializer.is_valid(raise_exception=False)
    errors = _pointers(serializer.errors, "") | unknown
    if errors:
        raise WrongFields(errors)
    result: dict[str, Any] = serializer.validated_data
    return result


def _unknown(serializer: Serializer[Any]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    waiting: list[tuple[Any, Any, str]] = [(serializer, serializer.initial_data, "")]
    while waiting:
        fields, given, place = waiting.pop()
        inner = getattr(fields, "child", None)
        if inner is not None and isinstance(given, list):
            waiting += [(inner, one, f"{place}/{number}") for number, one in enumerate(given)]
        elif isinstance(fields, Serializer) and isinstance(given, Mapping):
            for name, value in given.items():
                here = f"{place}/{name}"[:200]
                if name in fields.fields and not fields.fields[name].read_only:
                    waiting.append((fields.fields[name], value, here))
                elif len(result) < _MOST_ERRORS:
                    result[here] = [_("没有这个字段。")]
    return result


def _pointers(errors: Any, place: str) -> dict[str, list[str]]:
    if isinstance(errors, Mapping):
        result: dict[str, list[str]] = {}
        for name, inner in errors.items():
            here = place if name == "non_field_errors" else f"{place}/{name}"
            result |= _pointers(inner, here)
        return result
    if isinstance(errors, list) and any(isinstance(one, Mapping | list) for one in errors):
        result = {}
        for number, inner in enumerate(errors):
            if inner:
                result |= _pointers(inner, f"{place}/{number}")
        return result
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
                answer = work()
                head = json.dumps({"status": answer.status, "headers": dict(answer.headers)}).encode()
                kept = zlib.compress(head + b"\n" + JSONRenderer().render(answer.body))
            except (StepNotAllowed, RefusedAfterwards) as caught:
                refusal = caught
            else:
                attempt.reference, attempt.answer = request._request.path[:500], kept
    if isinstance(refusal, RefusedAfterwards):
        raise refusal.error
    if refusal is not None:
        raise refusal
    head, _newline, body = zlib.decompress(kept).partition(b"\n")
    return HttpResponse(body, content_type="application/json", **json.loads(head))


class RefusedAfterwards(Exception):
    """``error`` is to be told, and what was done until then stays."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
