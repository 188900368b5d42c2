"""One change of a number that waits for the head of a county, tried already. By the verbs alone."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from authorities.models import Authority
from complaints.law import changing, working
from demo.people import address_of

GULOU = "福州市鼓楼区市场监督管理局"


def draft_a_number(*, now: datetime) -> None:
    """In Gulou a company is to settle within eight working days: tried on the cases of the demonstration."""
    county = Authority.objects.select_related("region").get(name=GULOU)
    change = changing.draft_policy(
        by=User.objects.with_email(address_of("rui")).get(),
        authority=county,
        region=county.region,
        name="negotiation",
        number=8,
        unit="WD",
        starts_on=timezone.localdate(now) + timedelta(days=30),
        legal_basis="演示：鼓楼区在线和解工作规定第3条",
        why="演示：多数纠纷在8个工作日内就能谈完。",
        now=now,
    )
    working.work(change, now=now)
