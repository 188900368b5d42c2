"""A file of the national platform that an office sent in: its numbers for our cases, and complaints that began there.

The row is the queue, and the same bytes at the same authority are the same row. What a line says of a
person stays in the file until it is decided and is never copied here.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from authorities.models import Authority


class PlatformFile(models.Model):
    """``place``: the last line that was worked on in this state; ``lines``: how many there are."""

    STATES = ("checking", "checked", "applying", "done", "dropped", "failed")

    mark = models.CharField(max_length=20, unique=True)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, db_index=False, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file_name = SealedText(blank=True, place=["mark"], free_text=True)
    form = models.CharField(max_length=4, choices=[(f, f) for f in ("csv", "xlsx")])
    digest = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=8, default="checking", choices=[(s, s) for s in STATES])
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    place = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True, default="")
    failure_words = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "digest"],
                condition=~Q(state__in=["dropped", "failed"]),
                name="platform_file_is_answered_once",
            )
        ]
        indexes = [
            models.Index(fields=["authority", "-id"], name="platform_files_of_an_authority"),
            models.Index(
                fields=["id"], name="platform_files_to_work_on", condition=Q(state__in=["checking", "applying"])
            ),
        ]

    def __str__(self) -> str:
        return self.mark


class PlatformLine(models.Model):
    """What comes, or came, of one line. ``kind``: a number for a case of ours, or a new complaint."""

    KINDS = ("number", "new")
    STATES = ("good", "bad", "done", "refused", "same")

    file = models.ForeignKey(PlatformFile, on_delete=models.CASCADE, db_index=False, related_name="rows")
    line = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=[(k, k) for k in KINDS])
    number = models.CharField(max_length=40, blank=True, default="")
    platform_number = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=8, choices=[(s, s) for s in STATES])
    column = models.CharField(max_length=40, blank=True, default="")
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="platform_line_is_read_once")]
        indexes = [models.Index(fields=["file", "state", "line"], name="platform_lines_by_state")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.line}"
