"""Wrong tries at following a case without an account.

Who tried is kept as a keyed digest, for as long as it counts and no longer.
"""

from __future__ import annotations

from django.db import models


class TrackingTry(models.Model):
    """One pair of number and token that did not fit; counted here, the cache may be away."""

    browser_digest = models.CharField(max_length=64)
    address_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["browser_digest", "-at"], name="wrong_tries_of_a_browser"),
            models.Index(fields=["address_digest", "-at"], name="wrong_tries_of_an_address"),
            models.Index(fields=["at"], name="oldest_wrong_tries_first"),
        ]

    def __str__(self) -> str:
        return f"{self.browser_digest[:8]} {self.at:%Y-%m-%d %H:%M}"
