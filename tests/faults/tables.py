"""A filled-in table for a running portal; a process of its own beside it.

python -m tests.faults.tables COUNT     so many lines, one case each, tried out by the portal's own worker
"""

import os
import sys
import time

from accounts.roles import Role

PATIENCE = 300


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import User
    from accounts.sign_in.contacts import Contact, user_for
    from complaints import handling
    from complaints.handling.steps.authority import forward
    from complaints.models import Complaint, RoundTrip
    from complaints.parties.actors import SYSTEM, consumer, staff_member
    from complaints.tables.round_trip import asking
    from enterprises.models import Staff
    from tests.faults.seed import BATCH, request

    chen, now = user_for(Contact("sms", "+8613800000001"), name="陈试"), timezone.now()
    asked = request(chen, now)
    enterprise = asked.respondents[0].enterprise_id
    ming = User.objects.create(email=f"ming.{now.timestamp()}@example.com", name="明试")
    staff = Staff.objects.create(user=ming, enterprise_id=enterprise, role=Role.HANDLER.post)
    because = {"rule": "", "version": None, "confidence": "high", "why": [], "candidates": []}
    numbers: list[str] = []
    while len(numbers) < count:
        with transaction.atomic():
            cases = handling.file([asked] * min(BATCH, count - len(numbers)), actor=consumer(chen), now=now)
            handling.take_each(
                [
                    (case.pk, forward(enterprise_id=enterprise, branch_id=None, because=because), SYSTEM)
                    for case in cases
                ],
                now=now,
            )
        numbers += [case.number for case in cases]
    lines = [f"{number},log_contact,phone,yes,已告知退费办法" for number in numbers]
    raw = "\n".join(["number,step,contact_channel,contact_reached,contact_note", *lines]).encode()
    trip = asking.take_in([raw], name="table.csv", user=ming, actor=staff_member(staff), language="zh-hans", now=now)
    end = time.monotonic() + PATIENCE
    while RoundTrip.objects.get(pk=trip.pk).state != "checked":
        if time.monotonic() > end:
            raise SystemExit(f"the portal's worker has not read the table within {PATIENCE} seconds")
        time.sleep(0.1)  # The portal's worker is at it.
    with transaction.atomic():
        asking.decide(RoundTrip.objects.select_for_update().get(pk=trip.pk), "good", now=timezone.now())
    assert Complaint.objects.filter(number__in=numbers).count() == count
    sys.stdout.write(f"{trip.pk}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
