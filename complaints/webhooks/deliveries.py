"""Deliveries to programs of enterprises: made from events (ids and states only), sent in order within a case."""

import base64
import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from complaints.models import Engagement, HandlingStep, Lease, WebhookDelivery
from complaints.notices.channels.signing import headers_of
from complaints.record import anchors
from complaints.record.events import event_body, events_after, external_refs, of_enterprise
from enterprises.models import WebhookEndpoint
from enterprises.team.staffing import shut_out
from web import safe_http

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
            key, kind = f"transferred:{times[row.complaint_id]}", TRANSFERRED
            values = {"case": row.complaint.number, "external_ref": ticket}
        elif not endpoint.events or row.step in endpoint.events:
            given = event_body(row, external_ref=ticket)
            key, kind, values = f"step:{row.pk}", row.step, {name: given[name] for name in FIELDS}
        else:
            continue
        yield delivery_of(endpoint, key, kind, row.written_at, values, complaint_id=row.complaint_id, now=now)


def delivery_of(
    endpoint: WebhookEndpoint,
    key: str,
    kind: str,
    at: datetime,
    values: dict[str, Any],
    *,
    complaint_id: int | None,
    now: datetime,
) -> WebhookDelivery:
    """A message in the words of Standard Webhooks: type, timestamp, data."""
    body = {"type": kind, "timestamp": timezone.localtime(at).isoformat(), "data": values}
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


log = logging.getLogger(__name__)

#: So many endpoints are called at once.
LINES = 16
#: A sweep begins no call after so many seconds; with one call (10 s) still below the limit of a task (30 s).
SECONDS = 12
#: Whoever failed last may hold a line for long, so it is tried at the beginning of a sweep.
DOUBTFUL_WITHIN = 2
#: While calls last, a look for new events this often.
LOOK_EVERY = 1.0
LEASE = timedelta(seconds=60)
#: The lease of whoever sends.
SENDER = "webhooks"
#: Seconds after the first, second, … failed try; then always the last.
TRY_AGAIN_AFTER = (10, 30, 120, 600, 1800, 7200, 21600)
#: In a row, and the endpoint rests: minutes after the fifth, sixth, …; then always the last.
BREAK_AFTER = 5
REST = (1, 5, 15, 60, 180, 360)
#: How long it is tried at all.
TRIED_FOR = timedelta(days=7)
#: This very message is not wanted: the endpoint lives, and the case goes on without it after a few tries.
_NOT_WANTED = {"http_400", "http_409", "http_413", "http_415", "http_422"}
TRIES_IF_NOT_WANTED = 4
_OFF_FOR_GOOD = "http_410"
SECRETS_OVERLAP = timedelta(hours=24)
#: More than a week's tries.
TRIES_KEPT = 60


def sweep_webhooks(*, now: datetime, rule: safe_http.Rule | None = None) -> int:
    """How many messages were taken by their receivers; none while another sweep sends."""
    if not listening().exists():
        return 0
    with Lease.objects.alone(SENDER) as held:
        return _Sweep(rule or safe_http.public_rule(), now=now).run() if held else 0


class _Sweep:
    """One sweep: whose turn it is, and who is being called."""

    def __init__(self, rule: safe_http.Rule, *, now: datetime) -> None:
        self.rule, self.start, self.begun = rule, now, time.monotonic()
        self.turns: deque[int] = deque()
        self.busy: dict[Future[tuple[str, int]], WebhookDelivery] = {}
        self.taken = 0
        #: What the messages of this sweep say of the record.
        self.checkpoint: dict[str, str] = {}

    @property
    def passed(self) -> float:
        return time.monotonic() - self.begun

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    @property
    def _doubtful(self) -> int:
        return sum(bool(delivery.endpoint.failures) for delivery in self.busy.values())

    def is_over(self) -> bool:
        return self.passed > SECONDS

    def run(self) -> int:
        with ThreadPoolExecutor(LINES, thread_name_prefix="webhook") as lines:
            self._look()
            while True:
                self._call(lines)
                if not self.busy:
                    return self.taken
                done, _waiting = wait(self.busy, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
                for call in done:
                    self._stamp(self.busy.pop(call), call)
                if not done and not self.is_over():
                    self._look()

    def _look(self) -> None:
        """Who has something to be told now."""
        make_deliveries(now=self.now, is_over=self.is_over)
        self.checkpoint = anchors.newest_header()
        due = WebhookDelivery.objects.filter(_is_due(self.now), endpoint__in=listening()).order_by()
        waiting = {*self.turns, *(delivery.endpoint_id for delivery in self.busy.values())}
        result = due.values_list("endpoint__failures", "endpoint_id").distinct()
        # Who answers comes first.
        self.turns.extend(pk for _failures, pk in sorted(result) if pk not in waiting)

    def _call(self, lines: ThreadPoolExecutor) -> None:
        while self.turns and len(self.busy) < LINES and not self.is_over():
            delivery = self._lease(self.turns.popleft())
            if delivery is not None:
                keys = keys_of(delivery.endpoint, now=self.now)
                self.busy[lines.submit(_send, delivery, keys, self.rule, self.now, self.checkpoint)] = delivery

    def _lease(self, pk: int) -> WebhookDelivery | None:
        """The first message of this endpoint that is due and has none of its case before it."""
        with transaction.atomic():
            endpoint = listening().filter(pk=pk).select_for_update(skip_locked=True, of=("self",)).first()
            if endpoint is None or (endpoint.paused_until is not None and endpoint.paused_until > self.now):
                return None
            if endpoint.failures and (self.passed > DOUBTFUL_WITHIN or self._doubtful >= LINES // 2):
                return None
            waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state__in=["queued", "leased"])
            if waiting.filter(state="leased", leased_until__gt=self.now).exists():
                return None
            earlier = waiting.filter(complaint=OuterRef("complaint"), pk__lt=OuterRef("pk"))
            delivery = (
                waiting.filter(_is_due(self.now)).filter(Q(complaint=None) | ~Exists(earlier)).order_by("pk").first()
            )
            if delivery is None:
                return None
            delivery.endpoint = endpoint
            delivery.attempts += 1
            delivery.state, delivery.leased_until = "leased", self.now + LEASE
            delivery.save(update_fields=["attempts", "state", "leased_until"])
        return delivery

    def _stamp(self, delivery: WebhookDelivery, call: Future[tuple[str, int]]) -> None:
        code, took = call.result()
        error = "" if code.startswith("http_2") else code
        tries = [*delivery.tries, [self.now.isoformat(timespec="seconds"), code, took]][-TRIES_KEPT:]
        mine = WebhookDelivery.objects.filter(pk=delivery.pk, state="leased")
        endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
        if not error:
            mine.update(state="sent", sent_at=self.now, leased_until=None, last_error="", tries=tries)
            endpoint.exclude(state="off").update(
                state="on", failures=0, paused_until=None, last_success_at=self.now, last_error=""
            )
            self.taken += 1
            self.turns.append(delivery.endpoint_id)
            return
        if error == _OFF_FOR_GOOD:
            endpoint.update(state="off", paused_until=None, last_error=error)
        elif error not in _NOT_WANTED:
            self._count(delivery.endpoint_id, error)
        is_unwanted = error in _NOT_WANTED and delivery.attempts >= TRIES_IF_NOT_WANTED
        if is_unwanted or error == _OFF_FOR_GOOD or delivery.queued_at <= self.now - TRIED_FOR:
            mine.update(state="dead", leased_until=None, last_error=error, tries=tries)
            # What is as old was not taken for as long.
            WebhookDelivery.objects.filter(
                endpoint=delivery.endpoint_id, state="queued", queued_at__lte=self.now - TRIED_FOR
            ).update(state="dead", last_error=error)
        else:
            later = TRY_AGAIN_AFTER[min(delivery.attempts, len(TRY_AGAIN_AFTER)) - 1]
            mine.update(
                state="queued",
                next_try_at=self.now + timedelta(seconds=later),
                leased_until=None,
                last_error=error,
                tries=tries,
            )
        if error in _NOT_WANTED:
            self.turns.append(delivery.endpoint_id)

    def _count(self, pk: int, error: str) -> None:
        """The breaker: after some failures in a row the endpoint rests, longer each time."""
        WebhookEndpoint.objects.filter(pk=pk).update(failures=F("failures") + 1, last_error=error)
        endpoint = WebhookEndpoint.objects.get(pk=pk)
        over = endpoint.failures - BREAK_AFTER
        if over >= 0 and endpoint.state != "off":
            endpoint.state = "broken"
            endpoint.paused_until = self.now + timedelta(minutes=REST[min(over, len(REST) - 1)])
            endpoint.save(update_fields=["state", "paused_until"])


def _is_due(now: datetime) -> Q:
    return Q(state="queued", next_try_at__lte=now) | Q(state="leased", leased_until__lte=now)


def keys_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[bytes]:
    """The keys that sign now: the newest first, the one before as long as both are valid."""
    secrets = [endpoint.secret]
    if endpoint.previous_secret and endpoint.rotated_at is not None and now < endpoint.rotated_at + SECRETS_OVERLAP:
        secrets.append(endpoint.previous_secret)
    return [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]


def _send(
    delivery: WebhookDelivery, keys: list[bytes], rule: safe_http.Rule, at: datetime, more: Mapping[str, str]
) -> tuple[str, int]:
    """In a thread: what came of it (http_204, timeout …) and after how many milliseconds. Touches no row."""
    begun = time.monotonic()
    code = _posted(delivery, keys, rule, at, more)
    return code, round((time.monotonic() - begun) * 1000)


def _posted(
    delivery: WebhookDelivery, keys: list[bytes], rule: safe_http.Rule, at: datetime, more: Mapping[str, str]
) -> str:
    body = delivery.body.encode()
    headers = {**more, **headers_of(key=delivery.webhook_id, keys=keys, at=int(at.timestamp()), body=body)}
    try:
        status = safe_http.post(delivery.endpoint.url, body=body, headers=headers, rule=rule)
    except (safe_http.Refused, safe_http.NoAnswer) as error:
        return error.code
    except Exception as error:
        # Only its kind: its words may hold what the other side said.
        log.error("webhook %s was not sent: %s", delivery.webhook_id, type(error).__name__)
        return f"fault_{type(error).__name__}"[:40]
    return f"http_{status}"
