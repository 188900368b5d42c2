"""Tokens of programs: issued, opened at each call below /api/, ended.

The secret is shown once and kept nowhere; the row has its digest. A token ends with what it stands on: its day, its
person, the enterprise or office that it was issued for. Below /api/ nothing else says who asks; a token that stands in
an address is refused, as addresses are written down everywhere.
"""

import hashlib
import ipaddress
import re
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.keys import row_tags
from accounts.models import User
from accounts.sign_in import persons
from accounts.sign_in.limits import client_address
from authorities.models import Officer
from database.row_security import working_as_steps
from enterprises.models.programs import SHOWN, ApiToken
from enterprises.team.staffing import at_work
from web.errors import problem

PREFIX = "odr_"
LONGEST = timedelta(days=366)
MINUTE = timedelta(minutes=1)
MOST_ADDRESSES = 20
#: What a token may be allowed; what its person may not do, none allows.
SCOPES = {
    "cases:read": gettext_lazy("查看案件和记录"),
    "cases:write": gettext_lazy("提交投诉、办理步骤"),
    "contact:read": gettext_lazy("查看受理后案件的联系方式"),
    "files:read": gettext_lazy("下载材料"),
    "files:write": gettext_lazy("上传材料"),
    "events:read": gettext_lazy("读取事件"),
}
#: Opens only when a second manager of the enterprise has agreed.
WITH_A_SECOND = frozenset({"contact:read"})


class TokenRefused(Exception):
    """``code``: unknown, expired, revoked, ended (person or place), address, too_many; ``seconds`` to wait."""

    def __init__(self, code: str, token: ApiToken | None = None, *, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.token = token
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``secret`` is to be shown now and never again."""

    token: ApiToken
    secret: str


def digest_of(secret: str) -> str:
    """Of 256 random bits; nothing slow is needed to keep them from being guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@working_as_steps()
def issue(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime,
    enterprise_id: int | None = None,
    authority_id: int | None = None,
    addresses: Sequence[str] = (),
    by: User | None = None,
) -> IssuedToken:
    """Make a token. Of an enterprise, contact data wait for a second manager (``agree``). Raises ValueError for an
    unknown scope, an odd network or a day out of reach, and NotTwoPersons where contact data are asked for by somebody
    without a proved phone."""
    if unknown := set(scopes) - SCOPES.keys():
        raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
    if not scopes:
        raise ValueError("a token needs at least one scope")
    if not now < expires_at <= now + LONGEST:
        raise ValueError("a token ends within a year")
    networks = [network_of(text) for text in addresses]
    if len(networks) > MOST_ADDRESSES:
        raise ValueError(f"at most {MOST_ADDRESSES} networks")
    waiting = WITH_A_SECOND.intersection(scopes) if enterprise_id is not None else frozenset()
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        enterprise_id=enterprise_id,
        authority_id=authority_id,
        name=name[:80],
        shown=secret[:SHOWN],
        digest=digest_of(secret),
        scopes=[scope for scope in SCOPES if scope in scopes and scope not in waiting],
        waiting_scopes=sorted(waiting),
        addresses=networks,
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    with transaction.atomic():
        token.save(force_insert=True)
        if waiting:
            persons.ask(persons.matter_of(token), by or user, now=now)
    return IssuedToken(token, secret)


def network_of(text: str) -> str:
    """203.0.113.7 → 203.0.113.7/32. Raises ValueError."""
    return str(ipaddress.ip_network(text.strip(), strict=False))


def opened_by(secret: str, *, address: str, now: datetime) -> ApiToken:
    """The token of ``secret``, used from ``address`` at ``now``, with its user; counts the call.

    Raises TokenRefused. What it stands on is asked anew each time, so who left is out with the next call.
    """
    if not (secret.startswith(PREFIX) and secret.isascii() and 20 < len(secret) < 100):
        raise TokenRefused("unknown")
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
    if token is None:
        raise TokenRefused("unknown")
    if token.revoked_at is not None:
        raise TokenRefused("revoked", token)
    if token.expires_at <= now:
        raise TokenRefused("expired", token)
    if not (row_tags.stands(token) and row_tags.stands(token.user)):
        raise TokenRefused("unknown")
    if not _stands(token, now=now):
        raise TokenRefused("ended", token)
    if token.addresses and not _is_from(token.addresses, address):
        raise TokenRefused("address", token)
    _count(token, address=address, now=now)
    return token


def _stands(token: ApiToken, *, now: datetime) -> bool:
    today = timezone.localdate(now)
    if not token.user.may_sign_in:
        return False
    if token.enterprise_id is not None:
        jobs = at_work(today).filter(user_id=token.user_id, enterprise_id=token.enterprise_id)
        return bool(row_tags.standing(jobs))
    if token.authority_id is not None:
        offices = Officer.objects.on(today).filter(user_id=token.user_id, authority_id=token.authority_id)
        return bool(row_tags.standing(offices))
    return True


def _is_from(networks: Sequence[str], address: str) -> bool:
    try:
        came_from = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(came_from in ipaddress.ip_network(network) for network in networks)


#: Who finds the row taken does not wait for it, and the one who gets it next counts for both. Whoever has it waits
#: for no disk and no second host.
_COUNT = """
set local synchronous_commit = off;
update enterprises_apitoken set
  calls = case when minute_began_at > %(now)s - interval '1 minute' then calls + %(new)s else %(new)s end,
  minute_began_at = case when minute_began_at > %(now)s - interval '1 minute' then minute_began_at else %(now)s end,
  last_used_at = case when minute_began_at > %(now)s - interval '1 minute' then last_used_at else %(now)s end,
  last_used_from = case when minute_began_at > %(now)s - interval '1 minute' then last_used_from else %(address)s end
where id = (select id from enterprises_apitoken where id = %(token)s for update skip locked)
returning calls, minute_began_at
"""
#: Calls of this process that are not counted yet, by token.
_uncounted: Counter[int] = Counter()


def _count(token: ApiToken, *, address: str, now: datetime) -> None:
    """One small write a call, in a transaction of its own: no call waits for another one."""
    new = 1 + _uncounted.pop(token.pk, 0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"token": token.pk, "now": now, "address": address, "new": new})
        row = cursor.fetchone()
    if row is None:
        _uncounted[token.pk] += new
        return
    calls, began = row
    if calls > settings.API_CALLS_PER_MINUTE:
        left = (began + MINUTE - now).total_seconds()
        raise TokenRefused("too_many", token, seconds=max(1, round(left + 0.5)))


@working_as_steps()
def agree(token: ApiToken, *, by: User) -> bool:
    """A second manager lets what waited open. False where nothing waits any more. Raises NotTwoPersons."""
    with transaction.atomic():
        held = ApiToken.objects.select_for_update().get(pk=token.pk)
        if not held.waiting_scopes or held.revoked_at is not None:
            return False
        persons.decide(persons.matter_of(held), by, asked=[held.user_id, held.created_by_id], now=timezone.now())
        held.scopes = [scope for scope in SCOPES if scope in {*held.scopes, *held.waiting_scopes}]
        held.waiting_scopes = []
        held.save(update_fields=["scopes", "waiting_scopes", "tag"])
    return True


@working_as_steps()
def revoke(token: ApiToken, *, now: datetime) -> None:
    """It opens nothing from the next call on."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


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
            detail = _("令牌不能写在网址里，请放在 Authorization 头里，并作废这个令牌。")
            return problem(request, status=400, title=_("请求有误"), code="token_in_address", detail=detail)
        if request.path.startswith(OPEN):
            return self.get_response(request)
        return self._refused(request) or self.get_response(request)

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        result = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        if result is None:
            return _unknown(request, code="token_missing", detail=_("请在 Authorization 头里带上令牌：Bearer odr_…"))
        now, address = timezone.now(), client_address(request)
        try:
            token = opened_by(result[1], address=address, now=now)
        except TokenRefused as refusal:
            return _turned_away(request, refusal, address=address, now=now)
        if _is_too_large(request):
            detail = _("请求正文最多1 MB；材料请用 multipart/form-data 上传。")
            return problem(request, status=413, title=_("请求太大"), code="too_large", detail=detail)
        set_caller(request, token)
        return None


def set_caller(request: HttpRequest, token: ApiToken | None) -> None:
    """Whoever the session belongs to is nobody here."""
    caller: Any = request
    caller.user = AnonymousUser() if token is None else token.user
    caller.api_token = token
    caller.acting = "" if token is None else f"token {token.shown}"


def _names_a_token(request: HttpRequest) -> bool:
    texts = [(name, value) for name, values in request.GET.lists() for value in (*values, name)]
    return PREFIX in request.path or any(name.lower() in _NAMES or PREFIX in value for name, value in texts)


def _is_too_large(request: HttpRequest) -> bool:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if (request.content_type or "").startswith("multipart/"):
        most = max(settings.EVIDENCE_FILE_MB, settings.EVIDENCE_VIDEO_MB) * _MEGABYTE + _MEGABYTE
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdecimal() or int(length) > most


def _turned_away(request: HttpRequest, refusal: TokenRefused, *, address: str, now: datetime) -> HttpResponse:
    token = refusal.token
    if token is not None:
        request.acting = f"token {token.shown}"  # type: ignore[attr-defined]
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
        detail = _("这个令牌一分钟内请求太多，请%(n)s秒后再试。") % {"n": refusal.seconds}
        response = problem(request, status=429, title=_("请求太多"), code="too_many_calls", detail=detail)
        response["Retry-After"] = str(refusal.seconds)
        return response
    if refusal.code == "address":
        detail = _("这个令牌不能从这个网络地址使用。")
        return problem(request, status=403, title=_("不允许"), code="address_not_allowed", detail=detail)
    # Unknown, revoked, expired, ended: who asks learns that it does not open, and no more.
    return _unknown(request, code="token_invalid", detail=_("令牌无效、已作废或已到期。"))


def _unknown(request: HttpRequest, *, code: str, detail: str) -> HttpResponse:
    response = problem(request, status=401, title=_("请先表明身份"), code=code, detail=detail)
    response["WWW-Authenticate"] = 'Bearer realm="12315"' + (
        ', error="invalid_token"' if code == "token_invalid" else ""
    )
    return response
