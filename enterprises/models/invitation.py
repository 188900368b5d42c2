"""An invitation to work for an enterprise or an authority.

It opens one post, for one address, once. The letter's token and the address are here as digests only,
so the table is no way in and tells nobody's mailbox.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Invitation(models.Model):
    """``role`` is a code of that place (``Role.post``); open until used, revoked or past ``expires_at``."""

    token_digest = models.CharField(max_length=64, unique=True)
    address_digest = models.CharField(max_length=64)
    #: m***@example.org: whoever invited knows it again.
    address_masked = models.CharField(max_length=254)
    enterprise = models.ForeignKey("enterprises.Enterprise", null=True, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey("enterprises.Branch", null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("authorities.Authority", null=True, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey("enterprises.Station", null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["enterprise", "-id"], name="invitations_of_an_enterprise"),
            models.Index(fields=["authority", "-id"], name="invitations_of_an_authority"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(enterprise__isnull=False, authority__isnull=True, station__isnull=True)
                | Q(enterprise__isnull=True, authority__isnull=False, branch__isnull=True, station__isnull=True)
                | Q(enterprise__isnull=True, authority__isnull=True, branch__isnull=True, station__isnull=False),
                name="an_invitation_names_one_organisation",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="an_invitation_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True), name="a_revoked_invitation_was_not_used"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.address_masked}"
