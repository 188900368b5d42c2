"""Rows that let somebody work or come in: each is as the portal wrote it, by its tag (accounts/keys/row_tags.py). One
that was planted or changed past the portal opens nothing; here it is named, so that somebody asks who did that."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models

from accounts.keys import row_tags
from accounts.models import Administrator, SecondFactor
from authorities.models import Officer
from complaints.record.findings import Finding
from enterprises.models import ApiToken, Staff, StationStaff

MODELS: tuple[type[models.Model], ...] = (Administrator, Officer, Staff, StationStaff, ApiToken, SecondFactor)


def differences() -> Iterator[Finding]:
    """Each row without a tag of ours: code ``tag``, row ``authorities_officer 12``. Ended ones too; a row as the portal
    wrote it once, put back later, is not told from a true one."""
    for model in MODELS:
        for pk, tag, values in row_tags.tagged_values(model):
            if not row_tags.is_of(model, values, tag):
                yield Finding("tag", row=f"{model._meta.db_table} {pk}")
