"""The nightly figures beside an enterprise: counted again slowly, written once, shown with their number."""

import random
import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from authorities.models import CalendarDay
from complaints.models import Complaint, Deadline, Engagement, Heartbeat, Obligation
from complaints.procedure.workflow import Status
from enterprises.directory.expectations import expected
from enterprises.models import Enterprise, LeagueLine, PublishedFigure
from odr_portal.ticks import beats
from oversight.counters import publishing
from oversight.tasks import publish_figures
from tests import at_once, found_in, given, missing_in
from tests.audit.core.counting import quantile, within
from tests.audit.core.record import Days
from tests.cast import World
from tests.oversight.counting import a_line
from web.small_numbers import ENOUGH

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
#: 01:00 in Shanghai is the next day there.
DAY = date(2026, 11, 25)
LOCAL = ZoneInfo("Asia/Shanghai")
RESULTS = ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned")
CHARGE = "telecom.fees.unexplained_charge"
JUDGED = {"settled", "unconfirmed", "settled_elsewhere", "failed"}


STATES = ["proposed", "due", "reported", "confirmed", "confirmed", "silent", "broken", "waived", "dropped"]


def some_moment(dice: random.Random) -> datetime:
    """Often just at a border of the year or of a day."""
    edge = dice.choice([datetime(2026, 11, 25, tzinfo=LOCAL), datetime(2025, 11, 25, tzinfo=LOCAL)])
    if dice.random() < 0.4:
        return edge + dice.choice([timedelta(), timedelta(microseconds=-1), timedelta(hours=7)])
    return datetime(2026, 11, 20, tzinfo=LOCAL) - timedelta(minutes=dice.randrange(600 * 1440))


def a_random_world(world: World, dice: random.Random) -> None:
    cases = [given.a_complaint(world, problem_category=kind) for kind in (CHARGE, "quality", "")]
    enterprises = [world.mobile, world.telecom]
    stages = []
    for _ in range(700):
        until = some_moment(dice)
        stages.append(
            Engagement(
                complaint=dice.choice(cases),
                enterprise=dice.choice(enterprises),
                until_at=until,
                from_at=until - timedelta(hours=dice.randrange(900)),
                odr_result=dice.choice(RESULTS),
                ended_by=dice.choice(["", "", "", "succession"]),
                first_contact_at=dice.choice([None, until - timedelta(minutes=dice.randrange(60 * 500))]),
            )
        )
    Engagement.objects.bulk_create(stages)
    settled = Engagement.objects.filter(odr_result="settled").order_by("pk").values_list("pk", flat=True)
    Engagement.objects.filter(pk__in=list(settled)[::5]).update(accepted_refusal=True)
    for _ in range(40):
        rated = {"rating": {"overall": dice.randrange(1, 6)}} if dice.random() < 0.4 else {}
        Complaint.objects.filter(pk=given.filed(world, problem_category=dice.choice([CHARGE, ""])).pk).update(
            enterprise=dice.choice([*enterprises, None]),
            status="closed",
            outcome="settled",
            closed_at=some_moment(dice),
            facts={"voice": "x", **rated},
        )
    stage = {enterprise.pk: Engagement.objects.filter(enterprise=enterprise).first() for enterprise in enterprises}
    promises = []
    for number in range(120):
        enterprise = dice.choice([*enterprises, None])
        promises.append(
            Obligation(
                complaint=dice.choice(cases),
                enterprise=enterprise,
                engagement=stage[enterprise.pk] if enterprise else None,
                ordinal=number + 1,
                **{"kind": "original_channel", "what": "x", "due_on": DAY},
                owed_by=dice.choice(["enterprise", "enterprise", "enterprise", "consumer"]),
                is_late=dice.random() < 0.3,
                state=dice.choice(STATES),
            )
        )
    clocks = []
    for promise in Obligation.objects.bulk_create(promises):
        for _ in range(dice.choice([0, 1, 1, 2])):
            last = some_moment(dice).astimezone(LOCAL).date()
            due = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=LOCAL)
            ended = {"state": "met", "ended_at": due}
            lapsed = {"state": "lapsed", "lapsed_at": due, "lapse_written_at": due, "ended_at": due}
            columns = {"started_at": due - timedelta(days=9), "due_at": due, "last_day": last, "length": 9}
            columns |= {"complaint": promise.complaint, "obligation": promise, "owed_by": "enterprise"}
            kind = dice.choice(["performance", "performance", "lead"])
            clocks.append(Deadline(clock=kind, **columns, **dice.choice([ended, ended, lapsed])))
    clocks.sort(key=lambda clock: dice.random())
    Deadline.objects.bulk_create(clocks)
    paused = Deadline.objects.filter(obligation__isnull=False, clock="performance", state="met").order_by("pk").last()
    if paused is not None:
        Deadline.objects.filter(pk=paused.pk).update(state="paused", remaining=1, paused_on=DAY, ended_at=None)


MEASURED = [
    *("ended", "settled", "unconfirmed", "median_days", "promised", "kept", "p90_days"),
    *("responded", "response_median", "response_p90", "closed", "rated", "marks"),
]


def slowly(enterprise: Enterprise, category: str) -> tuple[Any, ...]:
    """From procedure, section 7, row by row."""
    ended, settled, unconfirmed, lengths = 0, 0, 0, []
    for stage in Engagement.objects.filter(enterprise=enterprise, until_at__isnull=False).select_related("complaint"):
        last = stage.until_at.astimezone(LOCAL).date()
        if category and stage.complaint.problem_category != category:
            continue
        if stage.ended_by == "succession" or stage.odr_result not in JUDGED:
            continue
        if not DAY - timedelta(days=365) <= last < DAY:
            continue
        ended += 1
        settled += stage.odr_result == "settled" and not stage.accepted_refusal
        unconfirmed += stage.odr_result == "unconfirmed"
        lengths.append((last - stage.from_at.astimezone(LOCAL).date()).days)
    promised = kept = 0
    for promise in Obligation.objects.filter(enterprise=enterprise, owed_by="enterprise").select_related("complaint"):
        clock = Deadline.objects.filter(obligation=promise, clock="performance").order_by("pk").last()
        if category and promise.complaint.problem_category != category:
            continue
        if promise.state in ("proposed", "dropped", "waived") or clock is None or clock.state == "paused":
            continue
        if not DAY - timedelta(days=365) <= clock.last_day < DAY:
            continue
        promised += 1
        kept += promise.state == "confirmed" and not promise.is_late
    rest = within(lengths, 0.5) if lengths else None, promised, kept, within(lengths, 0.9)
    return ended, settled, unconfirmed, *rest, *slow_responses(enterprise, category), *slow_marks(enterprise, category)


def slow_responses(enterprise: Enterprise, category: str) -> tuple[Any, ...]:
    days, minutes = Days(dict(CalendarDay.objects.values_list("day", "is_working"))), []
    for stage in Engagement.objects.filter(enterprise=enterprise).select_related("complaint"):
        at = stage.first_contact_at
        if at is None or at < stage.from_at or (category and stage.complaint.problem_category != category):
            continue
        if DAY - timedelta(days=365) <= at.astimezone(LOCAL).date() < DAY:
            minutes.append(days.working_minutes(stage.from_at, at))
    return len(minutes), round(quantile(minutes, 0.5)), within(minutes, 0.9)


def slow_marks(enterprise: Enterprise, category: str) -> tuple[int, int, int]:
    closed, marks = 0, []
    for case in Complaint.objects.filter(enterprise=enterprise, closed_at__isnull=False):
        assert case.closed_at is not None
        if category and case.problem_category != category:
            continue
        if DAY - timedelta(days=365) <= case.closed_at.astimezone(LOCAL).date() < DAY:
            closed += 1
            marks += [case.facts["rating"]["overall"]] if "rating" in case.facts else []
    return closed, len(marks), sum(marks)


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_equals_an_independent_slow_count(world: World, seed: int) -> None:
    a_random_world(world, random.Random(seed))
    publishing.publish(now=NOW)
    result = {(row.enterprise_id, row.category): row for row in PublishedFigure.objects.all()}
    for enterprise in (world.mobile, world.telecom):
        for category in ("", CHARGE, "quality"):
            row, slow = result.pop((enterprise.pk, category), None), slowly(enterprise, category)
            if category and slow[0] < ENOUGH:
                assert row is None
                continue
            assert row is not None
            assert all((slow[0], slow[4]))
            assert tuple(float(getattr(row, name) or 0) for name in MEASURED) == slow
            assert row.responded
            assert (row.day, row.formula) == (DAY, publishing.FORMULA)
    assert not result


def test_a_day_has_one_set_however_often_it_is_asked_for(world: World) -> None:
    assert Complaint.objects.get(pk=given.a_complaint(world, status=Status.CLOSED).pk).closed_at
    later = NOW.replace(day=26)
    assert publishing.publish(now=later) == 1
    before = list(PublishedFigure.objects.values_list("pk", flat=True))
    assert publishing.publish(now=later + timedelta(hours=3)) == 0
    assert list(PublishedFigure.objects.values_list("pk", flat=True)) == before
    assert publishing.publish(now=later + timedelta(days=1)) == 1
    assert PublishedFigure.objects.values("day").distinct().count() == 2
    publishing.publish(now=later + timedelta(days=93))
    assert PublishedFigure.objects.values("day").distinct().count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_set(world: World) -> None:
    given.a_complaint(world, status=Status.CLOSED)
    written = at_once(*[partial(publishing.publish, now=NOW + timedelta(days=2))] * 2)
    assert (sorted(written), PublishedFigure.objects.count()) == ([0, 1], 1)


def test_the_worker_and_the_command_publish(world: World) -> None:
    assert publish_figures() == 0
    assert Heartbeat.objects.filter(name=publishing.MARK).exists()
    call_command("publish_figures")
    assert beats(5)["oversight.tasks.publish_figures"]["schedule"] <= 3600


def a_figure(enterprise: Enterprise, **counts: Any) -> PublishedFigure:
    shown = {"ended": 120, "settled": 86, "unconfirmed": 7, "median_days": 8.5, "promised": 40, "kept": 34} | counts
    return PublishedFigure.objects.create(enterprise=enterprise, day=date.today(), formula=1, **shown)


def test_T49_how_long_a_kind_of_problem_takes_where_there_is_enough_of_it(world: World) -> None:
    a_line(world.mobile)
    a_figure(world.mobile)
    for kind, ended, days in ((CHARGE, ENOUGH, 3), ("quality", ENOUGH - 1, 1)):
        a_figure(world.mobile, category=kind, ended=ended, settled=3, unconfirmed=2, median_days=days)
    today = date.today()
    result = expected([world.mobile.pk], on=today, category=CHARGE)[world.mobile.pk]
    assert (result.category, result.median_days, result.ended, result.settled) == (CHARGE, 3, 120, 72)
    assert expected([world.mobile.pk], on=today, category="quality")[world.mobile.pk].median_days == 8
    assert expected([world.telecom.pk], on=today) == {}
    assert expected([world.mobile.pk], on=today + timedelta(days=8))[world.mobile.pk].median_days is None
    assert (expected([world.mobile.pk], on=today + timedelta(days=240)), expected([], on=today)) == ({}, {})


def test_T49_where_an_enterprise_is_chosen_its_figures_stand_with_their_number(world: World) -> None:
    a_line(world.mobile)
    a_figure(world.mobile)

    def page(**headers: str) -> str:
        return Client(headers=headers).get("/find/", {"q": "中国移动福建"}).content.decode()

    text = page()
    assert not missing_in(text, "120件有了结果：消费者确认和解72%，另有6%消费者没有答复。", "一半在8天内有结果。")
    assert (missing_in(text, "到期的40项约定，按时做到85%。"), found_in(text, "消费者评分", "第一次回应")) == ([], [])
    PublishedFigure.objects.update(p90_days="20.4", responded=90, response_median=61, response_p90=1200)
    LeagueLine.objects.update(rated=60, marks=253)
    text = page()
    assert not missing_in(text, "第一次回应：一半在2个工作小时内，九成在20个工作小时内。", "九成在21天内有结果。")
    # 253 / 60 = 4.2.
    assert "消费者评分平均4.2分（满分5分），60人评价。" in text
    PublishedFigure.objects.update(responded=ENOUGH - 1)
    LeagueLine.objects.update(rated=ENOUGH - 1)
    text = page()
    assert ("只有29人评价，太少，不算平均分。" in text, "第一次回应" in text) == (True, False)
    LeagueLine.objects.update(n=29, settled_least=14, settled_most=14, unconfirmed_least=8, unconfirmed_most=8)
    text = page()
    assert "只有29件有了结果，太少，不算比例：消费者确认和解14件，没有答复8件。" in text
    assert "是过去的，不是承诺" in text
    LeagueLine.objects.update(promised=14, kept=7)
    text = page()
    assert "到期的约定只有14项，太少，不算比例：按时做到7项。" in text
    assert not found_in(text, "75%", "69%", "72%")
    with translation.override("en"):
        assert "Only 29 complaints ended, too few for shares" in page(**{"accept-language": "en"})


def test_what_is_not_published_is_not_told_here(world: World) -> None:
    """Counts of the year before: compared with the published quarters they would tell more."""
    a_line(world.mobile, settled=None, unconfirmed=None, promised=None, kept=None)
    a_figure(world.mobile, ended=1234, settled=777, promised=888, kept=666, closed=2000, rated=555, marks=1999)
    # Keys of forms are drawn, and may hold any three figures.
    text = re.sub(r'<input type="hidden"[^>]*>', "", Client().get("/find/", {"q": "中国移动福建"}).content.decode())
    assert "120件有了结果；有的结果少于5件，不写比例。" in text
    assert not found_in(text, "1234", "1,234", "777", "888", "666", "555", "项约定", "人评价")
    LeagueLine.objects.update(n=None)
    typed = {"q": "中国移动福建"}
    assert "有了结果的投诉太少，不写数字，也不算比例。" in Client().get("/find/", typed).content.decode()
