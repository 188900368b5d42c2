"""The version of a case as programs and tables name it: another one after every step that all sides read.

What one side keeps to itself (a report, a concern, a note) leaves no sign in it, and no other step builds
on it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from complaints.models import Complaint

_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def version_of(complaint: Complaint) -> str:
    """As an ETag writes it, in quotes; another one with another handler too."""
    return f'"{plain_version(complaint)}"'


def plain_version(complaint: Complaint) -> str:
    """The same without quotes, for a cell."""
    return f"{(complaint.last_event_at - _EPOCH) // _TICK:x}-{complaint.handler_id or 0:x}"
