"""One message to one endpoint: what is sent, how often it was tried, what became of it.

The body is written once, of ids and states only, and goes out under the same id however
often it is tried.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from complaints.models.complaint import Complaint
from enterprises.models import WebhookEndpoint


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

    def __str__(self) -> str:
        return self.webhook_id
