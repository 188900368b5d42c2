"""Every headline number of an enterprise's pages opens a list of exactly that length: queue, team, mirror."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import consumer, enterprise, supervision
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from enterprises.models import AssignmentRule
from oversight.counters import making
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in

#: A link of the mirror and the number in it; what is folded up is left out.
LINK = re.compile(r'<a[^>]*href="(/enterprise/performance/cases/\?[^"]+)"[^>]*>\s*([\d,]+)')


@pytest.fixture
def cases(world: World) -> list[Complaint]:
    """Of every kind that a number speaks of, some without a handler, some of them long ago."""
    long_ago, now = WEDNESDAY - timedelta(days=20), WEDNESDAY
    result = [
        given.a_complaint(world, status=status, now=moment)
        for status in (S.WITH_ENTERPRISE, S.NEGOTIATING, S.AWAITING_CONSUMER, S.PERFORMING, S.CLOSED)
        for moment in (long_ago, now - timedelta(days=2), now)
    ]
    given.step(result[4], consumer.stop_negotiating(), world.consumer, now)
    move = supervision.urge(text="请说明处理进度。", last_day=timezone.localdate(now) + timedelta(days=2))
    given.step(result[5], move, world.actor("head"), now)
    given.step(result[7], consumer.add_statement(text="还没有收到。"), world.consumer, now)
    given.step(result[10], enterprise.assign(handler_id=world.lead_staff.pk), world.handler, now)
    AssignmentRule.objects.create(
        enterprise=world.mobile, handler=world.lead_staff, position=1, made_by=world.lead, made_at=now
    )
    return result


def rows_behind(client: Client, url: str) -> int:
    answer = client.get(url.replace("&amp;", "&") + "&size=100")
    assert answer.status_code == 200, url
    return shown(answer).count('<th role="rowheader"')


@pytest.mark.parametrize("days", [2, *(pytest.param(days, marks=pytest.mark.full) for days in (0, 16))])
def test_every_number_opens_a_list_of_that_length(world: World, cases: list[Complaint], days: int) -> None:
    with time_machine.travel(WEDNESDAY + timedelta(days=days, hours=3), tick=False):
        making.rebuild(now=timezone.now())
        for who in (world.lead, world.ming):
            client = signed_in(who)
            tabs: list[Any] = client.get("/enterprise/queue/").context["tabs"]
            counted = [(tab["url"], tab["value"]) for tab in tabs if tab["value"] is not None]
            assert len(counted) >= 14
            assert sum(bool(number) for _url, number in counted) >= 5
            team = client.get("/enterprise/team/")
            for line in team.context["rows"]:
                counted += [(cell["url"], cell["count"]) for cell in line["load"] or ()]
            counted.append((team.context["unowned_url"], team.context["unowned"]))
            mirror = shown(client.get("/enterprise/performance/?first=2026-10-01&last=2026-11-11"))
            mirrored = LINK.findall(re.sub(r"<details.*?</details>", "", mirror, flags=re.DOTALL))
            assert len(mirrored) >= 5
            counted += [(url, int(number.replace(",", ""))) for url, number in mirrored]
            for url, number in set(counted):
                assert rows_behind(client, url) == number, (who.name, url)
