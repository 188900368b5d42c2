"""The record gone through as a whole, every night: whether it is unbroken stands on the pages of the portal's own
state.

What was found is kept whatever it is; only the next whole look replaces it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from complaints.procedure.working_calendar import SHANGHAI
from complaints.record.verification import verify
from oversight.models import SystemCheck
from oversight.portal_state.signs import RECORD

log = logging.getLogger(__name__)
#: After the counters were compared.
FROM_HOUR = 3


def sweep_record(*, now: datetime) -> int:
    """1 when the record was gone through, 0 when that was done today or it is not night yet."""
    here = now.astimezone(SHANGHAI)
    last = SystemCheck.objects.filter(name=RECORD).first()
    if here.hour < FROM_HOUR or (last is not None and last.at.astimezone(SHANGHAI).date() == here.date()):
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two million entries take longer than a step may.
            for name in ("transaction_timeout", "statement_timeout"):
                cursor.execute(f"set local {name} = 0")
        report = verify()
    if not report.is_unbroken:
        log.error(
            "the record is broken in %s places: %s",
            len(report.broken),
            ", ".join(one.case for one in report.broken[:10]),
        )
    SystemCheck.objects.update_or_create(
        name=RECORD, defaults={"at": now, "is_sound": report.is_unbroken, "counted": report.entries}
    )
    return 1
