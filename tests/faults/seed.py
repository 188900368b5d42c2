"""Cases with clocks that fall due while somebody watches; a process of its own beside a running portal.

    python -m tests.faults.seed COUNT FROM UNTIL     seconds from now, spread evenly

Each case was filed and forwarded days ago by the verbs; then its two clocks are set to fall due one after the other
in the same transaction, so that no sweep sees them before.
"""

import os
import sys
from datetime import timedelta

BATCH = 50
DAYS_AGO = 3


def main(count: int, begins: float, ends: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    import django

    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from accounts.sign_in.contacts import Contact, user_for
    from complaints import handling
    from complaints.handling.steps.authority import forward
    from complaints.models import Deadline
    from complaints.parties.actors import SYSTEM, consumer

    chen = user_for(Contact("sms", "+8613800000001"), name="陈试")
    now = timezone.now()
    then = now - timedelta(days=DAYS_AGO)
    asked = request(chen, then)
    enterprise = asked.respondents[0].enterprise_id
    because = {"rule": "", "version": None, "confidence": "high", "why": [], "candidates": []}
    made = 0
    while made < count:
        size = min(BATCH, count - made)
        with transaction.atomic():
            cases = handling.file([asked] * size, actor=consumer(chen), now=then)
            moves = [
                (case.pk, forward(enterprise_id=enterprise, branch_id=None, because=because), SYSTEM) for case in cases
            ]
            handling.take_each(moves, now=then)
            for number, case in enumerate(cases, start=made):
                span = (ends - begins) / 2
                first = now + timedelta(seconds=begins + span * number / count)
                for clock, due in (("acceptance", first), ("negotiation", first + timedelta(seconds=span))):
                    # Looked at from now on: a reminder comes first, the lapse when it is due.
                    Deadline.objects.filter(complaint=case, clock=clock, ended_at=None).update(due_at=due, chase_at=now)
        made += size
    sys.stdout.write(f"{made}\n")


def request(chen, then):  # type: ignore[no-untyped-def]
    from authorities.models import Region
    from complaints.procedure.filing_request import DemandRequest, FilingRequest, RespondentRequest
    from enterprises.models import Enterprise

    return FilingRequest(
        received_at=then,
        respondents=(RespondentRequest(enterprise_id=Enterprise.objects.get(name="中国移动通信集团福建有限公司").pk),),
        service_region_id=Region.objects.get(code="350102").pk,
        object_kind="service",
        object_category="service.telecom",
        item_name="宽带",
        is_online=False,
        problem_category="telecom.fees.unexplained_charge",
        disputed_on=then.date(),
        statement="账单多出一项，我没有开通过。",
        demands=(DemandRequest(kind="cancel_service"), DemandRequest(kind="apology")),
        consumer_id=chen.pk,
        consumer_name="陈试",
        consumer_phone="+8613800000001",
        consumer_address="福州市鼓楼区某路1号",
        contact_verified=True,
        consents={"share_with_enterprise": True, "pass_to_regulator": True, "publish_masked": False},
        consent_version="2026-11",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
