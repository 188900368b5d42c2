"""Tokens with which programs act as the person to whom they were issued.

The one rule: the secret is shown once and kept nowhere; the row has its digest. A token ends with
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
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from authorities.models import Authority, Officer

PREFIX = "odr_"
#: So much of a token may be shown and written down; it opens nothing.
SHOWN = 12
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


class ApiToken(models.Model):
    """One token. With an enterprise it sees that enterprise's cases only, with an authority that
    office's; with neither the person's own."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )
    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("用途"), max_length=80)
    shown = models.CharField(max_length=SHOWN)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20))
    #: Networks that it may come from; none means anywhere.
    addresses = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.CharField(max_length=45, blank=True, default="")
    #: When its being turned away was last noted, so that a broken program cannot flood the log.
    denied_at = models.DateTimeField(null=True, blank=True)
    minute_began_at = models.DateTimeField(null=True, blank=True)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="a_token_stands_on_one_place", condition=Q(enterprise=None) | Q(authority=None)
            ),
            models.CheckConstraint(
                name="a_token_ends_after_it_begins", condition=Q(expires_at__gt=models.F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown}… {self.name}"

    def allows(self, scope: str) -> bool:
        return scope in self.scopes


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
    from enterprises.team.staffing import at_work  # its models lie above this one

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
