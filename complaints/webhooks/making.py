"""Makes deliveries from events. What is told is ids and states; whoever no longer has the case is told only
that.

An endpoint has its own cursor, safe by the order of commits (complaints/record/events.py), and is told an
event once: the cursor and the deliveries are written together, and the event's key is unique.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from complaints.models import Engagement, HandlingStep, WebhookDelivery
from complaints.record.events import events_after, external_refs, of_enterprise, told
from enterprises.models import WebhookEndpoint
from enterprises.team.staffing import shut_out

LIMIT = 500
TRANSFERRED = "case.transferred"
TEST = "test"
#: What an event tells besides its type and moment.
FIELDS = ("id", "case", "sequence", "from_status", "to_status", "outcome", "external_ref")
#: A cursor that moved over so many transactions is kept, though nothing was there for this reader.
FAR = 1000


def listening() -> QuerySet[WebhookEndpoint]:
    """Endpoints that are told: switched on, of an enterprise that may work here."""
    return WebhookEndpoint.objects.exclude(state="off").exclude(shut_out("enterprise__"))


def make_deliveries(*, now: datetime, is_over: Callable[[], bool]) -> int:
    """How many deliveries were made; an endpoint that another one holds is left to it."""
    made = 0
    for pk in list(listening().order_by("pk").values_list("pk", flat=True)):
        while not is_over():
            some, is_more = _make_some(pk, now=now)
            made += some
            if not is_more:
                break
    return made


def _make_some(pk: int, *, now: datetime) -> tuple[int, bool]:
    with transaction.atomic():
        endpoint = listening().filter(pk=pk).select_for_update(skip_locked=True, of=("self",)).first()
        if endpoint is None:
            return 0, False
        # Of a case an enterprise is told from its forwarding on.
        rows, cursor = events_after(
            endpoint.cursor, visible=of_enterprise(endpoint.enterprise_id).exclude(step="file"), limit=LIMIT
        )
        deliveries = list(_deliveries(endpoint, rows, now=now))
        WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        if rows or _is_far(endpoint.cursor, cursor):
            WebhookEndpoint.objects.filter(pk=pk).update(cursor=cursor)
    return len(deliveries), len(rows) == LIMIT


def _is_far(old: str, new: str) -> bool:
    """Cursors are era.transaction.entry."""
    return old.split(".")[0] != new.split(".")[0] or int(new.split(".")[1]) - int(old.split(".")[1]) > FAR


def _deliveries(endpoint: WebhookEndpoint, rows: Iterable[HandlingStep], *, now: datetime) -> Iterable[WebhookDelivery]:
    rows = list(rows)
    tickets = external_refs(rows, enterprise_id=endpoint.enterprise_id)
    gone = [row.complaint_id for row in rows if row.complaint.enterprise_id != endpoint.enterprise_id]
    # The newest time counts: a case may come back and go again.
    times = dict(
        Engagement.objects.filter(complaint_id__in=gone, enterprise_id=endpoint.enterprise_id)
        .order_by("pk")
        .values_list("complaint_id", "pk")
    )
    for row in rows:
        ticket = tickets.get(row.complaint_id, "")
        if row.complaint_id in times:
            # Whatever happened meanwhile is another enterprise's matter, or nobody's yet.
            yield delivery_of(
                endpoint,
                f"transferred:{times[row.complaint_id]}",
                TRANSFERRED,
                row.written_at,
                {"case": row.complaint.number, "external_ref": ticket},
                complaint_id=row.complaint_id,
                now=now,
            )
        elif not endpoint.events or row.step in endpoint.events:
            said = told(row, external_ref=ticket)
            yield delivery_of(
                endpoint,
                f"step:{row.pk}",
                row.step,
                row.written_at,
                {name: said[name] for name in FIELDS},
                complaint_id=row.complaint_id,
                now=now,
            )


def delivery_of(
    endpoint: WebhookEndpoint,
    key: str,
    kind: str,
    at: datetime,
    said: dict[str, Any],
    *,
    complaint_id: int | None,
    now: datetime,
) -> WebhookDelivery:
    """A message in the words of Standard Webhooks: type, timestamp, data."""
    body = {"type": kind, "timestamp": timezone.localtime(at).isoformat(), "data": said}
    return WebhookDelivery(
        endpoint=endpoint,
        complaint_id=complaint_id,
        event_key=key,
        type=kind,
        webhook_id=f"msg_{uuid.uuid4().hex}",
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        queued_at=now,
        next_try_at=now,
    )


def throw_away_sent(*, before: datetime, limit: int) -> int:
    """Delivered messages are kept for a while so that people can look; the dead ones until somebody does."""
    old = WebhookDelivery.objects.filter(state="sent", sent_at__lte=before).order_by("sent_at").values("pk")[:limit]
    return WebhookDelivery.objects.filter(pk__in=old).delete()[0]


def replay(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> int:
    """They are sent again as soon as the endpoint answers, under their old ids; what is being sent is left alone."""
    return deliveries.exclude(state="leased").update(
        state="queued", attempts=0, queued_at=now, next_try_at=now, leased_until=None, sent_at=None
    )
