"""Terms that an enterprise sets itself: kept as they were set, counted from then on, shown to it and its authority."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from database.row_security import working_as_steps
from oversight.counters import making
from oversight.mirror import goals
from oversight.models import OwnGoal, Tally
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.looking import browser, opened, page_of, sent
from tests.oversight.test_mirror import measure
from tests.oversight.test_mirror import november as november

pytestmark = pytest.mark.django_db
GOALS, PAGE = "/enterprise/performance/goals/", "/enterprise/performance/"
DAY = timedelta(days=1)


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 10, tzinfo=timezone.get_fixed_timezone(480))


def test_what_is_counted_is_what_other_sql_finds_in_the_cases(world: World, november: dict[str, Any]) -> None:
    making.rebuild(now=at(30))
    for kind, most in (("response", 8), ("closed", 3)):
        goals.set_goal(world.mobile.pk, kind, most, by=world.lead, now=at(1))
    response, closed = goals.measured(measure(world, now=at(30)), world.mobile.pk)
    with working_as_steps(), connection.cursor() as cursor:
        # Within the day in which it was delivered: no more than eight working hours; all of these cases began in one.
        cursor.execute(
            "select count(*) filter (where first_contact_at < from_at + interval '6 hours'), count(*)"
            " from complaints_engagement where first_contact_at >= from_at and enterprise_id = %s",
            [world.mobile.pk],
        )
        within, whole = cursor.fetchone()
        cursor.execute("select closed_at::date - delivered_at::date from complaints_complaint where status = 'closed'")
        days = [row[0] for row in cursor.fetchall()]
    assert response.whole == whole > 0
    assert within <= response.part <= whole
    # The 3rd to the 6th of November are a Tuesday and a Friday.
    assert (closed.part, closed.whole, days) == (1, 1, [3])
    first, last = (at(day).date() for day in (1, 30))
    page = page_of(world.su, f"/oversight/enterprises/?first={first}&last={last}&enterprise={world.mobile.pk}")
    shown = page.partition('id="h-goals"')[2].partition("</section>")[0]
    assert opened(world.su, shown) == 2, "each opens as many cases as it counts"


def test_a_goal_counts_from_the_day_on_which_it_was_set(world: World) -> None:
    pk, today = world.mobile.pk, timezone.localdate()
    same = {"enterprise": pk, "region": world.region.pk, "kind": "responded", "responded": 1}
    for nth in range(40):
        minutes = 60 if nth < 30 else 600
        Tally.objects.create(complaint_id=10**7 + nth, ref=nth, day=today, response_minutes=minutes, **same)
        Tally.objects.create(complaint_id=2 * 10**7 + nth, ref=nth, day=today - 2 * DAY, response_minutes=6000, **same)
    assert sent(world.lead, GOALS, response="8", closed="").status_code == 302
    url = f"?first={today - 5 * DAY}&last={today}"
    for who, page in ((world.lead, f"{PAGE}{url}"), (world.su, f"/oversight/enterprises/{url}&enterprise={pk}")):
        shown = page_of(who, page).partition('id="h-goals"')[2].partition("</section>")[0]
        assert not missing_in(shown, "首次响应：8个工作小时以内", "75.0%", "共40件", "95%区间"), page
        assert not found_in(shown, "送达到办结")
    # Of days before it was set nothing is counted.
    early = page_of(world.lead, f"{PAGE}?first={today - 9 * DAY}&last={today - DAY}")
    shown = early.partition('id="h-goals"')[2].partition("</section>")[0]
    assert not missing_in(shown, "首次响应：8个工作小时以内", "共0件")
    assert not found_in(shown, "%")
    # Given up, it is shown no more; its row stays.
    assert sent(world.lead, GOALS, response="", closed="").status_code == 302
    assert "8个工作小时以内" not in page_of(world.lead, f"{PAGE}{url}")
    assert [row.at_most for row in OwnGoal.objects.order_by("pk")] == [8, None]


def test_only_who_leads_the_whole_firm_sets_one_it_is_shorter_than_the_law_and_stays(world: World) -> None:
    for stranger in (world.ming, world.rui, world.chen):
        assert browser(stranger).get(GOALS).status_code == 404
    for wrong in ({"response": "0", "closed": ""}, {"response": "80", "closed": ""}, {"response": "1.5", "closed": ""}):
        assert sent(world.lead, GOALS, **wrong).status_code == 422, wrong
    answer = sent(world.lead, GOALS, response="6", closed="10")
    assert (answer.status_code, "自己的目标要比协商期限短" in answer.content.decode()) == (422, True)
    assert 'value="6"' in answer.content.decode()
    assert not OwnGoal.objects.exists()
    sent(world.lead, GOALS, response="6", closed="9")
    sent(world.lead, GOALS, response="6", closed="9")
    assert OwnGoal.objects.count() == 2, "nothing changed, so nothing is written"
    row = OwnGoal.objects.first()
    assert row is not None
    for change in (row.delete, row.save):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
