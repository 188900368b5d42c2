"""Programs of enterprises and people: tokens with which they ask, and endpoints that are told of events."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import SealedText
from authorities.models import Authority

#: So much of a token may be shown and written down; it opens nothing.
SHOWN = 12


class ApiToken(models.Model):
    """A token sees the cases of its enterprise or of its authority's office; with neither the person's own."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )
    authority = models.ForeignKey(Authority, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("用途"), max_length=80)
    shown = models.CharField(max_length=SHOWN)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20))
    #: What was asked for and opens only when a second manager has agreed.
    waiting_scopes = ArrayField(models.CharField(max_length=20), default=list, blank=True)
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
    tag = RowTag(over=("user_id", "enterprise_id", "authority_id", "digest", "scopes", "addresses", "expires_at"))

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


class WebhookEndpoint(models.Model):
    """``events`` are steps of the table, empty for all. ``cursor`` is how far its events were taken up.

    ``state``: on; broken (it failed ``failures`` times in a row and rests until ``paused_until``); off.
    """

    STATES = ("on", "broken", "off")

    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.PROTECT, related_name="webhooks")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True, default="")
    secret = SealedText(place=("public_id",))
    previous_secret = SealedText(place=("public_id",), blank=True, default=b"")
    rotated_at = models.DateTimeField(null=True, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    cursor = models.CharField(max_length=60)
    state = models.CharField(max_length=6, default="on", choices=[(s, s) for s in STATES])
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["enterprise_id", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="a_webhook_is_called_by_https"),
            models.CheckConstraint(
                condition=Q(state="broken") | Q(paused_until__isnull=True), name="only_a_broken_webhook_rests"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.public_id}"
