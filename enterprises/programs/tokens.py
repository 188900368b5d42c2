"""Tokens of programs: issued, opened at each call, ended.

The secret is shown once and kept nowhere; the row has its digest. A token ends with
what it stands on: its day, its person, the enterprise or office that it was issued for.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from authorities.models import Officer
from enterprises.models.api_token import SHOWN, ApiToken
from enterprises.team.staffing import at_work

PREFIX = "odr_"
LONGEST = timedelta(days=366)
MINUTE = timedelta(minutes=1)
MOST_ADDRESSES = 20
#: What a token may be allowed; what its person may not do, none allows.
SCOPES = {
    "cases:read": _("查看案件和记录"),
    "cases:write": _("提交投诉、办理步骤"),
    "contact:read": _("查看受理后案件的联系方式"),
    "files:read": _("下载材料"),
    "files:write": _("上传材料"),
    "events:read": _("读取事件"),
}


class TokenRefused(Exception):
    """``code``: unknown, expired, revoked, ended (the person or place), address, too_many.

    ``seconds``: how long to wait, where waiting helps.
    """

    def __init__(self, code: str, token: ApiToken | None = None, *, seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.token = token
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token; ``secret`` is to be shown now and never again."""

    token: ApiToken
    secret: str


def digest_of(secret: str) -> str:
    """Of 256 random bits; nothing slow is needed to keep them from being guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


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
) -> Issued:
    """Make a token. Raises ValueError for an unknown scope, an odd network or a day out of reach."""
    if unknown := set(scopes) - SCOPES.keys():
        raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
    if not scopes:
        raise ValueError("a token needs at least one scope")
    if not now < expires_at <= now + LONGEST:
        raise ValueError("a token ends within a year")
    networks = [network_of(text) for text in addresses]
    if len(networks) > MOST_ADDRESSES:
        raise ValueError(f"at most {MOST_ADDRESSES} networks")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        enterprise_id=enterprise_id,
        authority_id=authority_id,
        name=name[:80],
        shown=secret[:SHOWN],
        digest=digest_of(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        addresses=networks,
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    return Issued(token, secret)


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
    if not _stands(token, now=now):
        raise TokenRefused("ended", token)
    if token.addresses and not _is_from(token.addresses, address):
        raise TokenRefused("address", token)
    _count(token, address=address, now=now)
    return token


def _stands(token: ApiToken, *, now: datetime) -> bool:
    today = timezone.localdate(now)
    if not token.user.is_active:
        return False
    if token.enterprise_id is not None:
        return at_work(today).filter(user_id=token.user_id, enterprise_id=token.enterprise_id).exists()
    if token.authority_id is not None:
        return Officer.objects.on(today).filter(user_id=token.user_id, authority_id=token.authority_id).exists()
    return True


def _is_from(networks: Sequence[str], address: str) -> bool:
    try:
        came_from = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(came_from in ipaddress.ip_network(network) for network in networks)


_COUNT = """
update enterprises_apitoken set
  calls = case when minute_began_at > %(now)s - interval '1 minute' then calls + 1 else 1 end,
  minute_began_at = case when minute_began_at > %(now)s - interval '1 minute' then minute_began_at else %(now)s end,
  last_used_at = case when minute_began_at > %(now)s - interval '1 minute' then last_used_at else %(now)s end,
  last_used_from = case when minute_began_at > %(now)s - interval '1 minute' then last_used_from else %(address)s end
where id = %(token)s returning calls, minute_began_at
"""


def _count(token: ApiToken, *, address: str, now: datetime) -> None:
    """One small write a call, in a transaction of its own: no call waits for another one's work."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"token": token.pk, "now": now, "address": address})
        calls, began = cursor.fetchone()
    if calls > settings.API_CALLS_PER_MINUTE:
        left = (began + MINUTE - now).total_seconds()
        raise TokenRefused("too_many", token, seconds=max(1, round(left + 0.5)))


def revoke(token: ApiToken, *, now: datetime) -> None:
    """It opens nothing from the next call on."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
