"""What a manager does with an endpoint: make it, try it, change its secret, switch it off and on, send dead letters
again.

Only a manager of the whole enterprise, for it is told of all its cases; each of these steps stands in the security log,
and a secret is shown once.
"""

import base64
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security_log
from accounts.models import User
from accounts.roles import Right
from complaints.models import WebhookDelivery
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import TABLE, Audience
from complaints.record import events
from complaints.webhooks import deliveries
from enterprises.models import WebhookEndpoint
from web import safe_http

MOST = 5
#: Steps that an endpoint may be told of alone; what only the authority reads is never told.
STEPS = tuple(step for step, row in TABLE.items() if row.audience != Audience.AUTHORITY and step != "file")


def head_manager(actors: Iterable[Actor]) -> Actor | None:
    """The capacity of a manager of the whole enterprise, if one is held."""
    return next(
        (a for a in actors if a.enterprise_id is not None and a.branch_ids is None and a.may(Right.LEAD_ENTERPRISE)),
        None,
    )


def of(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """The endpoints of this manager's enterprise, with how many messages wait and how many are dead."""
    waiting, dead = Q(deliveries__state__in=["queued", "leased"]), Q(deliveries__state="dead")
    return (
        WebhookEndpoint.objects.filter(enterprise_id=_enterprise(actor))
        .annotate(waiting=Count("deliveries", filter=waiting), dead=Count("deliveries", filter=dead))
        .order_by("pk")
    )


def checked_url(url: str) -> str:
    """As far as an address can be judged without asking anybody. WrongInput with the reason."""
    try:
        safe_http.checked(url, safe_http.public_rule())
    except safe_http.Refused as refused:
        raise WrongInput(refused.code, str(WHY_NOT.get(refused.code, WHY_NOT["odd_address"])), field="url") from None
    return url


WHY_NOT = {
    "odd_address": gettext_lazy(
        "请写完整的公网网址，如 https://crm.example.com/hook；不要带用户名、密码和“#”，中文域名请写成xn--开头的形式。"
    ),
    "odd_scheme": gettext_lazy("只能是https网址。"),
    "odd_port": gettext_lazy("只能用443端口。"),
    "not_public": gettext_lazy("这个地址不在公共互联网上，不能使用。"),
}


def make(
    *, user: User, actor: Actor, url: str, description: str, steps: Sequence[str], now: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, told from now on; and its secret, which is not shown again."""
    if not set(steps) <= set(STEPS):
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="events")
    checked_url(url)
    _refuse_too_many(actor)
    secret = _new_secret()
    endpoint = WebhookEndpoint.objects.create(
        enterprise_id=_enterprise(actor),
        url=url,
        description=description,
        secret=secret,
        events=sorted(set(steps)),
        cursor=events.cursor_now(),
        created_at=now,
        created_by=user,
    )
    _note("webhook_made", endpoint, user, actor, now=now)
    return endpoint, secret


def rotate(endpoint: WebhookEndpoint, *, user: User, actor: Actor, now: datetime) -> str:
    """A new secret; the one before signs beside it for a day, so that the receiver can change over."""
    secret = _new_secret()
    endpoint.previous_secret, endpoint.secret, endpoint.rotated_at = endpoint.secret, secret, now
    endpoint.save(update_fields=["secret", "previous_secret", "rotated_at"])
    _note("webhook_rotated", endpoint, user, actor, now=now)
    return secret


def switch(endpoint: WebhookEndpoint, *, on: bool, user: User, actor: Actor, now: datetime) -> None:
    """Off: nothing is made or sent. On again: from now on; the rest stands in ``GET /api/v1/events/``."""
    if on and endpoint.state == "off":
        _refuse_too_many(actor)
        endpoint.cursor = events.cursor_now()
    endpoint.state, endpoint.failures, endpoint.paused_until = "on" if on else "off", 0, None
    endpoint.save(update_fields=["state", "failures", "paused_until", "cursor"])
    _note("webhook_on" if on else "webhook_off", endpoint, user, actor, now=now)


def test(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """A message that says nothing; sent at once, also where the endpoint rests."""
    if endpoint.state == "off":
        raise StepNotAllowed("webhook_is_off", _("这个推送地址已停用。"))
    deliveries.delivery_of(
        endpoint, f"{deliveries.TEST}:{uuid.uuid4()}", deliveries.TEST, now, {}, complaint_id=None, now=now
    ).save()
    endpoint.state, endpoint.failures, endpoint.paused_until = "on", 0, None
    endpoint.save(update_fields=["state", "failures", "paused_until"])


def replay(endpoint: WebhookEndpoint, *, webhook_id: str, user: User, actor: Actor, now: datetime) -> int:
    """One message, whatever became of it, or with an empty id all dead letters."""
    own = WebhookDelivery.objects.filter(endpoint=endpoint)
    count = deliveries.replay(own.filter(webhook_id=webhook_id) if webhook_id else own.filter(state="dead"), now=now)
    if count:
        _note("webhook_replayed", endpoint, user, actor, now=now, reason=f"{count}")
    return count


def _enterprise(actor: Actor) -> int:
    if actor.enterprise_id is None:
        raise ValueError("Not somebody of an enterprise.")
    return actor.enterprise_id


def _refuse_too_many(actor: Actor) -> None:
    if WebhookEndpoint.objects.filter(enterprise_id=_enterprise(actor)).exclude(state="off").count() >= MOST:
        raise StepNotAllowed("too_many_webhooks", _("最多同时有%(n)s个推送地址，请先停用一个。") % {"n": MOST})


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _note(kind: str, endpoint: WebhookEndpoint, user: User, actor: Actor, *, now: datetime, reason: str = "") -> None:
    security_log.note(
        kind, now=now, user=user, organisation=actor.organisation, subject=str(endpoint.public_id), reason=reason
    )
