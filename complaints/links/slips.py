"""A slip of paper hands a case over to its consumer: the key in its QR code opens the page of the case, once.

Nothing of it is kept. The key carries the number and until when it is good, under a mark made with the key of the site
and the digest of the case's token; whoever opened it is asked for a code the second time (accounts/views/links.py)."""

import base64
import re
from datetime import UTC, datetime, timedelta

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.sign_in.contacts import Contact
from complaints.links.proving import contact_on_file
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from database.row_security import working_as_steps

VALID_FOR = timedelta(days=14)
_KEY = re.compile(r"([0-9A-Z-]{10,40})\.([0-9]{1,10})\.([A-Za-z0-9_-]{22})")


def path_of(case: Complaint, *, until: datetime) -> str:
    """The address in the QR code, good until then; "" for a case without a token, which nothing but its account and
    number opens."""
    with working_as_steps():
        digest = Complaint.objects.values_list("tracking_digest", flat=True).get(pk=case.pk)
    seconds = int(until.timestamp())
    return (
        reverse("complaints:slip", args=[f"{case.number}.{seconds}.{_mark(case.number, seconds, digest)}"])
        if digest
        else ""
    )


def _mark(number: str, seconds: int, digest: str) -> str:
    mark = salted_hmac("complaints.links.slips", f"{number}\n{seconds}\n{digest}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mark[:16]).decode().rstrip("=")


def of_key(key: str, *, now: datetime) -> tuple[Complaint, Contact | None] | None:
    """The case, and the phone or mailbox on file; None for a key that is unknown, over, or of a token of before."""
    parts = _KEY.fullmatch(key)
    if parts is None or datetime.fromtimestamp(int(parts[2]), UTC) <= now:
        return None
    with working_as_steps():
        case = Complaint.objects.exclude(status=Status.DRAFT).filter(number=parts[1]).first()
        digest = case.tracking_digest if case is not None else ""
        is_its = constant_time_compare(_mark(parts[1], int(parts[2]), digest), parts[3])
        return (case, contact_on_file(case)) if case is not None and digest and is_its else None
