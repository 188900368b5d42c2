"""Applications as an enterprise of 鼓楼区 would hand them in."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from stdnum.cn import uscc

from enterprises.enrolment import enrolling
from enterprises.enrolment.enrolling import EnrolmentData
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentApplication
from tests.cast import WEDNESDAY, World

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


def enrolled(world: World, *, now: datetime = WEDNESDAY, mail: str = MAIL, **changes: Any) -> Enterprise:
    application = submitted(world, now=now, mail=mail, **changes)
    granted = enrolling.grant(
        application.pk,
        wanted(world, **changes),
        by=world.head_officer.user,
        version=application.version,
        place=PLACE,
        now=now,
    )
    assert granted.enterprise is not None
    return granted.enterprise
