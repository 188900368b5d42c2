"""Who works at a station reads once a working day what became of what was filed there."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import OutgoingMessage, User
from complaints.handling.steps import consumer
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from complaints.stations import stations
from database.row_security import working_as_steps
from enterprises.models import Station, StationStaff
from tests import given
from tests.cast import WEDNESDAY, World

HERE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 5, tzinfo=HERE)


@pytest.fixture
def clerk(world: World) -> User:
    station = Station.objects.create(code="SD-01", name="东街口消费维权服务站", kind="mall", authority=world.gulou)
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    return user


def filed_there(world: World, *, sees: bool = True, now: datetime = WEDNESDAY) -> Complaint:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=now)
    with working_as_steps():
        Complaint.objects.filter(pk=case.pk).update(station=Station.objects.get(), station_sees=sees)
    return case


def letters() -> list[OutgoingMessage]:
    return list(OutgoingMessage.objects.filter(channel="email").order_by("pk"))


def test_what_moved_is_told_once_a_working_day_and_names_nobody(world: World, clerk: User) -> None:
    case, hidden = filed_there(world), filed_there(world, sees=False)
    assert stations.sweep_station_letters(now=at(12, 7)) == 0, "not before eight"
    assert stations.sweep_station_letters(now=at(12, 8)) == 1
    assert stations.sweep_station_letters(now=at(12, 15)) == 0
    (letter,) = letters()
    assert (letter.address, letter.subject) == (clerk.email, "【12315】东街口消费维权服务站代为提交的投诉有进展：1件")
    assert f"{case.number}：待企业受理" in letter.body
    assert "/station/cases/" in letter.body
    for secret in (hidden.number, "陈试", "宽带", "移动"):
        assert secret not in letter.subject + letter.body
    given.step(case, consumer.withdraw(reason="other"), world.consumer, at(13, 18))
    for weekend in (14, 15):
        assert stations.sweep_station_letters(now=at(weekend, 9)) == 0
    assert stations.sweep_station_letters(now=at(16, 9)) == 1
    assert f"{case.number}：已撤回" in letters()[1].body


def test_where_nothing_moved_and_who_left_is_written_to_by_nobody(world: World, clerk: User) -> None:
    filed_there(world, now=WEDNESDAY - timedelta(days=6))
    assert stations.sweep_station_letters(now=at(12, 9)) == 1
    case = filed_there(world, now=at(12, 10))
    StationStaff.objects.update(ends_on=at(12, 9).date())
    assert stations.sweep_station_letters(now=at(13, 9)) == 0
    assert (letters(), case.status) == ([], Status.WITH_ENTERPRISE)
