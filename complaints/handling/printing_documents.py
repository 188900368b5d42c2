"""Prints and signs documents that were issued, any number of workers at once. The row is the queue. What a worker took
and did not finish is taken anew after its lease; the print, its digest and the entry that says so come into being
together."""

import logging
import time
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet

from complaints import handling
from complaints.documents import printing, signing
from complaints.evidence import storing
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
#: Whoever keeps the print of a document waits for whoever keeps the same: no two signatures are alike, and the digest
#: in the record must be that of the file.
_KEEPING = 0x5160


def sweep_documents(*, now: datetime) -> int:
    """How many were printed."""
    begun, printed = time.monotonic(), 0
    try:
        signing.document_key()
    except signing.NoDocumentKey as problem:
        if waiting().exists():
            log.error("no document is printed: %s", str(problem))
        return 0
    while time.monotonic() < begun + SECONDS and (version := _lease(now=now)):
        try:
            printed += _print(version, now=now)
        except OperationalError:
            raise
        except Exception as error:
            # Only its kind: its words may hold what stands in the document.
            log.error("document %s was not printed: %s", version.public_id, type(error).__name__)
    return printed


def waiting() -> QuerySet[DocumentVersion]:
    """What has no print yet, also where all attempts were used up."""
    return DocumentVersion.objects.filter(sha256="").exclude(content=b"")


def _lease(*, now: datetime) -> DocumentVersion | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        locked = (
            waiting()
            .filter(free, attempts__lt=MOST_ATTEMPTS)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("document", "complaint")
        )
        version = locked.order_by("pk").first()
        if version is None:
            return None
        DocumentVersion.objects.filter(pk=version.pk).update(
            leased_until=now + LEASE * (version.attempts + 1), attempts=F("attempts") + 1
        )
    return version


def _print(version: DocumentVersion, *, now: datetime) -> bool:
    content = signing.sign_pdf(printing.print_of(version))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_KEEPING, version.pk % 2**31])
        if not waiting().filter(pk=version.pk).exists():
            # Somebody else was faster, or its words are gone.
            return False
        path, sha256, size = printing.put_print(version, content)
        move = documents.keep_print(version_id=version.pk, path=path, sha256=sha256, size=size)
        try:
            return bool(handling.take(move, [version.complaint_id], actor=SYSTEM, now=now))
        except StepNotAllowed:
            storing.storage().delete(path)
            return False
