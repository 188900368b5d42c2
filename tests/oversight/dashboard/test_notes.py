"""What officers note about days: marks of the first page, seen above and below, taken back by who wrote them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from database.row_security import working_as_steps
from oversight.models import Campaign, DayNote
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.dashboard.test_trend import by_weeks, came
from tests.oversight.looking import browser, page_of, sent

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
URL, NOTES = "/oversight/", "/oversight/notes/"


def noted(world: World, text: str = "温泉街道断网", **changes: str) -> dict[str, str]:
    today = timezone.localdate()
    values = {"kind": "outage", "region": str(world.gulou.region_id), "text": text}
    return values | {"first": str(today - 9 * DAY), "last": str(today - 8 * DAY)} | changes


def test_a_note_is_a_mark_on_the_trend_of_its_place_of_those_above_and_of_those_in_it(world: World) -> None:
    came(by_weeks([40] * 40), "350102")
    assert sent(world.rui, NOTES, **noted(world)).status_code == 302
    city = noted(world, "全市缴费系统升级", region=str(world.city.region_id), last="")
    assert sent(world.su, NOTES, **city).status_code == 302
    day = timezone.localdate() - 9 * DAY
    shown = f"故障：温泉街道断网（{day:%m-%d}–{day + DAY:%m-%d}）"
    for who in (world.rui, world.su):
        assert not missing_in(page_of(who, URL), shown, f"故障：全市缴费系统升级（{day:%m-%d}）"), who
        assert not missing_in(page_of(who, NOTES), "温泉街道断网", "全市缴费系统升级")
    far = page_of(world.far_officer.user, NOTES)
    assert "全市缴费系统升级" in far
    assert "温泉街道断网" not in far
    for stranger in (world.chen, world.ming):
        assert browser(stranger).get(NOTES).status_code == 404


def test_who_wrote_it_takes_it_back_and_nobody_else_and_nothing_of_it_is_changed(world: World) -> None:
    sent(world.rui, NOTES, **noted(world))
    note = DayNote.objects.get()
    assert (note.authority, note.written_by) == (world.gulou, world.rui)
    for stranger in (world.su, world.far_officer.user):
        assert sent(stranger, NOTES, remove=str(note.pk)).status_code == 404
    assert sent(world.rui, NOTES, remove="x").status_code == 404
    assert sent(world.rui, NOTES, remove=str(note.pk)).status_code == 302
    assert "温泉街道断网" not in page_of(world.rui, NOTES)
    assert sent(world.rui, NOTES, remove=str(note.pk)).status_code == 404
    for change in (note.delete, lambda: DayNote.objects.update(text="别的")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute("select text, taken_back_at is not null from oversight_daynote")
        assert cursor.fetchall() == [("温泉街道断网", True)]


def test_what_is_wrong_is_named_and_what_was_typed_stays(world: World) -> None:
    today = timezone.localdate()
    for wrong, said in (
        ({"text": ""}, "请填写这一项"),
        ({"first": ""}, "请填开始的日期"),
        ({"first": "2999-01-01"}, "最多到90天以后"),
        ({"last": str(today - 20 * DAY)}, "不能早于开始"),
        ({"kind": "war"}, "请从列出的里面选"),
        ({"region": str(world.city.region_id)}, "请从您的地区里选"),
    ):
        answer = sent(world.rui, NOTES, **noted(world, **wrong))
        assert (answer.status_code, said in answer.content.decode()) == (422, True), wrong
        assert ("温泉街道断网" in answer.content.decode()) == ("text" not in wrong)
    assert not DayNote.objects.exists()


def test_the_call_of_a_campaign_is_a_mark(world: World) -> None:
    came(by_weeks([40] * 40), "350102")
    today = timezone.localdate()
    begun = Campaign.objects.create(
        title="宽带扣费",
        why="投诉多",
        authority=world.gulou,
        region=world.region,
        chose_first=today - 9 * DAY,
        chose_last=today,
        opened_by=world.rui,
        opened_at=timezone.now(),
    )
    assert not found_in(page_of(world.rui, URL), "召集降诉行动")
    Campaign.objects.filter(pk=begun.pk).update(state="called", called_on=today - 3 * DAY)
    page = page_of(world.rui, URL)
    assert not missing_in(page, "召集降诉行动：宽带扣费", f"/authority/campaigns/{begun.pk}/")
