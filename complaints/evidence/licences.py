"""The scan of an enterprise's licence: looked into and kept as files of a case are; one file an application."""

from datetime import datetime

from django.db import transaction

from complaints.evidence import beside_cases, limits, storing
from complaints.evidence.files import shown_name
from complaints.evidence.keeping import Incoming, examined
from enterprises.models import EnrolmentApplication, EnrolmentFile


def receive(incoming: Incoming, *, application: EnrolmentApplication, now: datetime) -> EnrolmentFile:
    """Keeps it in place of an earlier one. Raises EvidenceRefused; then the earlier one stays."""
    kept = examined(incoming)
    if not kept.media_type.startswith("image/") and kept.media_type != "application/pdf":
        kept.drop()
        raise limits.refused("unknown_type", incoming.name)
    is_clean = beside_cases.passes(kept, name=incoming.name)
    with transaction.atomic():
        earlier = EnrolmentFile.objects.select_for_update().filter(application=application).first()
        if earlier is not None:
            earlier.delete()
        row = EnrolmentFile.objects.create(
            application=application,
            name=shown_name(incoming.name),
            is_clean=is_clean,
            uploaded_at=now,
            **beside_cases.columns_of(kept),
        )
    if earlier is not None:
        storing.drop(*earlier.paths)
    return row
