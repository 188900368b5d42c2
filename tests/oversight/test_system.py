"""Is it working: signs that follow from rows, /metrics for whoever may, one letter a condition and day."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Administrator, OutgoingMessage, User
from complaints.models import Heartbeat
from complaints.procedure.workflow import Status
from oversight.counters import rollups
from oversight.models import AlarmSent, RollupState, SystemCheck
from oversight.portal_state import signs
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import workspace

MINUTE = timedelta(minutes=1)


def beating(now: Any) -> None:
    for name in ("beat", "watch"):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


@pytest.fixture
def keeper(world: World) -> User:
    user = User.objects.create_user(email="keeper@example.com", password="x" * 20, name="系统员")
    Administrator.objects.create(user=user, kind="system", since=timezone.now())
    return user


def test_signs_follow_the_rows(world: World) -> None:
    now = timezone.now()
    beating(now)
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=now - timedelta(days=40))
    result = signs.read(now=now)
    assert result.uncounted > 0
    assert result.precision is None or 0 <= result.precision <= 1
    assert "nobody_sweeps" not in result.alarms
    assert result.beats["beat"] < MINUTE
    assert result.calendar_until >= 2026
    page = workspace(world.su).get("/oversight/system/").content.decode()
    assert case.number not in page
    assert "还没有计入统计的步骤" in page
    beating(now - timedelta(hours=2))
    assert "nobody_sweeps" in signs.read(now=now).alarms
    assert "定时任务和看守进程都停了" in workspace(world.su).get("/oversight/system/").content.decode()


def test_the_administrators_page_shows_the_same_signs(keeper: User) -> None:
    beating(timezone.now() - timedelta(hours=2))
    page = workspace(keeper).get("/administration/system/").content.decode()
    assert "定时任务和看守进程都停了" in page


def test_metrics_are_for_whoever_shows_the_word_or_asks_from_a_listed_place(world: World, settings: Any) -> None:
    beating(timezone.now())
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-long-word"
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    answer = Client().get("/metrics", headers={"Authorization": "Bearer a-long-word"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer["Cache-Control"].startswith("max-age=0")
    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = "", ["10.0.0.0/8"]
    assert Client().get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="10.2.3.4").get("/metrics").status_code == 200
    text = answer.content.decode()
    assert case.number not in text
    assert world.mobile.name not in text
    # The format: a name, perhaps labels, one number.
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, number = line.rpartition(" ")
            assert name.startswith("odr_")
            float(number)
    assert "odr_uncounted_steps " in text
    assert 'odr_queue_length{queue="notices"} ' in text


def test_a_condition_is_told_once_a_day(keeper: User, world: World) -> None:
    now = timezone.now().replace(hour=4)
    beating(now - timedelta(hours=2))
    before = OutgoingMessage.objects.count()
    first = signs.sweep_alarms(now=now)
    assert first >= 1
    assert signs.sweep_alarms(now=now + 5 * MINUTE) == 0
    letters = list(OutgoingMessage.objects.all())[:first]
    assert OutgoingMessage.objects.count() == before + first == before + AlarmSent.objects.count()
    assert {letter.address for letter in letters} == {"keeper@example.com"}
    assert any("定时任务和看守进程都停了" in letter.body for letter in letters)
    assert signs.sweep_alarms(now=now + timedelta(days=1)) >= 1


def test_alarms_go_to_the_listed_addresses_instead(keeper: User, settings: Any) -> None:
    settings.ALARM_MAIL = ["ops@example.com", "night@example.com"]
    now = timezone.now()
    beating(now - timedelta(hours=2))
    shown = signs.sweep_alarms(now=now)
    assert {letter.address for letter in OutgoingMessage.objects.all()} == {"ops@example.com", "night@example.com"}
    assert AlarmSent.objects.first().told == 2  # type: ignore[union-attr]
    assert OutgoingMessage.objects.count() == 2 * shown


def test_nobody_to_tell_marks_nothing_as_told(world: World) -> None:
    now = timezone.now()
    beating(now - timedelta(hours=2))
    assert signs.sweep_alarms(now=now) == 0
    assert not AlarmSent.objects.exists()


def test_what_waits_to_be_counted_and_what_differed_are_alarms(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    beating(now)
    given.filed(world, now=now)
    monkeypatch.setattr(rollups, "ALARM", 0)
    RollupState.objects.update_or_create(pk=1, defaults={"differences": ["20261118-7K3QABCDEFGH-5"]})
    result = signs.read(now=now)
    assert {"uncounted", "counters_differ"} <= set(result.alarms)
    assert all(signs.words_of(code) != code for code in result.alarms), "each condition has words"


def test_the_record_is_gone_through_once_a_night_and_a_break_is_told(world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    day = timezone.localtime().replace(hour=1)
    assert signs.sweep_record(now=day) == 0
    night = day.replace(hour=4)
    assert signs.sweep_record(now=night) == 1
    assert signs.sweep_record(now=night + timedelta(hours=3)) == 0
    kept = SystemCheck.objects.get()
    assert kept.is_sound
    assert kept.counted > 0
    assert signs.sweep_record(now=night + timedelta(days=1)) == 1
    SystemCheck.objects.update(is_sound=False)
    assert "record_broken" in signs.read(now=night).alarms
    SystemCheck.objects.update(is_sound=True, at=night - timedelta(days=9))
    assert "record_unproven" in signs.read(now=night).alarms
