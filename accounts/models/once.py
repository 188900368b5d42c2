"""What may be done so often, or once: tries that are counted, links that were opened, requests that were answered."""

from django.db import models

from accounts.keys.sealed_fields import SealedText


class CountedTry(models.Model):
    """Something that is allowed so often (limits.py), counted here because the cache may be away."""

    kind = models.CharField(max_length=40)
    who_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("kind", "who_digest", "-at"), name="tries_of_somebody"),
            models.Index(fields=("at",), name="oldest_tries_first"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class OpenedLink(models.Model):
    """A link with a key in its address was opened: the key is good for this once (views/links.py)."""

    key_digest = models.CharField(max_length=64, primary_key=True)
    # Of the form whose button opened it: pressed twice, it opens once.
    form_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("at",), name="oldest_links_first"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class IdempotencyKey(models.Model):
    """A request that took effect, and where its answer can be read again."""

    actor = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    body_digest = models.CharField(max_length=64)
    reference = models.CharField(max_length=500)
    # What a program was answered, byte for byte; such answers name no person.
    # Bytes as Latin-1: a program may have been answered with somebody's phone.
    answer = SealedText(null=True, place=("actor", "key"))
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("actor", "key"), name="one_effect_per_key"),)
        indexes = (models.Index(fields=("created_at",), name="oldest_keys_first"),)

    def __str__(self) -> str:
        return f"{self.actor} {self.key[:8]}"
