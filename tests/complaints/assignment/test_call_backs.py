"""The sample of call-backs: unknown before, the same whenever it is drawn again, rung by somebody who did not handle
the case.
"""

import re
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer, OfficerAbsence, Policy
from complaints.assignment import assigning, call_backs
from complaints.handling import StepNotAllowed, WrongInput
from complaints.handling.steps import casework
from complaints.models import CallBack, CallBackMonth, CallBackSeed, Complaint, HandlingStep
from complaints.parties import actors
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI as HERE
from tests import given, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import key, step_url, workspace
from tests.server import A_REQUEST
from tests.walls.conftest import seeing_as

OCTOBER = datetime(2026, 10, 12, 10, tzinfo=HERE)
NOVEMBER = datetime(2026, 11, 1, 0, 30, tzinfo=HERE)


def closed(world: World, at: datetime = OCTOBER, **changes: Any) -> Complaint:
    return given.a_complaint(world, status=Status.CLOSED, now=at, **changes)


def share(percent: int) -> None:
    Policy.objects.filter(name="call_back_share").update(number=percent)


def drawn(world: World, percent: int = 100) -> CallBackMonth:
    share(percent)
    call_backs.sweep_call_backs(now=OCTOBER)
    call_backs.sweep_call_backs(now=NOVEMBER)
    return CallBackMonth.objects.get(month=date(2026, 10, 1))


def test_a_month_is_read_by_days_in_the_order_of_its_cases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cases were ever closed: those of the month alone are walked, by the index of closed cases."""
    monkeypatch.setattr(call_backs, "_BATCH", 2)
    first, last = datetime(2026, 10, 1, 0, 0, tzinfo=HERE), datetime(2026, 10, 31, 23, 59, tzinfo=HERE)
    outside = (NOVEMBER, datetime(2026, 9, 30, 23, 59, tzinfo=HERE))
    cases = [closed(world, at) for at in (last, OCTOBER, first, OCTOBER + timedelta(days=3), *outside)]
    share(100)
    batches = [[one.complaint.pk for one in batch] for batch in call_backs.picked(date(2026, 10, 1), "ab" * 32)]
    assert batches == [[cases[0].pk, cases[1].pk], [cases[2].pk, cases[3].pk]]
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = call_backs._closed_between(date(2026, 10, 1), date(2026, 10, 2)).values_list("pk", flat=True).explain()
        cursor.execute("set local enable_seqscan = on")
    assert "closed_cases_by_day" in plan


def test_the_digest_of_the_seed_is_there_before_the_month_and_no_authority_reads_the_seed(world: World) -> None:
    call_backs.sweep_call_backs(now=OCTOBER)
    for who in (world.rui, world.ming, world.chen):
        with seeing_as(who):
            assert not CallBackSeed.objects.exists()
    call_backs.sweep_call_backs(now=OCTOBER)
    months = {row.month: row for row in CallBackMonth.objects.all()}
    assert set(months) == {date(2026, 10, 1), date(2026, 11, 1)}, "this month and the next"
    assert all(re.fullmatch("[0-9a-f]{64}", row.commitment) and row.seed == "" for row in months.values())
    page = Client().get("/open/call-backs/").content.decode()
    seeds = list(CallBackSeed.objects.values_list("seed", flat=True))
    assert months[date(2026, 11, 1)].commitment in page
    assert not any(seed in page for seed in seeds)
    call_backs.sweep_call_backs(now=OCTOBER)
    assert list(CallBackSeed.objects.values_list("seed", flat=True)) == seeds, "sealed once"
    call_backs.sweep_call_backs(now=NOVEMBER)
    october = CallBackMonth.objects.get(month=date(2026, 10, 1))
    assert call_backs.commitment(october.seed) == october.commitment == months[date(2026, 10, 1)].commitment
    assert october.seed in Client().get("/open/call-backs/").content.decode()


def test_the_share_is_kept_and_the_choice_is_the_seeds_alone() -> None:
    numbers = [f"20261001-{n:012d}-0" for n in range(4000)]
    for percent in (0, 5, 50, 100):
        chosen, again, otherwise = (
            [number for number in numbers if call_backs.is_drawn(seed * 32, number, percent)]
            for seed in ("ab", "ab", "cd")
        )
        assert abs(len(chosen) / len(numbers) * 100 - percent) < 2.5
        assert (chosen == again, chosen != otherwise) == (True, 0 < percent < 100)


def test_of_closed_cases_the_repeat_and_the_reopened_ones_are_all_there(world: World) -> None:
    first = closed(world, OCTOBER - timedelta(days=20))
    again = closed(world)
    back = closed(world)
    Complaint.objects.filter(pk=back.pk).update(consumer_key=world.otto.person_key)
    move = casework.reopen(ground="clerical_error", text="记录有误。")
    given.step(back, move, world.officer, OCTOBER + timedelta(days=1))
    complaints = Complaint.objects.filter(pk=back.pk)
    complaints.update(status="closed", outcome="settled", closed_at=OCTOBER + timedelta(days=2))
    still_open = given.a_complaint(world, status=Status.NEGOTIATING, now=OCTOBER)
    month = drawn(world, 0)
    reasons = dict(CallBack.objects.values_list("complaint__number", "why"))
    assert reasons == {again.number: "repeat", back.number: "reopened"}
    assert not CallBack.objects.filter(complaint__in=[first, still_open]).exists()
    assert (month.population, month.drawn) == (2, 2)
    call_backs.sweep_call_backs(now=NOVEMBER + timedelta(hours=1))
    assert CallBack.objects.count() == 2, "drawn once"


def test_a_draw_that_is_killed_goes_on_without_loss_or_double(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [closed(world) for _ in range(4)]
    monkeypatch.setattr(call_backs, "_BATCH", 2)
    real, calls = call_backs._write, []

    def dies(*texts: Any) -> int:
        calls.append(texts)
        if len(calls) == 2:
            raise SystemExit("killed")
        return real(*texts)

    call_backs.sweep_call_backs(now=OCTOBER)
    Policy.objects.filter(name=call_backs.SHARE).update(number=100)
    monkeypatch.setattr(call_backs, "_write", dies)
    with pytest.raises(SystemExit):
        call_backs.sweep_call_backs(now=NOVEMBER)
    first = set(CallBack.objects.values_list("pk", flat=True))
    october = CallBackMonth.objects.get(month=date(2026, 10, 1))
    assert (len(first), october.seed, october.drawn_at) == (2, "", None), "what was written stays, the seed is hidden"
    monkeypatch.setattr(call_backs, "_write", real)
    assert call_backs.sweep_call_backs(now=NOVEMBER + timedelta(minutes=5)) == 2
    assert (reloaded(october).population, october.drawn) == (4, 4)
    assert set(CallBack.objects.values_list("complaint_id", flat=True)) == {case.pk for case in cases}
    assert first <= set(CallBack.objects.values_list("pk", flat=True))
    # Whoever got some before the kill does not get as many again.
    assert not CallBack.objects.filter(officer=None).exists()


def test_counting_again_agrees_and_finds_what_was_changed(world: World) -> None:
    cases = [closed(world) for _ in range(3)]
    for n, case in enumerate(cases):
        Complaint.objects.filter(pk=case.pk).update(filed_at=OCTOBER - timedelta(days=100 * n))
    month = drawn(world)
    assert month.drawn == 3
    out = StringIO()
    call_command("check_call_backs", "2026-10", stdout=out)
    assert "The sample agrees." in out.getvalue()
    CallBack.objects.filter(complaint=cases[1]).delete()
    with pytest.raises(SystemExit):
        call_command("check_call_backs", "2026-10", stdout=(out := StringIO()))
    assert f"{cases[1].number} should be in the sample" in out.getvalue()
    CallBack.objects.update(share=0)
    CallBackMonth.objects.filter(pk=month.pk).update(seed="00" * 32)
    with pytest.raises(SystemExit):
        call_command("check_call_backs", "2026-10", stdout=(out := StringIO()))
    assert "should not be in the sample" in out.getvalue()
    assert "IS NOT the one" in out.getvalue()


def test_it_goes_to_whoever_did_not_handle_the_case(world: World) -> None:
    case = closed(world)
    given.step(case, casework.serve_notice(document="告知", channel="sms", is_served=True), world.officer, OCTOBER)
    drawn(world)
    assert CallBack.objects.get(complaint=case).officer == world.head_officer, "Rui took a step in it"


def test_nobody_on_leave_rings_and_what_lies_with_them_goes_on(world: World) -> None:
    def away(officer: Officer, on: date) -> OfficerAbsence:
        row = {"starts_on": on, "ends_on": on + timedelta(days=5), "entered_by": world.rui, "entered_at": OCTOBER}
        return OfficerAbsence.objects.create(officer=officer, **row)

    case = closed(world)
    leave = away(world.rui_officer, NOVEMBER.date())
    drawn(world)
    call = CallBack.objects.get(complaint=case)
    assert call.officer == world.head_officer, "Rui is on leave that day"
    leave.delete()
    away(world.head_officer, date(2026, 11, 2))
    assert assigning.sweep_officers(now=NOVEMBER) == 0
    assert assigning.sweep_officers(now=NOVEMBER + timedelta(days=1)) == 1
    assert reloaded(call).officer == world.rui_officer
    Officer.objects.filter(pk=world.rui_officer.pk).update(ends_on=date(2026, 11, 1))
    assert assigning.sweep_officers(now=NOVEMBER + timedelta(days=1)) == 1
    assert reloaded(call).officer is None, "the list of what nobody has yet shows it"


def mine(world: World) -> CallBack:
    """A case closed last month whose call-back is the head's: Rui handled it."""
    now = timezone.localtime()
    then = now.replace(day=1) - timedelta(days=3)
    case = closed(world, then)
    given.step(case, casework.serve_notice(document="告知", channel="sms", is_served=True), world.officer, then)
    share(100)
    call_backs.sweep_call_backs(now=then)
    call_backs.sweep_call_backs(now=now)
    return CallBack.objects.get(complaint=case)


GOOD = dict.fromkeys(("reached", "contacted", "agreed", "accepted", "performed"), "yes") | {"attitude": "good"}
GOOD |= {"overall": "5", "text": ""}


def test_who_handled_it_is_refused_by_name_and_the_script_is_asked_and_told(world: World) -> None:
    call = mine(world)
    client, url = workspace(world.rui), f"/authority/call-backs/{call.pk}/"
    assert "您办理过这件投诉" in client.get(url).content.decode()
    refused = client.post(url, GOOD | key())
    assert (refused.status_code, "须由没有办理过这件投诉的人员进行" in refused.content.decode()) == (409, True)
    head = actors.officer([world.head_officer])
    for wrong in ({"answers": {"attitude": "superb"}}, {"answers": {"nonsense": "yes"}}, {"overall": 6}):
        with pytest.raises(StepNotAllowed):
            given.step(call.complaint, casework.call_back(reached=True, **wrong), head, timezone.now())
    head, url = workspace(world.head_officer.user), f"/authority/call-backs/{call.pk}/"
    assert call.complaint.number in head.get("/authority/call-backs/").content.decode()
    assert head.post(step_url(call.complaint, "reveal"), {"reason": "look_call", "text": ""} | key()).status_code == 302
    half = head.post(url, {"reached": "yes"} | key())
    assert half.status_code == 422
    assert {"overall", "contacted", "agreed", "accepted"} <= set(half.context["form"].errors)
    body = GOOD | key()
    assert [head.post(url, body).status_code for _ in range(2)] == [302, 302]
    assert (reloaded(call).state, call.overall, call.attempts, call.finding) == ("reached", 5, 1, "")
    entry = HandlingStep.objects.get(complaint=call.complaint, step="call_back")
    assert (entry.audience, entry.data["answers"]["accepted"]) == ("authority", "yes")
    assert not HandlingStep.objects.filter(complaint=call.complaint, audience="parties", step="call_back").exists()


def test_three_tries_and_it_is_over(world: World) -> None:
    call = mine(world)
    client = workspace(world.head_officer.user)
    for tries in (1, 2, 3):
        form = {"reached": "no", "text": "无人接听"} | key()
        assert client.post(f"/authority/call-backs/{call.pk}/", form).status_code == 302
        assert reloaded(call).attempts == tries
    assert (call.state, call.overall) == ("not_reached", None)


@pytest.mark.parametrize(
    ("change", "finding"), [({"agreed": "no"}, "never_settled"), ({"accepted": "no"}, ""), ({"disagrees": "on"}, "")]
)
def test_what_was_never_settled_leads_to_reopening(world: World, change: dict[str, str], finding: str) -> None:
    call = mine(world)
    client, url = workspace(world.head_officer.user), f"/authority/call-backs/{call.pk}/"
    assert client.post(url, GOOD | change | {"overall": "1"} | key()).status_code == 302
    assert (reloaded(call).finding, call.disagrees) == (finding, True)
    page = client.get(url).content.decode()
    assert (step_url(call.complaint, "reopen") in page) is bool(finding)
    assert len(client.get("/authority/call-backs/?view=found").context["rows"]) == bool(finding)
    figures = client.get("/authority/call-backs/").context
    assert (figures["figures"]["reached_share"], figures["firms"][0]["disagree"]) == ("1/1", 1)


def test_a_case_comes_back_for_a_broken_promise_only_where_one_is(world: World) -> None:
    again = casework.reopen(ground="broken_promise", text="约定没有做到。")
    case = closed(world)
    with pytest.raises(WrongInput, match="没有查到没做到的约定") as refused:
        given.step(case, again, world.officer, OCTOBER)
    assert refused.value.field == "ground"
    # What the consumer says when he is rung up counts.
    head = world.actor("head")
    move = casework.call_back(reached=True, satisfied=False, answers={"performed": "no"})
    given.step(case, move, head, OCTOBER + timedelta(days=1))
    assert given.step(case, again, world.officer, OCTOBER + timedelta(days=2)).status == Status.REVIEW
    mediated = closed(world)
    Complaint.objects.filter(pk=mediated.pk).update(is_not_kept=True)
    assert given.step(mediated, again, world.officer, OCTOBER + timedelta(days=2)).status == Status.REVIEW


def test_elsewhere_nobody_sees_it_and_a_superior_may_ring(world: World) -> None:
    call = mine(world)
    url = f"/authority/call-backs/{call.pk}/"
    assert workspace(world.far_officer.user).get(url).status_code == 404
    assert workspace(world.superior_officer.user).post(url, GOOD | key()).status_code == 302
    reader = User.objects.create_user(email="reader@example.com", password="x" * 20, name="析试")
    Officer.objects.create(user=reader, authority=world.gulou, role=Role.ANALYST.post)
    assert workspace(reader).get(url).status_code == 200


def test_a_list_costs_the_same_however_long(world: World) -> None:
    then, cost = timezone.localtime().replace(day=1) - timedelta(days=3), []
    client = workspace(world.head_officer.user)
    share(100)
    call_backs.sweep_call_backs(now=then)
    for number in (2, 6):
        for _ in range(number):
            closed(world, then)
        if number == 2:
            call_backs.sweep_call_backs(now=timezone.now())
        else:
            month = CallBackMonth.objects.get(drawn_at__isnull=False)
            row = {"month": month, "authority": world.gulou, "officer": world.head_officer}
            for case in Complaint.objects.exclude(pk__in=CallBack.objects.values("complaint")):
                CallBack.objects.create(complaint=case, why="drawn", share=100, **row)
        client.get("/authority/call-backs/?view=open")
        with CaptureQueriesContext(connection) as asked:
            client.get("/authority/call-backs/?view=open")
        cost.append(len(asked))
    assert cost[0] == cost[1]
    assert cost[1] <= 9 + A_REQUEST
