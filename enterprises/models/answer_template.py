"""Texts that an enterprise answers with, by name; every change is a version of its own.

A version is written once and never changed, so an offer that went out keeps the words that it went with.
"""

from __future__ import annotations

from django.db import models

from accounts.keys.sealed_fields import SealedText


class AnswerTemplate(models.Model):
    """``number``: its newest version; ``owner`` answers for what it says; a retired one is offered no more."""

    enterprise = models.ForeignKey(
        "enterprises.Enterprise", on_delete=models.PROTECT, db_index=False, related_name="templates"
    )
    name = models.CharField(max_length=60)
    number = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey("enterprises.Staff", on_delete=models.PROTECT, db_index=False, related_name="+")
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["enterprise_id", "name"]
        constraints = [models.UniqueConstraint(fields=["enterprise", "name"], name="template_has_one_name")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One wording. ``body`` may hold variables in braces (complaints/settlement/answer_templates.py)."""

    template = models.ForeignKey(AnswerTemplate, on_delete=models.PROTECT, db_index=False, related_name="versions")
    number = models.PositiveIntegerField()
    body = SealedText(place=["template_id", "number"], free_text=True)
    made_by = models.ForeignKey("enterprises.Staff", on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["template_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_is_numbered_once")]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"
