"""What goes wrong becomes a problem (RFC 9457), in the caller's language, with a stable code.

One shape for all of them; and what a stranger may not see is answered exactly like what
does not exist.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request

from complaints.procedure.refusals import StepNotAllowed
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


class NotAllowed(Exception):
    """Known, but not for this token or person: 403 with a code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class BadCall(Exception):
    """A call that says nothing useful: 400 with a code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


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
    said = _said(error)
    if said is None:
        return None
    status, more = said
    response = problem(request._request, status=status, title=title_of(status), **more)
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="12315"'
    return response


def _said(error: Exception) -> tuple[int, dict[str, Any]] | None:
    match error:
        case WrongFields():
            return 400, {"code": "wrong_fields", "detail": _("有字段不能用，请看errors。"), "errors": error.errors}
        case StepRefused():
            refusal = error.refusal
            more: dict[str, Any] = {
                "code": refusal.code,
                "detail": refusal.reason,
                "message": refusal.reason,
                "allowed_steps": list(error.allowed),
            }
            return refusal.status, more | ({"field": refusal.field} if refusal.field else {})
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
    words = {
        "key_missing": _("会改变内容的请求都要带 Idempotency-Key 头（8到100个字母、数字、点、横线）。"),
        "same_key_other_body": _("这个 Idempotency-Key 已用于另一个内容不同的请求，请换一个。"),
        "already_running": _("同一个请求正在办理，请稍后再看结果。"),
    }
    return int(getattr(error, "status", 409)), {"code": code or "refused", "detail": words.get(code, str(error))}
