"""Whom we tell what after each step. The words are stamped when the notice is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaints.models import Notice

if TYPE_CHECKING:
    from complaints.handling.casefile import CaseFile


def for_file(file: CaseFile) -> list[Notice]:
    return []
