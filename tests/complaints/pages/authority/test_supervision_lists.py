"""What was reported upwards, what waits for a decision, what is late with whom: each number opens its list."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import authority, enterprise, supervision
from complaints.models import Complaint, HandlingStep
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import (
    TEXT,
    S,
    asked_return,
    case_at,
    key,
    now,
    officer_of,
    shown,
    step_url,
    workspace,
)
from tests.server import A_REQUEST

ESCALATED, DECISIONS, OVERDUE = (f"/authority/urges/{name}/" for name in ("escalated", "decisions", "overdue"))


def late_case(world: World, *, mine: bool = False) -> Complaint:
    """A case in review since three weeks; ``mine``: with Rui."""
    then = now() - timedelta(days=21)
    case = given.a_complaint(world, status=S.REVIEW, now=then)
    if mine:
        given.step(case, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, then)
    handling.sweep_clocks(now=now())
    case.refresh_from_db()
    return case


def test_a_superior_reads_who_owes_what_since_when(world: World) -> None:
    case = late_case(world, mine=True)
    page = workspace(officer_of(world, "superior")).get(ESCALATED)
    (row,) = page.context["rows"]
    assert (row["complaint"], row["who"], row["person"]) == (case, "福州市鼓楼区市场监督管理局", "瑞试")
    assert "已报" in row["told"]
    assert "逾期上报1项" in shown(page)
    assert workspace(officer_of(world, "far")).get(ESCALATED).context["count"] == 0
    # Who owes it reads the same, and says why.
    own = workspace(world.rui)
    assert own.get(ESCALATED).context["count"] == 1
    assert "说明逾期原因" in shown(own.get(f"/authority/cases/{case.number}/"))
    assert own.post(step_url(case, "overdue"), {"reason": "other", "text": ""} | key()).status_code == 422
    assert own.post(step_url(case, "overdue"), {"reason": "workload", "text": ""} | key()).status_code == 302
    assert own.post(step_url(case, "overdue"), {"reason": "complex", "text": ""} | key()).status_code == 409
    assert "件多人少" in shown(workspace(officer_of(world, "superior")).get(ESCALATED))
    assert HandlingStep.objects.filter(complaint=case, step="explain_overdue").count() == 1
    assert "件多人少" not in shown(workspace(world.chen).get(f"/cases/{case.number}/"))


def test_each_number_of_what_is_late_opens_as_many_rows(world: World) -> None:
    for mine in (True, True, False):
        late_case(world, mine=mine)
    client = workspace(officer_of(world, "superior"))
    page = client.get(OVERDUE)
    assert [(one["name"], one["n"]) for one in page.context["people"]] == [("瑞试", 2), ("未指派", 1)]
    for one in (*page.context["units"], *page.context["people"]):
        assert len(client.get(one["url"]).context["rows"]) == one["n"]
    assert "还没有说明" in shown(page)
    assert len(client.get(f"{OVERDUE}?unit=x&officer=y").context["rows"]) == 3
    assert client.get(f"{OVERDUE}?unit=999999").context["rows"] == []


def test_what_an_enterprise_owes_is_not_late_with_the_authority(world: World) -> None:
    given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now() - timedelta(days=6))
    handling.sweep_clocks(now=now())
    assert workspace(world.rui).get(OVERDUE).context["count"] == 0


@pytest.mark.parametrize("address", [ESCALATED, OVERDUE, DECISIONS])
def test_a_list_costs_the_same_however_long(world: World, address: str) -> None:
    client, cost = workspace(world.su if address == DECISIONS else world.rui), []
    for _round in range(2):
        for _ in range(2):
            if address == DECISIONS:
                asked_return(world, case_at(world, S.NEGOTIATING))
            else:
                late_case(world)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        cost.append(len(asked))
    assert cost[0] == cost[1]
    assert cost[1] <= 9 + A_REQUEST


def test_more_time_waits_for_the_consumer_first(world: World) -> None:
    Policy.objects.filter(name="extension").update(number=1)
    case = case_at(world, S.NEGOTIATING)
    given.step(case, enterprise.request_extension(days=3, text=TEXT), world.handler, now())
    client = workspace(world.rui)
    page = shown(client.get(DECISIONS))
    assert "延期3个工作日" in page
    assert "等消费者同意" in page
    assert "去决定" not in page
    given.step(case, enterprise.agree_to_extension(), world.consumer, now())
    assert f'href="{step_url(case, "extension")}"' in shown(client.get(DECISIONS))
    decision = shown(client.get(step_url(case, "extension")))
    assert "企业申请延期3个工作日" in decision
    assert "消费者已同意延期。" in decision
    given.step(case, supervision.grant_extension(), world.officer, now())
    assert client.get(DECISIONS).context["count"] == 0


def test_a_return_is_decided_by_intake(world: World) -> None:
    case = case_at(world, S.NEGOTIATING)
    asked_return(world, case)
    assert "去决定" not in shown(workspace(world.rui).get(DECISIONS))
    assert f'href="{step_url(case, "return-decision")}"' in shown(workspace(world.su).get(DECISIONS))
