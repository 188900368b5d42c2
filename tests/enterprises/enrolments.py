"""Applications as an enterprise of 鼓楼区 would hand them in."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from stdnum.cn import uscc

from accounts.models import User
from enterprises.enrolment import enrolled as rules
from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentData
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentApplication
from tests import reloaded
from tests.cast import WEDNESDAY, World

LATER = WEDNESDAY + timedelta(hours=1)
MAIL = "office@example.com"
PLACE = "https://example.com/account/invitation/"


def code(number: int = 1, *, region: str = "350102") -> str:
    """A credit code with its right last character."""
    head = f"91{region}MA{8_800_000 + number:07d}"
    return head + uscc.calc_check_digit(head)


def wanted(world: World, **changes: Any) -> EnrolmentData:
    given = EnrolmentData(
        name="榕声通信（福州）有限公司",
        uscc=code(),
        domicile_id=world.region.pk,
        branch="榕声通信客户服务部",
        place_id=world.region.pk,
        areas=(world.region.pk,),
        customers=(120_000, date(2026, 6, 30), "年度报告"),
    )
    return replace(given, **changes)


def submitted(world: World, *, now: datetime = WEDNESDAY, mail: str = MAIL, **changes: Any) -> EnrolmentApplication:
    return enrolling.submit(enrolling.begin(mail, language="zh-hans", now=now), wanted(world, **changes), now=now)


def grant(world: World, held: EnrolmentApplication, *, now: datetime = LATER, **changes: Any) -> EnrolmentApplication:
    """The head of the county grants it as the page showed it."""
    head = world.head_officer.user
    return enrolling.grant(held.pk, wanted(world, **changes), by=head, version=held.version, place=PLACE, now=now)


def refuse(held: EnrolmentApplication, by: User, text: str = "没有专门的投诉电话。") -> EnrolmentApplication:
    return enrolling.refuse(held.pk, by=by, ground="conditions", text=text, version=held.version, now=LATER)


def enrolled(world: World, *, now: datetime = WEDNESDAY, mail: str = MAIL, **changes: Any) -> Enterprise:
    enterprise = grant(world, submitted(world, now=now, mail=mail, **changes), now=now, **changes).enterprise
    assert enterprise is not None
    return enterprise


def suspended(enterprise: Enterprise, by: User, *, keeps_cases: bool, now: datetime = LATER) -> Enterprise:
    rules.suspend(enterprise, by=by, ground="misses", text="三次逾期。", keeps_cases=keeps_cases, now=now)
    return reloaded(enterprise)
