"""Prints documents that were issued, any number of workers at once. The row is the queue. What a worker took and did
not finish is taken anew after its lease; the print, its digest and the entry that says so come into being together."""

import logging
import time
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import F, Q

from complaints import handling
from complaints.documents import printing
from complaints.handling.steps import documents
from complaints.models import DocumentVersion
from complaints.parties.actors import SYSTEM
from complaints.procedure.refusals import StepNotAllowed

log = logging.getLogger(__name__)

#: A sweep begins no print after so many seconds.
SECONDS = 12
LEASE = timedelta(seconds=60)
#: A print that fails is tried again later and later; somebody who opens it sees it made at once.
MOST_ATTEMPTS = 6


def sweep_documents(*, now: datetime) -> int:
    """How many were printed."""
    begun, printed = time.monotonic(), 0
    while time.monotonic() < begun + SECONDS and (version := _lease(now=now)):
        try:
            printed += _print(version, now=now)
        except OperationalError:
            raise
        except Exception as error:
            # Only its kind: its words may hold what stands in the document.
            log.error("document %s was not printed: %s", version.public_id, type(error).__name__)
    return printed


def _lease(*, now: datetime) -> DocumentVersion | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        waiting = DocumentVersion.objects.filter(free, sha256="", attempts__lt=MOST_ATTEMPTS).exclude(content=b"")
        locked = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("document", "complaint")
        version = locked.order_by("pk").first()
        if version is None:
            return None
        DocumentVersion.objects.filter(pk=version.pk).update(
            leased_until=now + LEASE * (version.attempts + 1), attempts=F("attempts") + 1
        )
    return version


def _print(version: DocumentVersion, *, now: datetime) -> bool:
    path, sha256, size = printing.put_print(version, printing.print_of(version))
    move = documents.keep_print(version_id=version.pk, path=path, sha256=sha256, size=size)
    try:
        return bool(handling.take(move, [version.complaint_id], actor=SYSTEM, now=now))
    except StepNotAllowed:
        # Somebody else was faster; the bytes are the same.
        return False
