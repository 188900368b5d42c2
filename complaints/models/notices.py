"""Notices, deliveries of webhooks, heartbeats and leases: rows that other processes pick up. A notice is written in the
transaction of its step; the body of a delivery is written once, of ids and states only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import connection, models
from django.db.models import Q

from accounts.keys.row_tags import RowTag
from authorities.models import Authority
from complaints.models.complaint import Complaint
from enterprises.models import Enterprise, Staff, WebhookEndpoint

#: So much may the clocks of two machines differ.
CLOCKS_DIFFER = timedelta(seconds=30)


class Notice(models.Model):
    """What we tell one addressee about one entry. Its words are stamped when made.

    Each entry says who is told of it, and verification asks for the row; one that no longer waits carries a ``tag``
    over what became of it, so that nobody with the database alone marks as sent what was not.

    ``channel`` is empty until the first sweep that finds it due chooses person and channel; several people of one
    organisation get a row each. ``form`` single goes alone; digest and summary rows of one person are folded into the
    letter that ``letter`` names (the least id of its rows). ``again`` counts how often somebody asked for it to be sent
    once more: that is a new letter."""

    WAITING = ("queued", "leased")
    STATES = (*WAITING, "sent", "bounced", "set_aside", "told", "in_portal")
    FORMS = ("single", "digest", "summary")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="notices")
    audience = models.CharField(max_length=12, default="parties")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    addressee = models.CharField(max_length=12)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10, default="zh-hans")
    channel = models.CharField(max_length=12, blank=True, default="")
    form = models.CharField(max_length=8, default="single", choices=[(f, f) for f in FORMS])
    letter = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    short = models.CharField(max_length=70, blank=True, default="")
    created_at = models.DateTimeField()
    send_after = models.DateTimeField()
    state = models.CharField(max_length=10, default="queued", choices=[(s, s) for s in STATES])
    attempts = models.PositiveSmallIntegerField(default=0)
    again = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, default="")
    tag = RowTag(over=["complaint_id", "audience", "sequence", "addressee", "channel", "user_id", "state"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "audience", "sequence", "addressee", "channel", "user"],
                nulls_distinct=False,
                name="a_person_is_told_once_an_entry",
            )
        ]
        indexes = [
            models.Index(
                fields=["send_after", "id"], name="notices_to_send", condition=Q(state__in=["queued", "leased"])
            ),
            models.Index(fields=["user", "-id"], name="notices_of_a_person"),
            models.Index(fields=["complaint", "id"], name="notices_of_a_case"),
            models.Index(fields=["-id"], name="notices_set_aside", condition=Q(state="set_aside")),
        ]

    def __str__(self) -> str:
        return self.subject


class NoticeChoice(models.Model):
    """How one person wants to be told. Without a row: everything, at once, by the usual way.

    ``first`` is the way tried first ("" = the usual one). ``reminders`` and ``progress`` are the groups of
    complaints/notices/notice_choices.py that may come folded, or stand on the case alone (state in_portal)."""

    HOW = ("each", "digest", "none")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+")
    first = models.CharField(max_length=8, blank=True, default="", choices=[(c, c) for c in ("sms", "email")])
    reminders = models.CharField(max_length=8, default="each", choices=[(h, h) for h in HOW])
    progress = models.CharField(max_length=8, default="each", choices=[(h, h) for h in HOW])
    changed_at = models.DateTimeField()


class NoticeOrder(models.Model):
    """Somebody had a notice sent again, or wrote down that the addressee was told otherwise."""

    WHAT = ("again", "told")

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="orders")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=8, choices=[(w, w) for w in WHAT])
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def since(self, at: datetime, *, now: datetime) -> Self:
        """Written at or after ``at``. One that is dated ahead was written by a wrong clock, and says nothing."""
        return self.filter(at__gte=at, at__lte=now + CLOCKS_DIFFER)


class Heartbeat(models.Model):
    """The last sign of life of a process or of the path through the broker, or when a day's work was done."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class LeaseManager(models.Manager["Lease"]):
    @contextmanager
    def alone(self, name: str, *, seconds: int = 30) -> Iterator[Holding | None]:
        """What no other process does meanwhile, by the clock of the database; None where another one is at it. Whoever
        dies holds it for ``seconds`` more; whoever needs longer renews it."""
        holding = Holding(name, seconds)
        held = holding.renew()
        try:
            yield holding if held else None
        finally:
            if held:
                self.filter(name=name, holder=holding.holder).delete()


class Lease(models.Model):
    """A thing that one process at a time does, with an end: whoever dies holds it no longer than that."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    objects = LeaseManager()

    def __str__(self) -> str:
        return self.name


class Holding:
    """A lease in the hands of one process."""

    def __init__(self, name: str, seconds: int) -> None:
        self.name, self.seconds, self.holder = name, seconds, uuid4()

    def renew(self) -> bool:
        """Whether it is ours, from now on for as long again."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [self.name, self.holder, self.seconds])
            return bool(cursor.rowcount)


_TAKE = """
insert into complaints_lease as l (name, holder, until) values (%s, %s, clock_timestamp() + %s * interval '1 second')
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where l.until <= clock_timestamp() or l.holder = excluded.holder"""


class WebhookDelivery(models.Model):
    """``event_key`` names the event for this endpoint, so that it is made once. ``complaint`` is empty for a test."""

    STATES = ("queued", "leased", "sent", "dead")

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, db_index=False, related_name="deliveries")
    complaint = models.ForeignKey(
        Complaint, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    event_key = models.CharField(max_length=60)
    type = models.CharField(max_length=40)
    webhook_id = models.CharField(max_length=40, unique=True)
    body = models.TextField()
    state = models.CharField(max_length=6, default="queued", choices=[(s, s) for s in STATES])
    queued_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=40, blank=True, default="")
    #: Each try: [moment, what was answered (http_204, timeout …), milliseconds]; nothing that the other side said.
    tries = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_key"], name="an_event_is_told_an_endpoint_once")
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="deliveries_of_a_webhook"),
            models.Index(
                fields=["endpoint", "id"], name="deliveries_to_send", condition=Q(state__in=["queued", "leased"])
            ),
            models.Index(
                fields=["endpoint", "complaint", "id"],
                name="deliveries_of_a_case_to_send",
                condition=Q(state__in=["queued", "leased"]),
            ),
            models.Index(fields=["sent_at"], name="deliveries_by_age", condition=Q(state="sent")),
        ]
