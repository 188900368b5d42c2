"""The authority's mediation desk: what it shows, what it leads to, and whom it tells nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.handling import Promise
from complaints.handling.steps import both, mediation
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.workflow import Status
from complaints.reading.mediation_facts import sixty_days
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_authority import (
    TEXT,
    ahead,
    case_at,
    key,
    now,
    one_person_suffices,
    step_url,
    workspace,
)

S = Status


@pytest.fixture
def case(world: World) -> Complaint:
    return case_at(world, S.MEDIATING)


def url(case: Complaint) -> str:
    return f"/authority/mediation/{case.number}/"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(response.content.decode().split())


def refund() -> Promise:
    return Promise(kind="original_channel", what="退还多扣费用", amount="128.50", due_on=ahead(10))


def test_the_list_says_what_each_waits_for(world: World, case: Complaint) -> None:
    client = workspace(world.rui)
    assert not missing_in(text(client, "/authority/mediation/"), case.number, "第0日，共60日", "可以安排调解")
    assert case.number not in text(client, "/authority/mediation/?view=consent")
    Complaint.objects.filter(pk=case.pk).update(consents={"mediation_consumer": True})
    assert case.number in text(client, "/authority/mediation/?view=consent"), "the other side was never asked"
    given.step(case, both.decline_mediation(), world.consumer, now())
    assert "消费者不同意调解" in text(client, "/authority/mediation/?view=consent")
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, now())
    assert case.number in text(client, "/authority/mediation/?view=recusal")
    assert case.number not in text(client, "/authority/mediation/?view=late")


def test_every_list_opens(world: World) -> None:
    client = workspace(world.rui)
    for view in ("all", "session", "suggestion", "recusal", "appraisal", "delegated", "short", "late", "agreed"):
        assert "没有" in text(client, f"/authority/mediation/?view={view}"), view
    assert "没有" in text(client, "/authority/mediation/?view=nonsense")
    for view in ("consent", "notice"):
        text(client, f"/authority/mediation/?view={view}")


def test_resting_days_are_left_out_of_the_count(world: World) -> None:
    case = given.a_complaint(world, status=S.MEDIATING)
    days = timedelta(days=1)
    move = mediation.order_appraisal(laboratory="某中心", until=(WEDNESDAY + 30 * days).date(), cost_borne_by="shared")
    given.step(case, move, world.officer, WEDNESDAY + 10 * days)
    given.step(case, mediation.end_appraisal(result=TEXT), world.officer, WEDNESDAY + 25 * days)
    shown = sixty_days(case.deadlines.get(clock="mediation"), (WEDNESDAY + 30 * days).date())
    assert (shown.day, shown.rested, shown.left) == (15, 15, 45)
    assert str(shown.strict) == "2027-01-25"


def test_the_session_goes_into_a_calendar_and_the_desk_tells_who_agreed_and_what_does_not_count(
    world: World, case: Complaint
) -> None:
    client = workspace(world.rui)
    assert client.get(f"{url(case)}session.ics").status_code == 404
    move = mediation.schedule_session(at=now() + timedelta(days=2), place="所里201室，二楼", mode="site")
    given.step(case, move, world.officer, now())
    response = client.get(f"{url(case)}session.ics")
    assert response["Content-Type"].startswith("text/calendar")
    body = response.content.decode()
    assert "LOCATION:所里201室，二楼" in body
    assert body.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))
    move = mediation.schedule_session(at=now() + timedelta(days=2), place="所里201室", mode="online")
    given.step(case, move, world.officer, now())
    assert not missing_in(text(workspace(world.chen), f"/cases/{case.number}/"), "调解会：", "网上，所里201室")
    assert "本人在网上办理" in text(workspace(world.rui), url(case))
    client = workspace(world.rui)
    assert "还剩60日" in text(client, url(case))
    move = mediation.order_appraisal(laboratory="某中心", until=ahead(20), cost_borne_by="shared")
    given.step(case, move, world.officer, now())
    shown = text(client, url(case))
    for word in ("暂停计算", "60日，鉴定、检测结束的次日起接着算", "某中心"):
        assert word in shown


def test_a_suggestion_agreed_by_both_fills_the_agreement(world: World, case: Complaint) -> None:
    client = workspace(world.rui)
    values: dict[str, Any] = {"message": "退还多扣的钱。", "rows": "1", "promise-1-kind": "original_channel"}
    values |= {"promise-1-what": "退还多扣费用", "promise-1-amount": "128.50", "promise-1-due_on": ahead(10)}
    values |= {"promise-1-owed_by": "enterprise"}
    done = client.post(step_url(case, "suggestion"), values | key())
    assert (done.status_code, done["Location"]) == (302, url(case))
    given.step(case, mediation.answer_suggestion(agrees=True), world.consumer, now())
    matter = Matter.objects.get(complaint=case, kind="suggestion")
    matter.data = {**matter.data, "answers": {"consumer": True, "enterprise": True}}
    matter.save(update_fields=["data"])
    assert "双方都同意" in text(client, url(case))
    shown = text(client, step_url(case, "agreement"))
    assert not missing_in(shown, "退还多扣的钱。", 'value="128.50"', ahead(10))
    done = client.post(step_url(case, "agreement"), values | key())
    assert (done.status_code, reloaded(case).status) == (302, S.PERFORMING)
    assert case.number in text(client, "/authority/mediation/?view=agreed")


def test_only_grounds_with_their_facts_can_be_chosen(world: World, case: Complaint) -> None:
    one_person_suffices()
    client = workspace(world.rui)
    shown = text(client, step_url(case, "terminate"))
    assert 'value="no_agreement_possible"' not in shown
    assert not missing_in(shown, "还没有调解过", 'value="other_law"')
    typed = {"ground": "no_agreement_possible", "facts": TEXT}
    assert client.post(step_url(case, "terminate"), typed | key()).status_code == 422
    given.step(case, mediation.record_session(minutes=TEXT), world.officer, now())
    assert client.post(step_url(case, "terminate"), typed | key()).status_code == 302
    assert reloaded(case).outcome == "mediation_terminated"
    assert case.number in text(client, "/authority/mediation/?view=notice")
    assert "告知期限" in text(client, url(case))


def test_the_consumer_answers_a_suggestion(world: World, case: Complaint) -> None:
    given.step(case, mediation.suggest_settlement(text="退还多扣的钱。", promises=[refund()]), world.officer, now())
    client = workspace(world.chen)
    assert "轮到您了：工作人员提出了调解方案" in text(client, f"/cases/{case.number}/")
    page = f"/cases/{case.number}/suggestion/"
    assert not missing_in(text(client, page), "退还多扣的钱。", "企业：退还多扣费用 ¥128.50")
    matter = Matter.objects.get(complaint=case, kind="suggestion")
    same = {"answer": "yes", "matter_id": matter.pk} | key()
    for unread in ("", str(matter.pk - 1)):
        late = client.post(page, {"answer": "yes", "text": "这样可以。", "matter_id": unread} | key())
        assert (late.status_code, "换了调解方案" in late.content.decode(), "这样可以。" in late.content.decode()) == (
            422,
            True,
            True,
        )
    assert client.post(page, same).status_code == 302
    assert client.post(page, same).status_code == 302, "sent twice: the first result again"
    assert HandlingStep.objects.filter(complaint=case, step="answer_suggestion").count() == 1
    assert "轮到您了：工作人员提出了调解方案" not in text(client, f"/cases/{case.number}/")


def test_neither_another_region_nor_a_case_never_accepted_has_a_desk(world: World, case: Complaint) -> None:
    far = workspace(world.far_officer.user)
    for address in (url(case), f"{url(case)}session.ics", step_url(case, "suggestion")):
        assert far.get(address).status_code == 404
    assert workspace(world.chen).get(url(case)).status_code == 404
    case = case_at(world, S.REVIEW)
    response = workspace(world.rui).get(url(case))
    assert (response.status_code, response["Location"]) == (302, f"/authority/cases/{case.number}/")


def test_a_longer_list_costs_no_more(world: World, case: Complaint, django_assert_num_queries: Any) -> None:
    client = workspace(world.rui)
    client.get("/authority/mediation/")
    with CaptureQueriesContext(connection) as one:
        client.get("/authority/mediation/")
    for _n in range(2):
        case_at(world, S.MEDIATING)
    with django_assert_num_queries(len(one)):
        client.get("/authority/mediation/")
