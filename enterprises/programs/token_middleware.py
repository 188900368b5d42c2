"""The way in for programs: below /api/ a bearer token says who asks, and nothing else does.

It stands before whatever asks who somebody is, so a cookie of a browser opens nothing
there, and a token that stands in an address is refused: addresses are written down everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.sign_in.network import client_address
from enterprises.models.api_token import ApiToken
from enterprises.programs.tokens import PREFIX, TokenRefused, opened_by
from web.errors import problem

ROOT = "/api/v1/"
#: Read by people before they have a token.
OPEN = ("/api/v1/schema/", "/api/v1/docs/")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_NAMES = frozenset({"token", "access_token", "api_key", "apikey", "authorization", "bearer"})
#: A broken program is noted so often.
_NOTED_EVERY = timedelta(hours=1)
_MEGABYTE = 1_048_576


class TokenMiddleware:
    """Sets ``request.user`` and ``request.api_token``; answers 400, 401, 403, 413 and 429 itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        set_caller(request, None)
        if _names_a_token(request):
            return problem(
                request,
                status=400,
                title=_("请求有误"),
                code="token_in_address",
                detail=_("令牌不能写在网址里，请放在 Authorization 头里，并作废这个令牌。"),
            )
        if request.path.startswith(OPEN):
            return self.get_response(request)
        return self._refused(request) or self.get_response(request)

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            return _unknown(request, code="token_missing", detail=_("请在 Authorization 头里带上令牌：Bearer odr_…"))
        now, address = timezone.now(), client_address(request)
        try:
            token = opened_by(found[1], address=address, now=now)
        except TokenRefused as refusal:
            return _turned_away(request, refusal, address=address, now=now)
        if _is_too_large(request):
            return problem(
                request,
                status=413,
                title=_("请求太大"),
                code="too_large",
                detail=_("请求正文最多1 MB；材料请用 multipart/form-data 上传。"),
            )
        set_caller(request, token)
        return None


def set_caller(request: HttpRequest, token: ApiToken | None) -> None:
    """Whoever the session belongs to is nobody here."""
    caller: Any = request
    caller.user = AnonymousUser() if token is None else token.user
    caller.api_token = token


def _names_a_token(request: HttpRequest) -> bool:
    return (
        any(
            name.lower() in _NAMES or PREFIX in value
            for name, values in request.GET.lists()
            for value in (*values, name)
        )
        or PREFIX in request.path
    )


def _is_too_large(request: HttpRequest) -> bool:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if (request.content_type or "").startswith("multipart/"):
        most = max(settings.EVIDENCE_FILE_MB, settings.EVIDENCE_VIDEO_MB) * _MEGABYTE + _MEGABYTE
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdecimal() or int(length) > most


def _turned_away(request: HttpRequest, refusal: TokenRefused, *, address: str, now: datetime) -> HttpResponse:
    token = refusal.token
    if token is not None and (token.denied_at is None or now - token.denied_at > _NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(denied_at=now)
        security_log.note(
            "denied",
            now=now,
            user=token.user,
            subject=token.shown,
            reason=f"token_{refusal.code}",
            organisation=str(token.enterprise or token.authority or ""),
            address=address,
        )
    if refusal.code == "too_many":
        response = problem(
            request,
            status=429,
            title=_("请求太多"),
            code="too_many_calls",
            detail=_("这个令牌一分钟内请求太多，请%(n)s秒后再试。") % {"n": refusal.seconds},
        )
        response["Retry-After"] = str(refusal.seconds)
        return response
    if refusal.code == "address":
        return problem(
            request,
            status=403,
            title=_("不允许"),
            code="address_not_allowed",
            detail=_("这个令牌不能从这个网络地址使用。"),
        )
    # Unknown, revoked, expired, ended: who asks learns that it does not open, and no more.
    return _unknown(request, code="token_invalid", detail=_("令牌无效、已作废或已到期。"))


def _unknown(request: HttpRequest, *, code: str, detail: str) -> HttpResponse:
    response = problem(request, status=401, title=_("请先表明身份"), code=code, detail=detail)
    response["WWW-Authenticate"] = 'Bearer realm="12315"' + (
        ', error="invalid_token"' if code == "token_invalid" else ""
    )
    return response
