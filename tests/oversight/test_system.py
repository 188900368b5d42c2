"""Is it working: signs that follow from rows, /metrics for whoever may, one letter a condition and day."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import Administrator, OutgoingMessage, User
from complaints.models import Heartbeat
from complaints.procedure.workflow import Status
from oversight import letters
from oversight.counters import rollups
from oversight.models import AlarmSent, DirectorLetter, RollupState, SystemCheck
from oversight.portal_state import signs
from oversight.presenting import plots
from tests import found_in, given, missing_in
from tests.cast import World, a_new_phone
from tests.oversight.dashboard.test_chance import came
from tests.oversight.looking import browser, page_of, sent

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def beating(now: Any) -> None:
    for name in ("beat", "watch"):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


@pytest.fixture
def keeper(world: World) -> User:
    user = User.objects.create_user(
        email="keeper@example.com", password="x" * 20, name="系统员", own_phone=a_new_phone()
    )
    Administrator.objects.create(user=user, kind="system", since=timezone.now())
    return user


def test_signs_follow_the_rows(world: World, keeper: User) -> None:
    now = timezone.now()
    beating(now)
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=now - timedelta(days=40))
    result = signs.read(now=now)
    assert result.uncounted > 0
    assert result.precision is None or 0 <= result.precision <= 1
    assert "nobody_sweeps" not in result.alarms
    assert result.beats["beat"] < MINUTE
    assert result.calendar_until >= 2026
    page = page_of(world.su, "/oversight/system/")
    assert (case.number in page, "还没有计入统计的步骤" in page) == (False, True)
    beating(now - timedelta(hours=2))
    assert "nobody_sweeps" in signs.read(now=now).alarms
    for person, url in ((world.su, "/oversight/system/"), (keeper, "/administration/system/")):
        assert "定时任务和看守进程都停了" in page_of(person, url)


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
    assert not found_in(text, case.number, world.mobile.name)
    # The format: a name, perhaps labels, one number.
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, number = line.rpartition(" ")
            assert name.startswith("odr_")
            float(number)
    assert not missing_in(text, "odr_uncounted_steps ", 'odr_queue_length{queue="notices"} ')


def test_a_condition_is_told_once_a_day_to_the_keeper_or_to_the_listed_addresses(keeper: User, settings: Any) -> None:
    now = timezone.now().replace(hour=4)
    beating(now - timedelta(hours=2))
    first = signs.sweep_alarms(now=now)
    assert first >= 1
    assert signs.sweep_alarms(now=now + 5 * MINUTE) == 0
    letters = OutgoingMessage.objects.all()
    assert len(letters) == first == AlarmSent.objects.count()
    assert {letter.address for letter in letters} == {"keeper@example.com"}
    assert any("定时任务和看守进程都停了" in letter.body for letter in letters)
    assert signs.sweep_alarms(now=now + timedelta(days=1)) >= 1, "told again on the next day"
    OutgoingMessage.objects.all().delete()
    AlarmSent.objects.all().delete()
    settings.ALARM_MAIL = ["ops@example.com", "night@example.com"]
    shown = signs.sweep_alarms(now=now + timedelta(days=2))
    assert shown >= 1
    assert {letter.address for letter in OutgoingMessage.objects.all()} == {"ops@example.com", "night@example.com"}
    assert set(AlarmSent.objects.values_list("told", flat=True)) == {2}
    assert OutgoingMessage.objects.count() == 2 * shown


def test_with_nobody_to_tell_nothing_is_marked_and_what_differs_is_an_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    beating(now - timedelta(hours=2))
    assert signs.sweep_alarms(now=now) == 0
    assert not AlarmSent.objects.exists()
    beating(now)
    given.filed(world, now=now)
    monkeypatch.setattr(rollups, "ALARM", 0)
    RollupState.objects.update_or_create(pk=1, defaults={"differences": ["20261118-7K3QABCDEFGH-5"]})
    result = signs.read(now=now)
    assert {"uncounted", "counters_differ"} <= set(result.alarms)
    assert all(signs.condition_text(code) != code for code in result.alarms), "each condition has words"


def test_the_record_is_gone_through_once_a_night_and_a_break_is_told(world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING)
    day = timezone.localtime().replace(hour=1)
    night = day.replace(hour=4)
    assert [signs.sweep_record(now=now) for now in (day, night, night + timedelta(hours=3))] == [0, 1, 0]
    kept = SystemCheck.objects.get()
    assert (kept.is_sound, kept.counted > 0) == (True, True)
    assert signs.sweep_record(now=night + timedelta(days=1)) == 1
    SystemCheck.objects.update(is_sound=False)
    assert "record_broken" in signs.read(now=night).alarms
    SystemCheck.objects.update(is_sound=True, at=night - timedelta(days=9))
    assert "record_unproven" in signs.read(now=night).alarms


#: A Monday, nine in the morning in Fuzhou, and the Wednesday before it.
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
BEFORE = MONDAY - timedelta(days=5)
WEEK = timedelta(days=7)


@pytest.fixture
def cases(world: World) -> World:
    for number in range(3):
        given.a_complaint(world, status=Status.NEGOTIATING, now=BEFORE + timedelta(minutes=number))
    return world


def letters_to(person: User) -> list[OutgoingMessage]:
    return [one for one in OutgoingMessage.objects.order_by("pk") if one.address == person.email]


def test_it_is_chosen_on_a_page_and_given_up_there(world: World) -> None:
    rui, url = browser(world.rui), "/oversight/letters/"
    assert "每周一早上" in page_of(rui, url)
    for every, status, kept in (("week", 302, ["week"]), ("day", 422, ["week"]), ("none", 302, [])):
        assert sent(rui, url, every=every).status_code == status
        assert list(DirectorLetter.objects.values_list("every", flat=True)) == kept
    assert browser(world.ming).get(url).status_code == 404
    assert url in page_of(rui, "/oversight/")


def test_one_letter_a_week_or_month_with_the_figures_of_the_own_region(cases: World) -> None:
    world, day = cases, MONDAY.date()
    for person in (world.rui, world.far_officer.user):
        letters.choose(person, "week", now=BEFORE)
    assert letters.sweep_director_letters(now=BEFORE + timedelta(days=1)) == 0, "the first one comes with the next week"
    assert letters.sweep_director_letters(now=MONDAY - timedelta(hours=2)) == 0, "not before eight"
    assert letters.sweep_director_letters(now=MONDAY) == 2
    assert letters.sweep_director_letters(now=MONDAY + timedelta(hours=1)) == 0
    mine, theirs = letters_to(world.rui)[-1], letters_to(world.far_officer.user)[-1]
    assert not missing_in(mine.body, "收到3件。", "在办3件", f"first={day - WEEK}&last={day - timedelta(days=1)}")
    assert "收到0件。" in theirs.body
    assert "陈" not in mine.body
    assert letters.sweep_director_letters(now=MONDAY + WEEK) == 2
    assert "收到0件。" in letters_to(world.rui)[-1].body
    # A month; who left gets none.
    DirectorLetter.objects.all().delete()
    for person in (world.rui, world.su):
        letters.choose(person, "month", now=BEFORE)
    count = OutgoingMessage.objects.count()
    world.su_officer.ends_on = MONDAY.date()
    world.su_officer.save()
    assert letters.sweep_director_letters(now=MONDAY) == 0
    assert letters.sweep_director_letters(now=datetime(2026, 12, 1, 1, 0, tzinfo=UTC)) == 2
    assert OutgoingMessage.objects.count() == count + 1
    assert "收到3件。" in letters_to(world.rui)[-1].body


def test_a_letter_has_the_sentence_and_the_pictures_of_the_first_page(world: World) -> None:
    """As text: a block a week, the last one the week that it is about."""
    came({MONDAY.date() - DAY - n * DAY: 5 if n < 7 else 2 for n in range(300)}, "350102")
    letters.choose(world.rui, "week", now=BEFORE)
    assert letters.sweep_director_letters(now=MONDAY) == 1
    body = letters_to(world.rui)[-1].body
    assert body.startswith("近7天收到35件，比往常多21件")
    [line] = [line for line in body.splitlines() if "每周收到" in line]
    assert line == "▁▁▁▁▁▁▁▁▁▁▁█ 每周收到 14–35"
    # And as a picture: its mark of days above the usual is red.
    with Image.open(io.BytesIO(bytes(letters_to(world.rui)[-1].picture)), formats=["PNG"]) as picture:
        seen = picture.convert("RGB").resize((picture.width // 2, picture.height // 2))
        assert picture.width > 1200
    assert any(red > 150 and green < 70 and blue < 80 for _n, (red, green, blue) in seen.getcolors(1 << 24))
    assert [plots.blocks(one) for one in ([1.0], [None, 3.0], [2.0, 2.0], [0.0, None, 7.0])] == ["", "", "▁▁", "▁·█"]


def test_periods_are_whole_weeks_and_months() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC).date()
    week, month = letters.period_before("week", day), letters.period_before("month", day)
    assert (str(week.first), str(week.last)) == ("2026-02-16", "2026-02-22")
    assert (str(month.first), str(month.last)) == ("2026-02-01", "2026-02-28")
